"""Print what the plugin adds to pytest's start-up: paired runs, medians; asserts nothing.

Run: ``python benchmarks/startup.py [PAIRS]``
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PAIRS = 15
WITHOUT = ("-m", "pytest", "-q")
WITH = (*WITHOUT, "-p", "pytest_zacperf.plugin")
IMPORT = """
import time, pytest
start = time.perf_counter()
import pytest_zacperf.plugin
print(time.perf_counter() - start)
"""


def main() -> None:
    """Time a pytest run of one empty test with and without the plugin, in turn."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else PAIRS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_empty.py").write_text("def test_empty():\n    pass\n", encoding="utf-8")
        for arguments in (WITHOUT, WITH):
            elapsed_s(arguments, folder)  # a warm-up, which also writes the byte code
        rounds = [(elapsed_s(WITHOUT, folder), elapsed_s(WITH, folder)) for _ in range(pairs)]
        imports = [float(output(("-c", IMPORT), folder)) for _ in range(pairs)]
    without_s, with_s = zip(*rounds, strict=True)
    added_s = statistics.median(after - before for before, after in rounds)
    print(f"pytest without the plugin  {statistics.median(without_s) * 1000:6.0f} ms")
    print(f"pytest with the plugin     {statistics.median(with_s) * 1000:6.0f} ms")
    print(f"added, median of {pairs} pairs  {added_s * 1000:6.0f} ms")
    print(f"import after pytest        {statistics.median(imports) * 1000:6.0f} ms")


def elapsed_s(arguments: tuple[str, ...], folder: Path) -> float:
    """Return how long one Python process took."""
    start = time.perf_counter()
    output(arguments, folder)
    return time.perf_counter() - start


def output(arguments: tuple[str, ...], folder: Path) -> str:
    """Return what a Python process printed; plugins load only when they are named."""
    completed = subprocess.run(  # noqa: S603 - Python itself, with our own arguments
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return completed.stdout


if __name__ == "__main__":
    main()
