"""How the costs of a backtest grow with its size, held against a limit; fits nothing itself."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NoReturn

import pytest

from pytest_zacperf import scaling as scalings
from pytest_zacperf import schedule
from pytest_zacperf.backtest import Backtest
from pytest_zacperf.estimates import Quantity, Question, value_of
from pytest_zacperf.job import Job
from pytest_zacperf.judging import failing
from pytest_zacperf.limits import HeldAgainstLimit, act_on_doubt, checked
from pytest_zacperf.records import Run, Workload
from pytest_zacperf.render.scaling import exponent_lines, exponent_text
from pytest_zacperf.reporting import SECTION
from pytest_zacperf.scaling import Axis, ExponentVerdict, Point
from pytest_zacperf.schedule import AUTO, Clock
from pytest_zacperf.session import Session
from pytest_zacperf.verdict import Operator, Outcome

FORM = "assert scaling.exponent <= 1.2"


class TimedBacktest(Backtest):
    """A backtest that is measured: where nobody has run it yet, it has the machine to itself."""

    @cached_property
    def run(self) -> Run:
        """The record of the run; fails the test when the run failed."""
        job = Job(workload=self.workload, session=self._session.id, machine="alone")
        with failing(self.name):
            self._runner.run_together([job])
        return super().run


class PlanScaling:
    """The costs of one backtest over all windows of a test, against their size.

    Args:
        workloads: One for each window.
        session: Runs them, once however many tests and processes ask.
        item: The test on whose report the results travel.

    """

    def __init__(
        self, workloads: Sequence[Workload], *, session: Session, item: pytest.Item
    ) -> None:
        self._backtests = [TimedBacktest(one, session=session, item=item) for one in workloads]
        self._settings = session.settings
        self._item = item

    @property
    def exponent(self) -> JudgedExponent:
        """Of the runtime: CPU time where all runs compute all the time, else elapsed time."""
        return JudgedExponent(self, Quantity.RUNTIME)

    @property
    def wall(self) -> JudgedExponent:
        """Of elapsed time."""
        return JudgedExponent(self, Quantity.RUNTIME, clock="wall")

    @property
    def cpu(self) -> JudgedExponent:
        """Of CPU time."""
        return JudgedExponent(self, Quantity.RUNTIME, clock="CPU")

    @property
    def peak_memory_exponent(self) -> JudgedExponent:
        """Of the highest resident memory."""
        return JudgedExponent(self, Quantity.PEAK_MEMORY)

    @property
    def inconclusive(self) -> str:
        """What an exponent that is not certain does to the test: ``skip``, ``fail``, ``warn``."""
        return self._settings.inconclusive

    @property
    def windows(self) -> tuple[str, ...]:
        """Ids of the windows, in the order of the plan."""
        return tuple(backtest.workload.window.id for backtest in self._backtests)

    @property
    def has_run(self) -> bool:
        """Whether all runs are known already."""
        return all(backtest.has_run for backtest in self._backtests)

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        """The runs of all windows; fails the test when one failed or their sizes are too few."""
        if len(self._backtests) < scalings.FEWEST_FOR_INTERVAL:
            # Bars are not known before a run, and no run could help.
            windows = [backtest.workload.window for backtest in self._backtests]
            self._require({window.id: window.weekdays for window in windows}, "trading days")
        runs = tuple(backtest.run for backtest in self._backtests)
        axis, sizes = self._sizes(runs)
        self._require(sizes, axis)
        return runs

    @property
    def clock(self) -> Clock:
        """By which runtimes are judged."""
        if self._settings.clock != AUTO:
            return "wall" if self._settings.clock == "wall" else "CPU"
        return "CPU" if all(map(schedule.is_cpu_bound, self.runs)) else "wall"

    def points(self, quantity: Quantity, clock: Clock | None) -> tuple[Axis, tuple[Point, ...]]:
        """Return what sizes are counted in, and the size and the cost of every window."""
        axis, sizes = self._sizes(self.runs)
        question = Question(quantity=quantity)
        costs = [value_of(run, question, clock or "wall") for run in self.runs]
        return axis, tuple(
            Point(window=window, size=sizes[window], cost=cost)
            for window, cost in zip(self.windows, costs, strict=True)
        )

    def note(self, lines: Sequence[str]) -> None:
        """Put what was found out on the test's report."""
        self._item.add_report_section("call", SECTION, "\n".join(lines))

    def _sizes(self, runs: Sequence[Run]) -> tuple[Axis, dict[str, float]]:
        measured = [scalings.measured(run) for run in runs]
        axis = scalings.axis_of(measured)
        return axis, {one.window: scalings.size_of(one, axis) for one in measured}

    def _require(self, sizes: dict[str, float], axis: Axis) -> None:
        __tracebackhide__ = True
        with failing("scaling"):
            scalings.require_sizes(sizes, axis, fewest=scalings.FEWEST_FOR_INTERVAL)

    def __repr__(self) -> str:
        return f"<scaling over {len(self._backtests)} windows>"


class JudgedExponent(HeldAgainstLimit):
    """An exponent of a cost; comparing it with a limit judges it.

    A comparison fails the test when the interval lies on the wrong side of the limit. Where it
    holds the limit, the setting ``inconclusive`` decides.

    Args:
        scaling: Has the runs.
        quantity: Which cost.
        clock: By which clock; None for the one that suits the runs.

    """

    def __init__(
        self, scaling: PlanScaling, quantity: Quantity, *, clock: Clock | None = None
    ) -> None:
        self._scaling = scaling
        self._quantity = quantity
        self._fixed_clock = clock

    def __float__(self) -> float:
        """Return the exponent without its interval; runs what has not run."""
        return self._fitted.exponent

    def __bool__(self) -> NoReturn:
        raise TypeError(f"an exponent is compared with a limit; write: {FORM}")

    def __repr__(self) -> str:
        windows = f"{len(self._scaling.windows)} windows"
        if not self._scaling.has_run:
            return f"<exponent of {self._quantity}, {windows}, not measured>"
        axis, _ = self._scaling.points(self._quantity, self._clock)
        text = exponent_text(self._fitted)
        return f"<exponent of {self._quantity} {text} against {axis}, {windows}>"

    @property
    def _clock(self) -> Clock | None:
        if self._quantity is Quantity.PEAK_MEMORY:
            return None
        return self._fixed_clock or self._scaling.clock

    @property
    def _fitted(self) -> scalings.Exponent:
        _, points = self._scaling.points(self._quantity, self._clock)
        with failing(f"exponent of {self._quantity}"):
            return scalings.fit_points(points)

    def _holds(self, op: Operator, limit: object) -> bool:
        __tracebackhide__ = True
        form = "an exponent is compared with a number such as 1.2"
        found = self._judged(op, checked(limit, scalings.check_limit, form))
        lines = exponent_lines(found)
        if found.outcome is Outcome.INCONCLUSIVE:
            return act_on_doubt(self._scaling.inconclusive, lines)
        if found.outcome is Outcome.FAIL:
            pytest.fail("\n".join(lines), pytrace=False)
        self._scaling.note(lines)
        return True

    def _judged(self, op: Operator, limit: float) -> ExponentVerdict:
        axis, points = self._scaling.points(self._quantity, self._clock)
        exponent = self._fitted
        return ExponentVerdict(
            quantity=self._quantity,
            clock=self._clock,
            axis=axis,
            points=points,
            exponent=exponent,
            op=op,
            limit=limit,
            outcome=scalings.outcome_of(exponent, op, limit),
        )
