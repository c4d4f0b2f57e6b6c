"""The long reports of a test or of bench, from values to files; judges nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pytest_zacperf import render, store
from pytest_zacperf.perf_report import PerfReport
from pytest_zacperf.settings import STORE_FOLDER
from pytest_zacperf.store import RenderedReport


def write_reports(reports: Sequence[PerfReport], name: str, root: Path) -> str:
    """Write ``report.md``, ``.json`` and ``.csv``; return the first one's path, or why not.

    Args:
        reports: All questions that were asked, at least one.
        name: Of the test; the files replace those of its last run.
        root: The project; the path is relative to it.

    """
    rendered = RenderedReport(
        markdown="\n".join(render.report_lines(reports)) + "\n",
        rounds_csv=render.rounds_csv(reports),
        content=list(reports),
    )
    try:
        path = store.write_perf_report(root / STORE_FOLDER, name, rendered)
    except OSError as e:  # a full disk changes no verdict
        return f"not written: {e.strerror}"
    return str(path.relative_to(root))
