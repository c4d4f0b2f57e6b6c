"""What the strategies refuse at once: arguments that leave nothing to draw."""

from __future__ import annotations

from collections.abc import Sequence


def checked_sizes(min_size: int, max_size: int, *, of: str) -> None:
    """Refuse sizes that no stream has.

    Raises:
        ValueError: The smallest is less than 1, or more than the largest.

    """
    if not 0 < min_size <= max_size:
        raise ValueError(
            f"a stream has 1 {of} or more and min_size is at most max_size, "
            f"not min_size={min_size!r}, max_size={max_size!r}"
        )


def checked_symbols(symbols: Sequence[str]) -> tuple[str, ...]:
    """Return the tickers.

    Raises:
        ValueError: There is none, one comes twice, or one cannot stand in a table.

    """
    known = () if isinstance(symbols, str) else tuple(symbols)
    if not known or len(set(known)) != len(known) or any(len(one.split()) != 1 for one in known):
        raise ValueError(
            f"symbols is a sequence of different tickers without white space, not {symbols!r}"
        )
    return known


def checked_interval(interval_s: int) -> int:
    """Return the length of a bar in seconds.

    Raises:
        ValueError: It is not a whole number of 1 or more.

    """
    if interval_s != int(interval_s) or interval_s < 1:
        raise ValueError(f"interval_s is a whole number of 1 or more, not {interval_s!r}")
    return int(interval_s)
