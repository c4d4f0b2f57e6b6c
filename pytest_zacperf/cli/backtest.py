"""``zacperf backtest``: one backtest in a process of its own, and what it did and cost."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from pytest_zacperf.cli.common import (
    DATE,
    EXIT_FAILED,
    FOLDER,
    InputError,
    engine_of,
    engine_option,
    errors_for_people,
    new_runner,
    open_project,
    open_session,
    parameters_option,
    root_option,
    window_between,
)
from pytest_zacperf.determinism import Repetition
from pytest_zacperf.records import ParameterValue, Run, Workload
from pytest_zacperf.render import determinism_line, repetition_lines, run_lines
from pytest_zacperf.repeatability import run_twice
from pytest_zacperf.worker import EXIT_BAD_INPUT


@click.command()
@engine_option
@click.option("--start", required=True, type=DATE, help="First simulated day.")
@click.option("--end", required=True, type=DATE, help="Last simulated day, inclusive.")
@parameters_option
@click.option("--output", type=FOLDER, help="A new folder for the run [default: in .zacperf/runs].")
@root_option
@click.option("--stages/--no-stages", default=True, help="Whether stages are timed.")
@click.option(
    "--twice",
    is_flag=True,
    help="Run it in two processes with different hash seeds; compare the order events.",
)
def backtest(  # noqa: PLR0913 - click passes every option by its name
    *,
    engine: str | None,
    start: dt.datetime,
    end: dt.datetime,
    parameters: dict[str, ParameterValue],
    output: Path | None,
    root: Path | None,
    stages: bool,
    twice: bool,
) -> None:
    """Run one backtest in a process of its own; show what it did and what it cost."""
    if twice and output is not None:
        raise click.UsageError("--twice leaves its runs in .zacperf/runs; leave --output out")
    window = window_between(start, end)
    with errors_for_people("interrupted; the backtest was ended"):
        project = open_project(root)
        workload = Workload(
            engine=engine or engine_of(project), window=window, parameters=parameters
        )
        runner = new_runner(project, "zacperf backtest", stages=stages)
        with open_session(project) as session:
            if twice:
                _report_repetition(run_twice(runner, workload, session=session))
            elif output is not None:
                _report(runner.run_into(workload, output, session), output.absolute())
            else:
                run = runner.run_once(workload, session=session, machine="alone")
                _report(run, project.store.run_folder(run.id))


def _report_repetition(found: Repetition) -> None:
    _refuse_bad_input(found.runs[-1])
    for line in repetition_lines(found):
        click.echo(line)
    click.echo("runs: " + ", ".join(run.id for run in found.runs))
    if not found.is_deterministic:
        raise click.exceptions.Exit(EXIT_FAILED)


def _report(run: Run, folder: Path) -> None:
    _refuse_bad_input(run)
    for line in [*run_lines(run), "", f"run folder: {folder}"]:
        click.echo(line)
    contradiction = determinism_line(run)
    if contradiction is not None:
        click.secho(contradiction, fg="red", bold=True, err=True)
    if run.status == "error":
        raise click.exceptions.Exit(EXIT_FAILED)


def _refuse_bad_input(run: Run) -> None:
    if run.exit_status == EXIT_BAD_INPUT:
        raise InputError(run.reason or "")
