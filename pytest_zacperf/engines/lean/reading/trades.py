"""Closed trades and equity of LEAN's main file, to ours."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_zacperf.engines.lean.reading.json_files import (
    Object,
    camel,
    list_at,
    number,
    object_at,
    with_camel_keys,
)
from pytest_zacperf.engines.lean.reading.times import ns_of
from pytest_zacperf.records import EquityPoint, Trade
from pytest_zacperf.units import NS_PER_S

LATEST_S = 9_000_000_000  # the year 2255; later ones do not fit 64 bits in ns
CANDLE_CLOSE = 4  # of time, open, high, low, close


def trades_of(performance: Object) -> Iterator[Trade]:
    """Yield the closed trades of ``totalPerformance``; one that lacks a time or a price is none."""
    for row in list_at(performance, "closedTrades"):
        trade = _trade(row) if isinstance(row, dict) else None
        if trade is not None:
            yield trade


def _trade(row: Object) -> Trade | None:
    times = ns_of(row.get("entryTime")), ns_of(row.get("exitTime"))
    figures = [
        number(row.get(name)) for name in ("entryPrice", "exitPrice", "profitLoss", "quantity")
    ]
    if None in times or None in figures:
        return None
    entry_price, exit_price, profit_loss, quantity = (value or 0.0 for value in figures)
    return Trade(
        symbol=_symbol(row),
        side="sell" if row.get("direction") == 1 else "buy",
        quantity=abs(quantity),
        entry_ts_ns=times[0] or 0,
        exit_ts_ns=times[1] or 0,
        entry_price=entry_price,
        exit_price=exit_price,
        profit_loss=profit_loss,
        fees=number(row.get("totalFees")) or 0.0,
    )


def _symbol(row: Object) -> str:
    # Since 2026 a trade may be one of several instruments.
    several = list_at(row, "symbols") or [row.get("symbol")]
    return " ".join(str(one.get("value")) if isinstance(one, dict) else str(one) for one in several)


def equity_of(charts: Object) -> tuple[EquityPoint, ...] | None:
    """Return the series of the equity; None where there is none."""
    chart = with_camel_top(object_at(charts, "Strategy Equity"))
    series = with_camel_top(object_at(object_at(chart, "series"), "Equity"))
    if "values" not in series:
        return None
    points = {point.ts_ns: point for value in list_at(series, "values") for point in _points(value)}
    return tuple(points[ts_ns] for ts_ns in sorted(points))


def with_camel_top(value: Object) -> Object:
    """Return an object whose own keys are those of today; names below them stay."""
    return {camel(name): below for name, below in value.items()}


def _points(value: object) -> Iterator[EquityPoint]:
    if isinstance(value, dict):
        row = with_camel_keys(value)
        found = (row.get("x"), row.get("y")) if isinstance(row, dict) else (None, None)
    elif isinstance(value, list) and len(value) > 1:
        found = value[0], value[CANDLE_CLOSE] if len(value) > CANDLE_CLOSE else value[1]
    else:
        return
    at_s, equity = number(found[0]), number(found[1])
    if at_s is not None and equity is not None and 0 <= at_s < LATEST_S:
        yield EquityPoint(ts_ns=round(at_s * NS_PER_S), equity=equity)
