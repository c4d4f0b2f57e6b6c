"""A test stand for one symbol's strategy: real broker and account, scripted metrics and rally."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from pytest_zacperf.stages import StageTimer
from pytest_zacperf.zacqc.account import Account
from pytest_zacperf.zacqc.bars import Bar, DailyBar
from pytest_zacperf.zacqc.broker import Broker
from pytest_zacperf.zacqc.orders import Order
from pytest_zacperf.zacqc.parameters import TradingParameters
from pytest_zacperf.zacqc.rally import Extremes, Sample
from pytest_zacperf.zacqc.reading import Reading
from pytest_zacperf.zacqc.risk import RiskManager
from pytest_zacperf.zacqc.strategy import Slice, SymbolStrategy

MIDNIGHT = 1_759_291_200
NOON = MIDNIGHT + 12 * 3600
# The price fell from 100 to 95 on a day with a range of 6; the mean daily range is 4 %.
FALLEN = Reading(
    mean_range=4.0,
    range=6.0,
    range_of_open=6.0,
    range_multiple=1.5,
    day_range=6.0,
    from_open=-5.0,
    price_from_open=-5.0,
    gap=0.0,
    sharp_move=0.1,
    liquidity=1.0,
    previous_low=None,
    older_low=None,
    previous_high=None,
    older_high=None,
    second_oldest_low=94.0,
    newer_low=94.0,
    second_oldest_high=96.0,
    newer_high=96.0,
)
RISEN = msgspec.structs.replace(FALLEN, from_open=5.0, price_from_open=5.0)
NEUTRAL = msgspec.structs.replace(FALLEN, from_open=0.0, price_from_open=0.0)
LAST = Sample(NOON, 94.5, 94.4)
# A tenth of the range from 94 up to 94.6, half of it given back.
RALLY_UP = Extremes(94.0, 94.6, NOON - 600, Sample(NOON, 94.4, 94.3), 100)
RALLY_DOWN = Extremes(95.4, 96.0, NOON - 600, Sample(NOON, 95.7, 95.6), 100)
OVERDONE = Extremes(94.0, 96.0, NOON - 600, Sample(NOON, 95.7, 95.6), 100)
NO_EXTREMES = Extremes(94.0, 94.0, NOON - 600, Sample(NOON, 94.0, 94.0), 100)


@dataclass
class ScriptedMetrics:
    """Metrics that read what the test wants."""

    reading: Reading = NEUTRAL
    bars: list[Bar] = field(default_factory=list)
    resets: int = 0

    def add_bar(self, bar: Bar) -> None:
        self.bars.append(bar)

    def add_daily_bar(self, bar: DailyBar) -> None:
        raise AssertionError(bar)

    def reset_day(self) -> None:
        self.resets += 1

    def end_session(self) -> None:
        raise AssertionError

    def window(self) -> Sequence[Bar]:
        return self.bars

    def read(self, price: float) -> Reading:
        assert price > 0
        return self.reading


@dataclass
class ScriptedExtremes:
    """Rally extremes that are what the test wants."""

    up: Extremes = RALLY_UP
    down: Extremes = RALLY_DOWN
    samples: list[Sample] = field(default_factory=list)

    def add(self, sample: Sample) -> None:
        self.samples.append(sample)

    def clear(self) -> None:
        self.samples.clear()

    def long(self) -> Extremes:
        return self.up

    def short(self) -> Extremes:
        return self.down


class Stand:
    """A strategy with a real broker, whose market and metrics the test sets bar by bar."""

    def __init__(self, **switches: object) -> None:
        parameters = msgspec.convert({"symbols": ("V",), **switches}, TradingParameters)
        self.low, self.high, self.price = 94.9, 95.1, 95.0
        self.metrics, self.extremes = ScriptedMetrics(), ScriptedExtremes()
        self.account = Account(parameters.initial_cash)
        self.broker = Broker(self.account, self, self)
        self.risk = RiskManager(self.account, parameters, self.cached_price)
        self.broker.now = NOON
        self.strategy = SymbolStrategy(
            "V",
            parameters=parameters,
            metrics=self.metrics,
            extremes=self.extremes,
            broker=self.broker,
            risk=self.risk,
            start_time=MIDNIGHT,
            stages=StageTimer(enabled=False),
        )
        self.bar(NEUTRAL)

    def cached_price(self, symbol: str) -> float:
        assert symbol == "V"
        return self.price

    def touches(self, symbol: str) -> tuple[float, float]:
        assert symbol == "V"
        return self.low, self.high

    def on_filled(self, order: Order, price: float) -> None:
        self.strategy.on_filled(order, price)

    def on_canceled(self, order: Order) -> None:
        self.strategy.on_canceled(order)

    def bar(self, reading: Reading, *, after_s: int = 15, is_entry_time: bool = True) -> None:
        """Go on to the next bar: fills, the bar, its evaluation, requests, fills."""
        self.broker.now += after_s
        self.broker.scan()
        self.metrics.reading = reading
        bar = Bar(self.broker.now - 15, self.price, self.high, self.low, self.price, 100)
        self.strategy.add_bar(bar)
        self.strategy.trail(self.price)
        now = Slice(self.broker.now, self.price, self.high, self.low, self.price, is_entry_time)
        self.strategy.evaluate(now)
        self.broker.process_requests()
        self.broker.scan()

    def move(self, price: float) -> None:
        """Move the market to *price*, with a narrow bar around it."""
        self.low, self.high, self.price = price - 0.1, price + 0.1, price

    def enter(self, reading: Reading = FALLEN) -> None:
        """Arm, fire, and fill an entry at 95.48 (95 + 8 % of the range of 6)."""
        self.bar(reading)
        self.bar(reading)
        self.low, self.high = (94.9, 95.6) if reading is FALLEN else (94.4, 95.1)
        self.bar(NEUTRAL, after_s=1)
        self.move(95.0)
        assert self.account.quantity("V")

    @property
    def statuses(self) -> list[tuple[int, str]]:
        return [(event.order_id, event.status) for event in self.broker.events]

    @property
    def open_prices(self) -> list[float | None]:
        return [order.price for order in self.broker.open_orders("V")]

    @property
    def open_tags(self) -> list[str]:
        return [order.tag.text for order in self.broker.open_orders("V")]
