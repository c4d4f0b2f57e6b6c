"""What is installed here, what can run, and how noisy the machine is; prints nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pytest_zacperf.engines import Capabilities, Engine
from pytest_zacperf.engines.function import CAPABILITIES as OF_FUNCTIONS
from pytest_zacperf.engines.installed import NOT_INSTALLED
from pytest_zacperf.engines.lean.base import CAPABILITIES as OF_LEAN
from pytest_zacperf.engines.lookup import installed_engines, load_engine
from pytest_zacperf.errors import ZacperfError
from pytest_zacperf.measure import Meter
from pytest_zacperf.noise import Steadiness, steadiness_of
from pytest_zacperf.steadiness import loop_times_ns
from pytest_zacperf.tools import Tool

LEAN_TOOLS = ("docker", "lean")


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One engine, and whether it can run here.

    Attributes:
        name: As the settings name it.
        version: Of the engine; None where it is not known.
        capabilities: What it can give; None where it cannot be loaded.
        problem: Why it cannot run; None when it can.
        hint: What to do about that.

    """

    name: str
    version: str | None
    capabilities: Capabilities | None
    problem: str | None = None
    hint: str = ""


def engines_here(own: str | None, tools: Sequence[Tool]) -> Iterator[Diagnosis]:
    """Yield the project's engine, and then all that are installed.

    Args:
        own: Reference of the project's engine, if it names one.
        tools: What else is there.

    """
    for name in dict.fromkeys([*([own] if own else []), *installed_engines()]):
        yield _diagnosed(name)
    yield Diagnosis(name="FunctionEngine", version="1", capabilities=OF_FUNCTIONS)
    yield _lean(tools)


def look_at_machine(seconds: float, processors: int) -> Steadiness:
    """Do the same thing over and over for some seconds.

    Args:
        seconds: How long.
        processors: How many of them others can use.

    """
    with Meter() as meter:
        times_ns = loop_times_ns(seconds)
    found = meter.measurement
    if found.machine_busy_ns is None:
        return steadiness_of(times_ns, None)
    others_ns = max(0, found.machine_busy_ns - found.cpu_ns)
    return steadiness_of(times_ns, others_ns / (found.wall_ns * processors))


def _diagnosed(name: str) -> Diagnosis:
    try:
        engine: Engine = load_engine(name)
        version, capabilities = engine.version, engine.capabilities
    except ZacperfError as e:
        return Diagnosis(name=name, version=None, capabilities=None, problem=e.problem, hint=e.hint)
    if version == NOT_INSTALLED:
        hint = f'pip install "pytest-zacperf[{name}]"' if ":" not in name else "install its library"
        return Diagnosis(
            name=name, version=None, capabilities=capabilities, problem=NOT_INSTALLED, hint=hint
        )
    return Diagnosis(name=name, version=version, capabilities=capabilities)


def _lean(tools: Iterable[Tool]) -> Diagnosis:
    missing = [tool for tool in tools if tool.name in LEAN_TOOLS and tool.problem]
    return Diagnosis(
        name="LeanEngine",
        version=None,
        capabilities=OF_LEAN,
        problem="; ".join(f"{tool.name}: {tool.problem}" for tool in missing) or None,
        hint='start Docker, and pip install "pytest-zacperf[lean]"' if missing else "",
    )
