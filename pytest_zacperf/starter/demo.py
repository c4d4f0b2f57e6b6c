"""The demo: a project on the embedded backtest and its synthetic market."""

from __future__ import annotations

import datetime as dt
import importlib.util
from collections.abc import Mapping, Sequence

from pytest_zacperf.errors import EngineError
from pytest_zacperf.records import Window
from pytest_zacperf.starter import (
    CI_FILE,
    PARITY_TEST,
    PERF_TEST,
    Starter,
    demo_text,
    parity_text,
    plan_text,
)

# The extra "zacqc": what it installs and the embedded backtest imports.
LIBRARIES = ("exchange_calendars", "numpy", "polars")
REQUIREMENT = "pytest-zacperf[zacqc]"
LABEL = "short"
# Days on which the synthetic market lets the strategy trade, in tens of orders.
WINDOWS = tuple(
    Window(id=f"day-{day}", start=day, end=day, label=LABEL)
    for day in (dt.date(2025, 4, 9), dt.date(2025, 10, 22))
)
STARTER = Starter(
    engine="strategies.stop_entry:engine",
    plan="profiling_plan.json",
    labels=(LABEL,),
    requirements=f'"{REQUIREMENT}"',
    has_baseline=True,
)


def require_libraries(names: Sequence[str] = LIBRARIES) -> None:
    """Check that the embedded backtest can run; loads nothing.

    Raises:
        EngineError: A library of the extra ``zacqc`` is not installed.

    """
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    if missing:
        raise EngineError(
            f"the demo runs the embedded backtest, which needs {', '.join(missing)}: not installed",
            f'pip install "{REQUIREMENT}"',
        )


def demo_files() -> Mapping[str, str]:
    """Return path to content of every file of the demo."""
    return {
        "pyproject.toml": demo_text(
            "pyproject.toml", engine=STARTER.engine, plan=STARTER.plan, label=LABEL
        ),
        STARTER.plan: plan_text(WINDOWS),
        "strategies/__init__.py": demo_text("strategies.py"),
        "strategies/stop_entry.py": demo_text("stop_entry.py"),
        f"tests/{PERF_TEST}": demo_text("test_runtime.py", window=WINDOWS[-1].id),
        f"tests/{PARITY_TEST}": parity_text(),
        CI_FILE: STARTER.ci_text(),
        ".gitignore": demo_text("gitignore"),
    }
