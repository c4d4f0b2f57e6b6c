import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    *("scipy", "numpy", "yappi", "psutil", "hypothesis", "syrupy", "polars", "pandas"),
    *("click", "rich", "filelock"),
)
ENGINES = ("pytest_zacperf.engines", "pytest_zacperf.zacqc")
STORE = ("pytest_zacperf.store", "pytest_zacperf.housekeeping")
LOADED = f"""
import sys
heavy = [name for name in {(*HEAVY, *ENGINES, *STORE)!r} if name in sys.modules]
"""


def test_the_plugin_imports_nothing_heavy(tmp_path: Path) -> None:
    code = f"import pytest_zacperf.plugin\n{LOADED}\nprint(heavy)"
    completed = subprocess.run(  # noqa: S603 - Python itself
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert completed.stdout.strip() == "[]"


def test_a_session_without_backtests_loads_nothing_heavy(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    # syrupy and xdist are pytest plugins of their own; here it is about ours alone.
    monkeypatch.setenv("PYTEST_PLUGINS", "pytest_zacperf.plugin")
    pytester.makepyfile("def test_it(): pass")
    pytester.makeconftest(
        f"def pytest_unconfigure():\n    {LOADED.strip().replace(chr(10), chr(10) + '    ')}\n"
        "    print('heavy', heavy)"
    )
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["heavy []"])
