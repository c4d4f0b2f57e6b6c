"""Tests that every engine passes: derive a class from ``EngineConformance`` and name the engine."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

import msgspec
import pytest

from pytest_zacperf.records import ParameterValue, Run, Window
from pytest_zacperf.testing import promises
from pytest_zacperf.testing.trial import Trial

INTERRUPTED = 130


@dataclasses.dataclass(frozen=True, slots=True)
class Twins:
    """Two runs with different hash seeds."""

    first: Run
    second: Run


class EngineConformance:
    """Whether an engine respects its window, repeats itself, ends when asked and leaves nothing.

    Each run is a real one, in a process of its own; there are seven of them.

    Attributes:
        engine: Reference of the engine, as in the settings.
        window: Some days, at least two, on which it trades; the more days, the more data points.
        timezone: In which the days of the window begin and end.
        parameters: What it is run with.
        raising: Reference of an engine like it whose strategy raises an error; without one, the
            test of errors is skipped.
        raising_line: The line of the strategy that raises it, as it stands there.
        time_limit_s: After which a run is stopped that has not ended.
        grace_s: Seconds that it may take to stop then.
        timeout_s: Seconds that one run may take at most.

    """

    engine: ClassVar[str]
    window: ClassVar[Window]
    timezone: ClassVar[str] = "UTC"
    parameters: ClassVar[Mapping[str, ParameterValue]] = {}
    raising: ClassVar[str | None] = None
    raising_line: ClassVar[str] = ""
    time_limit_s: ClassVar[float] = 1.0
    grace_s: ClassVar[float] = 10.0
    timeout_s: ClassVar[float] = 600.0

    @pytest.fixture(scope="class")
    @classmethod
    def project_root(cls, pytestconfig: pytest.Config) -> Path:
        """Return the project: the working directory of the runs. Override it for another one."""
        return pytestconfig.rootpath

    @pytest.fixture(scope="class")
    @classmethod
    def trial(cls, project_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Trial:
        """Return what runs the engine."""
        hold(_mistakes(cls))
        trial = Trial(
            root=project_root,
            folder=tmp_path_factory.mktemp("conformance"),
            engine=cls.engine,
            parameters=cls.parameters,
            timeout_s=cls.timeout_s,
        )
        trial.loaded(cls.engine)  # so that a name that is wrong is one sentence
        return trial

    @pytest.fixture(scope="class")
    @classmethod
    def before(cls, trial: Trial) -> Mapping[str, tuple[int, int]]:
        """Return what lay in the project before the first run."""
        return trial.entries()

    @pytest.fixture(scope="class")
    @classmethod
    def twins(cls, trial: Trial, before: Mapping[str, tuple[int, int]]) -> Twins:
        """Return two runs of the window."""
        del before  # was looked at before these
        return Twins(*trial.twice(cls.window))

    def test_the_window_is_respected(self, trial: Trial, twins: Twins) -> None:
        """Run the first day alone, too: no event is outside, and it is less work."""
        first_day = msgspec.structs.replace(self.window, id="first-day", end=self.window.start)
        part = trial.once(first_day)
        zone = ZoneInfo(self.timezone)
        hold([
            *promises.outside_window(trial.events_of(twins.first), self.window, zone),
            *promises.outside_window(trial.events_of(part), first_day, zone),
            *promises.not_less(part, twins.first),
        ])

    def test_two_runs_do_the_same(self, trial: Trial, twins: Twins) -> None:
        """Compare the files of two processes with different hash seeds, byte by byte."""
        if not trial.loaded(self.engine).capabilities.can_repeat:
            pytest.skip(f"{self.engine} says that it cannot repeat itself")
        hold(promises.different_files(trial.files_of(twins.first), trial.files_of(twins.second)))

    def test_nothing_volatile_is_left_in_order_events(self, trial: Trial, twins: Twins) -> None:
        """Look for identifiers that are other ones in each run."""
        hold(promises.volatile_left(trial.events_of(twins.first)))

    def test_capabilities_are_true(self, trial: Trial, twins: Twins) -> None:
        """Hold what the engine claims against what a run did."""
        engine = trial.loaded(self.engine)
        run = twins.first
        seen = promises.Seen(
            run=run,
            events=trial.events_of(run),
            has_equity="equity.parquet" in trial.files_of(run),
            claims_network=trial.claims_network(run),
            connections=trial.connections_of(run),
        )
        hold([
            *promises.false_flags(engine.capabilities, seen),
            *promises.invariants_not_kept(
                engine.capabilities, getattr(engine, "keep_invariants", None)
            ),
        ])

    def test_nothing_is_left_in_the_working_directory(
        self, trial: Trial, before: Mapping[str, tuple[int, int]]
    ) -> None:
        """Look into the project's folder before the first run and after another one."""
        trial.once(msgspec.structs.replace(self.window, id="tidy"))
        hold(promises.left_behind(before, trial.entries(), str(trial.root)))

    def test_an_error_in_the_strategy_names_its_line(self, trial: Trial) -> None:
        """Run a strategy that raises: the run failed, and stderr.log shows where."""
        if self.raising is None:
            pytest.skip("no engine with a strategy that raises is named: set raising")
        run = trial.raising(self.raising, self.window)
        hold(promises.error_hidden(run, trial.stderr_of(run), self.raising_line))

    def test_it_ends_at_a_time_limit(self, trial: Trial) -> None:
        """Stop a run that is under way."""
        run = trial.stopped_after(self.time_limit_s, self.window)
        hold(promises.not_stopped(run, self.time_limit_s, self.grace_s))
        hold(f"process {name} was left" for name in trial.processes_of(run))

    def test_it_ends_with_ctrl_c(self, trial: Trial) -> None:
        """Press Ctrl-C while a backtest is under way: the command ends, and all it has started."""
        ended = trial.interrupted(self.window)
        if ended.exit_status != INTERRUPTED:
            pytest.fail(f"exit status {ended.exit_status}, output: {ended.output}", pytrace=False)
        hold(f"process {name} was left" for name in ended.left)


def _mistakes(tests: type[EngineConformance]) -> Iterator[str]:
    """Yield what is wrong with a class of such tests."""
    engine, window = getattr(tests, "engine", None), getattr(tests, "window", None)
    if not isinstance(engine, str):
        yield f"{tests.__name__}.engine is {engine!r}: name it, such as 'strategies.gold:engine'"
    if not isinstance(window, Window):
        yield f"{tests.__name__}.window is {window!r}: make it a pytest_zacperf.records.Window"
    elif window.start == window.end:
        yield f"{tests.__name__}.window is one day, {window.start}: make it two or more"


def hold(problems: Iterable[str]) -> None:
    """Fail the test if there are problems, with all of them."""
    __tracebackhide__ = True
    found = list(problems)
    if found:
        pytest.fail("\n".join(found), pytrace=False)
