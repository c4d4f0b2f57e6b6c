"""What ``zacperf init`` writes into a project, and what it tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_zacperf import project as project_file
from pytest_zacperf.cli.common import Project
from pytest_zacperf.cli.init_engine import FoundEngine, find_engine
from pytest_zacperf.cli.init_plan import FoundPlan, find_plan
from pytest_zacperf.records import Window
from pytest_zacperf.starter import (
    CI_FILE,
    ENGINE_FILE,
    PARITY_TEST,
    PERF_TEST,
    Starter,
    engine_text,
    parity_text,
    perf_text,
)
from pytest_zacperf.starter.demo import REQUIREMENT as EMBEDDED_REQUIREMENT
from pytest_zacperf.starter.table import with_table

TEST_FOLDERS = ("tests", "test")
EMBEDDED = "zacqc"
REQUIREMENTS_FILE = "requirements.txt"
BASELINE = '  baseline = { parameter = "value" }'
RECORD = 'pytest -m parity --snapshot-update --zacperf-reason "the first"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Additions:
    """What a project lacks.

    Attributes:
        files: Path to content; those that exist are kept.
        settings: The new ``pyproject.toml``; None when it has our table.
        lines: What to tell at the end.

    """

    files: Mapping[str, str]
    settings: bytes | None
    lines: tuple[str, ...]


def find_additions(project: Project, engine: str | None, window: Window | None) -> Additions:
    """Return what a project lacks; asks for what cannot be found out, and writes nothing.

    Raises:
        SettingsError: Something is missing, and there is nobody to ask.
        EngineError: *engine* cannot be an engine.

    """
    has_table = project_file.has_table(project.root)
    found = find_engine(project, engine)
    plan = find_plan(project, window, has_table=has_table)
    starter = Starter(
        engine=found.reference,
        plan=plan.name,
        labels=plan.labels,
        requirements=_requirements(project.root, found.reference),
    )
    return Additions(
        files=_files(project, starter, found, plan),
        settings=None if has_table else _settings(project.root, starter),
        lines=(*found.lines, *_next_lines(project, found, has_table=has_table)),
    )


def _settings(root: Path, starter: Starter) -> bytes:
    path = root / project_file.SETTINGS_FILE
    return with_table(path.read_bytes() if path.exists() else b"", starter.settings_table())


def _files(
    project: Project, starter: Starter, engine: FoundEngine, plan: FoundPlan
) -> Mapping[str, str]:
    tests = _tests_folder(project.root)
    files = {
        # What exists is kept, so its content does not matter.
        plan.name: plan.text or "",
        _test_path(project.root, tests, PERF_TEST): perf_text(),
        _test_path(project.root, tests, PARITY_TEST): parity_text(),
        CI_FILE: starter.ci_text(),
    }
    if engine.function is not None:
        files[ENGINE_FILE] = engine_text(engine.function)
    return files


def _tests_folder(root: Path) -> str:
    configured = [path for path in project_file.read_test_paths(root) if path != "."]
    folders = [path for path in (*configured, *TEST_FOLDERS) if (root / path).is_dir()]
    return next(iter([*folders, *configured, *TEST_FOLDERS]))


def _test_path(root: Path, tests: str, path: str) -> str:
    # Two test files of one name stop pytest in its default import mode.
    folder, _, name = path.rpartition("/")
    others = [other for other in (root / tests).rglob(name) if other != root / tests / path]
    return (
        f"{tests}/{folder}/{name.replace('test_', 'test_backtest_')}"
        if others
        else f"{tests}/{path}"
    )


def _requirements(root: Path, engine: str) -> str:
    project = ["-e ."] if project_file.is_package(root) else []
    listed = [f"-r {REQUIREMENTS_FILE}"] if (root / REQUIREMENTS_FILE).is_file() else []
    plugin = f'"{EMBEDDED_REQUIREMENT}"' if engine == EMBEDDED else "pytest-zacperf"
    return " ".join([*project, *listed, plugin])


def _next_lines(project: Project, engine: FoundEngine, *, has_table: bool) -> tuple[str, ...]:
    steps = [
        f"{RECORD}: records the order events; commit them once read",
        "pytest: compares with them",
    ]
    if has_table and project.settings.engine is None:
        steps.insert(0, f'write engine = "{engine.reference}" under [tool.zacperf]')
    lines = ["next:", *(f"  {step}" for step in steps)]
    if not project.settings.baseline:
        lines += ["the perf test is skipped until [tool.zacperf] has a baseline, such as", BASELINE]
    return tuple(lines)
