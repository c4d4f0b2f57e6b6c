"""For vectorbt: orders by their size, short ones too, with fees, over two columns."""

import pandas as pd
import vectorbt as vbt

from pytest_zacperf.examples.bars import frame_of


def build(start, end, trade=True, grouped=False):
    close = pd.DataFrame({name: frame_of(name, start, end)["close"] for name in ("GLD", "SLV")})
    size = pd.DataFrame(0.0, index=close.index, columns=close.columns)
    if trade:
        size.iloc[5, 0] = -10
        size.iloc[10, 0] = 4
        size.iloc[10, 1] = 3
        size.iloc[20, 0] = 6

    def compute():
        return vbt.Portfolio.from_orders(
            close,
            size,
            fixed_fees=1.0,
            init_cash=10_000,
            freq="1min",
            group_by=grouped or None,
            cash_sharing=grouped,
        )

    return compute
