"""``zacperf recordings``: list and show them, hold them against a revision, delete orphans."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from pytest_zacperf import worktree
from pytest_zacperf.approving import kind_text
from pytest_zacperf.cli.common import (
    EXIT_FAILED,
    Project,
    errors_for_people,
    is_terminal,
    open_project,
    read_plan,
    root_option,
)
from pytest_zacperf.cli.tables import print_table
from pytest_zacperf.errors import SettingsError, StoreError
from pytest_zacperf.parity import InMemory, OrderEvents, Totals, difference, size_text
from pytest_zacperf.recorded_values import value_difference_lines
from pytest_zacperf.recording_scan import Owner, Scan, Scanned, scan
from pytest_zacperf.records import Origin
from pytest_zacperf.render import Table, difference_lines, escape
from pytest_zacperf.store import SNAPSHOTS_FOLDER, FileContent, ReceivedFiles, Recordings, kind_of
from pytest_zacperf.units import format_bytes
from pytest_zacperf.values import nearest

NONE = "no recordings are in snapshots/; pytest --snapshot-update --zacperf-reason records them"
HEADER = ("recording", "kind", "size", "at revision", "test")
SHORT_REVISION = 12
ORDER_EVENTS = "order_events"
WORDS = ("then", "now")
NOT_COLLECTED = "nothing is deleted; the modules of {} recordings were not collected"


@click.group()
def recordings() -> None:
    """List and show recordings, hold them against a revision, delete those without a test."""


@recordings.command("list")
@root_option
def list_recordings(*, root: Path | None) -> None:
    """List the recordings with their tests; collects the tests, and runs none."""
    with errors_for_people():
        project = open_project(root)
        found = scan(project.root, _windows(project)).recordings
    if not found:
        click.echo(NONE)
        return
    rows = tuple(_row(project, one) for one in found)
    print_table(Table(header=HEADER, rows=rows, numbers=frozenset({2})))


@recordings.command("show")
@click.argument("name")
@root_option
def show_recording(name: str, *, root: Path | None) -> None:
    """Show what is recorded and the run it came from. NAME is a window, or a part of a name."""
    with errors_for_people():
        project = open_project(root)
        for path in _named(Recordings(project.root).all(), name):
            click.echo(escape(str(path.relative_to(project.root))))
            if kind_of(path) == ORDER_EVENTS:
                click.echo(f"  {_size(path)}")
            for line in _origin_lines(Recordings(project.root).origin(path)):
                click.echo(f"  {escape(line)}")


def _size(path: Path) -> str:
    try:
        return size_text(_totals(path))
    except ValueError:
        return "damaged: restore it from git"


def _origin_lines(origin: Origin | None) -> Iterator[str]:
    if origin is None:
        yield "nothing says which run it came from"
        return
    workload = origin.workload
    parameters = " ".join(f"{key}={value}" for key, value in workload.parameters.items())
    window = workload.window
    changes = " with changes" if origin.git_dirty else ""
    yield f"engine: {workload.engine_name} {workload.engine_version}".rstrip()
    yield f"window: {window.id}, {window.start} to {window.end}"
    yield f"parameters: {parameters or 'none'}"
    yield f"revision: {origin.git_revision or 'none'}{changes}"
    yield f"python: {origin.python}"


@recordings.command("diff")
@click.argument("names", nargs=-1, metavar="[WINDOW or NAME]...")
@click.option("--against", required=True, metavar="REV", help="A git revision.")
@root_option
def diff_recordings(names: Sequence[str], *, against: str, root: Path | None) -> None:
    """Say how what is recorded differs from what was at a git revision."""
    with errors_for_people():
        project = open_project(root)
        revision = worktree.resolve(project.root, against)
        found = _now_or_then(project, revision)
        chosen = [path for name in names for path in _named(found, name)] if names else found
        differ = [_print_difference(project, path, revision) for path in chosen]
    if any(differ):
        raise click.exceptions.Exit(EXIT_FAILED)


@recordings.command("prune")
@click.option("--yes", is_flag=True, help="Delete without asking.")
@root_option
def prune_recordings(*, yes: bool, root: Path | None) -> None:
    """Delete the recordings whose test or window is gone, and what such tests received."""
    with errors_for_people():
        project = open_project(root)
        found = scan(project.root, _windows(project))
        for line in _gone_lines(project, found):
            click.echo(line)
        number = len(found.orphans) + len(found.abandoned)
        if not number:
            unknown = sum(one.test is Owner.UNKNOWN for one in found.recordings)
            click.echo(NOT_COLLECTED.format(unknown) if unknown else "every recording has its test")
            return
        if not yes and not is_terminal():
            raise StoreError("nobody can be asked whether to delete them", "give --yes")
        if not yes and not click.confirm(f"delete {'this' if number == 1 else f'these {number}'}?"):
            return
        for path in found.orphans:
            Recordings(project.root).delete(path)
        for pending in found.abandoned:
            ReceivedFiles(project.root).drop(pending)
    click.echo(f"deleted {number}")


def _gone_lines(project: Project, found: Scan) -> Iterator[str]:
    committed = _committed(project.root)
    for path in found.orphans:
        note = "" if path in committed else ", which the last commit does not have"
        yield f"{escape(path.relative_to(project.root).as_posix())}{note}"
    for pending in found.abandoned:
        if pending.received is not None:
            yield f"what {escape(pending.received.test)} received: {pending.received.change}"


def _committed(root: Path) -> set[Path]:
    try:
        return {*worktree.files_at(worktree.resolve(root, "HEAD"), root / SNAPSHOTS_FOLDER)}
    except SettingsError:  # no repository, or no commit yet
        return set()


def _windows(project: Project) -> list[str]:
    try:
        plan = read_plan(project)
    except SettingsError:  # a project may have recordings and no plan any more
        return []
    return [window.id for window in plan.test_windows]


def _row(project: Project, one: Scanned) -> tuple[str, ...]:
    origin = Recordings(project.root).origin(one.path)
    revision = origin.git_revision if origin else None
    kind = kind_of(one.path)
    size = format_bytes(one.path.stat().st_size)
    if kind == ORDER_EVENTS:
        try:
            size = f"{_totals(one.path).order_events:,} events"
        except ValueError:
            size = "damaged"
    return (
        escape(one.path.relative_to(project.root).as_posix()),
        kind_text(kind),
        size,
        revision[:SHORT_REVISION] if revision else "-",
        one.test.value if isinstance(one.test, Owner) else escape(one.test),
    )


def _totals(path: Path) -> Totals:
    return OrderEvents(FileContent(path)).totals


def _named(recordings: Sequence[Path], name: str) -> list[Path]:
    """Return those of a test, a window or a file, or else with a part of their name; never none."""
    found = [path for path in recordings if name in _names_of(path)]
    # But wk-1 is no part of wk-10.
    part = re.compile(re.escape(name) + (r"(?!\d)" if name[-1:].isdigit() else ""))
    found = found or [path for path in recordings if part.search(path.name)]
    if not found:
        known = [path.name for path in recordings]
        raise StoreError(f"no recording has {name!r} in its name", nearest(name, known))
    return found


def _names_of(path: Path) -> set[str]:
    names = {path.name, str(path), *re.findall(r"\[([^][]*)\]\.", path.name)}
    accepted = Recordings.accepted(path)
    if accepted is not None:
        names |= {accepted.test, accepted.module, accepted.test.rpartition("::")[2]}
        names |= {accepted.origin.workload.window.id} if accepted.origin else set()
    return names


def _now_or_then(project: Project, revision: worktree.Revision) -> list[Path]:
    then = worktree.files_at(revision, project.root / SNAPSHOTS_FOLDER)
    return sorted({*Recordings(project.root).all(), *filter(kind_of, then)})


def _print_difference(project: Project, path: Path, revision: worktree.Revision) -> bool:
    shown = escape(path.relative_to(project.root).as_posix())
    before = worktree.content_at(revision, path)
    if before is None or not path.exists():
        what = f"not recorded at {revision.name}" if before is None else "not recorded any more"
        click.echo(f"{shown}: {what}")
        return True
    try:
        lines = _difference_lines(before, path)
    except ValueError as e:
        raise StoreError(f"{shown}: {e}", "restore it from git") from e
    click.echo(f"{shown}: {'differs' if lines else 'the same'}")
    for line in lines:
        click.echo(f"  {line}")
    return bool(lines)


def _difference_lines(before: bytes, path: Path) -> list[str]:
    if kind_of(path) != ORDER_EVENTS:
        return value_difference_lines(kind_of(path), before, path.read_bytes(), {}, words=WORDS)
    found = difference(OrderEvents(InMemory(before)), OrderEvents(FileContent(path)))
    return difference_lines(found, words=WORDS) if found else []
