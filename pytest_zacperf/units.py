"""Numbers as people read them: times, sizes, counts."""

from __future__ import annotations

NS_PER_S = 1_000_000_000

_TIMES = ((NS_PER_S, "s"), (1_000_000, "ms"), (1_000, "us"))
_SIZES = ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB"))


def format_ns(ns: float) -> str:
    """Return a duration in ns with three digits and its unit, such as ``1.23 s``."""
    seconds = round(ns / NS_PER_S)
    if seconds >= 3_600:  # noqa: PLR2004 - an hour
        return f"{seconds // 3_600} h {seconds % 3_600 // 60:02} min"
    if seconds >= 60:  # noqa: PLR2004 - a minute
        return f"{seconds // 60} min {seconds % 60:02} s"
    return _scaled(ns, _TIMES, "ns")


def format_seconds(seconds: float | None) -> str:
    """Return a duration in s as ``format_ns`` does; a dash where nobody knows it."""
    return "-" if seconds is None else format_ns(seconds * NS_PER_S)


def format_bytes(n: float) -> str:
    """Return a size with three digits and its decimal unit, such as ``75.2 MB``."""
    return _scaled(n, _SIZES, "B")


def format_count(n: float) -> str:
    """Return a count with its thousands apart, such as ``1,234,567``."""
    return f"{round(n):,}"


def _scaled(value: float, units: tuple[tuple[int, str], ...], smallest: str) -> str:
    for factor, unit in units:
        # Compared as it will be printed, so that 999 999 becomes 1.00 of the next unit.
        if abs(value) >= factor * 0.9995:
            return f"{_three_digits(value / factor)} {unit}"
    return f"{round(value)} {smallest}"


def _three_digits(value: float) -> str:
    size = abs(value)
    if size < 9.995:  # noqa: PLR2004 - rounds to less than 10.0
        return f"{value:.2f}"
    return f"{value:.1f}" if size < 99.95 else f"{value:.0f}"  # noqa: PLR2004 - below 100
