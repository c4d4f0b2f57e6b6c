"""docs/lean.md: its files, typed as it says, on a workspace with Lean's real client."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from support.commands import PYTEST
from support.docker_daemon import docker_daemon
from support.lean_client import CLIENT, LeanMachine, needs_client

PAGE = Path(__file__).parents[2] / "docs" / "lean.md"
BLOCK = re.compile(r"```(?P<kind>\w+)\n(?P<text>.*?)```", re.DOTALL)


def blocks(kind: str) -> list[str]:
    return [found["text"] for found in BLOCK.finditer(PAGE.read_text()) if found["kind"] == kind]


def file_named(name: str, kind: str) -> str:
    return next(text for text in blocks(kind) if text.startswith(f"# {name}"))


@needs_client
def test_a_lean_project_is_recorded_and_holds_in_five_minutes(tmp_path: Path) -> None:
    with docker_daemon() as daemon:
        machine = LeanMachine.made(tmp_path, daemon)
        project = machine.project
        project.write("pyproject.toml", file_named("pyproject.toml", "toml"))
        project.write("lean_backtest.py", file_named("lean_backtest.py", "python"))
        project.write("tests/test_gold.py", file_named("tests/test_gold.py", "python"))
        (plan,) = blocks("json")
        project.write("plan.json", plan)
        # As with an environment that is active: the client is on PATH.
        path = f"{Path(str(CLIENT)).parent}:{Path(sys.executable).parent}:/usr/bin:/bin"
        reason = ("--snapshot-update", "--zacperf-reason", "the first")
        first = machine.shell.run(*PYTEST, "-m", "parity", *reason, **machine.variables, PATH=path)
        assert first.returncode == 0, first.stdout + first.stderr
        daemon.wish = {"price": 250.5}
        changed = machine.shell.run(*PYTEST, "-m", "parity", **machine.variables, PATH=path)
    assert changed.returncode == 1
    assert "fill_price" in changed.stdout
    assert "250.25" in changed.stdout


def test_every_python_block_can_be_compiled() -> None:
    for text in blocks("python"):
        compile(text, str(PAGE), "exec")
