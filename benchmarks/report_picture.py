"""Draw the report of a run as a picture for the docs.

Run: ``python benchmarks/report_picture.py profiling/ID.report.md docs/images/report.svg``
"""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown

WIDTH = 130


def main() -> None:
    """Lay the Markdown out as on a terminal, and save what that shows."""
    report, picture = (Path(name) for name in sys.argv[1:3])
    with Path("/dev/null").open("w", encoding="utf-8") as nothing:
        console = Console(record=True, width=WIDTH, file=nothing)
        console.print(Markdown(report.read_text(encoding="utf-8")))
    picture.parent.mkdir(parents=True, exist_ok=True)
    console.save_svg(str(picture), title=report.name)


if __name__ == "__main__":
    main()
