from __future__ import annotations

import datetime as dt
import importlib
import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
import pytest

from pytest_zacperf.environment import (
    code_fingerprint,
    current_environment,
    is_within,
    loaded_sources,
    own_line,
    package_dirs,
    parameters_fingerprint,
    workload_fingerprint,
)
from pytest_zacperf.records import Window, Workload

Load = Callable[[Path, str], str]
numbers = itertools.count()


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.com"]
    subprocess.run(  # noqa: S603 - fixed commands
        ["git", "-C", str(folder), *identity, *arguments],  # noqa: S607
        check=True,
        capture_output=True,
    )


def commit(folder: Path) -> None:
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "next")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "gold.py").write_text("x = 1\n")
    commit(folder)
    return folder


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Load:
    """Write a module of a new name to a folder, import it and return its name."""

    def load_(folder: Path, source: str) -> str:
        name = f"hashed_{next(numbers)}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.py").write_text(source)
        monkeypatch.syspath_prepend(folder)
        importlib.import_module(name)
        return name

    return load_


def test_the_environment_names_python_machine_and_packages(tmp_path: Path) -> None:
    found = current_environment(tmp_path)
    assert found.python == f"CPython {'.'.join(map(str, sys.version_info[:3]))}"
    assert found.platform.startswith(f"{os.uname().sysname} ")
    assert found.machine.startswith(os.uname().machine)
    assert found.cpus == tuple(sorted(os.sched_getaffinity(0)))
    assert found.packages["msgspec"] == msgspec.__version__


def test_no_environment_variable_is_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKER_TOKEN", "secret-4711")
    assert b"4711" not in msgspec.json.encode(current_environment(tmp_path))


def test_a_clean_repository_has_a_revision(repository: Path) -> None:
    found = current_environment(repository)
    assert len(found.git_revision or "") == 40
    assert found.git_dirty is False


def test_a_changed_tracked_file_makes_it_dirty(repository: Path) -> None:
    (repository / "gold.py").write_text("x = 2\n")
    assert current_environment(repository).git_dirty is True


def test_an_untracked_file_does_not_make_it_dirty(repository: Path) -> None:
    (repository / "notes.txt").write_text("x")
    assert current_environment(repository).git_dirty is False


