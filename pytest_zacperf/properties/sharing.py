"""Finds state that indicators share: in their class, in a module, in a default argument.

Such state would outlive a stream, so that hypothesis could not find the same failure again.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from pytest_zacperf.properties.comparing import first_difference
from pytest_zacperf.properties.driving import Incremental, checked_indicator
from pytest_zacperf.properties.market import Bar
from pytest_zacperf.properties.tolerances import Exact
from pytest_zacperf.units import NS_PER_S

EXACT = Exact()
# A rise and a fall: no value is the one before it, and the first is no extreme of what follows.
FACTORS = (1.0, 3.0, 0.5)
PROBES = 3
# Never the same twice in a process: what another indicator was given before must not be what
# shared state holds already.
_FAR_FACTORS = itertools.count(1_000)


def shared_state(make: Callable[[], Incremental[Any]], items: Sequence[Any]) -> str | None:
    """Return in what way new indicators are not apart; None if they are.

    Two are given the same items, each after another indicator was given others: of bars some
    with prices far away, of anything else the last ones.

    Raises:
        TypeError: It makes what has no ``update``.

    """
    first = make()
    checked_indicator(first)
    if first is make():
        return "make_incremental returned the same object twice; it has to make a new one each time"
    is_of_bars = isinstance(items[0], Bar)
    probes = _scaled(items[0], FACTORS) if is_of_bars else items[:PROBES]
    values = []
    try:
        for _ in range(2):
            far = float(next(_FAR_FACTORS))
            polluting, clean = make(), make()
            for other in _scaled(items[0], (far, 1 / far)) if is_of_bars else items[-PROBES:]:
                polluting.update(other)
            values.append([clean.update(probe) for probe in probes])
        return _difference(*values, name=type(first).__name__)
    except Exception:  # noqa: BLE001 - the user's own; the check itself shows it with its bar
        return None


def _difference(before: Sequence[object], after: Sequence[object], *, name: str) -> str | None:
    for one, other in zip(before, after, strict=True):
        difference = first_difference(one, other, EXACT)
        if difference is not None:
            return (
                f"two new {name} give {difference.incremental!r} and {difference.full!r} for the "
                "same input: they share state, such as an attribute of the class, a global "
                "variable or a default argument"
            )
    return None


def _scaled(bar: Bar, factors: Sequence[float]) -> Sequence[Bar]:
    return [
        msgspec.structs.replace(
            bar,
            start_ns=bar.start_ns + number * NS_PER_S,
            open=bar.open * factor,
            high=bar.high * factor,
            low=bar.low * factor,
            close=bar.close * factor,
            volume=bar.volume + number,
        )
        for number, factor in enumerate(factors)
    ]
