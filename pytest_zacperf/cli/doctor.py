"""``zacperf doctor``: what is installed, which engines can run, and how noisy the machine is."""

from __future__ import annotations

from pathlib import Path

import click

from pytest_zacperf.cli.common import errors_for_people, open_project, root_option
from pytest_zacperf.cli.tables import print_table
from pytest_zacperf.comparability import environment_fingerprint
from pytest_zacperf.doctor import Diagnosis, engines_here, look_at_machine
from pytest_zacperf.engines import Capabilities
from pytest_zacperf.environment import current_environment
from pytest_zacperf.project import importable
from pytest_zacperf.render.doctor import (
    engine_row,
    engines_table,
    environment_lines,
    steadiness_lines,
    tools_table,
)
from pytest_zacperf.tools import find_tools

EXIT_ENGINE_CANNOT_RUN = 2


@click.command()
@root_option
@click.option(
    "--seconds",
    type=click.FloatRange(min=0.0),
    default=5.0,
    show_default=True,
    help="How long to look at the machine; 0 leaves it out.",
)
def doctor(*, root: Path | None, seconds: float) -> None:
    """Print what is installed, which engines can run here, and how noisy the machine is now.

    The exit code is 2 when the project names an engine that cannot run.
    """
    with errors_for_people():
        project = open_project(root)
        where = current_environment(project.root)
        for line in environment_lines(where, environment_fingerprint(where)):
            click.echo(line)
        click.echo()
        tools = list(find_tools())
        own = project.settings.engine
        with importable(project.root):
            engines = list(engines_here(own, tools))
        print_table(engines_table(map(_row, engines)))
        click.echo()
        print_table(
            tools_table((one.name, one.version or f"no: {one.problem}", one.use) for one in tools)
        )
        if seconds:
            click.echo()
            for line in steadiness_lines(look_at_machine(seconds, len(where.cpus))):
                click.echo(line)
    if any(engine.name == own and engine.problem for engine in engines):
        raise click.exceptions.Exit(EXIT_ENGINE_CANNOT_RUN)


def _row(engine: Diagnosis) -> tuple[str, ...]:
    flags = _flags(engine.capabilities) if engine.capabilities else ()
    return engine_row(engine.name, engine.version, engine.problem, engine.hint, flags)


def _flags(can: Capabilities) -> tuple[str, ...]:
    named = (can.equity, can.threads, can.network)
    return (
        can.order_events,
        *("yes" if flag else "no" for flag in named),
        ", ".join(sorted(can.invariants)) or "none",
    )
