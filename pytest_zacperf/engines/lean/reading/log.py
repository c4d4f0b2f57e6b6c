"""LEAN's ``log.txt``: its version, what it went through and how long it took, errors, stages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pytest_zacperf.engines.lean.reading.json_files import number
from pytest_zacperf.engines.lean.reading.records import LeanLog
from pytest_zacperf.engines.lean.reading.stage_lines import STAGE_LINE, stages_in
from pytest_zacperf.engines.lean.reading.times import ns_of
from pytest_zacperf.records import StageTiming
from pytest_zacperf.sentences import cut, escape

LINE = re.compile(r"(?P<time>\d{4}-\d\d-\d\dT\S+Z) (?P<level>[A-Z]+):: (?P<text>.*)")
ENGINE = re.compile(r"LEAN ALGORITHMIC TRADING ENGINE v(?P<version>\S+) Mode: (?P<mode>\w+)")
# As LEAN's own AlgorithmSpeedAnalysis.cs has it; the rate beside it is rounded to thousands.
COMPLETED = re.compile(
    r"Algorithm Id:\([^)]+\) completed in (?P<seconds>[\d.]+) seconds at \d+k data points per "
    r"second\. Processing total of (?P<points>[\d,]+) data points\."
)
PROCESS = re.compile(r"Isolator\.ExecuteWithTimeLimit\(\): .*\bApp: (?P<megabytes>\d+)")
BYTES_PER_MB = 1_048_576
MOST_ERRORS = 20
LONGEST_ERROR = 300


@dataclass(slots=True)
class _Reading:
    """What has been read of a log so far."""

    found: dict[str, str] = field(default_factory=dict)
    process_bytes: int | None = None
    first_ns: int | None = None
    last_ns: int | None = None
    errors: list[str] = field(default_factory=list)
    stage_lines: dict[str, None] = field(default_factory=dict)

    def take(self, text: str) -> None:
        line = LINE.match(text)
        if line:
            at_ns = ns_of(line["time"])
            self.first_ns = at_ns if self.first_ns is None else self.first_ns
            self.last_ns = at_ns
            if line["level"] == "ERROR" and len(self.errors) < MOST_ERRORS:
                self.errors.append(cut(escape(line["text"]), LONGEST_ERROR))
        for pattern in (ENGINE, COMPLETED):
            found = pattern.search(text)
            self.found |= found.groupdict() if found else {}
        memory = PROCESS.search(text)
        if memory:
            self.process_bytes = max(
                self.process_bytes or 0, int(memory["megabytes"]) * BYTES_PER_MB
            )
        stage = STAGE_LINE.search(text)
        if stage:
            self.stage_lines[stage["text"].strip()] = None


def read_log(file: Path, *more: Path) -> tuple[LeanLog, tuple[str, ...]]:
    """Return what a log says, and warnings about lines that cannot be understood.

    Args:
        file: ``log.txt``; where there is none, the log says nothing.
        more: Logs in which stage lines may stand as well.

    """
    reading = _Reading()
    for text in _lines(file):
        reading.take(text)
    stage_lines = [
        *reading.stage_lines,
        *(found["text"].strip() for path in more for found in _stage_lines(path)),
    ]
    stages, warnings = stages_in(dict.fromkeys(stage_lines))
    return _log(reading, stages), warnings


def _log(reading: _Reading, stages: tuple[StageTiming, ...]) -> LeanLog:
    found = reading.found
    points = number(found.get("points", "").replace(",", ""))
    span = (reading.first_ns, reading.last_ns)
    return LeanLog(
        engine_version=found.get("version"),
        engine_mode=found.get("mode"),
        engine_seconds=number(found.get("seconds")),
        data_points=None if points is None else int(points),
        process_bytes=reading.process_bytes,
        wall_ns=None if span[0] is None or span[1] is None else span[1] - span[0],
        stages=stages,
        errors=tuple(reading.errors),
    )


def _stage_lines(path: Path) -> Iterator[re.Match[str]]:
    for text in _lines(path):
        found = STAGE_LINE.search(text)
        if found:
            yield found


def _lines(path: Path) -> Iterable[str]:
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as lines:
            yield from lines
    except OSError:
        return
