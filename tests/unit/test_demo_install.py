from __future__ import annotations

import re
import sys
import zipfile
from pathlib import Path

import pytest
from support.commands import Shell

ROOT = Path(__file__).parents[2]
# Some machines set it; then each process would compile what it imports anew.
COMPILING = {"PYTHONDONTWRITEBYTECODE": ""}
PIP = ("-m", "pip", "--disable-pip-version-check")


@pytest.mark.slow
def test_the_demo_passes_in_an_empty_virtual_environment(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    shell = Shell(tmp_path, tmp_path / "tmp")
    assert shell.run(sys.executable, "-m", "venv", "venv").returncode == 0
    programs = tmp_path / "venv" / "bin"
    # Python compiles what is imported; to compile all of it takes longer than to install it.
    install = (*PIP, "install", "-q", "--no-compile", f"{ROOT}[zacqc]")
    installed = shell.run(str(programs / "python"), *install)
    assert installed.returncode == 0, installed.stderr
    shown = shell.run(str(programs / "zacperf"), "demo", "demo", **COMPILING)
    assert shown.returncode == 0, shown.stdout + shown.stderr
    result = Shell(tmp_path / "demo", tmp_path / "tmp").run(str(programs / "pytest"), **COMPILING)
    assert re.fullmatch(r"=+ 3 passed in .*s.* =+", result.stdout.splitlines()[-1]), result.stdout


def test_the_wheel_has_every_template(tmp_path: Path) -> None:
    shell = Shell(tmp_path, tmp_path)
    built = shell.run(sys.executable, *PIP, "wheel", "-q", "--no-deps", "-w", "wheels", str(ROOT))
    assert built.returncode == 0, built.stderr
    (wheel,) = (tmp_path / "wheels").glob("*.whl")
    templates = (ROOT / "pytest_zacperf" / "starter" / "templates").rglob("*.template")
    expected = {path.relative_to(ROOT).as_posix() for path in templates}
    with zipfile.ZipFile(wheel) as archive:
        assert {name for name in archive.namelist() if name.endswith(".template")} == expected
