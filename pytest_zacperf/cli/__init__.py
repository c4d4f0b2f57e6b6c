"""The ``zacperf`` command; each subcommand turns its options into one call and prints lines."""

from __future__ import annotations

import click

from pytest_zacperf.cli.approve import approve_received
from pytest_zacperf.cli.backtest import backtest
from pytest_zacperf.cli.baseline import baseline
from pytest_zacperf.cli.bench import bench
from pytest_zacperf.cli.compare import compare
from pytest_zacperf.cli.doctor import doctor
from pytest_zacperf.cli.lean import lean
from pytest_zacperf.cli.queue import reset, run, status
from pytest_zacperf.cli.recordings import recordings
from pytest_zacperf.cli.runs import runs, show
from pytest_zacperf.cli.scaling import scaling
from pytest_zacperf.cli.start import demo, init


@click.group()
@click.version_option(package_name="pytest-zacperf")
def main() -> None:
    """Performance and parity of trading backtests."""


for command in (
    approve_received,
    backtest,
    baseline,
    bench,
    compare,
    doctor,
    lean,
    recordings,
    reset,
    run,
    runs,
    scaling,
    show,
    status,
    demo,
    init,
):
    main.add_command(command)
