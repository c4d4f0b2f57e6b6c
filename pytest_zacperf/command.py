"""What the command ``zacperf`` starts: Ctrl-C while everything loads shows no traceback either."""

from __future__ import annotations

import sys

INTERRUPTED = 130  # 128 + SIGINT, as shells have it


def main() -> None:
    """Load the command line and run it."""
    try:
        from pytest_zacperf.cli import main as command_line  # noqa: PLC0415 - within the block

        command_line()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(INTERRUPTED)
