"""``zacperf backtest``: one backtest in a process of its own, and what it did and cost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import click

from pytest_zacperf.cli.common import (
    DATE,
    EXIT_FAILED,
    FOLDER,
    InputError,
    Project,
    errors_for_people,
    open_project,
    root_option,
    window_between,
)
from pytest_zacperf.errors import SettingsError
from pytest_zacperf.execution import Limits
from pytest_zacperf.naming import new_session_id
from pytest_zacperf.records import ParameterValue, Run, Workload
from pytest_zacperf.render import run_lines
from pytest_zacperf.runner import Runner
from pytest_zacperf.worker import EXIT_BAD_INPUT


def parse_parameters(
    context: click.Context,  # noqa: ARG001 - click passes it
    option: click.Parameter,  # noqa: ARG001 - click passes it
    texts: Sequence[str],
) -> dict[str, ParameterValue]:
    """Return the parameters of ``--set KEY=VALUE``; values stay text, engines parse them."""
    parameters: dict[str, ParameterValue] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{text!r} is not KEY=VALUE, such as lookback=20")
        if name in parameters:
            raise click.BadParameter(f"{name!r} is set twice")
        parameters[name] = value
    return parameters


@click.command()
@click.option(
    "--engine",
    metavar="MODULE:OBJECT",
    help="The engine, or the name of an installed one [default: that of pyproject.toml].",
)
@click.option("--start", required=True, type=DATE, help="First simulated day.")
@click.option("--end", required=True, type=DATE, help="Last simulated day, inclusive.")
@click.option(
    "--set",
    "parameters",
    multiple=True,
    metavar="KEY=VALUE",
    callback=parse_parameters,
    help="A parameter of the engine; may be given again.",
)
@click.option("--output", type=FOLDER, help="A new folder for the run [default: in .zacperf/runs].")
@root_option
@click.option("--stages/--no-stages", default=True, help="Whether stages are timed.")
def backtest(  # noqa: PLR0913 - click passes every option by its name
    *,
    engine: str | None,
    start: dt.datetime,
    end: dt.datetime,
    parameters: dict[str, ParameterValue],
    output: Path | None,
    root: Path | None,
    stages: bool,
) -> None:
    """Run one backtest in a process of its own; show what it did and what it cost."""
    window = window_between(start, end)
    with errors_for_people("interrupted; the backtest was ended"):
        project = open_project(root)
        workload = Workload(
            engine=engine or _engine_of(project), window=window, parameters=parameters
        )
        runner = _runner(project, stages=stages)
        session = new_session_id()
        if output is None:
            run = runner.run_once(workload, session=session, machine="alone")
        else:
            run = runner.run_into(workload, output, session)
    _report(run, output.absolute() if output else project.store.run_folder(run.id))


def _engine_of(project: Project) -> str:
    if project.settings.engine is None:
        raise SettingsError(
            "no engine is named", "give --engine module:object, or set engine in pyproject.toml"
        )
    return project.settings.engine


def _runner(project: Project, *, stages: bool) -> Runner:
    return Runner(
        store=project.store,
        root=project.root,
        python_path=project.python_path,
        stages=stages,
        cpus=project.settings.cpus,
        limits=Limits(timeout_s=project.settings.timeout_s, threads=project.settings.threads),
        not_sources=(str(project.settings.plan),),
        on_wait=lambda text: click.echo(text, err=True),
    )


def _report(run: Run, folder: Path) -> None:
    if run.exit_status == EXIT_BAD_INPUT:
        raise InputError(run.reason or "")
    for line in [*run_lines(run), "", f"run folder: {folder}"]:
        click.echo(line)
    if run.status == "error":
        raise click.exceptions.Exit(EXIT_FAILED)
