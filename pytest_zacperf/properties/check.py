"""The check itself: an incremental indicator against full recomputation, after every bar."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

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
from pytest_zacperf.properties.market import BarStream, Kind, Operation
from pytest_zacperf.properties.searching import IncrementalMismatch, search
from pytest_zacperf.properties.sharing import shared_state
from pytest_zacperf.properties.tolerances import Exact

EXACT = Exact()
# So many steps of a session are remembered to say how the distance grew.
REMEMBERED_STEPS = 10_000


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
            and a snapshot is a ``copy.deepcopy``; one state may be restored more than once.
            ``new_session()`` is called before the first bar of each session.
        full: Computes the value after the last of the bars from all of them: those since the
            start or the last reset, oldest first. It must not change the list.
        data: A strategy, of which hypothesis draws as many streams as its settings say; or one
            stream, as ``@given`` hands it to a test; or any bars, such as recorded ones.
        tolerance: How near the two have to be; by part of the value where it is a mapping.
        duplicates: What a bar of a time that has one already is to the full recomputation:
            ``ignore``, ``replace``, ``count``, or ``raise``: ``update()`` has to refuse it.
        late: What a bar older than the newest one is: ``ignore``, ``insert``, ``count`` or
            ``raise``. Both need bars with ``start_ns``, and tell symbols apart by ``symbol``.
        per_symbol: Whether each symbol has an indicator of its own; False hands the bars of all
            symbols to one.

    Raises:
        IncrementalMismatch: They differ; the message has the bar, both values, their distance
            and its growth since the session began, and the stream as a table.
        TypeError: An argument is not what its name says, the indicator has no ``update()`` or
            cannot be copied, or ``conditioned()`` is not told the magnitudes.
        ValueError: There is no such policy, a part of the value has no tolerance, or there is
            nothing to compare.

    """
    __tracebackhide__ = True
    _require_usable(make_incremental, full, data, tolerance)
    checked_policy("duplicates", duplicates, Duplicates)
    checked_policy("late", late, Late)

    def drive(stream: Iterable[Any]) -> None:
        __tracebackhide__ = True
        operations = stream.operations if isinstance(stream, BarStream) else list(stream)
        items = list(_items(operations))
        if not items:
            if isinstance(data, SearchStrategy):
                return  # the next one has some
            raise ValueError("data has nothing to compare; a generator gives its bars only once")
        shared = shared_state(make_incremental, items)
        if shared is not None:
            raise IncrementalMismatch(shared)
        run = _Run(
            lambda: Subject(make_incremental, duplicates=duplicates, late=late),
            full,
            tolerances=tolerance,
            per_symbol=per_symbol,
        )
        run.through(operations)

    if isinstance(data, SearchStrategy):
        policies = f"{duplicates} {late} {tolerance}"
        search(drive, data, key=f"{_name(make_incremental)} {_name(full)} {policies}")
    else:
        drive(data)


def _items(operations: Iterable[Operation | Any]) -> Iterator[Any]:
    for operation in operations:
        if not isinstance(operation, Operation):
            yield operation
        elif operation.bar is not None:
            yield operation.bar


def _name(function: object) -> str:
    return f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', '')}"


def _require_usable(
    make_incremental: object, full: object, data: object, tolerance: object
) -> None:
    """Refuse what cannot be meant.

    Raises:
        TypeError: An argument is not what its name says.

    """
    if not callable(make_incremental):
        name = type(make_incremental).__name__
        raise TypeError(f"make_incremental makes a new indicator: pass {name} and not one of them")
    if hasattr(full, "update") or not callable(full):
        raise TypeError(f"full is a function of all bars that returns the value, not {full!r}")
    if hasattr(data, "columns") or not isinstance(data, SearchStrategy | Iterable):
        raise TypeError(
            f"data is a strategy such as bar_streams(), a stream or a sequence of bars, "
            f"not {type(data).__name__}; the rows of a frame are frame.itertuples()"
        )
    rules = list(tolerance.values()) if isinstance(tolerance, Mapping) else [tolerance]
    for rule in rules:
        if isinstance(rule, type) or not hasattr(rule, "accepts"):
            raise TypeError(
                f"tolerance is exact(), ulps(n), relative(eps) or conditioned(k), not {rule!r}"
            )


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
        self._is_kept = False

    def through(self, operations: Iterable[Operation | Any]) -> None:
        """Do one thing after the other."""
        __tracebackhide__ = True
        for operation in operations:
            if not isinstance(operation, Operation):
                self._bring(operation, operation)
            elif operation.bar is not None:
                self._bring(operation, operation.bar)
            else:
                self._steps.append(Step(operation))
                self._apply(operation.kind)

    def _apply(self, kind: Kind) -> None:
        for symbol, subject in list(self._subjects.items()):
            if kind == "restore" and self._is_kept and not subject.is_kept:
                del self._subjects[symbol]  # it was not there at the snapshot
            else:
                subject.apply(kind)
        self._is_kept |= kind == "snapshot"

    def _bring(self, operation: Operation | Any, item: Any) -> None:  # noqa: ANN401 - any item
        __tracebackhide__ = True
        symbol = str(getattr(item, "symbol", "")) if self._per_symbol else ""
        if symbol not in self._subjects:
            self._subjects[symbol] = self._make_subject()
        self._number += 1
        step = Step(operation, self._number, symbol)
        self._steps.append(step)
        if len(self._steps) > REMEMBERED_STEPS:
            del self._steps[: REMEMBERED_STEPS // 2]
        self._compare(step, self._subjects[symbol], item)

    def _compare(self, step: Step, subject: Subject[Any], item: Any) -> None:  # noqa: ANN401
        __tracebackhide__ = True
        try:
            step.incremental = subject.update(item)
            if step.incremental is REFUSED:
                return
            step.full = self._full(subject.history)
            step.is_compared = True
            difference = first_difference(step.incremental, step.full, self._tolerances)
        except NotRefusedError:
            lines = not_refused_lines(subject.name, self._steps)
            raise IncrementalMismatch("\n".join(lines)) from None
        except Exception as e:
            e.add_note(f"in the check of {subject.name}, {step.place}")
            raise
        if difference is not None:
            lines = difference_lines(subject.name, self._full, difference, self._steps)
            raise IncrementalMismatch("\n".join(lines))
