"""What an order is, what it is for, and when a bar touches it; its life is in ``broker.py``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

OrderType = Literal["market", "limit", "stop_market"]
Purpose = Literal["entry", "trailed_entry", "stop_loss", "profit_take", "close", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """What an order is for: the strategy's own note on it.

    Attributes:
        purpose: ``none`` once a cancellation by order number has blanked the tag.
        condition: The entry condition it belongs to, such as ``cond1``.
        text: As Lean would show it.

    """

    purpose: Purpose
    condition: str = ""
    text: str = ""

    @property
    def is_entry(self) -> bool:
        """Whether the order opens a position."""
        return self.purpose in ("entry", "trailed_entry")

    @property
    def is_exit(self) -> bool:
        """Whether the order is a stop loss or a profit target."""
        return self.purpose in ("stop_loss", "profit_take")


BLANK_TAG = Tag(purpose="none")


@dataclass(slots=True, kw_only=True)
class Order:
    """One order; *quantity* is signed, *price* the stop or limit and None for a market order."""

    id: int
    symbol: str
    type: OrderType
    quantity: int
    price: float | None
    tag: Tag
    submitted_at: int
    is_cancel_pending: bool = False
    is_open: bool = True
    event_count: int = 0


def is_touched(order: Order, low: float, high: float) -> bool:
    """Return whether a bar with that low and high fills a stop or limit order."""
    if order.price is None:
        return False
    # A buy stop and a sell limit wait for a rise, a sell stop and a buy limit for a fall.
    if (order.type == "stop_market") == (order.quantity > 0):
        return high >= order.price
    return low <= order.price
