"""What the doctor found, as tables and lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pytest_zacperf.noise import Steadiness
from pytest_zacperf.records import Environment
from pytest_zacperf.render.text import Table, escape
from pytest_zacperf.units import format_ns

ENGINES = ("engine", "runs here", "order events", "equity", "threads", "network", "invariants")
TOOLS = ("tool", "here", "for")
LONG_LOOK = "`zacperf bench --aa` measures what that does to the ratios of your own backtest"


def engine_row(
    name: str, version: str | None, problem: str | None, hint: str, flags: Sequence[str]
) -> tuple[str, ...]:
    """Return the row of an engine.

    Args:
        name: As the settings name it.
        version: None where it is not known.
        problem: None where it can run.
        hint: What to do about the problem.
        flags: What it can give, one for each further column; empty where nobody knows.

    """
    yes = f"yes, {version}" if version else "yes"
    runs = yes if problem is None else f"no: {problem} ({hint})"
    return (escape(name), escape(runs), *(flags or ["-"] * 5))


def engines_table(rows: Iterable[tuple[str, ...]]) -> Table:
    """Return the table of all engines."""
    return Table(header=ENGINES, rows=tuple(rows))


def tools_table(rows: Iterable[tuple[str, ...]]) -> Table:
    """Return the table of tools: name, version or problem, use."""
    return Table(header=TOOLS, rows=tuple(tuple(map(escape, row)) for row in rows))


def environment_lines(where: Environment, fingerprint: str) -> Iterator[str]:
    """Yield what decides whether two measurements may be compared."""
    yield f"{where.python}, {where.platform}, {where.machine}, {len(where.cpus)} processors"
    yield ", ".join(f"{name} {version}" for name, version in sorted(where.packages.items()))
    variables = ", ".join(f"{name}={value}" for name, value in sorted(where.variables.items()))
    if variables:
        yield escape(variables)
    yield f"fingerprint {fingerprint}: figures of two machines with the same one may be compared"


def steadiness_lines(found: Steadiness) -> Iterator[str]:
    """Yield how steady the machine was."""
    yield (
        f"{found.word}: the same loop of {format_ns(found.median_ns)}, {found.loops:,} times, "
        f"varied by {found.sd:.1%} from one to the next; the slowest took {found.slowest:.1f} "
        "times as long as the median"
    )
    if found.busy_share is not None:
        yield f"other programs used {found.busy_share:.0%} of the processors meanwhile"
    yield LONG_LOOK
