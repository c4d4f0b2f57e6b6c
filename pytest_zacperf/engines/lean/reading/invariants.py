"""What holds in every output folder of LEAN; where it does not, the files are not of one whole run.

The list is that of LEAN's own serialization, checked on folders of five years.
"""

from __future__ import annotations

import decimal
import itertools
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from pytest_zacperf.engines.lean.reading.json_files import Object, number
from pytest_zacperf.records import StatisticValue

FILLED = 3  # Common/Orders/OrderTypes.cs
CENT = decimal.Decimal("0.01")
TOTAL_FEES, TOTAL_ORDERS = "Total Fees", "Total Orders"
# All amounts are in it, and `Total Fees` too; None said it before August 2022.
ACCOUNT_CURRENCY = "algorithmConfiguration.accountCurrency"
SIGNS = {"buy": 1, "sell": -1}
# `$135.20`, `-$0.35`, `kr.1,002.00`
FIGURE = re.compile(r"\d[\d,]*(?:\.\d+)?")
# Of a quantity: the parts of a fill are written as floats.
TOLERANCE = decimal.Decimal("1e-9")


def violations(
    rows: Sequence[Object],
    orders: Mapping[int, Object] | None,
    statistics: Mapping[str, StatisticValue],
) -> Iterator[str]:
    """Yield a sentence for each invariant that does not hold.

    Args:
        rows: Order events, with the keys of today.
        orders: Of the main file, by number; None without one.
        statistics: By name.

    """
    yield from _directions(rows)
    yield from _order_of_time(rows)
    yield from _fees(rows, statistics)
    if orders is not None:
        yield from _quantities(rows, orders)
    yield from _counts(rows, orders, statistics)


def _directions(rows: Sequence[Object]) -> Iterator[str]:
    wrong = [
        row
        for row in rows
        if (filled := number(row.get("fillQuantity"))) and filled * _sign(row) < 0
    ]
    if wrong:
        first = wrong[0]
        yield (
            f"fills with the sign of the other side: {len(wrong)}, the first of order "
            f"{first.get('orderId')}: {first.get('direction')}, quantity "
            f"{first.get('fillQuantity')}"
        )


def _sign(row: Object) -> int:
    return SIGNS.get(str(row.get("direction")).lower(), 0)


def _order_of_time(rows: Sequence[Object]) -> Iterator[str]:
    times = [number(row.get("time")) or 0.0 for row in rows]
    for position, (before, after) in enumerate(itertools.pairwise(times), start=2):
        if after < before:
            yield f"order event {position} happened before the one above it"
            return


def _quantities(rows: Sequence[Object], orders: Mapping[int, Object]) -> Iterator[str]:
    filled: dict[int, decimal.Decimal] = defaultdict(decimal.Decimal)
    for row in rows:
        filled[_id(row)] += _decimal(row.get("fillQuantity"))
    wrong = [
        (name, filled[name], order.get("quantity"))
        for name, order in orders.items()
        if order.get("status") == FILLED
        and not _are_close(filled[name], _decimal(order.get("quantity")))
    ]
    if wrong:
        name, was, expected = wrong[0]
        yield (
            f"filled orders whose fills are not their quantity: {len(wrong)}, the first is order "
            f"{name}: fills {was:f}, quantity {expected}"
        )


def _are_close(filled: decimal.Decimal, quantity: decimal.Decimal) -> bool:
    return abs(filled - quantity) <= abs(quantity) * TOLERANCE


def _fees(rows: Sequence[Object], statistics: Mapping[str, StatisticValue]) -> Iterator[str]:
    told = _amount(str(statistics.get(TOTAL_FEES, "")))
    currencies = {row["orderFeeCurrency"] for row in rows if row.get("orderFeeCurrency")}
    # LEAN converts them, at rates that no file has.
    is_converted = bool(
        currencies - {statistics.get(ACCOUNT_CURRENCY) or next(iter(currencies), None)}
    )
    if told is None or is_converted:
        return
    total = sum((_decimal(row.get("orderFeeAmount")) for row in rows), decimal.Decimal())
    # As .NET writes it: 3.445 becomes 3.45.
    try:
        rounded = total.quantize(CENT, rounding=decimal.ROUND_HALF_UP)
    except decimal.InvalidOperation:  # more digits than a sum of money has
        rounded = total
    if rounded != told:
        yield f"the fees of all fills are {rounded}, {TOTAL_FEES!r} is {statistics[TOTAL_FEES]}"


def _amount(text: str) -> decimal.Decimal | None:
    found = FIGURE.search(text)
    if found is None:
        return None
    amount = decimal.Decimal(found[0].replace(",", ""))
    return -amount if "-" in text[: found.start()] else amount


def _counts(
    rows: Sequence[Object],
    orders: Mapping[int, Object] | None,
    statistics: Mapping[str, StatisticValue],
) -> Iterator[str]:
    traded = len({_id(row) for row in rows})
    if orders is not None and traded != len(orders):
        yield f"order events tell of {traded} orders, the main file of {len(orders)}"
    # `Total Trades` of 2022 counts something else.
    told = statistics.get(TOTAL_ORDERS)
    if told is not None and number(str(told).replace(",", "")) != traded:
        yield f"order events tell of {traded} orders, {TOTAL_ORDERS!r} is {told}"


def _id(row: Object) -> int:
    return int(number(row.get("orderId")) or 0)


def _decimal(value: object) -> decimal.Decimal:
    return decimal.Decimal(str(number(value) or 0.0))