def test_git_variables_of_a_hook_do_not_name_another_repository(
    repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    expected = current_environment(repository).git_revision
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert current_environment(repository).git_revision == expected


def test_outside_a_repository_there_is_no_revision(tmp_path: Path) -> None:
    found = current_environment(tmp_path)
    assert (found.git_revision, found.git_dirty) == (None, None)


def test_without_git_there_is_no_revision(
    repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert current_environment(repository).git_revision is None


def fingerprint_of(root: Path, extras: Iterable[Path] = ()) -> str:
    return code_fingerprint(loaded_sources(root, extras))


def test_the_code_fingerprint_is_32_digits_and_repeats(tmp_path: Path, load: Load) -> None:
    load(tmp_path, "x = 1\n")
    fingerprint = fingerprint_of(tmp_path)
    assert fingerprint == fingerprint_of(tmp_path)
    assert len(fingerprint) == 32
    int(fingerprint, 16)


def test_a_changed_module_changes_the_fingerprint_of(tmp_path: Path, load: Load) -> None:
    name = load(tmp_path, "x = 1\n")
    before = fingerprint_of(tmp_path)
    (tmp_path / f"{name}.py").write_text("x = 2\n")
    assert fingerprint_of(tmp_path) != before


def test_a_module_that_is_not_loaded_does_not_count(tmp_path: Path, load: Load) -> None:
    load(tmp_path, "x = 1\n")
    before = fingerprint_of(tmp_path)
    (tmp_path / "never_imported.py").write_text("x = 2\n")
    assert fingerprint_of(tmp_path) == before


def test_equal_code_in_another_folder_has_the_same_fingerprint(tmp_path: Path, load: Load) -> None:
    name = load(tmp_path / "here", "x = 1\n")
    here = fingerprint_of(tmp_path / "here")
    del sys.modules[name]
    (tmp_path / "there").mkdir()
    (tmp_path / "here" / f"{name}.py").rename(tmp_path / "there" / f"{name}.py")
    sys.path.insert(0, str(tmp_path / "there"))
    try:
        importlib.invalidate_caches()
        importlib.import_module(name)
    finally:
        sys.path.remove(str(tmp_path / "there"))
    assert fingerprint_of(tmp_path / "there") == here


def test_what_is_installed_below_the_root_does_not_count(tmp_path: Path, load: Load) -> None:
    before = fingerprint_of(tmp_path)
    load(tmp_path / ".venv" / "lib" / "site-packages", "x = 1\n")
    assert fingerprint_of(tmp_path) == before


def test_a_folder_whose_name_only_begins_like_the_root_is_not_within_it() -> None:
    root = Path("/home/quant/backtests")
    assert is_within(root, root)
    assert is_within(root / "strategy.py", root)
    assert is_within(root, Path("/"))
    assert not is_within(Path("/home/quant/backtests-old/strategy.py"), root)
    assert not is_within(root.parent, root)


def test_a_package_elsewhere_counts_when_it_is_named(tmp_path: Path, load: Load) -> None:
    name = load(tmp_path / "elsewhere", "x = 1\n")
    root = tmp_path / "project"
    root.mkdir()
    assert fingerprint_of(root) != fingerprint_of(root, [tmp_path / "elsewhere"])
    module = tmp_path / "elsewhere" / f"{name}.py"
    assert package_dirs([name]) == (module,)
    assert fingerprint_of(root, [module]) != fingerprint_of(root)


def test_of_a_package_the_whole_folder_counts_but_of_ours_the_subpackage() -> None:
    importlib.import_module("pytest_zacperf.engines")
    names = ["msgspec.json", "pytest_zacperf.engines.function", "pytest_zacperf.engines"]
    assert [folder.name for folder in package_dirs(names)] == ["msgspec", "engines"]


def test_a_module_that_is_not_loaded_has_no_folder() -> None:
    assert package_dirs(["never_imported"]) == ()


def test_the_order_of_parameters_says_nothing() -> None:
    assert parameters_fingerprint({"a": 1, "b": None}) == parameters_fingerprint({
        "b": None,
        "a": 1,
    })


def test_the_type_of_a_parameter_counts() -> None:
    assert parameters_fingerprint({"a": 1}) != parameters_fingerprint({"a": "1"})


def test_the_same_content_in_another_module_is_other_code() -> None:
    assert code_fingerprint({"a.py": b"x"}) != code_fingerprint({"b.py": b"x"})


DAY = dt.date(2025, 1, 20)
WORKLOAD = Workload(engine="gold:engine", window=Window(id="w", start=DAY, end=DAY))


@pytest.mark.parametrize(
    ("code", "data", "workload"),
    [
        pytest.param("other", "data", WORKLOAD, id="code"),
        pytest.param("code", "other", WORKLOAD, id="data"),
        pytest.param("code", None, WORKLOAD, id="unknown data"),
        pytest.param(
            *("code", "data"),
            msgspec.structs.replace(WORKLOAD, parameters={"lookback": 2}),
            id="parameters",
        ),
        pytest.param(
            *("code", "data"),
            msgspec.structs.replace(WORKLOAD, engine_version="2"),
            id="version of the engine",
        ),
        pytest.param(
            *("code", "data"),
            msgspec.structs.replace(
                WORKLOAD, window=Window(id="w", start=DAY, end=DAY + dt.timedelta(days=1))
            ),
            id="window",
        ),
    ],
)
def test_whatever_decides_the_result_changes_the_fingerprint_of_the_workload(
    tmp_path: Path, code: str, data: str | None, workload: Workload
) -> None:
    where = current_environment(tmp_path)
    expected = workload_fingerprint("code", "data", WORKLOAD, where)
    assert workload_fingerprint("code", "data", WORKLOAD, where) == expected
    assert workload_fingerprint(code, data, workload, where) != expected


@pytest.mark.parametrize("place", ["in the project", "beside it", "by its absolute path"])
def test_a_changed_plan_makes_no_revision_dirty(repository: Path, place: str) -> None:
    root = repository / "project"
    plan = {"in the project": "plan.json", "beside it": "../plan.json"}.get(place)
    plan = plan or str(root / "plan.json")
    file = root / plan
    root.mkdir()
    file.write_text("{}")
    commit(repository)
    file.write_text('{"runs": []}')
    assert current_environment(root).git_dirty is True
    assert current_environment(root, [plan, "profiling"]).git_dirty is False
    (repository / "strategy.py").write_text("x = 2\n")
    commit(repository)
    (repository / "strategy.py").write_text("x = 3\n")
    assert current_environment(root, [plan]).git_dirty is True


def test_a_plan_outside_the_repository_hides_no_change(repository: Path, tmp_path: Path) -> None:
    outside = tmp_path / "elsewhere" / "plan.json"
    assert current_environment(repository, [str(outside)]).git_dirty is False


def test_the_last_line_of_the_project_on_the_way_to_an_error_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "own_line_gold"
    source = "def pick(rows):\n    return min(rows, key=lambda row: row[0])\n"
    (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(TypeError) as caught:
        importlib.import_module(name).pick([1, 2])
    assert own_line(caught.value.__traceback__, tmp_path) == f"{name}.py:2"
    assert own_line(caught.value.__traceback__, tmp_path / "elsewhere") is None


def test_what_is_installed_below_the_project_is_not_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "venv" / "lib" / "site-packages"
    installed.mkdir(parents=True)
    source = "def fail():\n    raise ValueError('no bars')\n"
    (installed / "own_line_library.py").write_text(source)
    monkeypatch.syspath_prepend(installed)
    with pytest.raises(ValueError, match="no bars") as caught:
        importlib.import_module("own_line_library").fail()
    assert own_line(caught.value.__traceback__, tmp_path) is None
