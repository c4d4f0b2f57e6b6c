"""The files of a starter project, filled in from the templates beside this module.

Nothing here writes: that is in ``files.py``; where a project has its backtest is in ``search.py``.
"""

from __future__ import annotations

import json
import string
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

from pytest_zacperf.records import Window

ENGINE_FILE = "backtest_engine.py"
ENGINE_OF_FILE = "backtest_engine:engine"
CI_FILE = ".github/workflows/backtest.yml"
PERF_TEST = "perf/test_runtime.py"
PARITY_TEST = "parity/test_order_events.py"
# What a pull request starts from, or the commit before.
AGAINST_BASE = """ --zacperf-against "${{ github.event.pull_request.base.sha || 'HEAD~1' }}\""""


@dataclass(frozen=True, slots=True, kw_only=True)
class Starter:
    """What the files of a project say.

    Attributes:
        engine: ``module:object`` of the backtest.
        plan: The plan file, relative to the project.
        labels: Labels of the windows that tests see.
        requirements: What the CI file gives to ``pip install``.
        has_baseline: Whether the settings name a baseline; CI compares with a revision if not.

    """

    engine: str
    plan: str
    labels: tuple[str, ...]
    requirements: str
    has_baseline: bool = False

    def settings_table(self) -> str:
        """Return ``[tool.zacperf]`` as TOML."""
        return _fill(
            "project/settings.toml",
            # What JSON writes for text and lists of text, TOML reads.
            engine=_json(self.engine),
            plan=_json(self.plan),
            labels=_json(self.labels),
        )

    def ci_text(self) -> str:
        """Return the CI file, for the Python that runs now."""
        return _fill(
            "project/backtest.yml",
            python=f"{sys.version_info.major}.{sys.version_info.minor}",
            requirements=self.requirements,
            perf_options="" if self.has_baseline else AGAINST_BASE,
        )


def plan_text(windows: Sequence[Window]) -> str:
    """Return a plan file with these windows."""
    runs = [
        _json({"id": w.id, "start": str(w.start), "end": str(w.end), "label": w.label})
        for w in windows
    ]
    return _fill("project/plan.json", runs=",\n".join(f"    {run}" for run in runs))


def perf_text() -> str:
    """Return the perf test of a project that need not have a baseline."""
    return _fill("project/test_runtime.py")


def parity_text() -> str:
    """Return the parity test."""
    return _fill("project/test_order_events.py")


def engine_text(function: str) -> str:
    """Return the module that makes an engine of ``module:function``."""
    return _fill("project/backtest_engine.py", function=function)


def demo_text(name: str, **values: str) -> str:
    """Return a file that only the demo has."""
    return _fill(f"demo/{name}", **values)


def _fill(name: str, **values: str) -> str:
    template = resources.files(__name__).joinpath("templates", f"{name}.template")
    return string.Template(template.read_text(encoding="utf-8")).substitute(values)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
