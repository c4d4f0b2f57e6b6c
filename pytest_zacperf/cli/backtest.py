"""``zacperf backtest``: one backtest in a process of its own, and what it did and cost."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from pytest_zacperf import housekeeping
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
from pytest_zacperf.determinism import Repetition
from pytest_zacperf.errors import SettingsError
from pytest_zacperf.execution import Limits
from pytest_zacperf.naming import new_session_id
from pytest_zacperf.plan import parse_plan
from pytest_zacperf.records import ParameterValue, Run, Workload
from pytest_zacperf.render import determinism_line, repetition_lines, run_lines
from pytest_zacperf.repeatability import run_twice
from pytest_zacperf.runner import Runner
from pytest_zacperf.store import storing
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
            engine=engine or _engine_of(project), window=window, parameters=parameters
        )
        runner = _runner(project, stages=stages)
        with _session(project) as session:
            if twice:
                _report_repetition(run_twice(runner, workload, session=session))
            elif output is not None:
                _report(runner.run_into(workload, output, session), output.absolute())
            else:
                run = runner.run_once(workload, session=session, machine="alone")
                _report(run, project.store.run_folder(run.id))


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
        not_sources=_not_sources(project),
        name="zacperf backtest",
        on_wait=lambda text: click.echo(f"zacperf: {text}", err=True),
    )


def _not_sources(project: Project) -> tuple[str, ...]:
    plan_file = str(project.settings.plan)
    try:
        plan = parse_plan((project.root / plan_file).read_bytes(), plan_file)
    except (OSError, SettingsError):  # a backtest needs no plan
        return (plan_file,)
    return plan.not_sources(plan_file)


@contextlib.contextmanager
def _session(project: Project) -> Iterator[str]:
    session = new_session_id()
    with storing(project.store.folder), project.store.use(session):
        try:
            yield session
        finally:
            # While its own runs are in use still: their folders were just printed.
            problem = housekeeping.prune(project.store, project.settings)
            if problem is not None:
                click.echo(problem, err=True)


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
