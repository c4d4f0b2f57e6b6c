"""``zacperf baseline``: record what later runs are compared with; show and drop it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from pytest_zacperf.baselines import record_command
from pytest_zacperf.cli.common import (
    EXIT_FAILED,
    Project,
    engine_of,
    engine_option,
    errors_for_people,
    new_runner,
    open_project,
    parameters_option,
    root_option,
    windows_option,
)
from pytest_zacperf.cli.recording import record_all, workloads_of
from pytest_zacperf.cli.tables import fits, print_table
from pytest_zacperf.errors import StoreError
from pytest_zacperf.recording_baselines import ROUNDS, drop, expected_environment
from pytest_zacperf.records import ParameterValue
from pytest_zacperf.render import escape
from pytest_zacperf.render.baselines import baselines_table, dropped_line, one_by_one
from pytest_zacperf.runner import Runner
from pytest_zacperf.store import DECISIONS_FILE, BaselineStore, StoredBaseline, current_author
from pytest_zacperf.store.baselines import FEWEST_SAMPLES
from pytest_zacperf.values import nearest

APPROVE = "--approve-memory-growth"
NO_REASON = 'a baseline is accepted on purpose; say why with --reason "..."'
INTERRUPTED = "interrupted; what was not named as recorded is as it was"


@click.group()
def baseline() -> None:
    """Record, show and drop the baselines that later runs are compared with."""


@baseline.command("record")
@windows_option
@engine_option
@parameters_option
@click.option(
    "--rounds",
    type=click.IntRange(min=FEWEST_SAMPLES),
    default=ROUNDS,
    show_default=True,
    metavar="N",
    help="Timed runs of each window.",
)
@click.option("--reason", metavar="TEXT", help="Why they are accepted; needed.")
@click.option(APPROVE, is_flag=True, help="Accept peak memory that grew by more than 10 %.")
@root_option
def record_baselines(  # noqa: PLR0913 - click passes every option by its name
    *,
    windows: Sequence[str],
    engine: str | None,
    parameters: dict[str, ParameterValue],
    rounds: int,
    reason: str | None,
    approve_memory_growth: bool,
    root: Path | None,
) -> None:
    """Time the backtest of each window alone on the machine, and keep that as its baseline.

    Without --window it is the windows that tests see by default. The baseline of another
    environment stays beside it. Each acceptance is written into snapshots/decisions.md.
    """
    if reason is None or not reason.strip():
        raise click.UsageError(NO_REASON)
    with errors_for_people(INTERRUPTED):
        project = open_project(root)
        refused = record_all(
            project,
            workloads_of(project, windows, engine or engine_of(project), parameters),
            rounds=rounds,
            reason=reason,
            approve_memory_growth=approve_memory_growth,
        )
    if not refused:
        return
    further = ["--rounds", str(rounds)] if rounds != ROUNDS else []
    further += ["--root", str(root)] if root else []
    command = record_command(
        refused, engine=engine, parameters=parameters, reason=reason, further=[*further, APPROVE]
    )
    click.echo(f"  hint: approve it with: {escape(command)}", err=True)
    raise click.exceptions.Exit(EXIT_FAILED)


@baseline.command("show")
@windows_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
@root_option
def show_baselines(*, windows: Sequence[str], as_json: bool, root: Path | None) -> None:
    """List the stored baselines: of which window and revision, what they cost, where."""
    with errors_for_people():
        project = open_project(root)
        stored = _stored(project)
        if windows:
            stored = _of_windows(project, stored, windows)
        listed = [one.baseline for one in stored if one.baseline is not None]
        here = expected_environment(new_runner(project, "zacperf baseline show"))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(listed)).decode())
    elif not listed:
        click.echo(f"{escape(_none_kept(project))}; `{record_command()}` records one")
    elif fits(table := baselines_table(listed, here)):
        print_table(table)
    else:
        for number, one in enumerate(one_by_one(table)):
            if number:
                click.echo()
            print_table(one)
        click.echo(f"\n{table.note}")


@baseline.command("drop")
@windows_option
@click.option("--all", "drops_all", is_flag=True, help="Those of all windows.")
@click.option("--reason", metavar="TEXT", default="none given", help="Why.")
@root_option
def drop_baselines(
    *, windows: Sequence[str], drops_all: bool, reason: str, root: Path | None
) -> None:
    """Delete the baselines of windows, in whatever environment they were measured."""
    if drops_all == bool(windows):
        raise click.UsageError("name the baselines by --window ID, or give --all")
    with errors_for_people():
        project = open_project(root)
        stored = _stored(project)
        if windows:
            stored = _of_windows(project, stored, windows)
        elif not stored:
            raise StoreError(_none_kept(project), f"{record_command()} records one")
        runner = new_runner(project, "zacperf baseline drop")
        _drop(runner, stored, reason)
    click.echo(f"written down in {DECISIONS_FILE}")


def _stored(project: Project) -> list[StoredBaseline]:
    found = list(BaselineStore(project.store.folder).all())
    for one in found:
        if one.problem is not None:
            click.echo(f"{escape(one.problem)}: skipped", err=True)
    return [one for one in found if one.baseline is not None]


def _of_windows(
    project: Project, stored: Sequence[StoredBaseline], windows: Sequence[str]
) -> list[StoredBaseline]:
    by_window: dict[str, list[StoredBaseline]] = {}
    for one in stored:
        if one.baseline is not None:
            by_window.setdefault(one.baseline.workload.window.id, []).append(one)
    for window in windows:
        if not by_window:
            raise StoreError(_none_kept(project), f"{record_command([window])} records one")
        if window not in by_window:
            raise StoreError(f"window {window!r} has no baseline", nearest(window, by_window))
    return [one for window in dict.fromkeys(windows) for one in by_window[window]]


def _none_kept(project: Project) -> str:
    folder = BaselineStore(project.store.folder).baselines_folder
    return f"no baselines are kept in {folder}"


def _drop(runner: Runner, stored: Sequence[StoredBaseline], reason: str) -> None:
    here, author = expected_environment(runner), current_author(runner.root)
    for one in stored:
        if one.baseline is not None:
            drop(runner, one, reason=reason, author=author)
            click.echo(dropped_line(one.baseline, here))
