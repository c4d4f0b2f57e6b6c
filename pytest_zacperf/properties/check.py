"""The check itself: an incremental indicator against full recomputation, after every bar."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis.strategies import SearchStrategy

from pytest_zacperf.properties.comparing import Tolerances, first_difference
from pytest_zacperf.properties.driving import (
    REFUSED,
    Duplicates,
    Incremental,
    Late,
    NotRefusedError,
    Subject,
    checked_policy,
)
from pytest_zacperf.properties.explaining import Step, difference_lines, not_refused_lines
from pytest_zacperf.properties.market import Bar, BarStream, Operation
from pytest_zacperf.properties.sharing import shared_state
from pytest_zacperf.properties.tolerances import Exact

EXACT = Exact()
# So many steps of a session are remembered to say how the distance grew.
REMEMBERED_STEPS = 10_000


class IncrementalMismatch(AssertionError):  # noqa: N818 - a failed assertion, as pytest has it
    """An incremental value is further from the full one than the tolerance allows."""


def check_incremental(  # noqa: PLR0913 - each names one thing that users decide
    make_incremental: Callable[[], Incremental[Any]],
    full: Callable[[Any], object],
    *,
    data: SearchStrategy[Any] | BarStream | Iterable[Any],
    tolerance: Tolerances = EXACT,
    duplicates: Duplicates = "ignore",
    late: Late = "ignore",
    per_symbol: bool = True,
) -> None:
    """Compare an incremental indicator with full recomputation after every bar of a stream.

    Args:
        make_incremental: Makes a fresh indicator: anything with ``update(bar)`` that returns the
            value after the bar. ``reset()``, ``new_session()``, and ``snapshot()`` with
            ``restore(state)`` are called where it has them; without them a reset makes a new one
            and a snapshot is a ``copy.deepcopy``. ``new_session()`` is called before the first bar
            of each session.
        full: Computes the value after the last of the bars from all of them: those since the
            start or the last reset, oldest first. It must not change the list.
        data: A strategy, of which hypothesis draws as many streams as its settings say; or one
            stream, as ``@given`` hands it to a test; or any bars, such as recorded ones.
        tolerance: How near the two have to be; by part of the value where it is a mapping.
        duplicates: What a bar of a time that has one already is to the full recomputation:
            ``ignore``, ``replace``, ``count``, or ``raise``: ``update()`` has to refuse it.
        late: What a bar older than the newest one is: ``ignore``, ``insert``, ``count`` or
            ``raise``.
        per_symbol: Whether each symbol has an indicator of its own; False hands the bars of all
            symbols to one.

    Raises:
        IncrementalMismatch: They differ; the message has the bar, both values, their distance
            and its growth since the session began, and the stream as a table.
        TypeError: The indicator has no ``update()``, or cannot be copied.
        ValueError: There is no such policy, or a part of the value has no tolerance.

    """
    __tracebackhide__ = True
    checked_policy("duplicates", duplicates, Duplicates)
    checked_policy("late", late, Late)

    def drive(stream: Iterable[Any]) -> None:
        __tracebackhide__ = True
        items = list(stream)
        shared = shared_state(make_incremental, items[0]) if _are_bars(items) else None
        if shared is not None:
            raise IncrementalMismatch(shared)
        run = _Run(
            lambda: Subject(make_incremental, duplicates=duplicates, late=late),
            full,
            tolerances=tolerance,
            per_symbol=per_symbol,
        )
        run.through(stream.operations if isinstance(stream, BarStream) else items)

    if not isinstance(data, SearchStrategy):
        drive(data)
        return
    # hypothesis remembers failing examples by the name of the test, and prints it.
    name = getattr(make_incremental, "__name__", "")
    drive.__name__ = f"check_{name}" if name.isidentifier() else "check"
    drive.__qualname__ = drive.__name__
    # One mismatch is enough, a stream of many bars may take its time, and an explanation would
    # name lines of this package.
    phases = [phase for phase in settings().phases if phase is not Phase.explain]
    drawn = given(stream=data)(drive)
    try:
        settings(report_multiple_bugs=False, deadline=None, phases=phases)(drawn)()
    except IncrementalMismatch as e:
        # The frames are those of hypothesis and ours; what they say is in the message.
        raise e.with_traceback(None) from None


def _are_bars(items: Sequence[Any]) -> bool:
    return bool(items) and isinstance(items[0], Bar)


class _Run:
    """One stream on its way through an indicator, or one for each symbol."""

    def __init__(
        self,
        make_subject: Callable[[], Subject[Any]],
        full: Callable[[Any], object],
        *,
        tolerances: Tolerances,
        per_symbol: bool,
    ) -> None:
        self._make_subject = make_subject
        self._full = full
        self._tolerances = tolerances
        self._per_symbol = per_symbol
        self._subjects: dict[str, Subject[Any]] = {}
        self._steps: list[Step] = []
        self._number = 0

    def through(self, operations: Iterable[Operation | Any]) -> None:
        """Do one thing after the other."""
        __tracebackhide__ = True
        for operation in operations:
            item = operation.bar if isinstance(operation, Operation) else operation
            kind = operation.kind if isinstance(operation, Operation) else "bar"
            if item is None:
                self._steps.append(Step(operation))
                for subject in self._subjects.values():
                    subject.apply(kind)
            else:
                self._bring(operation, item)

    def _bring(self, operation: Operation | Any, item: Any) -> None:  # noqa: ANN401 - any item
        __tracebackhide__ = True
        symbol = getattr(item, "symbol", "") if self._per_symbol else ""
        subject = self._subjects.get(symbol)
        if subject is None:
            subject = self._subjects[symbol] = self._make_subject()
        self._number += 1
        step = Step(operation, self._number, symbol)
        self._steps.append(step)
        if len(self._steps) > REMEMBERED_STEPS:
            del self._steps[: REMEMBERED_STEPS // 2]
        try:
            step.incremental = subject.update(item)
            if step.incremental is REFUSED:
                return
            step.full = self._full(subject.history)
        except NotRefusedError:
            lines = not_refused_lines(subject.name, self._steps)
            raise IncrementalMismatch("\n".join(lines)) from None
        except Exception as e:
            e.add_note(f"in the check of {subject.name}, {step.place}")
            raise
        difference = first_difference(step.incremental, step.full, self._tolerances)
        if difference is not None:
            lines = difference_lines(subject.name, self._full, difference, self._steps)
            raise IncrementalMismatch("\n".join(lines))
