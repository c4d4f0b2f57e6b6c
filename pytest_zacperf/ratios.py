"""Costs that are divided, and ratios that are measured when they are held against a limit."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NoReturn, TypeVar, cast

from pytest_zacperf import estimates, schedule, verdict
from pytest_zacperf.estimates import Quantity, Question
from pytest_zacperf.limits import HeldAgainstLimit, act_on_doubt, checked
from pytest_zacperf.schedule import Clock
from pytest_zacperf.sides import Candidate, Judged, Side
from pytest_zacperf.verdict import Operator, Outcome, Verdict

T = TypeVar("T")

RUNTIME = Question(quantity=Quantity.RUNTIME)
PEAK_MEMORY = Question(quantity=Quantity.PEAK_MEMORY)
ARITHMETIC = (
    *("eq", "ne", "bool", "neg", "pos", "abs", "round", "int", "index", "floordiv", "rfloordiv"),
    *("add", "radd", "sub", "rsub", "mul", "rmul", "rtruediv", "mod", "rmod", "pow", "rpow"),
)


def _refuse(*names: str) -> Callable[[type[T]], type[T]]:
    """Give a class operators that say which form is supported."""

    def refused(self: Cost | Ratio, *_: object) -> NoReturn:
        __tracebackhide__ = True
        raise TypeError(
            f"{self.question} is judged as a ratio of two backtests and in no other form; "
            f"write: {_form(self.question)}"
        )

    def decorate(cls: type[T]) -> type[T]:
        for name in names:
            setattr(cls, f"__{name}__", refused)
        return cls

    return decorate


@_refuse(*ARITHMETIC, "lt", "le", "gt", "ge", "float")
class Cost:
    """The runtime or the peak memory of a backtest; divide it by another backtest's.

    Args:
        question: What is measured.
        side: The backtest.

    """

    __array_ufunc__ = None  # numpy numbers leave operators to us

    def __init__(self, question: Question, side: Side) -> None:
        self.question = question
        self.side = side

    def __truediv__(self, other: object) -> Ratio:
        if not isinstance(other, Cost) or other.question != self.question:
            raise TypeError(
                f"{self.question} cannot be divided by {other!r}; write: {_form(self.question)}"
            )
        if not hasattr(type(self.side), "judge"):
            raise TypeError(f"{self.side!r} is no candidate; write: {_form(self.question)}")
        candidate = cast("Candidate", self.side)
        return Ratio(self.question, baseline=other.side, candidate=candidate)

    def __repr__(self) -> str:
        return f"<{self.question} of {self.side.name}>"


class HasCosts:
    """Gives a side of a comparison its costs."""

    @property
    def runtime(self: Side) -> Cost:
        """Elapsed or CPU time; divide it by another backtest's."""
        return Cost(RUNTIME, self)

    @property
    def peak_memory(self: Side) -> Cost:
        """Highest resident memory; divide it by another backtest's."""
        return Cost(PEAK_MEMORY, self)

    def stage_runtime(self: Side, name: str) -> Cost:
        """Return the time of one stage; divide it by another backtest's."""
        return Cost(Question(quantity=Quantity.STAGE_RUNTIME, stage=name), self)


@_refuse(*ARITHMETIC, "truediv")
class Ratio(HeldAgainstLimit):
    """Candidate / baseline; comparing it with a limit measures it.

    Args:
        question: What is compared.
        baseline: The accepted side.
        candidate: The side under test.

    """

    def __init__(self, question: Question, *, baseline: Side, candidate: Candidate) -> None:
        self.question = question
        self._baseline = baseline
        self._candidate = candidate
        self._judged: Judged | None = None

    @property
    def verdict(self) -> Verdict | None:
        """The verdict of the last comparison with a limit; None before the first one."""
        return self._judged.verdict if self._judged else None

    def __float__(self) -> float:
        """Return what is known, without running anything: NaN when that is nothing."""
        try:
            return self._known()
        except ValueError:  # a side lacks the stage
            return math.nan

    def __repr__(self) -> str:
        sides = f"{self._candidate.name} to {self._baseline.name}"
        found = self.verdict and self.verdict.estimate
        if found:
            interval = f"{found.ratio:.2f} [{found.low:.2f}, {found.high:.2f}]"
            return f"<{self.question} ratio {interval} of {sides}, {found.pairs} pairs>"
        try:
            ratio = self._known()
        except ValueError as e:
            return f"<{self.question} ratio of {sides}, not known: {e}>"
        if math.isnan(ratio):
            return f"<{self.question} ratio of {sides}, not measured>"
        return f"<{self.question} ratio {ratio:.2f} of {sides}, one run each>"

    def failure_lines(self) -> list[str]:
        """Return what the failed comparison says, in at most 8 lines and 640 characters."""
        return list(self._judged.lines) if self._judged else []

    def _known(self) -> float:
        if self._judged is not None and self._judged.verdict.estimate is not None:
            return self._judged.verdict.estimate.ratio
        if not (self._candidate.has_run and self._baseline.has_run):
            return math.nan
        runs = self._baseline.run, self._candidate.run
        clock: Clock = "CPU" if all(map(schedule.is_cpu_bound, runs)) else "wall"
        before, after = (estimates.value_of(run, self.question, clock) for run in runs)
        return after / before

    def _holds(self, op: Operator, limit: object) -> bool:
        __tracebackhide__ = True
        number = checked(
            limit, verdict.check_limit, "a ratio is compared with a number such as 1.10"
        )
        self._judged = self._candidate.judge(self._baseline, self.question, op, number)
        outcome = self._judged.verdict.outcome
        if outcome is Outcome.INCONCLUSIVE:
            return act_on_doubt(self._candidate.inconclusive, self._judged.lines)
        return outcome is Outcome.PASS


def _form(question: Question) -> str:
    name = {
        Quantity.RUNTIME: "runtime",
        Quantity.PEAK_MEMORY: "peak_memory",
        Quantity.STAGE_RUNTIME: f"stage_runtime({question.stage!r})",
    }[question.quantity]
    return f"assert backtest.{name} / baseline.{name} <= 1.10"
