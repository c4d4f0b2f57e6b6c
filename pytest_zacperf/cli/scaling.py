"""``zacperf scaling``: how the costs of the plan's finished windows grow with their size."""

from __future__ import annotations

from pathlib import Path

import click

from pytest_zacperf.cli.common import errors_for_people, root_option
from pytest_zacperf.cli.queue import open_plan, plan_option
from pytest_zacperf.cli.tables import print_table
from pytest_zacperf.render import escape
from pytest_zacperf.render.scaling import scaling_tables

TIMED_IS_BETTER = (
    "costs are those of profiled runs; a round without profiler, "
    '"timed": true under "meta" or in each run, gives better ones'
)


@click.command()
@plan_option
@root_option
def scaling(*, plan_path: Path | None, root: Path | None) -> None:
    """Fit the costs of the plan's finished windows to their size, function by function.

    Cost = factor * size ** exponent: 1 is linear, 2 doubles the size and quadruples the cost.
    """
    # They load scipy, which no other command of the queue needs.
    from pytest_zacperf.queue.finished import finished_windows, full_range  # noqa: PLC0415
    from pytest_zacperf.scaling import scaling_of  # noqa: PLC0415

    with errors_for_people():
        queue = open_plan(root, plan_path, "zacperf scaling")
        plan = queue.read()
        found = finished_windows(plan, queue.file.path.parent)
        tables = scaling_tables(scaling_of(found.windows, full_range(plan, found.windows)))
    for number, table in enumerate(tables):
        if number:
            click.echo()
        print_table(table)
    if found.stopped:
        click.echo(f"left out: {escape(', '.join(found.stopped))}, stopped at a time limit")
    if found.is_profiled:
        click.echo(TIMED_IS_BETTER)
