"""Segments that follow each other, woven by hand: what a search comes by too rarely."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from pytest_zacperf.calendars import sessions_of
from pytest_zacperf.properties.clock import Clock
from pytest_zacperf.properties.market import Operation
from pytest_zacperf.properties.prices import grid_of
from pytest_zacperf.properties.segments import Again, Gap, Reset, Run, Segment, Shape
from pytest_zacperf.properties.weaving import Weaver
from pytest_zacperf.units import NS_PER_S

FLAT = Shape(gap=0, move=0, above=0, below=0, volume=100)
ONE_DAY = sessions_of("XNYS", dt.date(2025, 1, 6), dt.date(2025, 1, 6))


def run(bars: int, *, held_back: int = 0) -> Run:
    return Run((FLAT,), bars, unit=1, symbols=(0,), held_back=held_back)


def woven(segments: Sequence[Segment], *, least: int = 1) -> list[Operation]:
    weaver = Weaver(
        Clock(ONE_DAY, NS_PER_S, 0, ONE_DAY[0]),
        [1_000_000],
        symbols=("A",),
        grid=grid_of(tick=0.0001, min_price=0.0001, max_price=1e6),
        flat=FLAT,
        max_bars=100,
    )
    weaver.weave(segments)
    weaver.fill_up(least)
    return weaver.operations


def test_no_bar_from_before_a_reset_comes_again() -> None:
    again = Segment(Again(back=2), run(1))
    assert "duplicate" in [done.kind for done in woven([Segment(None, run(2)), again])]
    after_reset = woven([Segment(None, run(2)), Segment(Reset(), run(1)), again])
    assert "duplicate" not in [done.kind for done in after_reset]


def test_a_revision_comes_again_as_it_was_revised() -> None:
    rise = Shape(gap=0, move=1, above=0, below=0, volume=7)
    once = Segment(Again(back=1, revision=rise), Run((), 1, unit=1, symbols=(0,)))
    *_, revision, duplicate = woven([Segment(None, run(1)), once, Segment(Again(back=1), run(1))])[
        :3
    ]
    assert (revision.kind, duplicate.kind) == ("revision", "duplicate")
    assert duplicate.bar == revision.bar


def test_a_bar_that_is_held_back_comes_also_where_its_run_is_over() -> None:
    operations = woven([Segment(None, run(2, held_back=3))])
    assert [done.kind for done in operations] == ["bar", "late"]


def test_no_bar_comes_after_the_last_session() -> None:
    last = Segment(Gap("close", 1), run(5))
    operations = woven([last], least=10)
    assert len(operations) == 1
    assert operations[0].bar is not None
    assert operations[0].bar.start_ns + NS_PER_S == ONE_DAY[0].close_ns
