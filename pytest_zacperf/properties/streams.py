"""The strategy of bar streams: what may be in one is what its arguments say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from pytest_zacperf.properties.arguments import (
    checked_interval,
    checked_sizes,
    checked_symbols,
)
from pytest_zacperf.properties.clock import Clock, bars_in
from pytest_zacperf.properties.drawing import Wanted, segments
from pytest_zacperf.properties.lists import lists_of
from pytest_zacperf.properties.market import BarStream
from pytest_zacperf.properties.prices import (
    MAX_PRICE,
    MAX_VOLUME,
    MIN_TICK,
    Grid,
    grid_of,
)
from pytest_zacperf.properties.segments import Segment
from pytest_zacperf.properties.sessions import (
    MAX_DAY,
    MIN_DAY,
    Schedule,
    halted,
    positions,
    schedule_of,
    with_halts,
)
from pytest_zacperf.properties.weaving import Weaver
from pytest_zacperf.units import NS_PER_S

MAX_SIZE = 200
USUAL_SEGMENTS = 6
MAX_SEGMENTS = 30


def bar_streams(  # noqa: PLR0913 - each names one thing that a stream may have in it
    *,
    min_size: int = 1,
    max_size: int = MAX_SIZE,
    symbols: Sequence[str] = ("A",),
    tick: float = MIN_TICK,
    min_price: float = MIN_TICK,
    max_price: float = MAX_PRICE,
    max_volume: int = MAX_VOLUME,
    zero_volume: bool = True,
    interval_s: int = 1,
    calendar: str = "XNYS",
    min_day: dt.date = MIN_DAY,
    max_day: dt.date = MAX_DAY,
    gaps: bool = True,
    overnight: bool = True,
    halts: bool = True,
    early_closes: bool = True,
    daylight_saving: bool = True,
    splits: bool = False,
    spikes: bool = True,
    missing: bool = False,
    duplicates: bool = False,
    revisions: bool = False,
    late: bool = False,
    resets: bool = True,
    snapshots: bool = True,
) -> st.SearchStrategy[BarStream]:
    """Return a strategy of streams of bars, and of what is done between them.

    Bars are on the tick grid with ``low <= open, close <= high``, lie within sessions of the
    exchange, and come in order of time, several symbols interleaved, except for what is asked
    for. An example shrinks to a few flat bars of 100.0 and prints as a table.

    Args:
        min_size: Fewest bars.
        max_size: Most bars, those that come again included.
        symbols: Tickers.
        tick: Smallest price step.
        min_price: Lowest price.
        max_price: Highest price.
        max_volume: Highest volume.
        zero_volume: Whether bars may have no volume.
        interval_s: Length of a bar in seconds; a session that is shorter has one bar.
        calendar: Exchange, as exchange_calendars names it: XNYS, CMES, 24/7 ...
        min_day: First day.
        max_day: Last day.
        gaps: Whether there may be intervals without a bar, up to the next halt or the close.
        overnight: Whether a stream may go on in a later session, at another price; the next
            session is entered anyway where one is over.
        halts: Whether trading may be halted.
        early_closes: Whether there may be sessions that are shorter than those around them.
        daylight_saving: Whether there may be sessions at another UTC offset than the first one's.
        splits: Whether ``overnight`` may change prices by the ratio of a split, unadjusted.
        spikes: Whether prices may jump to another level, also for one bad print.
        missing: Whether there may be bars whose prices are NaN, with no volume.
        duplicates: Whether one of the last bars may come again as it was.
        revisions: Whether one of the last bars may come again with other values.
        late: Whether a bar may come after bars that are newer.
        resets: Whether the indicator may be reset.
        snapshots: Whether the indicator may be asked for a snapshot, and to go back to it.

    Raises:
        ValueError: An argument leaves no stream to draw.

    """
    checked_sizes(min_size, max_size, of="bar")
    tickers = checked_symbols(symbols)
    grid = grid_of(tick=tick, min_price=min_price, max_price=max_price)
    length_ns = checked_interval(interval_s) * NS_PER_S
    schedule = schedule_of(
        calendar, min_day, max_day, early_closes=early_closes, daylight_saving=daylight_saving
    )
    wanted = Wanted(
        symbols=tickers,
        max_volume=max_volume,
        zero_volume=zero_volume,
        gaps=gaps,
        overnight=overnight,
        halts=halts,
        splits=splits,
        spikes=spikes,
        missing=missing,
        duplicates=duplicates,
        revisions=revisions,
        late=late,
        resets=resets,
        snapshots=snapshots,
    )
    first = positions(schedule, last=_last_position(schedule, length_ns, min_size))
    stretches = lists_of(
        segments(wanted, grid, schedule), usual_size=USUAL_SEGMENTS, max_size=MAX_SEGMENTS
    )
    levels = st.sampled_from(grid.levels()) | st.integers(grid.lowest, grid.highest)
    loom = _Loom(
        schedule=schedule,
        interval_ns=length_ns,
        grid=grid,
        wanted=wanted,
        min_size=min_size,
        max_size=max_size,
    )
    return st.builds(
        loom.stream,
        first,
        halted() if halts else st.just([]),
        st.lists(levels, min_size=len(tickers), max_size=len(tickers)),
        stretches,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Loom:
    """Makes streams of what was drawn; all that is the same for each of them."""

    schedule: Schedule
    interval_ns: int
    grid: Grid
    wanted: Wanted
    min_size: int
    max_size: int

    def stream(
        self,
        position: int,
        halts: Sequence[tuple[int, int]],
        closes: Sequence[int],
        segments_: Sequence[Segment],
    ) -> BarStream:
        """Return the stream that begins in a session, with so many bars at least."""
        weaver = self._weaver(position, halts, closes)
        weaver.weave(segments_)
        weaver.fill_up(self.min_size)
        stream = BarStream(weaver.operations)
        if len(stream) < self.min_size:
            # It came to the end of all sessions: nothing happens in this one.
            weaver = self._weaver(position, (), closes)
            weaver.fill_up(self.min_size)
            stream = BarStream(weaver.operations)
        return stream

    def _weaver(
        self, position: int, halts: Sequence[tuple[int, int]], closes: Sequence[int]
    ) -> Weaver:
        sessions = self.schedule.sessions
        session = with_halts(sessions[position], halts)
        return Weaver(
            Clock(sessions, self.interval_ns, position, session),
            closes,
            symbols=self.wanted.symbols,
            grid=self.grid,
            flat=self.wanted.flat,
            max_bars=self.max_size,
        )


def _last_position(schedule: Schedule, interval_ns: int, min_size: int) -> int:
    """Return the last session from which there is time for so many bars.

    Raises:
        ValueError: There is none.

    """
    bars = 0
    for position in range(len(schedule.sessions) - 1, -1, -1):
        session = schedule.sessions[position]
        paused_ns = sum(end - begin for begin, end in session.halts)
        # A bar is lost at most to each side of a break that is off the grid.
        lost = -(-paused_ns // interval_ns) + len(session.halts)
        bars += max(1, bars_in(session, interval_ns) - lost)
        if bars >= min_size:
            return position
    raise ValueError(
        f"there are {bars} bars from {schedule.sessions[0].day} to {schedule.sessions[-1].day}, "
        f"fewer than min_size={min_size!r}"
    )
