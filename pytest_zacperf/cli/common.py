"""What the subcommands share: the project they work on, exit codes, errors for people."""

from __future__ import annotations

import contextlib
import datetime as dt
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from pytest_zacperf import project, settings
from pytest_zacperf.errors import ZacperfError
from pytest_zacperf.records import Window
from pytest_zacperf.settings import Settings
from pytest_zacperf.store import STORE_FOLDER, RunStore

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells have it

DATE = click.DateTime(["%Y-%m-%d"])
FOLDER = click.Path(file_okay=False, path_type=Path)

root_option = click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The project's folder [default: the nearest one with a pyproject.toml].",
)


class InputError(click.ClickException):
    """Something the user asked for cannot be done."""

    exit_code = EXIT_USAGE


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


@contextlib.contextmanager
def errors_for_people(when_interrupted: str = "interrupted") -> Iterator[None]:
    """Turn errors into one sentence and an exit code; a traceback is never shown."""
    try:
        yield
    except (KeyboardInterrupt, click.Abort):  # click makes Abort of a Ctrl-C at a prompt
        click.echo(when_interrupted, err=True)
        raise click.exceptions.Exit(EXIT_INTERRUPTED) from None
    except ZacperfError as e:
        raise InputError(str(e)) from e
    except OSError as e:
        raise InputError(f"{e.strerror or e}: {e.filename}" if e.filename else str(e)) from e
