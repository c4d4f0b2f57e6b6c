"""The reports of perf tests: a folder for each test below ``.zacperf/perf``; renders nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pytest_zacperf.store.files import json_of, unique_file_name, write_atomically
from pytest_zacperf.store.folder import create_store_folder

PERF_FOLDER = "perf"
MARKDOWN_FILE = "report.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedReport:
    """What is written of a test: Markdown, CSV of every round, and what becomes JSON."""

    markdown: str
    rounds_csv: str
    content: object


def write_perf_report(folder: Path, test: str, report: RenderedReport) -> Path:
    """Write ``report.md``, ``.json`` and ``.csv`` of a test; return the path of the first.

    Args:
        folder: The folder ``.zacperf`` of a project.
        test: Node id.
        report: What is written.

    """
    create_store_folder(folder)
    place = folder / PERF_FOLDER / unique_file_name(test)
    place.mkdir(parents=True, exist_ok=True)
    write_atomically(place / "report.csv", report.rounds_csv.encode())
    write_atomically(place / "report.json", json_of(report.content))
    write_atomically(place / MARKDOWN_FILE, report.markdown.encode())
    return place / MARKDOWN_FILE
