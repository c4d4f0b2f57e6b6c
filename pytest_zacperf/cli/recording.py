"""The recording of baselines for the command line: progress, results, what was refused."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence

import click

from pytest_zacperf.baselines import revision_warning
from pytest_zacperf.cli.common import EXIT_FAILED, Project, new_runner, open_session, read_plan
from pytest_zacperf.errors import RunError
from pytest_zacperf.plan import select_windows
from pytest_zacperf.recording_baselines import Acceptance, accept, expected_environment, record
from pytest_zacperf.records import Baseline, ParameterValue, Run, Workload
from pytest_zacperf.render import escape
from pytest_zacperf.render.baselines import recorded_line, refused_line, round_line
from pytest_zacperf.store import DECISIONS_FILE, current_author


class FailedError(click.ClickException):
    """A round failed, or it did not do what the others did."""

    exit_code = EXIT_FAILED


def workloads_of(
    project: Project, ids: Sequence[str], engine: str, parameters: dict[str, ParameterValue]
) -> list[Workload]:
    """Return what is recorded: an engine and its parameters on windows of the plan.

    Args:
        project: Whose plan.
        ids: Of the windows; none for those that tests see by default.
        engine: Its reference.
        parameters: What is asked for beyond the engine's own.

    Raises:
        SettingsError: The plan cannot be used, or it has no such window.

    """
    plan, labels = read_plan(project), project.settings.test_labels
    return [
        Workload(engine=engine, window=window, parameters=parameters)
        for window in select_windows(plan, ids=ids, labels=labels)
    ]


def record_all(
    project: Project,
    workloads: Sequence[Workload],
    *,
    rounds: int,
    reason: str,
    approve_memory_growth: bool,
) -> list[str]:
    """Record the baselines of workloads, and print what comes of each.

    Returns:
        The ids of the windows whose memory grew without approval, so that nothing was stored.

    Raises:
        FailedError: A round failed; the baselines that were stored before stay.

    """
    runner = new_runner(project, "zacperf baseline record")
    _warn(revision_warning(expected_environment(runner)))
    author, refused = current_author(project.root), list[str]()
    with open_session(project) as session:
        for workload in workloads:
            with failed_runs():
                found = record(
                    runner,
                    workload,
                    session=session,
                    rounds=rounds,
                    reason=reason,
                    author=author,
                    on_round=_progress(workload, rounds),
                )
            accepted = accept(runner, workload, found, approve_memory_growth=approve_memory_growth)
            _report(found, accepted)
            if not accepted.is_stored:
                refused.append(workload.window.id)
    if len(refused) < len(workloads):
        click.echo(f"written down in {DECISIONS_FILE}")
    return refused


def _progress(workload: Workload, rounds: int) -> Callable[[int, Run], None]:
    def show(number: int, run: Run) -> None:
        if run.costs is not None:
            click.echo(round_line(workload.window.id, number, rounds, run.costs), err=True)

    return show


def _report(found: Baseline, accepted: Acceptance) -> None:
    for problem in accepted.problems:
        _warn(problem)
    if accepted.is_stored:
        click.echo(recorded_line(found, accepted.change))
    elif accepted.previous is not None and accepted.growth is not None:
        click.echo(refused_line(accepted.previous, found, accepted.growth), err=True)


def _warn(text: str | None) -> None:
    if text is not None:
        click.echo(f"warning: {escape(text)}", err=True)


@contextlib.contextmanager
def failed_runs() -> Iterator[None]:
    """Let a run that fails in the block end the command with the exit status of a failure.

    Raises:
        FailedError: A run failed.

    """
    try:
        yield
    except RunError as e:
        raise FailedError(str(e)) from e
