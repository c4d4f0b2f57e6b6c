"""``zacperf runs`` and ``zacperf show``: the kept runs, and one of them in full."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import msgspec

from pytest_zacperf import run_names
from pytest_zacperf.cli.common import errors_for_people, open_project, root_option
from pytest_zacperf.cli.tables import fits, print_table
from pytest_zacperf.errors import StoreError
from pytest_zacperf.records import INTERRUPTED, Run
from pytest_zacperf.render import (
    Listed,
    determinism_line,
    escape,
    listing_table,
    show_tables,
    stacked,
    warning_lines,
)
from pytest_zacperf.store import STDERR_FILE, Entry, RunStore

MAKE_ONE = (
    "`zacperf backtest` without --output makes one, "
    "and so does a test that uses the fixture `backtest`"
)
RUN_AGAIN = "delete that folder and run the backtest again"

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")


@click.command()
@root_option
@json_option
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the newest N runs.")
def runs(*, root: Path | None, as_json: bool, limit: int | None) -> None:
    """List the kept runs, the newest first.

    Each begins with a short id, which `zacperf show` accepts. With --json it is the complete
    records, so runs that have none yet are left out.
    """
    with errors_for_people():
        run_store = open_project(root).store
        entries = list(run_store.entries())
        listed = sorted(_listed(run_store, entries), key=lambda one: one.start, reverse=True)
    for entry in entries:
        if entry.problem is not None:
            click.echo(f"{escape(entry.problem)}: skipped", err=True)
    if as_json:
        _print_json([one.run for one in listed if one.run is not None][:limit])
    elif listed:
        table = listing_table(listed[:limit])
        if fits(table):
            print_table(table)
        else:
            print_table(stacked(table), spaced=True)
    else:
        click.echo(f"no runs are kept in {escape(str(run_store.runs_folder))}; {MAKE_ONE}")


@click.command()
@click.argument("name", metavar="RUN")
@root_option
@json_option
def show(name: str, *, root: Path | None, as_json: bool) -> None:
    """Show everything that is known about one run.

    RUN is an id as `zacperf runs` shows it, any part of a run's full id that no other run has, or
    `last` for the newest run that has ended.
    """
    with errors_for_people():
        run_store = open_project(root).store
        run = record_of(name, run_store)
    if as_json:
        _print_json(run)
        return
    _print_run(run, run_store.run_folder(run.id))


def record_of(name: str, run_store: RunStore) -> Run:
    """Return the record of the run that is meant.

    Raises:
        StoreError: None is meant, or it has no result.

    """
    return _record(_meant(name, run_store), run_store)


def _listed(run_store: RunStore, entries: Sequence[Entry]) -> Iterator[Listed]:
    for entry in entries:
        run, workload = entry.run, entry.workload
        if workload is None or entry.problem is not None:
            continue
        start = run.start_utc if run else dt.datetime.fromtimestamp(entry.modified_s, dt.UTC)
        yield Listed(
            id=entry.folder.name,
            status=_status(run) if run else _status_of_unfinished(entry, run_store),
            start=start.astimezone(),
            workload=run.workload if run else workload,
            run=run,
        )


def _status(run: Run) -> str:
    if run.reason == INTERRUPTED:
        return "interrupted"
    remarks = [*(["profiled"] if run.profile else []), *(["partial"] if run.partial else [])]
    return ", ".join([run.status, *remarks])


def _status_of_unfinished(entry: Entry, run_store: RunStore) -> str:
    is_running = entry.session is not None and run_store.is_in_use(entry.session)
    return "running" if is_running else "interrupted"


def _meant(name: str, run_store: RunStore) -> Entry:
    by_id = {entry.folder.name: entry for entry in run_store.entries() if entry.workload}
    by_start = {entry.run.start_utc: entry for entry in by_id.values() if entry.run}
    if not by_id:
        raise StoreError(f"no runs are kept in {run_store.runs_folder}", MAKE_ONE)
    if name != run_names.LAST:
        return by_id[run_names.find(name, list(by_id))]
    if not by_start:
        raise StoreError(f"no run in {run_store.runs_folder} has ended", run_names.LIST_THEM)
    return by_start[max(by_start)]


def _record(entry: Entry, run_store: RunStore) -> Run:
    if entry.run is not None:
        return entry.run
    if entry.problem is not None:
        raise StoreError(entry.problem, RUN_AGAIN)
    log = entry.folder / STDERR_FILE
    if _status_of_unfinished(entry, run_store) == "running":
        raise StoreError(f"run {entry.folder.name} is not over yet", f"its log is {log}")
    raise StoreError(
        f"run {entry.folder.name} was interrupted and has no result",
        f"its log, if it wrote one, is {log}; run the backtest again",
    )


def _print_run(run: Run, folder: Path) -> None:
    loud = determinism_line(run)
    if loud is not None:
        click.secho(loud, fg="red", bold=True)
        click.echo()
    for line in warning_lines(run):
        click.echo(line)
    tables = show_tables(run, folder=str(folder), stderr=str(folder / STDERR_FILE), zone=None)
    for number, table in enumerate(tables):
        if number or run.warnings:
            click.echo()
        print_table(table)


def _print_json(content: Run | Sequence[Run]) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(content)).decode())
