"""Costs that are divided, and ratios that are measured when they are held against a limit."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Sequence
from typing import NoReturn, Protocol, TypeVar

import pytest

from pytest_zacperf import render, verdict
from pytest_zacperf.records import Run, Workload
from pytest_zacperf.verdict import Estimate, Operator, Outcome, Quantity, Verdict

T = TypeVar("T")

ATTRIBUTES = {Quantity.RUNTIME: "runtime", Quantity.PEAK_MEMORY: "peak_memory"}
ARITHMETIC = (
    *("eq", "ne", "bool", "neg", "pos", "abs", "round", "int", "index", "floordiv", "rfloordiv"),
    *("add", "radd", "sub", "rsub", "mul", "rmul", "rtruediv", "mod", "rmod", "pow", "rpow"),
)


class Side(Protocol):
    """What a ratio needs of a backtest."""

    @property
    def name(self) -> str:
        """The window and the parameters."""
        ...

    @property
    def workload(self) -> Workload:
        """What is run."""
        ...

    @property
    def run(self) -> Run:
        """The single run of this session; fails the test when it has no result."""
        ...

    @property
    def has_run(self) -> bool:
        """Whether that run is known already."""
        ...

    def rounds_against(self, baseline: Side) -> Sequence[tuple[Run, Run]]:
        """Return (baseline, candidate) runs, timed in turn."""
        ...

    def report(self, verdict: Verdict) -> None:
        """Let a verdict travel to the summary."""
        ...


def _refuse(*names: str) -> Callable[[type[T]], type[T]]:
    """Give a class operators that say which form is supported."""

    def refused(self: Cost | Ratio, *_: object) -> NoReturn:
        __tracebackhide__ = True
        name = ATTRIBUTES[self.quantity]
        raise TypeError(
            f"{self.quantity} is judged as a ratio of two backtests and in no other form; "
            f"write: assert backtest.{name} / baseline.{name} <= 1.10"
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
        quantity: What was measured.
        side: The backtest.

    """

    __array_ufunc__ = None  # numpy numbers leave operators to us

    def __init__(self, quantity: Quantity, side: Side) -> None:
        self.quantity = quantity
        self.side = side

    def __truediv__(self, other: object) -> Ratio:
        if not isinstance(other, Cost) or other.quantity is not self.quantity:
            name = ATTRIBUTES[self.quantity]
            raise TypeError(
                f"{self.quantity} cannot be divided by {other!r}; "
                f"write: assert backtest.{name} / baseline.{name} <= 1.10"
            )
        return Ratio(self.quantity, baseline=other.side, candidate=self.side)

    def __repr__(self) -> str:
        return f"<{self.quantity} of {self.side.name}>"


@_refuse(*ARITHMETIC, "truediv")
class Ratio:
    """Candidate / baseline; comparing it with a limit measures it.

    Args:
        quantity: What is compared.
        baseline: The accepted side.
        candidate: The side under test.

    """

    __array_ufunc__ = None  # numpy numbers leave operators to us

    def __init__(self, quantity: Quantity, *, baseline: Side, candidate: Side) -> None:
        self.quantity = quantity
        self.verdict: Verdict | None = None
        self._baseline = baseline
        self._candidate = candidate
        self._rounds: Sequence[tuple[Run, Run]] = ()

    def __lt__(self, limit: float) -> bool:
        return self._holds("<", limit)

    def __le__(self, limit: float) -> bool:
        return self._holds("<=", limit)

    def __gt__(self, limit: float) -> bool:
        return self._holds(">", limit)

    def __ge__(self, limit: float) -> bool:
        return self._holds(">=", limit)

    def __float__(self) -> float:
        return self._estimate(self._rounds or [self._single_runs()]).ratio

    def __repr__(self) -> str:
        sides = f"{self._candidate.name} to {self._baseline.name}"
        if self._rounds:
            return (
                f"<{self.quantity} ratio {float(self):.2f} of {sides}, {len(self._rounds)} pairs>"
            )
        if self._candidate.has_run and self._baseline.has_run:
            return f"<{self.quantity} ratio {float(self):.2f} of {sides}, one run each>"
        return f"<{self.quantity} ratio of {sides}, not measured>"

    def failure_lines(self) -> list[str]:
        """Return what the failed comparison says, in at most 8 lines and 640 characters."""
        if self.verdict is None:
            return []
        baseline, candidate = self._rounds[-1]
        return render.verdict_lines(
            self.verdict,
            sides=f"candidate {self._candidate.name}, baseline {self._baseline.name}",
            remark=verdict.same_inputs(baseline, candidate),
            where=render.environment_line(candidate.environment),
        )

    def _holds(self, op: Operator, limit: object) -> bool:
        __tracebackhide__ = True
        if isinstance(limit, bool) or not isinstance(limit, numbers.Real):
            raise TypeError(f"a ratio is compared with a number such as 1.10, got {limit!r}")
        verdict.check_limit(float(limit))
        if not self._rounds:
            # The single runs come first: they show in a fraction of the time that the two sides
            # cannot be compared.
            self._refuse_incomparable([self._single_runs()])
            rounds = self._candidate.rounds_against(self._baseline)
            self._refuse_incomparable(rounds)
            self._rounds = rounds
        self.verdict = verdict.judge(self._estimate(self._rounds), op, float(limit))
        self._candidate.report(self.verdict)
        return self.verdict.outcome is Outcome.PASS

    def _single_runs(self) -> tuple[Run, Run]:
        candidate = self._candidate.run
        return self._baseline.run, candidate

    def _estimate(self, pairs: Sequence[tuple[Run, Run]]) -> Estimate:
        costs = [(a.costs, b.costs) for a, b in pairs if a.costs and b.costs]
        return verdict.estimate(self.quantity, costs)

    def _refuse_incomparable(self, pairs: Sequence[tuple[Run, Run]]) -> None:
        for baseline, candidate in pairs:
            reason = verdict.different_work(baseline, candidate)
            if not reason and self.quantity is Quantity.PEAK_MEMORY:
                reason = verdict.different_memory_source(baseline, candidate)
            if reason:
                pytest.fail(f"{self._candidate.name}: {reason}", pytrace=False)
