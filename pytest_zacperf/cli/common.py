"""What the subcommands share: the project they work on, exit codes, errors for people."""

from __future__ import annotations

import contextlib
import datetime as dt
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from pytest_zacperf import housekeeping, project, settings
from pytest_zacperf.errors import ComparisonError, SettingsError, ZacperfError
from pytest_zacperf.execution import Limits
from pytest_zacperf.naming import new_session_id
from pytest_zacperf.plan import Plan, parse_plan
from pytest_zacperf.records import ParameterValue, Window
from pytest_zacperf.runner import Runner
from pytest_zacperf.settings import Settings
from pytest_zacperf.store import DECISIONS_FILE, STORE_FOLDER, RunStore, storing

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INCONCLUSIVE = 3
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells have it

DATE = click.DateTime(["%Y-%m-%d"])
FOLDER = click.Path(file_okay=False, path_type=Path)


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


engine_option = click.option(
    "--engine",
    metavar="MODULE:OBJECT",
    help="The engine, or the name of an installed one [default: that of pyproject.toml].",
)
parameters_option = click.option(
    "--set",
    "parameters",
    multiple=True,
    metavar="KEY=VALUE",
    callback=parse_parameters,
    help="A parameter of the engine; may be given again.",
)
windows_option = click.option(
    "--window", "windows", multiple=True, metavar="ID", help="A window; may be given again."
)
root_option = click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The project's folder [default: the nearest one with a pyproject.toml].",
)


class InputError(click.ClickException):
    """Something the user asked for cannot be done."""

    exit_code = EXIT_USAGE


class NotComparableError(click.ClickException):
    """Two sides whose costs cannot be compared, so that there is no verdict."""

    exit_code = EXIT_INCONCLUSIVE


class NotComparableButFailedError(NotComparableError):
    """The same, after other sides came to a FAIL, which counts for more."""

    exit_code = EXIT_FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """The project that a command works on.

    Attributes:
        root: Its folder.
        settings: What its ``pyproject.toml`` says.
        python_path: Absolute paths of pytest's ``pythonpath``.

    """

    root: Path
    settings: Settings
    python_path: tuple[str, ...]

    @property
    def store(self) -> RunStore:
        """Where its runs are kept."""
        return RunStore(self.root / STORE_FOLDER)


def open_project(root: Path | None) -> Project:
    """Return the project in *root*, or the one around the working directory.

    Raises:
        SettingsError: Its ``pyproject.toml`` cannot be used.

    """
    found = root.resolve() if root else project.find_root(Path.cwd())
    return Project(
        root=found,
        settings=settings.resolve(project.read_table(found), {}),
        python_path=project.read_python_path(found),
    )


def engine_of(project: Project) -> str:
    """Return the engine of a project's settings.

    Raises:
        SettingsError: They name none.

    """
    if project.settings.engine is None:
        raise SettingsError(
            "no engine is named", "give --engine module:object, or set engine in pyproject.toml"
        )
    return project.settings.engine


def read_plan(project: Project) -> Plan:
    """Return the plan of a project.

    Raises:
        SettingsError: It cannot be read or used.

    """
    name = str(project.settings.plan)
    try:
        return parse_plan((project.root / name).read_bytes(), name)
    except OSError as e:
        raise SettingsError(
            f"the plan file {name} cannot be read below {project.root}: {e.strerror}",
            "write the date windows into that file, or set plan under [tool.zacperf]",
        ) from e


def new_runner(project: Project, name: str, *, stages: bool = True) -> Runner:
    """Return what runs the backtests of a command.

    Args:
        project: Whose backtests.
        name: Of the command, for others that wait for it.
        stages: Whether stages are timed.

    """
    return Runner(
        store=project.store,
        root=project.root,
        python_path=project.python_path,
        stages=stages,
        cpus=project.settings.cpus,
        limits=Limits(timeout_s=project.settings.timeout_s, threads=project.settings.threads),
        not_sources=_not_sources(project),
        name=name,
        on_wait=lambda text: click.echo(f"zacperf: {text}", err=True),
    )


@contextlib.contextmanager
def open_session(project: Project) -> Iterator[str]:
    """Begin a session, whose id is yielded; its runs are not pruned before it ends."""
    session = new_session_id()
    with storing(project.store.folder), project.store.use(session):
        try:
            yield session
        finally:
            # While its own runs are in use still: their folders were just printed.
            problem = housekeeping.prune(project.store, project.settings)
            if problem is not None:
                click.echo(problem, err=True)


def window_between(start: dt.datetime, end: dt.datetime) -> Window:
    """Return the window of ``--start`` and ``--end``.

    Raises:
        click.BadParameter: The end is before the start.

    """
    first, last = start.date(), end.date()
    if last < first:
        raise click.BadParameter(f"{last} is before the start, {first}", param_hint="'--end'")
    return Window(id=f"{first}_{last}", start=first, end=last)


def is_terminal() -> bool:
    """Return whether somebody can be asked."""
    try:
        return sys.stdin.isatty()
    except AttributeError:  # Python has no stdin where it is closed
        return False


def _not_sources(project: Project) -> tuple[str, ...]:
    plan_file = str(project.settings.plan)
    try:
        written = read_plan(project).not_sources(plan_file)
    except SettingsError:  # a backtest needs no plan
        written = (plan_file,)
    return *written, DECISIONS_FILE


@contextlib.contextmanager
def errors_for_people(when_interrupted: str = "interrupted") -> Iterator[None]:
    """Turn errors into one sentence and an exit code; a traceback is never shown."""
    try:
        yield
    except (KeyboardInterrupt, click.Abort):  # click makes Abort of a Ctrl-C at a prompt
        click.echo(when_interrupted, err=True)
        raise click.exceptions.Exit(EXIT_INTERRUPTED) from None
    except ComparisonError as e:
        raise NotComparableError(str(e)) from e
    except ZacperfError as e:
        raise InputError(str(e)) from e
    except OSError as e:
        raise InputError(f"{e.strerror or e}: {e.filename}" if e.filename else str(e)) from e
