"""The ``zacperf`` command; each subcommand turns its options into one call and prints lines."""

from __future__ import annotations

import click

from pytest_zacperf.cli.backtest import backtest
from pytest_zacperf.cli.runs import runs, show


@click.group()
@click.version_option(package_name="pytest-zacperf")
def main() -> None:
    """Performance and parity of trading backtests."""


main.add_command(backtest)
main.add_command(runs)
main.add_command(show)
