"""The comparisons of ``zacperf bench``: measured with a progress bar; decides no exit code."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from pytest_zacperf import estimates, noise
from pytest_zacperf.assessment import Subject, assessed
from pytest_zacperf.comparison import Comparison, Rules
from pytest_zacperf.errors import EngineError, RunError
from pytest_zacperf.estimates import Quantity, Question
from pytest_zacperf.job import Job
from pytest_zacperf.noise import Noise
from pytest_zacperf.perf_report import PerfReport
from pytest_zacperf.records import Run
from pytest_zacperf.rounds import ComparedSide, Rounds
from pytest_zacperf.runner import Runner
from pytest_zacperf.schedule import Schedule, in_turn
from pytest_zacperf.store import STDERR_FILE
from pytest_zacperf.worker import EXIT_BAD_INPUT

RUNTIME = Question(quantity=Quantity.RUNTIME)
PEAK_MEMORY = Question(quantity=Quantity.PEAK_MEMORY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What is compared on the command line.

    Attributes:
        runner: Runs the rounds.
        session: Whose rounds they are.
        rules: How they are measured.

    """

    runner: Runner
    session: str
    rules: Rules

    def judge(
        self,
        baseline: ComparedSide,
        candidate: ComparedSide,
        subject: Subject,
        limits: Sequence[tuple[Question, float]],
    ) -> Iterator[PerfReport]:
        """Yield a report for each question as soon as it is judged.

        Raises:
            ComparisonError: The two sides cannot be compared.
            RunError: A run failed.
            EngineError: The engine refuses its parameters or its data.

        """
        window = candidate.workload.window.id
        with progress(f"{window}: warm-up", total=self._most_pairs) as step:
            comparison = self._comparison(baseline, candidate, step)
            for question, limit in limits:
                found = comparison.judge(question, "<=", limit)
                yield assessed(comparison, found, subject)

    def measure_noise(self, side: ComparedSide, schedule: Schedule, pairs: int) -> Noise:
        """Return how far pairs of the same program differ under a schedule.

        Raises:
            RunError: A run failed.
            EngineError: The engine refuses its parameters or its data.
            ValueError: Too few pairs.

        """
        window = side.workload.window.id
        with progress(f"{window}: {schedule}", total=pairs) as step:
            comparison = self._comparison(side, side, step)
            choice = comparison.choice_for(RUNTIME)
            if schedule is Schedule.ALTERNATE:
                choice = in_turn(choice, comparison.warm_up, "its noise is measured in turn")
            runs_per_side = choice.runs_per_side
            found = []
            pair = comparison.rounds.pair
            with comparison.rounds.alone():
                for number in range(1, pairs * runs_per_side + 1):
                    found.append(pair(schedule, number, one_processor=choice.one_processor))
                    if number % runs_per_side == 0:
                        step(f"{window}: {schedule}")
        values = estimates.pair_values(RUNTIME, found, choice)
        design = comparison.design_for(RUNTIME, schedule, choice.clock)
        return noise.noise_of(f"{schedule}, {choice.clock} clock", values, design)

    def why_no_duet(self, side: ComparedSide) -> str | None:
        """Return why two runs of a side cannot run at once, or None."""
        return self._comparison(side, side, lambda _: None).choice_for(RUNTIME).why_no_duet

    @property
    def _most_pairs(self) -> int:
        return max(*self.rules.duet_looks, *self.rules.alternate_looks)

    def _comparison(
        self, baseline: ComparedSide, candidate: ComparedSide, step: Callable[[str], None]
    ) -> Comparison:
        rounds = Rounds(
            runner=self.runner, session=self.session, baseline=baseline, candidate=candidate
        )
        window = candidate.workload.window.id
        warm_up = (self._warm_up(baseline), self._warm_up(candidate))
        return Comparison(
            rounds=rounds,
            warm_up=warm_up,
            rules=self.rules,
            tell=lambda text: click.echo(text, err=True),
            on_pair=lambda: step(f"{window}: pairs"),
        )

    def _warm_up(self, side: ComparedSide) -> Run:
        job = Job(
            workload=side.workload, session=self.session, machine="alone", sources=side.sources
        )
        (run,) = self.runner.run_together([job])
        if run.status != "error":
            return run
        what = f"the warm-up of {side.workload.window.id}"
        if run.exit_status == EXIT_BAD_INPUT:
            raise EngineError(
                f"{what} could not begin: {run.reason}", "correct the engine or its parameters"
            )
        log = self.runner.store.run_folder(run.id) / STDERR_FILE
        raise RunError(f"{what} failed: {run.reason}", f"read {log}")


@contextlib.contextmanager
def progress(text: str, *, total: int) -> Iterator[Callable[[str], None]]:
    """Show a bar on stderr while the block lasts, or a line for each step where nobody watches.

    Yields:
        What to call after each step, with the text to show.

    """
    if not sys.stderr.isatty():
        steps = iter(range(1, total + 1))
        yield lambda label: click.echo(f"{label} {next(steps, total)}", err=True)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    bar = Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True)
    with bar:
        task = bar.add_task(text, total=total)
        yield lambda label: bar.update(task, advance=1, description=label)
