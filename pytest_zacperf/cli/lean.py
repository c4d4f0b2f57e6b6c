"""``zacperf lean``: what Lean projects need beside the commands that every project has."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

import click

from pytest_zacperf.cli.common import errors_for_people
from pytest_zacperf.engines.lean.vendoring import (
    STAGES_FILE,
    State,
    example_text,
    require_algorithm,
    stages_text,
    state_of,
)
from pytest_zacperf.store import write_atomically

SAID: Mapping[State, str] = {
    "missing": "wrote {}",
    "older": "updated {}",
    "current": "{} is up to date",
}
SWITCH_ON = """--extra-docker-config '{"environment": {"ZACPERF_STAGES": "1"}}'"""


@click.group()
def lean() -> None:
    """Help for projects of QuantConnect's Lean."""


@lean.command("add-stages")
# Neither that it exists nor what it is: click's own refusals have no next step.
@click.argument("project", type=click.Path(path_type=Path))
def add_stages(project: Path) -> None:
    """Put the stage timer into a Lean project, as one file that needs nothing else.

    PROJECT is the folder that holds main.py. The file, perf_stages.py, is replaced only if it is
    an older one of ours; main.py stays as it is.
    """
    file = project / STAGES_FILE
    with errors_for_people():
        require_algorithm(project)
        state = state_of(file)
        if state != "current":
            # Resolved, so that a link stays one.
            write_atomically(file.resolve(), stages_text().encode())
    click.echo(SAID[state].format(file))
    click.echo(
        f"\nadd to main.py what is missing there:\n\n{example_text()}\n\n"
        "stages are timed where the algorithm's environment has ZACPERF_STAGES=1; elsewhere they "
        "cost next to nothing\nLeanEngine, DockerLean and DotnetLean set it; by hand:\n"
        f"    lean backtest {shlex.quote(str(project))} {SWITCH_ON}"
    )
