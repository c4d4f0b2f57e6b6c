"""The ``zacperf`` command; each subcommand turns its options into one call and prints lines."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from pytest_zacperf.errors import ZacperfError
from pytest_zacperf.records import ParameterValue, Run, Window, Workload
from pytest_zacperf.render import run_lines
from pytest_zacperf.runner import Runner
from pytest_zacperf.store import STORE_FOLDER, RunStore
from pytest_zacperf.worker import EXIT_BAD_INPUT

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells have it


DATE = click.DateTime(["%Y-%m-%d"])
FOLDER = click.Path(file_okay=False, path_type=Path)
PROJECT = click.Path(exists=True, file_okay=False, path_type=Path)


class InputError(click.ClickException):
    """Something the user asked for cannot be done."""

    exit_code = EXIT_USAGE


@click.group()
def main() -> None:
    """Performance and parity of trading backtests."""


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


@main.command()
@click.option("--engine", required=True, help="module:object, or the name of an installed engine.")
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
@click.option("--root", type=PROJECT, default=".", help="The project's folder [default: this one].")
@click.option("--stages/--no-stages", default=True, help="Whether stages are timed.")
def backtest(  # noqa: PLR0913 - click passes every option by its name
    *,
    engine: str,
    start: dt.datetime,
    end: dt.datetime,
    parameters: dict[str, ParameterValue],
    output: Path | None,
    root: Path,
    stages: bool,
) -> None:
    """Run one backtest in a process of its own; show what it did and what it cost."""
    workload = Workload(
        engine=engine, window=_window(start.date(), end.date()), parameters=parameters
    )
    root = root.resolve()
    runs = RunStore(root / STORE_FOLDER)
    runner = Runner(store=runs, root=root, stages=stages)
    with _errors_for_people():
        if output is None:
            run = runner.run_once(workload, session=_new_session())
        else:
            run = runner.run_into(workload, output, runs.cache_folder)
    _report(run, output.absolute() if output else runs.run_folder(run.id))


def _window(start: dt.date, end: dt.date) -> Window:
    if end < start:
        raise click.BadParameter(f"{end} is before the start, {start}", param_hint="'--end'")
    return Window(id=f"{start}_{end}", start=start, end=end)


def _new_session() -> str:
    return f"cli-{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S}-{os.getpid()}"


@contextlib.contextmanager
def _errors_for_people() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        click.echo("interrupted; the backtest was ended", err=True)
        raise click.exceptions.Exit(EXIT_INTERRUPTED) from None
    except ZacperfError as e:
        raise InputError(str(e)) from e
    except OSError as e:
        raise InputError(f"{e.strerror or e}: {e.filename}" if e.filename else str(e)) from e


def _report(run: Run, folder: Path) -> None:
    if run.exit_status == EXIT_BAD_INPUT:
        raise InputError(run.reason or "")
    for line in [*run_lines(run), "", f"run folder: {folder}"]:
        click.echo(line)
    if run.status == "error":
        raise click.exceptions.Exit(EXIT_FAILED)
