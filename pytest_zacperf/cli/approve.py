"""``zacperf approve``: make what tests received their recordings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from pytest_zacperf.approving import (
    approve,
    kind_text,
    problem_of,
    require_approvable,
    window_of,
)
from pytest_zacperf.ci import is_under_ci
from pytest_zacperf.cli.common import (
    EXIT_FAILED,
    errors_for_people,
    is_terminal,
    open_project,
    root_option,
)
from pytest_zacperf.errors import StoreError
from pytest_zacperf.records import Received
from pytest_zacperf.render import escape
from pytest_zacperf.store import DECISIONS_FILE, Pending, ReceivedFiles
from pytest_zacperf.values import nearest

NOTHING = "nothing is pending: no test has received anything but its recording"


@click.command("approve")
@click.argument("names", nargs=-1, metavar="[TEST or WINDOW]...")
@click.option("-m", "--reason", default="", metavar="TEXT", help="Why; needed.")
@root_option
def approve_received(*, names: Sequence[str], reason: str, root: Path | None) -> None:
    """Make what tests received instead of their recordings the recordings; runs nothing.

    Without a name it walks through all that is pending and asks. Each acceptance is written into
    snapshots/decisions.md.
    """
    with errors_for_people():
        project = open_project(root)
        pending = _usable(ReceivedFiles(project.root))
        if not (pending or names):
            click.echo(NOTHING)
            return
        named = _named(pending, names) if names else _asked(project.root, pending, reason)
        chosen = _possible(project.root, named, names)
        if not chosen:
            click.echo("nothing was approved")
            return
        reason = reason or (_asked_reason() if not names and is_terminal() else "")
        for path in approve(project.root, chosen, reason):
            click.echo(f"recorded {escape(str(path.relative_to(project.root)))}")
    click.echo(f"written down in {DECISIONS_FILE}; commit both")
    if len(chosen) < len(named):
        raise click.exceptions.Exit(EXIT_FAILED)


def _usable(files: ReceivedFiles) -> list[Pending]:
    found = list(files.pending())
    for one in found:
        if one.problem is not None:
            click.echo(f"{escape(one.problem)}: skipped", err=True)
    return [one for one in found if one.received is not None]


def _named(pending: Sequence[Pending], names: Sequence[str]) -> list[Pending]:
    chosen: dict[Path, Pending] = {}
    for name in names:
        found = [one for one in pending if name in _names(one)]
        if not found:
            known = [known for one in pending for known in _names(one)]
            raise StoreError(f"nothing that {name!r} received is pending", nearest(name, known))
        _require_one_place(name, found)
        chosen |= {one.path: one for one in found}
    return list(chosen.values())


def _possible(root: Path, named: Sequence[Pending], names: Sequence[str]) -> list[Pending]:
    """Leave out what a window has beside what can be approved, such as that of a deleted test."""
    by_test = [one for one in named if not {*_tests(one)}.isdisjoint(names)]
    by_window = [one for one in named if one not in by_test]
    received = [one.received for one in by_window if one.received is not None]
    last = max(received, key=lambda one: one.received_utc).session if received else ""
    problems = [problem_of(root, one) or _of_earlier(one, last) for one in by_window]
    if not by_test and all(problems):
        return list(named)  # which is refused with the reason
    for problem in filter(None, problems):
        click.echo(f"left out: {escape(problem)}", err=True)
    possible = [one for one, problem in zip(by_window, problems, strict=True) if problem is None]
    return sorted([*by_test, *possible], key=lambda one: one.path)


def _of_earlier(pending: Pending, session: str) -> str | None:
    received = pending.received
    if received is None or received.session == session:
        return None
    return f"{received.test} received it in an earlier session; name the test to approve it"


def _revision(received: Received) -> str:
    origin = received.origin
    if origin is None or origin.git_revision is None:
        return ""
    return f", revision {origin.git_revision}{' with changes' if origin.git_dirty else ''}"


def _require_one_place(name: str, found: Sequence[Pending]) -> None:
    """Refuse a test that several modules or classes have; a window may have many tests."""
    tests = [one.received.test for one in found if one.received is not None]
    places = {test.rpartition("::")[0] for test in tests if name != test and name in _bare(test)}
    if len(places) > 1:
        raise StoreError(
            f"{name!r} is a test in {' and in '.join(sorted(places))}",
            f"name one such as {tests[0]!r}",
        )


def _bare(test: str) -> tuple[str, str]:
    # A parameter may hold "::" and "[" as well.
    path, bracket, parameters = test.partition("[")
    name = path.rpartition("::")[2]
    return f"{name}{bracket}{parameters}", name


def _names(pending: Pending) -> tuple[str, ...]:
    received = pending.received
    return () if received is None else (*_tests(pending), window_of(received))


def _tests(pending: Pending) -> tuple[str, ...]:
    received = pending.received
    return () if received is None else (received.test, *_bare(received.test))


def _asked(root: Path, pending: Sequence[Pending], reason: str) -> list[Pending]:
    if is_under_ci():
        require_approvable(pending, reason)
    chosen = []
    for one in pending:
        received = one.received
        if received is None:
            continue
        click.echo(
            f"{escape(received.test)}: {kind_text(received.kind)}: {escape(received.change)}"
        )
        for line in received.lines:
            click.echo(f"  {escape(line)}")
        click.echo(f"  received {received.received_utc:%Y-%m-%d %H:%M} UTC{_revision(received)}")
        problem = problem_of(root, one)
        if problem is not None:
            click.echo(f"  cannot be approved: {escape(problem)}")
        elif is_terminal() and click.confirm("approve it?", default=False):
            chosen.append(one)
    if not is_terminal():
        click.echo('name what is approved: zacperf approve TEST or WINDOW -m "reason"', err=True)
        raise click.exceptions.Exit(EXIT_FAILED)
    return chosen


def _asked_reason() -> str:
    text: str = click.prompt("why")
    return text
