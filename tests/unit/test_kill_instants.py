from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "kill_instants.py"


@pytest.mark.slow
def test_kills_at_random_instants_leave_nothing_damaged_and_nothing_behind() -> None:
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, SCRIPT, "4"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\n    0  problems\n" in done.stdout
