"""For zipline: a short sale, a canceled limit order, a stop limit, a large order in parts."""

from dataclasses import replace

import pandas as pd
from zipline.api import cancel_order, order, set_commission, symbol
from zipline.finance.commission import PerTrade
from zipline.finance.execution import LimitOrder, StopLimitOrder

from pytest_zacperf.engines.zipline import ZiplineBacktest
from pytest_zacperf.examples.breakout import zipline as example


def build(start, end, trade=True):
    gold = example.build(start, end, "GLD")

    def initialize(context):
        set_commission(PerTrade(cost=1.0))
        context.number = 0

    def handle_data(context, data):
        context.number += 1
        gld, number = symbol("GLD"), context.number
        if not trade:
            return
        if number == 5:
            order(gld, -10)
        if number == 10:
            context.waits = order(gld, 10, style=LimitOrder(1.0))
        if number == 20:
            cancel_order(context.waits)
        if number == 25:
            order(gld, 10)
        if number == 30:
            price = data.current(gld, "close")
            order(gld, 5, style=StopLimitOrder(price + 5, price - 5))
        if number == 40:
            order(gld, 5_000)

    return ZiplineBacktest(
        initialize=initialize, handle_data=handle_data, bundle=gold.bundle, ingest=gold.ingest
    )


def splitting(start, end):
    """Hold a share over a split of two for one, with an order that waits."""
    names = build(start, end)

    def initialize(context):
        set_commission(PerTrade(cost=0.0))
        context.number = 0

    def handle_data(context, data):
        context.number += 1
        gld = symbol("GLD")
        if context.number == 5:
            order(gld, 10)
            order(gld, 10, style=LimitOrder(1.0))
        if context.number == 400:
            order(gld, -20)

    def ingest(*given):
        adjustments, calendar = given[4], given[5]
        write = adjustments.write
        day = calendar.sessions_in_range(pd.Timestamp(start), pd.Timestamp(end))[-1]
        splits = pd.DataFrame([{"effective_date": day, "ratio": 0.5, "sid": 0}])
        adjustments.write = lambda: write(splits=splits)
        names.ingest(*given)

    return ZiplineBacktest(
        initialize=initialize, handle_data=handle_data, bundle="splitting", ingest=ingest
    )


def with_own_calendar(start, end):
    return replace(build(start, end), options={"trading_calendar": "XNYS"})
