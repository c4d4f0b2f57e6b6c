"""An opening-range breakout for nautilus_trader, as somebody writes it who never heard of us."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig, StrategyConfig
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import Equity
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.persistence.wranglers import BarDataWrangler
from nautilus_trader.trading.strategy import Strategy

from pytest_zacperf.examples.bars import ALL_SYMBOLS, NEW_YORK, frame_of

FLATTEN = dt.time(15, 50)
MINUTE_NS = 60_000_000_000


class BreakoutConfig(StrategyConfig, frozen=True):
    """What the strategy is told."""

    bar_types: tuple[str, ...]
    opening: int = 15
    quantity: int = 50
    below_vwap: float = 0.003


class Breakout(Strategy):
    """Buys what rises above its opening range, and sells below it."""

    def on_start(self):
        self.states = {}
        for name in self.config.bar_types:
            self.subscribe_bars(BarType.from_str(name))

    def on_bar(self, bar):
        instrument = self.cache.instrument(bar.bar_type.instrument_id)
        start = dt.datetime.fromtimestamp((bar.ts_init - MINUTE_NS) / 1e9, NEW_YORK)
        state = self.states.get(instrument.id)
        if state is None or state.day != start.date():
            state = self.states[instrument.id] = State(start.date(), bar)
        state.add(bar, self.config.opening)
        if state.bars == self.config.opening:
            self.submit_order(
                self.order_factory.stop_market(
                    instrument.id,
                    OrderSide.BUY,
                    Quantity.from_int(self.config.quantity),
                    instrument.make_price(state.high + 0.01),
                )
            )
        is_below = float(bar.close) < state.vwap * (1 - self.config.below_vwap)
        if start.time() >= FLATTEN or (is_below and self.portfolio.is_net_long(instrument.id)):
            self.cancel_all_orders(instrument.id)
            self.close_all_positions(instrument.id)

    def on_order_filled(self, event):
        if event.is_buy:
            instrument = self.cache.instrument(event.instrument_id)
            low = self.states[instrument.id].low
            self.submit_order(
                self.order_factory.stop_market(
                    instrument.id, OrderSide.SELL, event.last_qty, instrument.make_price(low - 0.01)
                )
            )


class State:
    """What one symbol has done today."""

    def __init__(self, day, bar):
        self.day, self.bars, self.value, self.volume = day, 0, 0.0, 0.0
        self.high, self.low = float(bar.high), float(bar.low)

    def add(self, bar, opening):
        self.bars += 1
        self.value += float(bar.close) * float(bar.volume)
        self.volume += float(bar.volume)
        if self.bars <= opening:
            self.high, self.low = max(self.high, float(bar.high)), min(self.low, float(bar.low))

    @property
    def vwap(self):
        return self.value / self.volume


def build(start, end, symbols=ALL_SYMBOLS, opening=15):
    """Return an engine with venue, data and strategy."""
    logging = LoggingConfig(log_level="ERROR")
    engine = BacktestEngine(BacktestEngineConfig(logging=logging))
    engine.add_venue(
        Venue("XNAS"),
        OmsType.NETTING,
        AccountType.MARGIN,
        base_currency=USD,
        starting_balances=[Money(100_000, USD)],
    )
    bar_types = []
    for symbol in symbols.split(","):
        instrument = Equity(
            InstrumentId.from_str(f"{symbol}.XNAS"),
            Symbol(symbol),
            USD,
            2,
            Price.from_str("0.01"),
            Quantity.from_int(1),
            0,
            0,
            margin_init=Decimal("0.5"),
            margin_maint=Decimal("0.25"),
        )
        bar_type = BarType.from_str(f"{symbol}.XNAS-1-MINUTE-LAST-EXTERNAL")
        frame = frame_of(symbol, start, end).tz_convert("UTC")
        engine.add_instrument(instrument)
        engine.add_data(
            BarDataWrangler(bar_type, instrument).process(frame, ts_init_delta=MINUTE_NS)
        )
        bar_types.append(str(bar_type))
    engine.add_strategy(Breakout(BreakoutConfig(bar_types=tuple(bar_types), opening=opening)))
    return engine
