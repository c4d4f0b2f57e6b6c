"""Makes operations of segments: where each bar lies in time, and at which price."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import msgspec

from pytest_zacperf.calendars import Session
from pytest_zacperf.properties.market import Bar, Kind, Operation
from pytest_zacperf.properties.prices import Grid
from pytest_zacperf.properties.segments import (
    FLAT,
    Again,
    Event,
    Gap,
    Jump,
    Missing,
    NextSession,
    Reset,
    Rewind,
    Run,
    Segment,
    Shape,
)
from pytest_zacperf.properties.sessions import with_halts

SNAPSHOT = Operation("snapshot")
NO_PRICES = (math.nan,) * 4
# A revision is made around the bar's open, in this many ticks.
REVISED_TICKS = 100


class Full(Exception):  # noqa: N818 - it is the end, and no error
    """There is no room for another bar, or no session left."""


@dataclass(slots=True)
class Weaver:
    """Goes through segments and notes what they do.

    Attributes:
        sessions: That may follow each other.
        position: Of the first among them, then of the present one.
        session: The present one, with its halts.
        closes: Last close of each symbol in ticks.
        symbols: Their names.
        grid: The prices there are.
        interval_ns: Length of a bar.
        max_bars: Of the stream.
        operations: What was done so far.

    """

    sessions: Sequence[Session]
    position: int
    session: Session
    closes: list[int]
    symbols: Sequence[str]
    grid: Grid
    interval_ns: int
    max_bars: int
    operations: list[Operation] = field(default_factory=list)
    _now_ns: int = 0
    _bars: list[Bar] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._now_ns = self.session.open_ns
        self._settle()

    def weave(self, segments: Sequence[Segment]) -> list[Operation]:
        """Return the operations of segments, as many as there is room for."""
        try:
            for segment in segments:
                self._let_happen(segment.event)
                self._run(segment.run)
        except Full:
            pass
        return self.operations

    def fill_up(self, min_bars: int) -> None:
        """Bring flat bars until there are so many, or no session is left."""
        try:
            while len(self._bars) < min_bars:
                self._trade(0, FLAT, 1)
                self._tick()
        except Full:
            pass

    def _let_happen(self, event: Event | None) -> None:
        match event:
            case Gap():
                self._pass_time(event)
            case NextSession():
                self._open_session(event)
            case Jump():
                self._jump(event)
            case Again():
                self._bring_again(event)
            case Missing():
                self._bring("bar", self._bar(event.symbol, NO_PRICES, 0))
                self._tick()
            case Reset():
                self.operations.append(Operation("reset"))
            case Rewind():
                self._rewind(event)

    def _run(self, run: Run) -> None:
        held: Operation | None = None
        shapes = run.shapes * run.repeats
        for number, shape in enumerate(shapes):
            for symbol in run.symbols:
                self._trade(symbol, shape, run.unit)
            if number == 0 and run.held_back and len(shapes) > 1:
                held = self.operations.pop()
            elif held is not None and number == run.held_back:
                self.operations.append(Operation("late", held.bar))
                held = None
            self._tick()
        if held is not None:
            self.operations.append(Operation("late", held.bar))

    def _rewind(self, rewind: Rewind) -> None:
        if not (rewind.is_again and SNAPSHOT in self.operations):
            self.operations.append(SNAPSHOT)
        before = list(self.closes)
        self.closes = [self.grid.nearest(round(close * rewind.ratio)) for close in before]
        self._run(rewind.run)
        self.closes = before
        self.operations.append(Operation("restore"))

    def _trade(self, symbol: int, shape: Shape, unit: int | Fraction) -> None:
        ticks = max(1, int(self.closes[symbol] * unit)) if isinstance(unit, Fraction) else unit
        opened = self.grid.nearest(self.closes[symbol] + shape.gap * ticks)
        prices = self._shaped(opened, shape, ticks)
        self.closes[symbol] = prices[-1]
        self._bring("bar", self._bar(symbol, self._in_money(prices), shape.volume))

    def _shaped(self, opened: int, shape: Shape, unit: int) -> tuple[int, int, int, int]:
        nearest = self.grid.nearest
        closed = nearest(opened + shape.move * unit)
        high = nearest(max(opened, closed) + shape.above * unit)
        low = nearest(min(opened, closed) - shape.below * unit)
        return opened, high, low, closed

    def _in_money(self, ticks: tuple[int, int, int, int]) -> tuple[float, ...]:
        return tuple(map(self.grid.price, ticks))

    def _bar(self, symbol: int, prices: Sequence[float], volume: int) -> Bar:
        opened, high, low, closed = prices
        return Bar(
            symbol=self.symbols[symbol],
            session=self.session.day,
            start_ns=self._now_ns,
            open=opened,
            high=high,
            low=low,
            close=closed,
            volume=volume,
            zone=self.session.zone,
        )

    def _bring(self, kind: Kind, bar: Bar) -> None:
        if len(self._bars) == self.max_bars:
            raise Full
        self._bars.append(bar)
        self.operations.append(Operation(kind, bar))

    def _jump(self, jump: Jump) -> None:
        before = self.closes[jump.symbol]
        self.closes[jump.symbol] = jump.ticks
        self._trade(jump.symbol, FLAT, 1)
        if jump.is_print:
            self.closes[jump.symbol] = before
        self._tick()

    def _bring_again(self, again: Again) -> None:
        if again.back > len(self._bars):
            return
        bar = self._bars[-again.back]
        if again.revision is None:
            self._bring("duplicate", bar)
        elif not math.isnan(bar.open):
            opened = round(Fraction(bar.open) / self.grid.tick)
            ticks = self._shaped(opened, again.revision, REVISED_TICKS)
            _, high, low, closed = self._in_money(ticks)
            revised = msgspec.structs.replace(
                bar, high=high, low=low, close=closed, volume=again.revision.volume
            )
            self._bring("revision", revised)

    def _pass_time(self, gap: Gap) -> None:
        session, length = self.session, gap.count * self.interval_ns
        if gap.to == "intervals":
            self._now_ns += length
        elif gap.to == "percent":
            length = (session.close_ns - session.open_ns) * gap.count // 100
            self._now_ns = max(self._now_ns, self._on_grid(session.open_ns + length))
        elif gap.to == "close":
            self._now_ns = max(self._now_ns, self._on_grid(session.close_ns - length))
        else:
            ahead = (begin for begin, _ in session.halts if begin > self._now_ns)
            before_halt = next(ahead, self._now_ns) - self.interval_ns
            self._now_ns = max(self._now_ns, self._on_grid(before_halt))
        self._settle()

    def _open_session(self, following: NextSession) -> None:
        ratio = Fraction(100 + following.percent, 100) / following.split
        self._enter(max(following.position, self.position + 1))
        self.session = with_halts(self.session, following.halts)
        self.closes = [self.grid.nearest(round(close * ratio)) for close in self.closes]
        self._settle()

    def _enter(self, position: int) -> None:
        if position >= len(self.sessions):
            raise Full
        self.position, self.session = position, self.sessions[position]
        self._now_ns = self.session.open_ns

    def _tick(self) -> None:
        self._now_ns += self.interval_ns
        self._settle()

    def _settle(self) -> None:
        """Go on to the next time at which there may be a bar."""
        for begin, end in self.session.halts:
            if begin <= self._now_ns < end:
                self._now_ns = self._on_grid(end)
        # A bar at the open is always one: daily bars are longer than their session.
        is_over = self._now_ns + self.interval_ns > self.session.close_ns
        if is_over and self._now_ns > self.session.open_ns:
            self._enter(self.position + 1)
            self._settle()

    def _on_grid(self, instant_ns: int) -> int:
        """Return the first bar's start at or after an instant."""
        since_open = max(0, instant_ns - self.session.open_ns)
        return self.session.open_ns + -(-since_open // self.interval_ns) * self.interval_ns
