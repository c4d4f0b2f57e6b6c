"""A blotter that takes notes: what happens to each order, in our terms."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_zacperf.engines.fills import Contract, Split
from pytest_zacperf.engines.plain import time_ns
from pytest_zacperf.records import OrderEvent, OrderStatus

TYPES: Mapping[tuple[bool, bool], str] = {  # has a stop, has a limit
    (False, False): "market",
    (False, True): "limit",
    (True, False): "stop_market",
    (True, True): "stop_limit",
}


def blotter_class() -> type:  # noqa: C901 - one class, and each of its methods counts
    """Return the class of a blotter that notes what happens; needs zipline to be made."""
    from zipline.finance.blotter import SimulationBlotter  # noqa: PLC0415 - an extra

    class NotingBlotter(SimulationBlotter):  # type: ignore[misc] # it has no types
        """The usual blotter; notes what is done to orders and changes nothing."""

        def __init__(self) -> None:
            super().__init__()
            self.seen = _Seen()

        def order(self, asset: Any, amount: float, style: Any, order_id: Any = None) -> Any:  # noqa: ANN401
            made = super().order(asset, amount, style, order_id)
            if made is not None:
                self.seen.note(self.orders[made], "submitted", self.current_dt)
            return made

        def cancel(self, order_id: Any, relay_status: bool = True) -> None:  # noqa: ANN401, FBT002
            open_before = self._open(order_id)
            super().cancel(order_id, relay_status)
            for order in open_before:
                self.seen.note(order, "canceled", self.current_dt)

        def reject(self, order_id: Any, reason: str = "") -> None:  # noqa: ANN401
            open_before = self._open(order_id)
            super().reject(order_id, reason)
            for order in open_before:
                self.seen.note(order, "rejected", self.current_dt, reason)

        def _open(self, order_id: Any) -> list[Any]:  # noqa: ANN401
            return [one for one in (self.orders.get(order_id),) if one is not None and one.open]

        def process_splits(self, splits: Any) -> None:  # noqa: ANN401
            super().process_splits(splits)
            for asset, ratio in splits:
                self.seen.note_split(asset, ratio, self.current_dt)
                for order in self.open_orders.get(asset, ()):
                    self.seen.note(order, "updated", self.current_dt, "split")

        def get_transactions(self, bar_data: Any) -> Any:  # noqa: ANN401
            found = super().get_transactions(bar_data)
            transactions, commissions, _ = found
            self.seen.note_fills(self.orders, transactions, commissions)
            return found

    return NotingBlotter


@dataclass(frozen=True, slots=True)
class _Asked:
    """What an order was when it was made: zipline takes the stop away once it is reached."""

    type: str
    stop: float | None

    @classmethod
    def of(cls, order: Any) -> _Asked:  # noqa: ANN401 - of zipline
        kind = TYPES[order.stop is not None, order.limit is not None]
        return cls(kind, _number(order.stop))


class _Seen:
    """The events of the orders of a run."""

    def __init__(self) -> None:
        self.events: list[OrderEvent] = []
        self.contracts: dict[str, Contract] = {}
        self.splits: list[Split] = []
        self._numbers: dict[str, int] = {}
        self._counts: Counter[str] = Counter()
        self._asked: dict[str, _Asked] = {}

    def note(  # noqa: PLR0913 - a fill has three parts
        self,
        order: Any,  # noqa: ANN401 - of zipline
        status: OrderStatus,
        when: dt.datetime,
        message: str = "",
        *,
        filled: float | None = None,
        price: float | None = None,
        fee: float | None = None,
    ) -> None:
        """Keep one event, with the order as it is now."""
        self._counts[order.id] += 1
        asked = self._asked.setdefault(order.id, _Asked.of(order))
        symbol = str(order.asset.symbol)
        point_value = float(getattr(order.asset, "price_multiplier", 1.0))
        self.contracts[symbol] = Contract(point_value=point_value)
        self.events.append(
            OrderEvent(
                ts_event_ns=time_ns(when),
                symbol=symbol,
                order_id=self._numbers.setdefault(order.id, len(self._numbers) + 1),
                event_id=self._counts[order.id],
                status=status,
                type=asked.type,
                side="buy" if order.amount > 0 else "sell",
                quantity=abs(float(order.amount)),
                limit_price=_number(order.limit),
                stop_price=asked.stop if order.stop is None else _number(order.stop),
                fill_quantity=filled,
                fill_price=price,
                fee=fee,
                message=message or None,
            )
        )

    def note_split(self, asset: Any, ratio: float, when: dt.datetime) -> None:  # noqa: ANN401
        """Keep a split: it changes positions that are open."""
        self.splits.append(Split(ts_ns=time_ns(when), symbol=str(asset.symbol), ratio=float(ratio)))

    def note_fills(
        self, orders: Mapping[str, Any], transactions: list[Any], commissions: list[Any]
    ) -> None:
        """Keep the fills of one bar; a commission is of the order's fill in the same bar."""
        fees = Counter[str]()
        for commission in commissions:
            fees[commission["order"].id] += commission["cost"]
        for transaction in transactions:
            order = orders[transaction.order_id]
            self.note(
                order,
                "partially_filled" if order.open else "filled",
                transaction.dt,
                filled=abs(float(transaction.amount)),
                price=float(transaction.price),
                fee=float(fees.pop(order.id, 0.0)),
            )


def _number(value: Any) -> float | None:  # noqa: ANN401 - of zipline
    return None if value is None else float(value)
