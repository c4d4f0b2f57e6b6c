"""The layers of DESIGN.md: imports point down, effects stand alone, pytest stays at the edges."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

import pytest_zacperf

PACKAGE = Path(pytest_zacperf.__file__).parent
ROOT = "pytest_zacperf"

FOUNDATION, DOMAIN, EFFECTS, APPLICATION, EDGES, EMBEDDED = (
    "foundation",
    "domain",
    "effects",
    "application",
    "edges",
    "embedded",
)
LAYERS = {
    FOUNDATION: {
        "",
        "errors",
        "digest",
        "foreign_events",
        "units",
        "values",
        "records",
        "secrecy",
        "sentences",
        "settings",
        "option_table",
    },
    DOMAIN: {
        "determinism",
        "retention",
        "run_names",
        "baselines",
        "blame",
        "call_costs",
        "call_growth",
        "function_names",
        "calibration",
        "comparability",
        "memory",
        "noise",
        "sampling",
        "schedule",
        "estimates",
        "functions",
        "perf_report",
        "profile_files",
        "parity_report",
        "parity_sides",
        "run_parity",
        "run_report",
        "stage_comparison",
        "stage_growth",
        "work",
        "stats",
        "verdict",
        "parity",
        "plan",
        "scaling",
        "render",
    },
    EFFECTS: {
        "ci",
        "engines",
        "measure",
        "naming",
        "process",
        "project",
        "stages",
        "starter",
        "steadiness",
        "tools",
        "profiling",
        "environment",
        "worktree",
        "store",
    },
    APPLICATION: {
        *("worker", "execution", "job", "repeatability", "runner", "housekeeping", "queue"),
        *("assessment", "comparison", "stored_comparison", "rounds", "recording_baselines"),
        *(
            "doctor",
            "report_files",
            "approving",
            "compared_sides",
            "recording_scan",
            "recorded_values",
        ),
    },
    EDGES: {
        "options",
        "session",
        "fixtures",
        "backtest",
        "window_choice",
        "baseline_choice",
        "judged_scaling",
        "judging",
        "limits",
        "reporting",
        "explaining",
        "ratios",
        "sides",
        "stored_side",
        "snapshots",
        "plugin",
        "cli",
        "command",
        "report",
        "testing",
    },
    # They stand beside the layers.
    EMBEDDED: {"calendars", "zacqc", "properties", "examples"},
}
# Each layer may import from these; within a layer is decided below.
BELOW = {
    FOUNDATION: set[str](),
    DOMAIN: {FOUNDATION},
    EFFECTS: {FOUNDATION},
    APPLICATION: {FOUNDATION, DOMAIN, EFFECTS},
    EDGES: {FOUNDATION, DOMAIN, EFFECTS, APPLICATION},
    EMBEDDED: {FOUNDATION},
}
ENGINES = "engines"
# What every adapter may use; no adapter is among them.
SHARED_BY_ENGINES = {
    ENGINES,
    *(
        f"engines.{name}"
        for name in ("building", "calling", "fills", "installed", "lookup", "plain")
    ),
}
ENGINE_OF_ZACQC = "engines.zacqc"
# Packages: Lean has four engines, the others have much around them.
ENGINE_PACKAGES = ("engines.lean", "engines.lumibot", "engines.zipline")
# What all that stands beside the layers may use.
SHARED_BY_EMBEDDED = {"calendars", "stages"}
EXAMPLES = "examples"  # written as users write, on public names of engines
# The one import that points up: the embedded backtest offers its engine, and imports it late.
LAZY = ("zacqc", ENGINE_OF_ZACQC)

FORBIDDEN = {
    FOUNDATION: {"os", "subprocess", "time", "shutil", "tempfile"},
    DOMAIN: {"io", "os", "pathlib", "shutil", "subprocess", "tempfile", "threading", "time"},
}
# One effect each, in some files.
PACKAGES = {"process", "profiling", "starter", "store", "worktree"}
EDGE_LIBRARIES = {
    "pytest": {
        *(
            "options",
            "session",
            "fixtures",
            "backtest",
            "window_choice",
            "baseline_choice",
            "judged_scaling",
            "judging",
            "limits",
            "reporting",
            "sides",
            "stored_side",
        ),
        *("snapshots", "plugin", "testing"),
    },
    "_pytest": set[str](),
    "syrupy": {
        "fixtures",
        "snapshots",
    }
    | {"plugin"},
    "click": {"cli"},
    "rich": {"cli"},
}


@dataclass(frozen=True, slots=True)
class Import:
    """A module that is imported, and whether that happens when the importing one is loaded."""

    target: str
    at_load: bool


def imports_of(source: str, known: frozenset[str]) -> Iterator[Import]:
    """Yield every import, also those in functions and under TYPE_CHECKING."""
    tree = ast.parse(source)
    late = {
        id(node)
        for outer in ast.walk(tree)
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef)
        or (isinstance(outer, ast.If) and "TYPE_CHECKING" in ast.unparse(outer.test))
        for node in ast.walk(outer)
    }
    for node in ast.walk(tree):
        at_load = id(node) not in late
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, at_load)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "write absolute imports"
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                yield Import(submodule if submodule in known else str(node.module), at_load)


def module_name(path: Path) -> str:
    """Return ``store`` or ``engines.function``; empty for the package itself."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {module_name(path): path.read_text() for path in sorted(PACKAGE.rglob("*.py"))}


def layer_of(module: str) -> str:
    """Return the layer of a module; a new module without one is an error."""
    top = module.partition(".")[0]
    for layer, names in LAYERS.items():
        if top in names:
            return layer
    pytest.fail(f"{module} has no layer; give it one in LAYERS, and in DESIGN.md")


