"""``zacperf run``, ``status`` and ``reset``: the profiling plan as a queue."""

from __future__ import annotations

import contextlib
import dataclasses
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType

import click

from pytest_zacperf.cli.common import (
    EXIT_FAILED,
    Project,
    engine_of,
    engine_option,
    errors_for_people,
    new_runner,
    open_project,
    open_session,
    root_option,
)
from pytest_zacperf.cli.progress import shown_progress
from pytest_zacperf.cli.tables import fits, print_table
from pytest_zacperf.plan import Plan
from pytest_zacperf.plan.queue import chosen, in_error
from pytest_zacperf.queue import Passes, PlanQueue, Rules, Tally, work_off
from pytest_zacperf.render import escape
from pytest_zacperf.render.plan_status import stacked_status, status_table, tally_line
from pytest_zacperf.store import Claim, PlanFile
from pytest_zacperf.values import parse_duration

PLAN = click.Path(dir_okay=False, path_type=Path)
ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP)
INTERRUPTED = "interrupted; the run that was under way is pending again"

plan_option = click.option(
    "--plan",
    "plan_path",
    type=PLAN,
    metavar="FILE",
    help="The plan file [default: that of pyproject.toml].",
)
ids_argument = click.argument("ids", nargs=-1, metavar="[ID]...")


def parse_time_limit(
    context: click.Context,  # noqa: ARG001 - click passes it
    option: click.Parameter,  # noqa: ARG001 - click passes it
    text: str | None,
) -> float | None:
    """Return the seconds of ``--time-limit``."""
    if text is None:
        return None
    try:
        return parse_duration(text)
    except ValueError as e:
        raise click.BadParameter(str(e)) from e


@click.command()
@ids_argument
@click.option("--label", metavar="LABEL", help="Only the runs with this label.")
@click.option("--phase", type=click.IntRange(0, 1), help="0: the cache probe; 1: all others.")
@click.option("--retry-errors", is_flag=True, help="Also those that have failed.")
@click.option(
    "--time-limit",
    "time_limit_s",
    metavar="TIME",
    callback=parse_time_limit,
    help="Stop a run that takes longer, such as 120s, and keep the part of its profile.",
)
@click.option(
    "--allow-changed-environment",
    is_flag=True,
    help="Symbols, data provider, machine, Python and packages may differ from the first run's.",
)
@engine_option
@plan_option
@root_option
def run(  # noqa: PLR0913 - click passes every option by its name
    *,
    ids: Sequence[str],
    label: str | None,
    phase: int | None,
    retry_errors: bool,
    time_limit_s: float | None,
    allow_changed_environment: bool,
    engine: str | None,
    plan_path: Path | None,
    root: Path | None,
) -> None:
    """Profile the pending runs of the plan, in the order of the file.

    Several of these commands may share a plan. Ctrl-C makes the run under way pending again.
    """
    with errors_for_people(INTERRUPTED), _ended_by_signal():
        project = _project(root, plan_path)
        reference = engine or engine_of(project)
        queue = queue_of(project, "zacperf run")
        wanted = chosen(queue.read(), ids=ids, label=label, phase=phase)
        if retry_errors:
            queue.retry(wanted)
        rules = Rules(
            time_limit_s=time_limit_s, allow_changed_environment=allow_changed_environment
        )
        total = _pending(queue, wanted)
        with open_session(project) as session, shown_progress(total) as watch:
            passes = Passes(
                new_runner(project, "zacperf run"),
                session=session,
                engine=reference,
                rules=rules,
                watch=watch,
            )
            tally = work_off(queue, passes, wanted, watch)
        _report(tally, queue, wanted)


@click.command()
@plan_option
@root_option
def status(*, plan_path: Path | None, root: Path | None) -> None:
    """Show the runs of the plan: how far each is, what it cost, and its top function."""
    with errors_for_people():
        plan = open_plan(root, plan_path, "zacperf status").read()
    if plan.runs:
        table = status_table(plan)
        if fits(table):
            print_table(table)
        else:
            print_table(stacked_status(table), spaced=True)
    click.echo(tally_line(plan))


@click.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.option("--force", is_flag=True, help="Also those that another machine seems to run.")
@plan_option
@root_option
def reset(*, ids: Sequence[str], force: bool, plan_path: Path | None, root: Path | None) -> None:
    """Make runs of the plan pending again; their results stay in the plan as history."""
    with errors_for_people():
        queue = open_plan(root, plan_path, "zacperf reset")
        meant = chosen(queue.read(), ids=ids)
        for run_id in queue.reset(meant, force=force):
            click.echo(f"{escape(run_id)}: pending")


def open_plan(root: Path | None, plan_path: Path | None, name: str) -> PlanQueue:
    """Return the queue of the plan file that is meant.

    Args:
        root: The project; None for the one around the working directory.
        plan_path: The plan file; None for that of the settings.
        name: Of the command, for others that wait for it.

    Raises:
        SettingsError: The project's settings cannot be used.

    """
    return queue_of(_project(root, plan_path), name)


def queue_of(project: Project, name: str) -> PlanQueue:
    """Return the queue of a project's plan file."""
    path = project.root / project.settings.plan

    def tell(_: str) -> None:
        click.echo(f"zacperf: waiting for the plan file {path}", err=True)

    claim = Claim(note=name, on_wait=tell)
    return PlanQueue(file=PlanFile(path), name=_shown(path), claim=claim)


def _project(root: Path | None, plan_path: Path | None) -> Project:
    project = open_project(root)
    if plan_path is None:
        return project
    settings = dataclasses.replace(project.settings, plan=plan_path.absolute())
    return dataclasses.replace(project, settings=settings)


def _shown(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _pending(queue: PlanQueue, wanted: Sequence[str]) -> int:
    unfinished = {"pending", "running"}
    return sum(run.id in wanted and run.status in unfinished for run in queue.read().runs)


def _report(tally: Tally, queue: PlanQueue, wanted: Sequence[str]) -> None:
    plan = queue.read()
    if tally.blocked is not None:
        cold, warm = map(escape, tally.blocked.ids)
        click.echo(
            f"the cache probe, {cold} and {warm}, has failed, so nobody knows how the other runs "
            f"are to be run\n  hint: `zacperf reset {cold} {warm}` tries it again, "
            "`zacperf run --phase 1` goes on without it",
            err=True,
        )
    elif not tally.done and not tally.failed:
        click.echo(f"nothing is pending; {_next_step(plan, wanted)}")
    click.echo(tally_line(plan))
    if tally.failed or tally.blocked is not None:
        raise click.exceptions.Exit(EXIT_FAILED)


def _next_step(plan: Plan, wanted: Sequence[str]) -> str:
    if in_error(plan, wanted):
        return "--retry-errors runs those that have failed again"
    if any(run.status == "running" for run in plan.runs if run.id in wanted):
        return "`zacperf status` says which process runs what is left"
    return "`zacperf reset ID` makes a run pending again"


@contextlib.contextmanager
def _ended_by_signal() -> Iterator[None]:
    """Let TERM and HUP end the block as Ctrl-C does: the run under way is pending again."""

    def interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signal's
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in ENDING_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
