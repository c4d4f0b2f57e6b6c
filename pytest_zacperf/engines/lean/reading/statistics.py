"""The single figures of a result file, by name: what runs are compared by beside their orders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from pytest_zacperf.engines.lean.reading.json_files import (
    Object,
    camel,
    object_at,
    with_camel_keys,
)
from pytest_zacperf.records import StatisticValue

STATISTICS = "statistics"
# Compared as what they are, or as long as a chart is wide, or of the machine, or no two runs have
# the same. LEAN's own analysis of a run judges its speed.
LEFT_OUT = frozenset({
    *("orders", "orderEvents", "charts", "profitLoss", "rollingWindow"),
    *("analysis", "serverStatistics", "alphaRuntimeStatistics"),
})
# When and where LEAN ran, and how much it wrote; the stack is that of the error.
STATE_LEFT_OUT = frozenset({"StartTime", "EndTime", "Hostname", "StackTrace", "LogCount"})
# Keys below them are names of figures, and parameters, that nobody has ever changed.
NAMED = frozenset({STATISTICS, "runtimeStatistics", "state"})
LONGEST_LIST = 100
ERROR = "RuntimeError"


def figures_of(content: Object) -> dict[str, StatisticValue]:
    """Return all figures of a main file or a summary by name.

    Those below ``statistics`` keep their names; the others have where they lie before it, such as
    ``totalPerformance.tradeStatistics.winRate``. Texts stay texts: LEAN writes ``"9.797%"``. What
    is not known is kept the same way, a long list as one text.

    Args:
        content: The object in the file, with the keys that it has.

    """
    found: dict[str, StatisticValue] = {}
    for key, value in content.items():
        name = camel(key)
        if name in LEFT_OUT:
            continue
        for path, figure in _figures(_section(name, value), name):
            found[path.removeprefix(f"{STATISTICS}.")] = figure
    return found


def _section(name: str, value: object) -> object:
    if not isinstance(value, dict):
        return value
    if name == "state":
        kept = {key: below for key, below in value.items() if key not in STATE_LEFT_OUT}
        if isinstance(kept.get(ERROR), str):
            # Only what happened: the lines of code below it move with the code.
            kept[ERROR] = str(kept[ERROR]).partition("\n")[0]
        return kept
    if name == "algorithmConfiguration":
        parameters = object_at(value, "parameters") or object_at(value, "Parameters")
        return {**_object(with_camel_keys(value)), "parameters": parameters}
    if name == "totalPerformance":
        below = _object(with_camel_keys(value))
        return {key: rest for key, rest in below.items() if key != "closedTrades"}
    return value if name in NAMED else with_camel_keys(value)


def _object(value: object) -> Object:
    return value if isinstance(value, dict) else {}


def _figures(value: object, at: str) -> Iterator[tuple[str, StatisticValue]]:
    if isinstance(value, Mapping):
        for name, below in value.items():
            yield from _figures(below, f"{at}.{name}")
    elif isinstance(value, list) and len(value) <= LONGEST_LIST:
        for number, below in enumerate(value, start=1):
            yield from _figures(below, f"{at}.{number}")
    elif isinstance(value, list):
        yield at, msgspec.json.encode(value, order="deterministic").decode()
    elif isinstance(value, bool):
        yield at, str(value)
    elif value is None or isinstance(value, str | int | float):
        yield at, value