def violations(module: str, source: str) -> list[str]:
    """Return what a module imports against the layers."""
    known = frozenset(f"{ROOT}.{name}" for name in SOURCES)
    found: list[str] = []
    for imported in imports_of(source, known):
        top = imported.target.partition(".")[0]
        if top == ROOT:
            target = imported.target.removeprefix(ROOT).lstrip(".")
            if not may_import(module, target) and not is_lazy(module, target, imported):
                found.append(f"{module} imports {target}")
        elif not may_use(module, top):
            found.append(f"{module} imports {top}")
    return found


def may_use(module: str, library: str) -> bool:
    """Return whether the layers allow the import of a library."""
    if library in FORBIDDEN.get(layer_of(module), ()):
        return False
    if library in EDGE_LIBRARIES:
        return module.partition(".")[0] in EDGE_LIBRARIES[library]
    return layer_of(module) != FOUNDATION or library in sys.stdlib_module_names | {"msgspec"}


def may_import(module: str, target: str) -> bool:
    """Return whether the layers allow the import of one of our modules."""
    layer, other = layer_of(module), layer_of(target)
    if module == "stages":  # any algorithm may vendor it
        return False
    if module.partition(".")[0] == target.partition(".")[0] in PACKAGES:
        return True
    if layer == EFFECTS and other == EFFECTS:
        of_one = any(module.startswith(one) and target.startswith(one) for one in ENGINE_PACKAGES)
        shared = target in {*SHARED_BY_ENGINES, "stages"} and module.startswith(ENGINES)
        return of_one or shared
    if layer == EMBEDDED:
        return may_embedded(module, target)
    if module == ENGINE_OF_ZACQC and target.partition(".")[0] == "zacqc":
        return True
    return layer == other or other in BELOW[layer]


def may_embedded(module: str, target: str) -> bool:
    """Return whether what stands beside the layers may import one of our modules."""
    is_same = module.partition(".")[0] == target.partition(".")[0]
    is_example = module.startswith(EXAMPLES) and target.startswith(f"{ENGINES}.")
    is_shared = target in SHARED_BY_EMBEDDED
    return is_same or is_example or is_shared or layer_of(target) == FOUNDATION


def is_lazy(module: str, target: str, imported: Import) -> bool:
    """Return whether this is the import that may point up because it happens late."""
    return (module, target) == LAZY and not imported.at_load


def cycles(sources: Mapping[str, str]) -> list[str]:
    """Return the modules that take part in an import cycle, late imports counted."""
    known = frozenset(f"{ROOT}.{name}" for name in sources)
    edges = {
        name: {
            imported.target.removeprefix(f"{ROOT}.")
            for imported in imports_of(source, known)
            if imported.target in known and not is_lazy(name, _short(imported), imported)
        }
        for name, source in sources.items()
    }
    # Take away what imports nothing that is left; what remains lies on a cycle or above one.
    while free := [name for name, targets in edges.items() if not targets & edges.keys()]:
        for name in free:
            del edges[name]
    return sorted(edges)


def _short(imported: Import) -> str:
    return imported.target.removeprefix(f"{ROOT}.")


@pytest.mark.parametrize("module", SOURCES)
def test_a_module_imports_only_what_its_layer_may(module: str) -> None:
    assert violations(module, SOURCES[module]) == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert cycles(SOURCES) == []


@pytest.mark.parametrize(
    ("module", "source", "expected"),
    [
        pytest.param("stats", "import os", ["stats imports os"], id="domain and operating system"),
        pytest.param(
            "verdict",
            "from pytest_zacperf import store",
            ["verdict imports store"],
            id="domain and effect",
        ),
        pytest.param(
            "store",
            "from pytest_zacperf.measure import Meter",
            ["store imports measure"],
            id="effect and effect",
        ),
        pytest.param(
            "store",
            "def f():\n    from pytest_zacperf import parity",
            ["store imports parity"],
            id="effect and domain, late",
        ),
        pytest.param(
            "runner",
            "if TYPE_CHECKING:\n    from pytest_zacperf.session import Session",
            ["runner imports session"],
            id="application and edge, for types",
        ),
        pytest.param("worker", "import pytest", ["worker imports pytest"], id="pytest"),
        pytest.param("fixtures", "import click", ["fixtures imports click"], id="click"),
        pytest.param("records", "import numpy", ["records imports numpy"], id="foundation"),
        pytest.param(
            "stages",
            "from pytest_zacperf import errors",
            ["stages imports errors"],
            id="the stage timer stands alone",
        ),
        pytest.param(
            "zacqc",
            "from pytest_zacperf.engines import zacqc",
            ["zacqc imports engines.zacqc"],
            id="the embedded engine, at load",
        ),
        pytest.param(
            "zacqc.replay",
            "from pytest_zacperf.parity import OrderEvents",
            ["zacqc.replay imports parity"],
            id="embedded and domain",
        ),
        pytest.param(
            "zacqc.replay", "from pytest_zacperf.zacqc.market import Market", [], id="allowed"
        ),
    ],
)
def test_the_check_can_fail(module: str, source: str, expected: list[str]) -> None:
    assert violations(module, source) == expected


def test_a_circle_is_found_though_one_import_is_late() -> None:
    sources = {
        "store": "from pytest_zacperf import runner",
        "runner": "def f():\n    import pytest_zacperf.store",
        "errors": "",
    }
    assert cycles(sources) == ["runner", "store"]


def test_a_module_without_a_layer_is_refused() -> None:
    with pytest.raises(pytest.fail.Exception, match="astrology has no layer"):
        layer_of("astrology")
