"""The broker: when orders fill, in which order requests are carried out, what events say."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from pytest_zacperf.zacqc.account import Account
from pytest_zacperf.zacqc.broker import Broker
from pytest_zacperf.zacqc.orders import Order, OrderType, Tag, is_touched

ENTRY = Tag(purpose="entry", condition="cond1", text="Buy-cond1-Trail-V")


@dataclass
class Market:
    """Quotes that a test sets, and a listener that takes notes."""

    price: float = 100.0
    low: float = 99.0
    high: float = 101.0
    notes: list[tuple[str, int]] = field(default_factory=list)

    def cached_price(self, symbol: str) -> float:
        assert symbol
        return self.price

    def touches(self, symbol: str) -> tuple[float, float]:
        assert symbol
        return self.low, self.high

    def on_filled(self, order: Order, price: float) -> None:
        assert price > 0
        self.notes.append(("filled", order.id))

    def on_canceled(self, order: Order) -> None:
        self.notes.append(("canceled", order.id))


@pytest.fixture
def market() -> Market:
    return Market()


@pytest.fixture
def broker(market: Market) -> Broker:
    return Broker(Account(100_000), market, market)


def _submit(
    broker: Broker,
    quantity: int,
    price: float,
    *,
    type: OrderType = "stop_market",  # noqa: A002
) -> Order:
    return broker.submit("V", quantity, type=type, price=price, tag=ENTRY)


def _statuses(broker: Broker) -> list[tuple[int, str]]:
    return [(event.order_id, event.status) for event in broker.events]


def test_an_order_never_fills_in_the_slice_of_its_submission(broker: Broker) -> None:
    _submit(broker, 10, 100.5)
    broker.scan()
    assert _statuses(broker) == [(1, "submitted")]
    broker.now += 1
    broker.scan()
    assert _statuses(broker) == [(1, "submitted"), (1, "filled")]


@pytest.mark.parametrize(
    ("type_", "quantity", "price", "touched"),
    [
        pytest.param("stop_market", 1, 101.0, True, id="buy stop at the high"),
        pytest.param("stop_market", 1, 101.01, False, id="buy stop above"),
        pytest.param("stop_market", -1, 99.0, True, id="sell stop at the low"),
        pytest.param("stop_market", -1, 98.99, False, id="sell stop below"),
        pytest.param("limit", -1, 101.0, True, id="sell limit at the high"),
        pytest.param("limit", -1, 101.01, False, id="sell limit above"),
        pytest.param("limit", 1, 99.0, True, id="buy limit at the low"),
        pytest.param("limit", 1, 98.99, False, id="buy limit below"),
        pytest.param("market", 1, None, False, id="a market order waits for nothing"),
    ],
)
def test_touch(type_: OrderType, quantity: int, price: float | None, *, touched: bool) -> None:
    order = Order(
        id=1, symbol="V", type=type_, quantity=quantity, price=price, tag=ENTRY, submitted_at=0
    )
    assert is_touched(order, 99.0, 101.0) is touched


def test_a_stop_fills_at_its_price_and_pays_a_fee(broker: Broker) -> None:
    _submit(broker, 300, 100.5)
    broker.now = 7
    broker.scan()
    fill = broker.events[-1]
    assert (fill.fill_price, fill.fill_quantity, fill.fee, fill.fee_currency) == (
        100.5,
        300.0,
        1.5,
        "USD",
    )
    assert (fill.stop_price, fill.limit_price, fill.ts_event_ns) == (100.5, None, 7_000_000_000)


def test_the_event_keeps_the_submitted_stop_where_the_fill_price_loses_a_bit(
    broker: Broker, market: Market
) -> None:
    market.low = 200.0
    _submit(broker, -1290, 232.43599999999998)
    broker.now += 1
    broker.scan()
    fill = broker.events[-1]
    assert (fill.stop_price, fill.fill_price) == (232.43599999999998, 232.436)
    assert (fill.quantity, fill.side) == (1290.0, "sell")


def test_orders_fill_in_order_of_their_numbers(broker: Broker, market: Market) -> None:
    _submit(broker, 1, 100.9)
    _submit(broker, 1, 100.1)
    broker.now += 1
    broker.scan()
    assert market.notes == [("filled", 1), ("filled", 2)]


def test_a_market_order_fills_inside_its_submission_at_the_cached_price(broker: Broker) -> None:
    broker.submit("V", 5, type="market", price=None, tag=ENTRY)
    assert _statuses(broker) == [(1, "submitted"), (1, "filled")]
    assert broker.events[-1].fill_price == 100.0
    assert broker.account.quantity("V") == 5


def test_a_cancellation_is_pending_until_the_queue_runs(broker: Broker, market: Market) -> None:
    order = _submit(broker, 1, 100.5)
    broker.cancel(order)
    assert _statuses(broker)[-1] == (1, "cancel_pending")
    assert broker.has_open_order("V")
    broker.process_requests()
    assert _statuses(broker)[-1] == (1, "canceled")
    assert market.notes == [("canceled", 1)]
    assert not broker.has_open_orders


def test_a_submission_carries_out_what_waits_first(broker: Broker) -> None:
    broker.cancel(_submit(broker, 1, 100.5))
    _submit(broker, 1, 100.6)
    assert _statuses(broker)[1:] == [(1, "cancel_pending"), (1, "canceled"), (2, "submitted")]


def test_requests_of_all_symbols_wait_in_one_queue(broker: Broker) -> None:
    first, second = _submit(broker, 1, 105.0), _submit(broker, 1, 106.0)
    broker.cancel(second)
    broker.update(first, 104.0)
    broker.process_requests()
    assert _statuses(broker)[-2:] == [(2, "canceled"), (1, "updated")]
    assert broker.events[-1].stop_price == 104.0


def test_an_order_whose_cancellation_is_pending_can_still_fill(
    broker: Broker, market: Market
) -> None:
    order = _submit(broker, 1, 100.5)
    broker.now += 1
    broker.cancel(order)
    broker.scan()
    broker.process_requests()
    assert market.notes == [("filled", 1)]


def test_a_second_cancellation_changes_nothing(broker: Broker) -> None:
    order = _submit(broker, 1, 105.0)
    broker.cancel(order)
    broker.cancel(order)
    broker.cancel_all("V")
    broker.process_requests()
    broker.cancel(order)
    assert [status for _, status in _statuses(broker)] == [
        "submitted",
        "cancel_pending",
        "canceled",
    ]


def test_cancellation_by_number_blanks_the_tag_and_cancel_all_keeps_it(broker: Broker) -> None:
    first, second = _submit(broker, 1, 105.0), _submit(broker, 1, 106.0)
    broker.cancel(first)
    broker.cancel_all("V")
    assert (first.tag.text, second.tag.text) == ("", ENTRY.text)
    assert [event.tag for event in broker.events[-2:]] == [None, ENTRY.text]


def test_may_touch_asks_for_each_order(broker: Broker) -> None:
    _submit(broker, 1, 105.0)
    assert broker.may_touch(lambda _: 99.0, lambda _: 105.0)
    assert not broker.may_touch(lambda _: 99.0, lambda _: 104.0)
