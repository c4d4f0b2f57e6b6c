"""How the costs of a backtest and of its functions grow, and what they come to at full range."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pytest_zacperf.errors import ScalingError
from pytest_zacperf.function_names import FunctionKey, functions_by_name
from pytest_zacperf.records import FunctionProfile
from pytest_zacperf.scaling.fitting import Exponent, fit
from pytest_zacperf.scaling.sizes import (
    FEWEST_FOR_INTERVAL,
    Axis,
    FullRange,
    Measured,
    axis_of,
    distinct_sizes,
    require_sizes,
    size_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionScaling:
    """How a function grows with the size of a window; profiled times are no measurement.

    Attributes:
        module: Path of its file, as in ``FunctionProfile``.
        name: Its name, with the class where there is one.
        line: Where it begins in the largest window.
        time: Exponent of its own time.
        calls: Exponent of how often it is called; None where that is not known.
        projected_own_ns: Its own time at the full range.
        share: Of the projected own time of all functions that are listed, 0 to 1.

    """

    module: str
    name: str
    line: int
    time: Exponent
    calls: Exponent | None
    projected_own_ns: float
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """How costs grow with the size of a window.

    Attributes:
        axis: What sizes are counted in.
        sizes: Of the windows, from the smallest on.
        full: What costs are projected to.
        wall: Exponent of elapsed time; None where it is zero in too many windows, as the others.
        cpu: Exponent of CPU time.
        peak_memory: Exponent of the peak memory.
        functions: The ones that take most time at the full range first.

    """

    axis: Axis
    sizes: tuple[float, ...]
    full: FullRange
    wall: Exponent | None
    cpu: Exponent | None
    peak_memory: Exponent | None
    functions: tuple[FunctionScaling, ...]


def scaling_of(windows: Sequence[Measured], full: FullRange | None = None) -> Scaling:
    """Return how the costs of finished windows grow.

    A function has an exponent when it took time in windows of at least 3 different sizes. It is the
    same in two windows when module and name are.

    Args:
        windows: In any order.
        full: What costs are projected to; None for the largest of the windows.

    Raises:
        ScalingError: Fewer than 2 different sizes.

    """
    axis = axis_of(windows)
    sized = sorted(((size_of(one, axis), one) for one in windows), key=lambda pair: pair[0])
    require_sizes({one.window: size for size, one in sized}, axis)
    size, largest = sized[-1]
    full = full or FullRange(window=largest.window, size=size)
    return Scaling(
        axis=axis,
        sizes=tuple(size for size, _ in sized),
        full=full,
        wall=_fit_or_none((size, one.wall_ns) for size, one in sized),
        cpu=_fit_or_none((size, one.cpu_ns) for size, one in sized),
        peak_memory=_fit_or_none((size, one.peak_memory_bytes) for size, one in sized),
        functions=_functions(sized, full),
    )


def _functions(
    sized: Iterable[tuple[float, Measured]], full: FullRange
) -> tuple[FunctionScaling, ...]:
    met: defaultdict[FunctionKey, list[tuple[float, FunctionProfile]]] = defaultdict(list)
    for size, window in sized:
        for key, function in functions_by_name(window.functions).items():
            met[key].append((size, function))
    fits = {
        key: fit([(size, function.own_ns) for size, function in found])
        for key, found in met.items()
        if _has_interval(found)
    }
    projected = {key: time.at(full.size) for key, time in fits.items()}
    total_ns = sum(projected.values())
    return tuple(
        FunctionScaling(
            module=key[0],
            name=key[1],
            line=met[key][-1][1].line,
            time=fits[key],
            calls=_fit_or_none((size, function.calls) for size, function in met[key]),
            projected_own_ns=projected[key],
            share=projected[key] / total_ns,
        )
        for key in sorted(fits, key=lambda key: (-projected[key], key))
    )


def _has_interval(found: Iterable[tuple[float, FunctionProfile]]) -> bool:
    sizes = distinct_sizes(size for size, function in found if function.own_ns > 0)
    return sizes >= FEWEST_FOR_INTERVAL


def _fit_or_none(points: Iterable[tuple[float, float]]) -> Exponent | None:
    try:
        return fit(list(points))
    except ScalingError:  # zero in too many windows
        return None
