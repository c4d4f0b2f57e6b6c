"""Makes operations of segments: which bar comes next, at which price, and what is done between."""

from __future__ import annotations

import contextlib
import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import msgspec

from pytest_zacperf.properties.clock import Clock, NoSessionLeft
from pytest_zacperf.properties.market import Bar, Kind, Operation
from pytest_zacperf.properties.prices import Grid
from pytest_zacperf.properties.segments import (
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

NO_PRICES = (math.nan,) * 4
# A revision is made around the bar's open, in this many ticks.
REVISED_TICKS = 100


class Full(Exception):  # noqa: N818 - it is the end, and no error
    """There is no room, or no time, for another bar."""


@dataclass(slots=True)
class Course:
    """How far a stream has come; a snapshot keeps a copy of it.

    Attributes:
        clock: When the next bar starts.
        closes: Last close of each symbol in ticks.
        known: Bars that the indicator has been given and still knows of, oldest first.

    """

    clock: Clock
    closes: list[int]
    known: list[Bar] = field(default_factory=list)

    def copied(self) -> Course:
        """Return one that goes on by itself."""
        return Course(copy.copy(self.clock), list(self.closes), list(self.known))


class Weaver:
    """Goes through segments and notes what they do.

    Args:
        clock: When the first bar starts.
        closes: Close before the first bar of each symbol, in ticks.
        symbols: Their names.
        grid: The prices there are.
        flat: A bar on which nothing happens.
        max_bars: Of the stream.

    Attributes:
        operations: What was done so far.

    """

    def __init__(  # noqa: PLR0913 - what a stream begins with
        self,
        clock: Clock,
        closes: Sequence[int],
        *,
        symbols: Sequence[str],
        grid: Grid,
        flat: Shape,
        max_bars: int,
    ) -> None:
        self.operations: list[Operation] = []
        self._course = Course(clock, list(closes))
        self._kept: Course | None = None
        self._symbols = symbols
        self._grid = grid
        self._flat = flat
        self._room = max_bars

    def weave(self, segments: Sequence[Segment]) -> None:
        """Follow segments as far as there is room, and time."""
        try:
            for segment in segments:
                self._let_happen(segment.event)
                self._run(segment.run)
        except (Full, NoSessionLeft):
            pass

    def fill_up(self, min_bars: int) -> None:
        """Bring flat bars until there are so many, or no session is left."""
        try:
            while sum(done.bar is not None for done in self.operations) < min_bars:
                self._trade(0, self._flat, 1)
                self._course.clock.tick()
        except (Full, NoSessionLeft):
            pass

    def _let_happen(self, event: Event | None) -> None:
        match event:
            case Gap():
                self._course.clock.let_pass(event)
            case NextSession():
                self._open_session(event)
            case Jump():
                self._jump(event)
            case Again():
                self._bring_again(event)
            case Missing():
                self._bring("bar", self._bar(event.symbol, NO_PRICES, 0))
                self._rest_of(event.symbol)
            case Reset():
                self.operations.append(Operation("reset"))
                self._course.known = []
            case Rewind():
                self._rewind(event)

    def _run(self, run: Run) -> None:
        held: Bar | None = None
        shapes = run.shapes * run.repeats
        try:
            for number, shape in enumerate(shapes):
                for symbol in run.symbols:
                    self._trade(symbol, shape, run.unit)
                if number == 0 and run.held_back and len(shapes) > 1:
                    held = self._take_back()
                elif held is not None and number == run.held_back:
                    self._bring("late", held)
                    held = None
                self._course.clock.tick()
        finally:
            if held is not None:
                known = self._course.known
                is_late = bool(known) and known[-1].start_ns > held.start_ns
                self._bring("late" if is_late else "bar", held)

    def _take_back(self) -> Bar:
        self.operations.pop()
        self._room += 1
        return self._course.known.pop()

    def _rewind(self, rewind: Rewind) -> None:
        if self._kept is None or not rewind.is_again:
            self.operations.append(Operation("snapshot"))
            self._kept = self._course.copied()
        self._course.closes = [
            self._grid.nearest(round(close * rewind.ratio)) for close in self._course.closes
        ]
        with contextlib.suppress(NoSessionLeft):  # there is one again after the way back
            self._run(rewind.run)
        self.operations.append(Operation("restore"))
        self._course = self._kept.copied()

    def _trade(self, symbol: int, shape: Shape, unit: int | Fraction) -> None:
        closes = self._course.closes
        ticks = max(1, int(closes[symbol] * unit)) if isinstance(unit, Fraction) else unit
        opened = self._grid.nearest(closes[symbol] + shape.gap * ticks)
        prices = self._shaped(opened, shape, ticks)
        self._bring("bar", self._bar(symbol, self._in_money(prices), shape.volume))
        closes[symbol] = prices[-1]

    def _shaped(self, opened: int, shape: Shape, unit: int) -> tuple[int, int, int, int]:
        nearest = self._grid.nearest
        closed = nearest(opened + shape.move * unit)
        high = nearest(max(opened, closed) + shape.above * unit)
        low = nearest(min(opened, closed) - shape.below * unit)
        return opened, high, low, closed

    def _in_money(self, ticks: tuple[int, int, int, int]) -> tuple[float, ...]:
        return tuple(map(self._grid.price, ticks))

    def _bar(self, symbol: int, prices: Sequence[float], volume: int) -> Bar:
        if self._course.clock.is_over:
            raise Full
        opened, high, low, closed = prices
        session = self._course.clock.session
        return Bar(
            symbol=self._symbols[symbol],
            session=session.day,
            start_ns=self._course.clock.now_ns,
            open=opened,
            high=high,
            low=low,
            close=closed,
            volume=volume,
            zone=session.zone,
        )

    def _bring(self, kind: Kind, bar: Bar) -> None:
        if not self._room:
            raise Full
        self._room -= 1
        self.operations.append(Operation(kind, bar))
        if kind in {"bar", "late"}:
            self._course.known.append(bar)

    def _jump(self, jump: Jump) -> None:
        before = self._course.closes[jump.symbol]
        self._course.closes[jump.symbol] = jump.ticks
        self._trade(jump.symbol, self._flat, 1)
        if jump.is_print:
            self._course.closes[jump.symbol] = before
        self._rest_of(jump.symbol)

    def _rest_of(self, symbol: int) -> None:
        """Bring a flat bar of each other symbol, and go on."""
        for other in range(len(self._symbols)):
            if other != symbol:
                self._trade(other, self._flat, 1)
        self._course.clock.tick()

    def _bring_again(self, again: Again) -> None:
        known = self._course.known
        if again.back > len(known):
            return
        bar = known[-again.back]
        if again.revision is None:
            self._bring("duplicate", bar)
        elif not math.isnan(bar.open):
            opened = round(Fraction(bar.open) / self._grid.tick)
            ticks = self._shaped(opened, again.revision, REVISED_TICKS)
            _, high, low, close = self._in_money(ticks)
            volume = again.revision.volume
            revised = msgspec.structs.replace(bar, high=high, low=low, close=close, volume=volume)
            self._bring("revision", revised)
            known[-again.back] = revised

    def _open_session(self, following: NextSession) -> None:
        ratio = Fraction(100 + following.percent, 100) / following.split
        clock, closes = self._course.clock, self._course.closes
        clock.enter(max(following.position, clock.position + 1), following.halts)
        self._course.closes = [self._grid.nearest(round(close * ratio)) for close in closes]
