"""``zacperf compare``: what two runs, or two files of order events, did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import click
import msgspec

from pytest_zacperf.cli.common import (
    EXIT_FAILED,
    EXIT_INCONCLUSIVE,
    errors_for_people,
    open_project,
    root_option,
)
from pytest_zacperf.cli.runs import record_of
from pytest_zacperf.compared_sides import open_file, open_foreign_run, open_run
from pytest_zacperf.errors import StoreError
from pytest_zacperf.parity import Tolerance, parse_tolerances, relative
from pytest_zacperf.parity.tolerance import FIELDS, STATISTICS_PREFIX
from pytest_zacperf.parity_report import ParityReport, report_of
from pytest_zacperf.parity_sides import Side
from pytest_zacperf.render import run_parity_lines, run_parity_markdown
from pytest_zacperf.run_parity import RunParity, parity_between, why_not_comparable
from pytest_zacperf.store import RUN_FILE, write_atomically
from pytest_zacperf.values import nearest

FORMATS = ("text", "markdown", "json")
RELATIVE = "%"


@click.command("compare")
@click.argument("baseline")
@click.argument("candidate")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option(
    "--tolerance",
    "tolerances",
    multiple=True,
    metavar="FIELD=VALUE",
    help="By how much a field may differ: a number, or a share such as 0.1%; may be given again.",
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write it there.")
@root_option
def compare(  # noqa: PLR0913 - click passes every option by its name
    *,
    baseline: str,
    candidate: str,
    form: str,
    tolerances: Sequence[str],
    output: Path | None,
    root: Path | None,
) -> None:
    """Hold what CANDIDATE did against what BASELINE did.

    Either is a run folder, ours or one of QuantConnect Lean of any year, a run as `zacperf runs`
    names it, a summary or a main file of Lean, or a file of order events: ours, Lean's, or any JSON
    array, JSON Lines or CSV with such fields.
    The exit status is 0 when both are identical, 1 when they differ, 3 when they cannot be
    compared.
    """
    with errors_for_people():
        sides = [_open(name, root) for name in (baseline, candidate)]
        problem = why_not_comparable(sides[0].run, sides[1].run)
        if problem is not None:
            click.echo(f"not comparable: {problem}", err=True)
            raise click.exceptions.Exit(EXIT_INCONCLUSIVE)
        found = _between(sides, _parse(tolerances))
        if not found.compared:
            click.echo(f"not comparable: {_nothing_in_common(found)}", err=True)
            raise click.exceptions.Exit(EXIT_INCONCLUSIVE)
        text = _text(found, sides, form)
        if output is not None:
            write_atomically(output, f"{text}\n".encode())
            click.echo(f"written to {output}")
        else:
            click.echo(text)
    if not found.is_identical:
        raise click.exceptions.Exit(EXIT_FAILED)


def _open(name: str, root: Path | None) -> Side:
    path = Path(name)
    if path.is_dir():
        is_ours = (path / RUN_FILE).is_file()
        return open_run(path, name) if is_ours else open_foreign_run(path, name)
    if path.is_file():
        return open_file(path, name)
    if path.suffix or len(path.parts) > 1:
        raise StoreError(f"{name} does not exist", "name a run, the folder of one, or a file")
    run_store = open_project(root).store
    run = record_of(name, run_store)
    return open_run(run_store.run_folder(run.id), name)


def _between(sides: Sequence[Side], tolerances: Mapping[str, Tolerance]) -> RunParity:
    known = [name for side in sides for name in side.statistics or ()]
    for name in tolerances:
        statistic = name.removeprefix(STATISTICS_PREFIX)
        if name.startswith(STATISTICS_PREFIX) and statistic not in known:
            raise StoreError(
                f"neither side has a statistic {statistic!r}", nearest(statistic, known)
            )
    try:
        return parity_between(sides[0], sides[1], tolerances)
    except ValueError as e:
        raise StoreError(f"{_damaged(sides)}: {e}", "see that line") from e


def _nothing_in_common(found: RunParity) -> str:
    only = [f"one alone has {', '.join(found.only_one_has)}"] if found.only_one_has else []
    why = "; ".join([*only, *found.not_compared]) or "neither has a result"
    return f"{found.names[0]} and {found.names[1]} have nothing in common: {why}"


def _damaged(sides: Sequence[Side]) -> str:
    for side in sides:
        try:
            list(side.order_events or ())
        except ValueError:
            return side.name
    return f"{sides[0].name} or {sides[1].name}"


def _parse(texts: Sequence[str]) -> Mapping[str, Tolerance]:
    given: dict[str, object] = {}
    for text in texts:
        name, equals, value = text.rpartition("=")
        if not equals:
            raise click.BadParameter(f"{text!r} is not FIELD=VALUE, such as fill_price=0.005")
        try:
            share = value.endswith(RELATIVE)
            given[name] = relative(float(value[:-1]) / 100) if share else float(value)
        except ValueError as e:
            raise click.BadParameter(f"{text!r}: {value!r} is no number from 0") from e
    try:
        return parse_tolerances(given, FIELDS)
    except ValueError as e:
        raise click.BadParameter(str(e)) from e


def _text(found: RunParity, sides: Sequence[Side], form: str) -> str:
    report = _report(found, sides)
    if form == "json":
        content = {
            "baseline": found.names[0],
            "candidate": found.names[1],
            "identical": found.is_identical,
            "same_inputs": found.same_inputs,
            "compared": found.compared,
            "only_one_has": found.only_one_has,
            "not_compared": found.not_compared,
            "notes": found.notes,
            "order_events": report,
            "trades": found.trades,
            "equity": found.equity,
            "statistics": found.statistics,
            "work": found.work,
            "stages": found.stages,
        }
        return msgspec.json.format(msgspec.json.encode(content)).decode()
    lines = run_parity_markdown(found, report) if form == "markdown" else run_parity_lines(found)
    return "\n".join(lines)


def _report(found: RunParity, sides: Sequence[Side]) -> ParityReport | None:
    if found.order_events is None:
        return None
    return report_of(
        found.order_events,
        test=f"{found.names[1]} against {found.names[0]}",
        expected=sides[0].origin,
        actual=sides[1].origin,
    )
