"""Output folders of LEAN that hold just the files that a test writes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pytest_zacperf.engines.lean import LeanRun, read_results


def read_files(folder: Path, files: Mapping[str, object]) -> LeanRun:
    """Write files, each with what it holds, and read their folder as one run."""
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content))
    return read_results(folder)
