"""Lines in which an algorithm says how long its stages took, as ``stage_report`` writes them.

Other timers say the same in other words: JSON in place of ``key=value``, milliseconds in place of
nanoseconds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from pytest_zacperf.records import StageTiming
from pytest_zacperf.sentences import cut, escape

STAGE_LINE = re.compile(r"PERF_FINAL(?:_AGG)?[ :]+(?P<text>.*)")
PAIR = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S+)')
NAMES = ("stage", "name")
COUNTS = ("count", "calls", "n")
UNITS = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000, "seconds": 1_000_000_000}
LONGEST_LINE = 80


def stages_in(lines: Iterable[str]) -> tuple[tuple[StageTiming, ...], tuple[str, ...]]:
    """Return the stages that lines tell of, and a warning for each that cannot be understood.

    The last line of a stage counts.

    Args:
        lines: What stands behind ``PERF_FINAL`` or ``PERF_FINAL_AGG``.

    """
    found: dict[str, StageTiming] = {}
    warnings = []
    for line in lines:
        try:
            stages = [_stage(fields) for fields in _fields(line)]
        except (ValueError, KeyError, TypeError, OverflowError):
            stages = []
        found |= {stage.name: stage for stage in stages}
        if not stages:
            shown = cut(escape(line), LONGEST_LINE)
            warnings.append(f"a line of stage times cannot be understood: {shown}")
    return tuple(found.values()), tuple(warnings)


def _fields(line: str) -> Iterator[Mapping[str, object]]:
    if not line.startswith("{"):
        yield {
            name: json.loads(value) if value.startswith('"') else value
            for name, value in PAIR.findall(line)
        }
        return
    content: dict[str, object] = json.loads(line)
    if any(name in content for name in NAMES):
        yield content
        return
    for name, below in content.items():
        yield {**msgspec.convert(below, dict[str, object]), "stage": name}


def _stage(fields: Mapping[str, object]) -> StageTiming:
    name = fields["stage" if "stage" in fields else "name"]
    total_ns = _time_ns(fields, "total")
    if total_ns is None:
        raise KeyError("total")
    count = int(str(next((fields[name] for name in COUNTS if name in fields), 1)))
    max_ns = _time_ns(fields, "max")
    if total_ns < 0 or count < 0:
        raise ValueError(name)
    return StageTiming(
        name=str(name),
        total_ns=total_ns,
        count=count,
        max_ns=total_ns if max_ns is None else max_ns,
    )


def _time_ns(fields: Mapping[str, object], what: str) -> int | None:
    for unit, factor in UNITS.items():
        value = fields.get(f"{what}_{unit}")
        if value is None and what == "total" and unit == "seconds":
            value = fields.get("seconds", fields.get("total"))
        if value is not None:
            return round(float(str(value)) * factor)
    return None
