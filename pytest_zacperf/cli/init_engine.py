"""How ``zacperf init`` comes to an engine: by the settings, the flag, the modules, or by asking."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from pytest_zacperf import project as project_file
from pytest_zacperf.cli.common import Project, is_terminal
from pytest_zacperf.engines.lookup import resolve_reference
from pytest_zacperf.errors import EngineError, SettingsError
from pytest_zacperf.starter import ENGINE_FILE, ENGINE_OF_FILE
from pytest_zacperf.starter.search import Candidate, find_candidates

SOURCE_FOLDER = "src"
MOST_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundEngine:
    """The engine of a project.

    Attributes:
        reference: What ``engine`` under ``[tool.zacperf]`` is, or is to be.
        function: The function for which ``ENGINE_FILE`` has to make that engine; None for none.
        lines: What to tell about it.

    """

    reference: str
    function: str | None = None
    lines: tuple[str, ...] = ()


def find_engine(project: Project, given: str | None) -> FoundEngine:
    """Return the engine of a project, or ask for it.

    Raises:
        SettingsError: There is none, or more than one, and nobody to ask; or *given* is not the
            one of the settings.
        EngineError: *given* cannot be an engine.

    """
    in_force = project.settings.engine
    if in_force is not None and given in {None, in_force}:
        return FoundEngine(reference=in_force)
    candidates = _candidates(project)
    found = _found(project, _given(given, candidates) if given else _choose(candidates), candidates)
    if in_force is not None and found.reference != in_force:
        raise SettingsError(
            f"the engine in {project_file.SETTINGS_FILE} is {in_force!r}, not {given!r}",
            "change it there, or leave --engine out",
        )
    return found


def _candidates(project: Project) -> Sequence[Candidate]:
    root = project.root
    source = root / SOURCE_FOLDER
    # A src that is a package is part of the names of its modules.
    has_source = source.is_dir() and not (source / "__init__.py").exists()
    bases = [root, *map(Path, project.python_path), *([source] if has_source else [])]
    tests = [root / path for path in project_file.read_test_paths(root)]
    return find_candidates(root, bases=bases, skipped=tests)


def _given(reference: str, candidates: Sequence[Candidate]) -> Candidate:
    for candidate in candidates:
        if candidate.reference == reference:
            return candidate
    resolve_reference(reference)
    return Candidate(reference=reference, is_function=False, base=None)


def _choose(candidates: Sequence[Candidate]) -> Candidate:
    engines = [candidate for candidate in candidates if not candidate.is_function]
    likely = engines or candidates
    if len(likely) == 1:
        return likely[0]
    names = [candidate.reference for candidate in likely]
    if is_terminal():
        return _ask(names, candidates)
    if not names:
        raise SettingsError(
            "no backtest is found: neither an engine made by a class named ...Engine, "
            "nor a function (start, end, ...)",
            "name it: zacperf init --engine MODULE:OBJECT; zacqc is the embedded one to try",
        )
    raise SettingsError(
        f"{len(names)} backtests are found: {', '.join(_cut(names))}",
        f"name the one to test: zacperf init --engine {names[0]}",
    )


def _ask(names: Sequence[str], candidates: Sequence[Candidate]) -> Candidate:
    click.echo(f"{len(names)} backtests are found" if names else "no backtest is found")
    for name in _cut(names):
        click.echo(f"  {name}")

    def parse(text: str) -> Candidate:
        try:
            return _given(text.strip(), candidates)
        except EngineError as e:
            raise click.UsageError(str(e)) from e

    answer: Candidate = click.prompt(
        "Which one is to be tested, as module:object", value_proc=parse
    )
    return answer


def _cut(names: Sequence[str]) -> Sequence[str]:
    left = len(names) - MOST_SHOWN
    return [*names[:MOST_SHOWN], f"and {left} more"] if left > 0 else names


def _found(project: Project, chosen: Candidate, candidates: Sequence[Candidate]) -> FoundEngine:
    lines = _import_lines(project, chosen)
    if not chosen.is_function:
        return FoundEngine(
            reference=chosen.reference, lines=(f"engine: {chosen.reference}", *lines)
        )
    made = any(candidate.reference == ENGINE_OF_FILE for candidate in candidates)
    if (project.root / ENGINE_FILE).exists() and not made:
        raise SettingsError(
            f"{ENGINE_FILE} exists and makes no engine, so none can be made there of "
            f"{chosen.reference}",
            'add engine = FunctionEngine("module:function") to it, or give it another name',
        )
    line = f"engine: {ENGINE_OF_FILE}, made of the function {chosen.reference}; see its comment"
    return FoundEngine(reference=ENGINE_OF_FILE, function=chosen.reference, lines=(line, *lines))


def _import_lines(project: Project, chosen: Candidate) -> tuple[str, ...]:
    known = {None, project.root, *map(Path, project.python_path)}
    top = chosen.reference.partition(":")[0].partition(".")[0]
    if chosen.base in known or importlib.util.find_spec(top) is not None:
        return ()
    source = SOURCE_FOLDER
    note = f"note: pytest does not look for modules in {source}: pip install -e ., or set "
    return (f'{note}pythonpath = ["{source}"] for pytest',)
