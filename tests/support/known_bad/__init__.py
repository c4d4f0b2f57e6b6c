"""Incremental indicators with a bug in each, beside a form without it: what the kit is held to.

They stand as somebody would write them; each bug is one that has been in a published library or a
strategy. None of it is used by the package.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from support.known_bad.arrivals import (
    CloseThatCameLast,
    HalfReset,
    NewestClose,
    RevisedHighest,
    RevisionPushesOut,
    Rewindable,
    SharedByAll,
    SharedSnapshot,
    Volume,
    VolumeCountedTwice,
    newest_close,
    volume,
)
from support.known_bad.sessions import (
    HighestOfBars,
    HighestOfSeconds,
    HighResetLate,
    SessionHigh,
    Vwap,
    VwapByUtcHour,
    VwapOfEverything,
    VwapZero,
    highest_of_seconds,
    session_high,
    vwap,
)
from support.known_bad.windows import (
    Ema,
    EmaFromZero,
    Highest,
    HighestDeque,
    HighestOfOneMore,
    Mean,
    MeanUnlessNan,
    RunningMean,
    StickyNan,
    SumOfSquares,
    Variance,
    WelfordWithRemoval,
    ema,
    highest,
    mean,
    mean_unless_nan,
    variance,
)

from pytest_zacperf.properties import Bar, Tolerance, conditioned, exact, relative


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A bug, the form without it, and what shows it.

    Attributes:
        bug: In a few words.
        bad: The indicator with it.
        good: The one without.
        full: What both are compared with.
        tolerance: How near the good one is.
        streams: Arguments of ``bar_streams`` beyond the defaults.
        policies: Arguments of ``check_incremental``.

    """

    bug: str
    bad: Callable[[], Any]
    good: Callable[[], Any]
    full: Callable[[Sequence[Bar]], object]
    tolerance: Tolerance = field(default_factory=exact)
    streams: dict[str, Any] = field(default_factory=dict)
    policies: dict[str, Any] = field(default_factory=dict)


ROUNDED = conditioned(2)
AGAIN = {"duplicates": True}
REVISED = {"duplicates": True, "revisions": True}
REPLACE = {"duplicates": "replace"}
TWO = {"symbols": ("A", "B")}
CASES = (
    Case(
        bug="running sum with subtraction", bad=RunningMean, good=Mean, full=mean, tolerance=ROUNDED
    ),
    Case(
        bug="naive sum of squares",
        bad=SumOfSquares,
        good=Variance,
        full=variance,
        tolerance=conditioned(8),
    ),
    Case(
        bug="Welford with removal",
        bad=WelfordWithRemoval,
        good=Variance,
        full=variance,
        tolerance=conditioned(8),
    ),
    Case(bug="window off by one", bad=HighestOfOneMore, good=Highest, full=highest),
    Case(bug="deque that forgets to expire", bad=HighestDeque, good=Highest, full=highest),
    Case(
        bug="bars taken for seconds",
        bad=HighestOfBars,
        good=HighestOfSeconds,
        full=highest_of_seconds,
    ),
    Case(bug="reset one bar late", bad=HighResetLate, good=SessionHigh, full=session_high),
    Case(bug="VWAP that never resets", bad=VwapOfEverything, good=Vwap, full=vwap),
    Case(bug="session by UTC hour", bad=VwapByUtcHour, good=Vwap, full=vwap),
    Case(bug="VWAP of zero volume", bad=VwapZero, good=Vwap, full=vwap),
    Case(
        bug="NaN that sticks",
        bad=StickyNan,
        good=MeanUnlessNan,
        full=mean_unless_nan,
        tolerance=relative(1e-9),
        streams={"missing": True, "spikes": False},
    ),
    Case(
        bug="duplicate counted twice",
        bad=VolumeCountedTwice,
        good=Volume,
        full=volume,
        streams=AGAIN,
    ),
    Case(
        bug="late bar taken for the newest",
        bad=CloseThatCameLast,
        good=NewestClose,
        full=newest_close,
        streams={"late": True},
    ),
    Case(
        bug="revision that pushes the oldest out",
        bad=RevisionPushesOut,
        good=RevisedHighest,
        full=highest,
        streams=REVISED,
        policies=REPLACE,
    ),
    Case(bug="snapshot that shares its state", bad=SharedSnapshot, good=Rewindable, full=highest),
    Case(bug="reset that forgets half", bad=HalfReset, good=SessionHigh, full=session_high),
    Case(
        bug="state shared by all symbols", bad=SharedByAll, good=Highest, full=highest, streams=TWO
    ),
    Case(bug="exponential mean from zero", bad=EmaFromZero, good=Ema, full=ema),
)
