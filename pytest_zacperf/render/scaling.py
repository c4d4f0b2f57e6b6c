"""How costs grow with the size of a window: tables, and the lines of a test that judges it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from pytest_zacperf.call_growth import CallGrowth
from pytest_zacperf.estimates import Question
from pytest_zacperf.render.text import Table, cut, escape, table_lines
from pytest_zacperf.render.verdicts import amount_text
from pytest_zacperf.units import NS_PER_S, format_bytes, format_count, format_ns
from pytest_zacperf.verdict import Outcome

if TYPE_CHECKING:  # it loads scipy, and nobody who only prints needs that
    from pytest_zacperf.scaling import Exponent, ExponentVerdict, FunctionScaling, Point, Scaling

MOST_FUNCTIONS = 20
MOST_POINTS = 10
LONGEST_WINDOW = 60
LONGEST_MODULE = 60
LONGEST_NAME = 60
MOST_DIGITS = 6
NONE = "-"
# What two sizes close to each other project may be any number.
LONGEST_NS = 100 * 365 * 86_400 * NS_PER_S
LARGEST_BYTES = 10**15
NO_FUNCTIONS = "functions: none took time in profiles of 3 windows of different size"
PROFILED = "own time in profiled runs, which is no measurement; share of the functions' own time"
FUNCTION_HEADER = (
    *("rank", "function", "exponent", "95 % interval"),
    *("of calls", "own time", "share"),
)
GROWTH_HEADER = (
    *("rank", "function", "a call", "before", "grown"),
    *("calls", "before", "extra time", "within"),
)
CALLERS = "what a library takes counts as its caller's"
GROWN = "grown: without the machine's own change of speed; profiled times are no measurement"
WIDER = "more windows, or windows that differ more in size, make the interval narrower"


def scaling_tables(scaling: Scaling) -> list[Table]:
    """Return the exponents of the costs, and those of the functions that will cost most."""
    functions = scaling.functions[:MOST_FUNCTIONS]
    return [_costs(scaling), *([_functions(functions, scaling)] if functions else [])]


def growth_lines(growths: Sequence[CallGrowth], shorter: str, longer: str) -> list[str]:
    """Return a table of the functions whose calls became dearer, in the given order.

    Args:
        growths: What was found.
        shorter: Id of the window that is finished.
        longer: Id of the window that was compared with it.

    """
    before, after = _window(shorter), _window(longer)
    if not growths:
        return [f"no function's calls cost more in {after} than in {before}"]
    rows = [_growth_cells(rank, one) for rank, one in enumerate(growths[:MOST_FUNCTIONS], 1)]
    table = table_lines(GROWTH_HEADER, rows, numbers=frozenset({0, *range(2, 8)}))
    more = len(growths) - len(rows)
    return [
        f"calls that cost more in {after} than before, in {before}; {CALLERS}",
        GROWN,
        *table,
        *([f"and {more} more"] if more > 0 else []),
    ]


def exponent_lines(found: ExponentVerdict) -> list[str]:
    """Return what an exponent that was held against a limit says, with its windows."""
    heading = f"{found.quantity} ({found.clock})" if found.clock else str(found.quantity)
    points = sorted(found.points, key=lambda point: (point.size, point.window))
    rows = list(_point_rows(points, found))
    table = table_lines(("window", found.axis, heading), rows, numbers=frozenset({1, 2}))
    is_open = found.outcome is Outcome.INCONCLUSIVE
    return [exponent_line(found), *([WIDER] if is_open else []), *(f"  {line}" for line in table)]


def exponent_line(found: ExponentVerdict) -> str:
    """Return the verdict on an exponent in one line."""
    exponent = found.exponent
    digits = _digits(exponent, found.limit)
    clock = f"{found.clock} clock, " if found.clock else ""
    return (
        f"exponent of {found.quantity} {exponent.exponent:z.{digits}f} "
        f"{_interval(exponent, digits)} against {found.axis}, "
        f"limit {found.op} {found.limit:g}: {found.outcome} ({clock}{exponent.windows} windows)"
    )


def exponent_text(exponent: Exponent) -> str:
    """Return an exponent with its interval, such as ``1.02 [0.98, 1.06]``."""
    return f"{exponent.exponent:z.2f} {_interval(exponent)}"


def _costs(scaling: Scaling) -> Table:
    full, sizes = scaling.full, [format_count(size) for size in scaling.sizes]
    span = f"{len(sizes)} windows of {sizes[0]} to {sizes[-1]} {scaling.axis}"
    note = f"{span}; {_window(full.window)} has {format_count(full.size)}"
    return Table(
        header=("cost", "exponent", "95 % interval", "scatter", f"at {_window(full.window)}"),
        rows=(
            _cost_cells("wall", scaling.wall, full.size, _time),
            _cost_cells("CPU", scaling.cpu, full.size, _time),
            _cost_cells("peak memory", scaling.peak_memory, full.size, _memory),
        ),
        numbers=frozenset(range(1, 5)),
        note=note if scaling.functions else f"{note}; {NO_FUNCTIONS}",
    )


def _cost_cells(
    name: str, exponent: Exponent | None, size: float, text: Callable[[float], str]
) -> tuple[str, ...]:
    if exponent is None:
        return (name, NONE, NONE, NONE, NONE)
    return (
        name,
        f"{exponent.exponent:z.2f}",
        _interval(exponent),
        NONE if exponent.scatter is None else f"{exponent.scatter:.1%}",
        text(exponent.at(size)),
    )


def _functions(functions: Sequence[FunctionScaling], scaling: Scaling) -> Table:
    more = len(scaling.functions) - len(functions)
    listed = f"the {len(functions)} of {len(scaling.functions)} functions that will cost most; "
    return Table(
        header=FUNCTION_HEADER,
        rows=tuple(_function_cells(rank, one) for rank, one in enumerate(functions, 1)),
        numbers=frozenset({0, *range(2, len(FUNCTION_HEADER))}),
        note=f"{listed if more else ''}at {_window(scaling.full.window)}: {PROFILED}",
    )


def _function_cells(rank: int, function: FunctionScaling) -> tuple[str, ...]:
    return (
        str(rank),
        _function(function.module, function.line, function.name),
        f"{function.time.exponent:z.2f}",
        _interval(function.time),
        NONE if function.calls is None else f"{function.calls.exponent:z.2f}",
        _time(function.projected_own_ns),
        f"{function.share:.1%}",
    )


def _growth_cells(rank: int, growth: CallGrowth) -> tuple[str, ...]:
    return (
        str(rank),
        _function(growth.module, growth.line, growth.name) + (" (waits)" if growth.waits else ""),
        format_ns(growth.ns_per_call_after),
        format_ns(growth.ns_per_call_before),
        f"x{growth.ratio:.3g}",
        format_count(growth.calls_after),
        format_count(growth.calls_before),
        format_ns(growth.extra_ns),
        _within(growth),
    )


def _within(growth: CallGrowth) -> str:
    if growth.within is None:
        return NONE
    module, name = growth.within
    grown = "" if growth.within_ratio is None else f" x{growth.within_ratio:.3g}"
    return f"{_module(module)} {cut(escape(name), LONGEST_NAME)}{grown}"


def _point_rows(points: Sequence[Point], found: ExponentVerdict) -> Iterator[tuple[str, str, str]]:
    question = Question(quantity=found.quantity)
    ends = MOST_POINTS // 2
    for index, point in enumerate(points):
        if len(points) > MOST_POINTS and index == ends:
            yield f"and {len(points) - MOST_POINTS} more", "", ""
        if len(points) <= MOST_POINTS or not ends <= index < len(points) - ends:
            size = format_count(point.size)
            yield _window(point.window), size, amount_text(question, point.cost)


def _interval(exponent: Exponent, digits: int = 2) -> str:
    if exponent.low is None or exponent.high is None:
        return NONE
    return f"[{exponent.low:z.{digits}f}, {exponent.high:z.{digits}f}]"


def _digits(exponent: Exponent, limit: float) -> int:
    ends = [end for end in (exponent.low, exponent.high) if end is not None and end != limit]
    # What missed the limit must not be printed as the limit.
    enough = (
        n for n in range(2, MOST_DIGITS) if round(limit, n) not in [round(e, n) for e in ends]
    )
    return next(enough, MOST_DIGITS)


def _function(module: str, line: int, name: str) -> str:
    return f"{_module(module)}:{line} {cut(escape(name), LONGEST_NAME)}"


def _module(path: str) -> str:
    # The end of a path says more than its beginning.
    text = escape(path)
    return text if len(text) <= LONGEST_MODULE else f"...{text[3 - LONGEST_MODULE :]}"


def _window(name: str) -> str:
    return cut(escape(name), LONGEST_WINDOW)


def _time(ns: float) -> str:
    return format_ns(ns) if ns <= LONGEST_NS else "> 100 years"


def _memory(size: float) -> str:
    return format_bytes(size) if size <= LARGEST_BYTES else "> 1 PB"
