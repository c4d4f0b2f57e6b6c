"""The stage timer: how long the named parts of a run take, timed from inside.

Standard library alone and no import from this package, so that any algorithm can import or vendor
this file. It only measures; it never writes or prints.

A stage's time includes the stages entered within it. A timer belongs to one thread.
"""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class StageContext(Protocol):
    """What ``with`` needs of a stage, timed or not."""

    def __enter__(self) -> object: ...

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> bool | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Total of one stage in ns, the number of entries, and the longest entry in ns."""

    name: str
    total_ns: int
    count: int
    max_ns: int


class Stage:
    """One named part of a run; enter and leave it with ``with``."""

    __slots__ = ("_starts", "count", "max_ns", "name", "total_ns")

    def __init__(self, name: str) -> None:
        self.name = name
        self.total_ns = 0
        self.count = 0
        self.max_ns = 0
        self._starts: list[int] = []

    def __enter__(self) -> None:
        # A stack, not one value: a stage may be entered again inside itself.
        self._starts.append(time.perf_counter_ns())

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        elapsed_ns = time.perf_counter_ns() - self._starts.pop()
        self.count += 1
        if elapsed_ns > self.max_ns:  # noqa: PLR1730 - max() would double the cost of a stage
            self.max_ns = elapsed_ns
        # An inner entry of the same stage is already part of the outer one's time.
        if not self._starts:
            self.total_ns += elapsed_ns


class StageWatch(Protocol):
    """What wants to know which stage is the innermost one."""

    def entered(self, name: str) -> None:
        """Note that a stage begins."""
        ...

    def left(self) -> None:
        """Note that the innermost stage ends."""
        ...


class WatchedStage(Stage):
    """A stage that tells a watch when it is entered and left; it takes longer than a plain one."""

    __slots__ = ("_watch",)

    def __init__(self, name: str, watch: StageWatch) -> None:
        super().__init__(name)
        self._watch = watch

    def __enter__(self) -> None:
        self._watch.entered(self.name)
        super().__enter__()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        super().__exit__(exc_type, exc, traceback)
        self._watch.left()


NO_STAGE: StageContext = contextlib.nullcontext()


class StageTimer:
    """All stages of one run.

    Args:
        enabled: When False nothing is timed: ``wrap`` returns the function itself and ``stage`` a
            shared context that does nothing.
        watch: Told of every stage that is entered or left; None costs nothing.

    """

    __slots__ = ("_stages", "_watch", "enabled")

    def __init__(self, *, enabled: bool = True, watch: StageWatch | None = None) -> None:
        self.enabled = enabled
        self._watch = watch
        self._stages: dict[str, Stage] = {}

    def stage(self, name: str) -> StageContext:
        """Return the stage of that name; keep the object where it is entered often."""
        if not self.enabled:
            return NO_STAGE
        found = self._stages.get(name)
        if found is None:
            watch = self._watch
            found = Stage(name) if watch is None else WatchedStage(name, watch)
            self._stages[name] = found
        return found

    def wrap(self, name: str, function: Callable[P, T]) -> Callable[P, T]:
        """Return *function* timed as a stage, or *function* itself when nothing is timed."""
        if not self.enabled:
            return function
        stage = self.stage(name)

        @functools.wraps(function)
        def timed(*args: P.args, **kwargs: P.kwargs) -> T:
            with stage:
                return function(*args, **kwargs)

        return timed

    def timings(self) -> tuple[Timing, ...]:
        """Return what was measured, in order of first use, without stages never entered."""
        return tuple(
            Timing(name=s.name, total_ns=s.total_ns, count=s.count, max_ns=s.max_ns)
            for s in self._stages.values()
            if s.count
        )
