"""The strategies of segments: what a stream may have in it, how often, and how much of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from hypothesis import strategies as st

from pytest_zacperf.properties.lists import lists_of
from pytest_zacperf.properties.prices import VOLUMES, Grid, volumes
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
from pytest_zacperf.properties.sessions import Schedule, halted, positions

MAX_SHAPES = 5
MAX_REPEATS = 10
# Units in which prices move: ticks, or parts of the price; 0 is a market that stands still.
UNITS: tuple[int | Fraction, ...] = (100, 1, 0, Fraction(1, 100), Fraction(1, 1000))
MAX_MOVE = 5
# New shares for an old one.
SPLITS = (Fraction(2), Fraction(1, 2), Fraction(3, 2), Fraction(10), Fraction(1, 10))
OVERNIGHT_PERCENT = 10
# Far from the prices before: what is left of bars that shall not have been is seen.
REWOUND_RATIOS = (Fraction(1), Fraction(2), Fraction(1, 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a stream may have in it; the arguments of ``bar_streams``."""

    symbols: tuple[str, ...]
    max_volume: int
    zero_volume: bool
    gaps: bool
    overnight: bool
    halts: bool
    splits: bool
    spikes: bool
    missing: bool
    duplicates: bool
    revisions: bool
    late: bool
    resets: bool
    snapshots: bool

    @property
    def flat(self) -> Shape:
        """A bar on which nothing happens."""
        volume = min(VOLUMES[0], self.max_volume)
        return Shape(gap=0, move=0, above=0, below=0, volume=volume)


def segments(wanted: Wanted, grid: Grid, schedule: Schedule) -> st.SearchStrategy[Segment]:
    """Return a strategy of single segments."""
    shapes = _shapes(wanted)
    runs = _runs(wanted, shapes)
    return st.builds(Segment, st.one_of(list(_events(wanted, grid, schedule, shapes, runs))), runs)


def _events(
    wanted: Wanted,
    grid: Grid,
    schedule: Schedule,
    shapes: st.SearchStrategy[Shape],
    runs: st.SearchStrategy[Run],
) -> Iterator[st.SearchStrategy[Event | None]]:
    """Yield a strategy of each kind of event.

    Sessions come twice, for most state is theirs, and what is only there on request three times.
    """
    symbol = st.integers(0, len(wanted.symbols) - 1)
    yield st.none()
    if wanted.gaps:
        yield _gaps(wanted)
    if wanted.overnight:
        yield _next_sessions(wanted, schedule)
        yield _next_sessions(wanted, schedule)
    if wanted.spikes:
        yield st.builds(Jump, st.sampled_from(grid.levels()), st.booleans(), symbol)
    for _ in range(3):
        if wanted.duplicates:
            yield st.builds(Again, st.integers(1, 3))
        if wanted.revisions:
            yield st.builds(Again, st.integers(1, 3), shapes)
        if wanted.missing:
            yield st.builds(Missing, symbol)
    if wanted.resets:
        yield st.just(Reset())
    if wanted.snapshots:
        yield st.builds(Rewind, runs, st.sampled_from(REWOUND_RATIOS), st.booleans())


def _shapes(wanted: Wanted) -> st.SearchStrategy[Shape]:
    move = st.integers(-MAX_MOVE, MAX_MOVE)
    wick = st.integers(0, MAX_MOVE)
    amount = volumes(max_volume=wanted.max_volume, zero_volume=wanted.zero_volume)
    return st.builds(Shape, move, move, wick, wick, amount)


def _runs(wanted: Wanted, shapes: st.SearchStrategy[Shape]) -> st.SearchStrategy[Run]:
    count = len(wanted.symbols)
    everyone = tuple(range(count))
    who = st.just(everyone)
    flat = wanted.flat
    if count > 1 and wanted.gaps:
        some = st.lists(st.sampled_from(everyone), min_size=1, max_size=count, unique=True)
        who = some.map(tuple)
    return st.builds(
        Run,
        lists_of(shapes, max_size=MAX_SHAPES).map(lambda drawn: drawn or (flat,)),
        st.integers(1, MAX_REPEATS),
        st.sampled_from(UNITS),
        who,
        st.integers(0, 3) if wanted.late else st.just(0),
    )


def _gaps(wanted: Wanted) -> st.SearchStrategy[Event]:
    to = ["intervals", "close", *(["halt"] if wanted.halts else [])]
    count = st.integers(1, 5) | st.integers(1, 1000)
    some = st.builds(Gap, st.sampled_from(to), count)
    return some | st.builds(Gap, st.just("percent"), st.integers(1, 99))


def _next_sessions(wanted: Wanted, schedule: Schedule) -> st.SearchStrategy[Event]:
    split = st.just(Fraction(1))
    if wanted.splits:
        split |= st.sampled_from(SPLITS)
    return st.builds(
        NextSession,
        positions(schedule),
        st.integers(-OVERNIGHT_PERCENT, OVERNIGHT_PERCENT),
        split,
        halted().map(tuple) if wanted.halts else st.just(()),
    )
