"""``zacperf demo`` and ``zacperf init``: a project to start from, new or around what is there."""

from __future__ import annotations

import datetime as dt
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click

from pytest_zacperf.cli.common import (
    DATE,
    EXIT_FAILED,
    FOLDER,
    errors_for_people,
    open_project,
    root_option,
)
from pytest_zacperf.cli.init_plan import asked_window
from pytest_zacperf.cli.init_project import find_additions
from pytest_zacperf.naming import new_session_id
from pytest_zacperf.process import Command, run_process
from pytest_zacperf.project import SETTINGS_FILE
from pytest_zacperf.starter.demo import WINDOWS, demo_files, require_libraries
from pytest_zacperf.starter.files import new_files, new_folder
from pytest_zacperf.store import write_atomically

REASON = "written by zacperf demo"
RECORD = ("--snapshot-update", "--zacperf-reason", REASON, "-m", "parity")
RECORDINGS = "snapshots"


class DemoFailedError(click.ClickException):
    """The demo's own tests failed."""

    exit_code = EXIT_FAILED


@click.command()
@click.argument("folder", type=FOLDER, default="zacperf-demo")
def demo(folder: Path) -> None:
    """Write a new project whose tests pass at once.

    It runs the embedded backtest on made-up data. FOLDER is new or empty; without it, it is
    zacperf-demo.
    """
    with errors_for_people(f"interrupted; nothing is left in {folder}"):
        require_libraries()
        files = demo_files()
        with new_folder(folder), new_files(folder, files):
            click.echo(f"recording the order events of {len(WINDOWS)} windows ...")
            recorded = _record(folder)
    for name in files:
        click.echo(f"wrote     {folder / name}")
    for path in recorded:
        click.echo(f"recorded  {path}")
    _explain_demo(folder, len(recorded))


@click.command()
@click.option(
    "--engine",
    metavar="MODULE:OBJECT",
    help="The backtest: an engine or a function (start, end, ...) [default: what is found].",
)
@click.option("--start", type=DATE, help="First day of the window, for a project without a plan.")
@click.option("--end", type=DATE, help="Last day of the window, inclusive.")
@root_option
def init(
    *,
    engine: str | None,
    start: dt.datetime | None,
    end: dt.datetime | None,
    root: Path | None,
) -> None:
    """Add what is missing to a project that exists: settings, plan, tests, CI file.

    It looks for the backtest, the tests and the plan, asks only for what it cannot find, and
    changes no file but pyproject.toml, to which it adds [tool.zacperf].
    """
    with errors_for_people("interrupted; nothing was written"):
        project = open_project(root)
        additions = find_additions(project, engine, asked_window(start, end))
        with new_files(project.root, additions.files) as written:
            if additions.settings is not None:
                # Resolved, so that a link stays one.
                path = (project.root / SETTINGS_FILE).resolve()
                write_atomically(path, additions.settings)
    if additions.settings is not None:
        written = (*written, SETTINGS_FILE)
    for name in (*additions.files, SETTINGS_FILE):
        click.echo(f"{'wrote' if name in written else 'kept '}  {name}")
    for line in additions.lines:
        click.echo(line)


def _record(folder: Path) -> Sequence[Path]:
    with tempfile.TemporaryDirectory(prefix="zacperf-demo-") as logs:
        stdout, stderr = Path(logs, "stdout"), Path(logs, "stderr")
        command = Command(
            arguments=(sys.executable, "-m", "pytest", *RECORD),
            cwd=folder,
            # A demo that is made in CI is accepted by whoever made it.
            variables={name: text for name, text in os.environ.items() if name != "CI"},
            marker=f"demo-{new_session_id()}",
            stdout=stdout,
            stderr=stderr,
        )
        ended = run_process(command, timeout_s=None, on_tick=lambda _: None)
        recorded = sorted((folder / RECORDINGS).rglob("*.jsonl"))
        if ended.exit_status or len(recorded) < len(WINDOWS):
            click.echo(stdout.read_text(errors="replace") + stderr.read_text(errors="replace"))
            raise DemoFailedError(
                f"the recordings of the demo could not be made: pytest ended with "
                f"{ended.exit_status}, so nothing is left in {folder}\n"
                "  hint: the lines above say why"
            )
    return recorded


def _explain_demo(folder: Path, recordings: int) -> None:
    change = "" if folder.resolve() == Path.cwd() else f"cd {shlex.quote(str(folder))} && "
    click.echo(
        f"\n{recordings} recordings: accepted as they are, since this is the demo; "
        "parity compares with them\n"
        "baseline: the parameter set metrics=full; the perf test measures it beside the backtest\n"
        f"next: {change}{_pytest_command()}"
    )


def _pytest_command() -> str:
    found = shutil.which("pytest")
    if found and Path(found).parent == Path(sys.executable).parent:
        return "pytest"
    # The virtual environment is not active, and another pytest would not know the plugin.
    return f"{shlex.quote(sys.executable)} -m pytest"
