from __future__ import annotations

import pytest

from pytest_zacperf.engines.fills import Contract, Split, closed_trades
from pytest_zacperf.records import OrderEvent, OrderSide


def fill(  # noqa: PLR0913 - the parts of a fill
    ts_ns: int,
    side: OrderSide,
    quantity: float,
    price: float,
    *,
    symbol: str = "GLD",
    fee: float = 0,
) -> OrderEvent:
    return OrderEvent(
        ts_event_ns=ts_ns,
        symbol=symbol,
        order_id=ts_ns,
        event_id=1,
        status="filled",
        type="market",
        side=side,
        quantity=quantity,
        fill_quantity=quantity,
        fill_price=price,
        fee=fee,
    )


def test_an_entry_and_its_exit_are_a_trade() -> None:
    (trade,) = closed_trades([fill(1, "buy", 10, 100.0, fee=1), fill(2, "sell", 10, 103.0, fee=2)])
    assert (trade.side, trade.quantity, trade.entry_ts_ns, trade.exit_ts_ns) == ("buy", 10.0, 1, 2)
    assert (trade.entry_price, trade.exit_price) == (100.0, 103.0)
    assert (trade.profit_loss, trade.fees) == (30.0, 3.0)


def test_a_short_sale_gains_when_the_price_falls() -> None:
    (trade,) = closed_trades([fill(1, "sell", 10, 100.0), fill(2, "buy", 10, 97.0)])
    assert (trade.side, trade.profit_loss) == ("sell", 30.0)


def test_the_first_lot_is_closed_first() -> None:
    trades = closed_trades([
        fill(1, "buy", 10, 100.0),
        fill(2, "buy", 10, 110.0),
        fill(3, "sell", 15, 120.0),
    ])
    assert [(t.entry_price, t.quantity) for t in trades] == [(100.0, 10.0), (110.0, 5.0)]


def test_a_fill_beyond_the_position_turns_it_around() -> None:
    trades = closed_trades([
        fill(1, "buy", 10, 100.0),
        fill(2, "sell", 15, 101.0),
        fill(3, "buy", 5, 99.0),
    ])
    assert [(t.side, t.quantity, t.profit_loss) for t in trades] == [
        ("buy", 10.0, 10.0),
        ("sell", 5.0, 10.0),
    ]


def test_fees_are_shared_out_by_quantity() -> None:
    trades = closed_trades([
        fill(1, "buy", 10, 100.0, fee=10),
        fill(2, "sell", 4, 100.0, fee=4),
        fill(3, "sell", 6, 100.0, fee=12),
    ])
    assert [trade.fees for trade in trades] == [8.0, 18.0]


def test_fractions_that_add_up_close_a_position() -> None:
    trades = closed_trades([
        fill(1, "buy", 0.1, 100.0),
        fill(2, "buy", 0.2, 100.0),
        fill(3, "sell", 0.3, 101.0),
        fill(4, "sell", 1.0, 101.0),  # a new position, nothing is left to close
    ])
    assert [trade.quantity for trade in trades] == [0.1, 0.2]


def test_symbols_are_kept_apart() -> None:
    assert closed_trades([fill(1, "buy", 10, 1.0), fill(2, "sell", 10, 2.0, symbol="SLV")]) == []


def test_a_move_is_worth_what_the_contract_says() -> None:
    events = [fill(1, "buy", 2, 5000.0), fill(2, "sell", 2, 5001.0)]
    (trade,) = closed_trades(events, {"GLD": Contract(point_value=5.0)})
    assert trade.profit_loss == 10.0


def test_events_without_a_fill_close_nothing() -> None:
    submitted = OrderEvent(
        ts_event_ns=1,
        symbol="GLD",
        order_id=1,
        event_id=1,
        status="submitted",
        type="market",
        side="buy",
        quantity=10,
    )
    assert closed_trades([submitted, fill(2, "sell", 10, 1.0)]) == []


def test_the_profit_of_an_inverse_contract_is_in_its_base_currency() -> None:
    events = [fill(1, "buy", 1000, 10_000.0), fill(2, "sell", 1000, 12_500.0)]
    (trade,) = closed_trades(events, {"GLD": Contract(is_inverse=True)})
    assert trade.profit_loss == pytest.approx(1000 / 10_000 - 1000 / 12_500)


def test_a_split_multiplies_what_is_open() -> None:
    events = [fill(1, "buy", 100, 100.0, fee=1), fill(3, "sell", 200, 50.0, fee=1)]
    (trade,) = closed_trades(events, splits=[Split(ts_ns=2, symbol="GLD", ratio=0.5)])
    assert (trade.quantity, trade.entry_price, trade.profit_loss) == (200.0, 50.0, 0.0)
    assert trade.fees == 2.0
    (same_time,) = closed_trades(events, splits=[Split(ts_ns=3, symbol="GLD", ratio=0.5)])
    assert same_time.quantity == 200.0
    others = closed_trades(events, splits=[Split(ts_ns=2, symbol="SLV", ratio=0.5)])
    assert others[0].quantity == 100.0


def test_positions_of_one_symbol_are_kept_apart() -> None:
    events = [
        fill(1, "buy", 10, 100.0),
        fill(2, "sell", 10, 101.0),
        fill(3, "sell", 10, 103.0),
        fill(4, "buy", 10, 99.0),
    ]
    trades = closed_trades(events, positions=["long", "short", "long", "short"])
    assert [(t.side, t.profit_loss) for t in trades] == [("buy", 30.0), ("sell", 20.0)]


def test_what_floats_leave_is_no_position() -> None:
    events = [
        fill(1, "buy", 0.1, 100.0),
        fill(2, "buy", 0.2, 100.0),
        fill(3, "sell", 0.1 + 0.2, 101.0),  # 0.30000000000000004
        fill(4, "buy", 1.0, 102.0),
        fill(5, "sell", 1.0, 103.0),
    ]
    assert [trade.quantity for trade in closed_trades(events)] == [0.1, 0.2, 1.0]
