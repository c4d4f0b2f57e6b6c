from __future__ import annotations

from pathlib import Path

import pytest

from pytest_zacperf.errors import SettingsError
from pytest_zacperf.project import (
    find_root,
    is_package,
    read_python_path,
    read_table,
    read_test_paths,
)

TOML = '[tool.pytest]\npythonpath = ["toml"]\n'
OLD_TOML = '[tool.pytest.ini_options]\npythonpath = "toml more"\n'
INI = "[pytest]\npythonpath = ini\n  more\ntestpaths = checks\n"
CFG = "[tool:pytest]\npythonpath = cfg %\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({}, [], id="none"),
        pytest.param({"pyproject.toml": TOML}, ["toml"], id="TOML"),
        pytest.param({"pyproject.toml": OLD_TOML}, ["toml", "more"], id="older TOML"),
        pytest.param({"pytest.ini": INI, "pyproject.toml": TOML}, ["ini", "more"], id="INI first"),
        pytest.param({"tox.ini": INI, "pyproject.toml": TOML}, ["toml"], id="TOML before tox"),
        pytest.param({"setup.cfg": CFG}, ["cfg", "%"], id="setup.cfg"),
    ],
)
def test_the_python_path_is_the_one_of_pytest(
    tmp_path: Path, files: dict[str, str], expected: list[str]
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert read_python_path(tmp_path) == tuple(str(tmp_path / name) for name in expected)


def test_the_test_paths_are_those_of_pytest(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text(INI)
    assert read_test_paths(tmp_path) == ("checks",)


def test_a_file_that_is_no_ini_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("pythonpath\n")
    with pytest.raises(SettingsError) as caught:
        read_python_path(tmp_path)
    assert caught.value.problem.startswith(f"{tmp_path / 'pytest.ini'} is no INI file: ")
    assert caught.value.hint == "correct that place"


@pytest.mark.parametrize("name", ["pyproject.toml", "pytest.ini", "setup.cfg"])
def test_the_root_is_the_nearest_folder_with_settings_of_pytest(tmp_path: Path, name: str) -> None:
    inner = tmp_path / "project" / "strategies"
    inner.mkdir(parents=True)
    (tmp_path / "project" / name).touch()
    assert find_root(inner) == tmp_path / "project"


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("pyproject.toml", "[build-system]\n", True),
        ("pyproject.toml", '[project]\nname = "gold"\n', True),
        ("setup.py", "", True),
        ("setup.cfg", "", True),
        ("pyproject.toml", "", False),
    ],
)
def test_what_can_be_installed_is_a_package(
    tmp_path: Path, name: str, text: str, *, expected: bool
) -> None:
    (tmp_path / name).write_text(text)
    assert is_package(tmp_path) is expected


def test_a_settings_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").mkdir()
    with pytest.raises(SettingsError) as caught:
        read_table(tmp_path)
    path = tmp_path / "pyproject.toml"
    assert caught.value.problem == f"{path} cannot be read: Is a directory"
    assert caught.value.hint == "make it readable"
