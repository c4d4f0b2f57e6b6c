"""One run with everything that is known about it, as tables; lays nothing out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from pytest_zacperf.records import Environment, Fingerprints, Run
from pytest_zacperf.render.run import run_tables
from pytest_zacperf.render.text import Table, escape
from pytest_zacperf.run_names import short_id
from pytest_zacperf.units import format_count

NO_DATA = "the engine does not say"


def show_tables(run: Run, *, folder: str, stderr: str, zone: dt.tzinfo | None) -> list[Table]:
    """Return all tables about a run.

    Args:
        run: The run.
        folder: Its folder.
        stderr: Its log of errors, which a failed run points to.
        zone: The zone of the times that are shown; None for that of the machine.

    """
    tables = [*run_tables(run), _pairs(_origin(run, folder, stderr, zone))]
    if run.fingerprints:
        tables.append(_named(_hashes(run.fingerprints), "fingerprint"))
    if run.environment:
        tables += _environment_tables(run.environment)
    if run.counts:
        counts = {name: format_count(count) for name, count in run.counts.items()}
        tables.append(_named(counts, "count", numbers=frozenset({1})))
    return tables


def _origin(
    run: Run, folder: str, stderr: str, zone: dt.tzinfo | None
) -> Iterator[tuple[str, str]]:
    yield "id", run.id
    yield "short id", short_id(run.id)
    yield "window id", run.workload.window.id
    yield "folder", folder
    if run.status == "error":
        yield "errors", stderr
    yield "started", run.start_utc.astimezone(zone).isoformat(" ", "seconds")
    yield "ended", run.end_utc.astimezone(zone).isoformat(" ", "seconds")
    yield "session", run.session
    yield "machine", run.machine
    yield "exit status", "none" if run.exit_status is None else str(run.exit_status)
    if run.order_events_hash is not None:
        yield "order events hash", run.order_events_hash


def _hashes(fingerprints: Fingerprints) -> Mapping[str, str]:
    return {
        "code": fingerprints.code,
        "parameters": fingerprints.parameters,
        "data": fingerprints.data or NO_DATA,
        "workload": fingerprints.workload,
    }


def _environment_tables(environment: Environment) -> Iterator[Table]:
    revision = environment.git_revision or "no git repository"
    yield _pairs(
        iter((
            ("python", environment.python),
            ("platform", environment.platform),
            ("processor", environment.machine),
            ("processors", ", ".join(map(str, environment.cpus))),
            ("revision", revision + (" with changes" if environment.git_dirty else "")),
        ))
    )
    if environment.variables:
        yield _named(environment.variables, "variable")
    if environment.packages:
        yield _named(environment.packages, "package")


def _pairs(pairs: Iterator[tuple[str, str]]) -> Table:
    return Table(rows=tuple((name, escape(text)) for name, text in pairs))


def _named(values: Mapping[str, str], kind: str, numbers: frozenset[int] = frozenset()) -> Table:
    rows = tuple((escape(name), escape(value)) for name, value in values.items())
    return Table(header=(kind, "value"), rows=rows, numbers=numbers)
