"""The wheel has every file that the package needs; .ci/run tries the demo on an empty machine."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

from support.commands import Shell

ROOT = Path(__file__).parents[2]
PIP = ("-m", "pip", "--disable-pip-version-check")


def test_the_wheel_has_every_template(tmp_path: Path) -> None:
    shell = Shell(tmp_path, tmp_path)
    built = shell.run(sys.executable, *PIP, "wheel", "-q", "--no-deps", "-w", "wheels", str(ROOT))
    assert built.returncode == 0, built.stderr
    (wheel,) = (tmp_path / "wheels").glob("*.whl")
    templates = (ROOT / "pytest_zacperf" / "starter" / "templates").rglob("*.template")
    expected = {path.relative_to(ROOT).as_posix() for path in templates}
    with zipfile.ZipFile(wheel) as archive:
        assert {name for name in archive.namelist() if name.endswith(".template")} == expected
