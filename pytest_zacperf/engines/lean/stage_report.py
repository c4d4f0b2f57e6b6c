"""Stage timing in a Lean algorithm: how long its named parts take, in its log at the end.

In ``main.py``::

    from perf_stages import stages

    class Gold(QCAlgorithm):
        def initialize(self):
            self._metrics = stages.stage("metrics")

        def on_data(self, data):
            with self._metrics:
                ...

        def on_end_of_algorithm(self):
            stages.report(self)

Stages are timed where the environment variable ZACPERF_STAGES is 1. Elsewhere ``stages.wrap``
returns the function itself, ``stages.stage`` a context that does nothing, and the log gets nothing.
A Lean parameter can switch them on too, before the first stage:
``if self.get_parameter("stages") == "1": stages.enabled = True``.

A stage's time includes the stages entered within it. A timer belongs to one thread.

Standard library and the stage timer alone: ``zacperf lean add-stages`` makes one file of both.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable

from pytest_zacperf.stages import StageTimer, Timing

SWITCH = "ZACPERF_STAGES"
# Other names are written as JSON, so that each stage keeps to one line.
PLAIN_NAME = re.compile(r"[A-Za-z0-9_.-]+")
# Every LEAN has the long-standing names, and few algorithms have an attribute that hides them.
# The cloud cuts debug messages at 200 characters and drops some.
LOG_METHODS = ("Log", "log", "Debug", "debug")


class LeanStages(StageTimer):
    """The stages of an algorithm, for its log."""

    __slots__ = ()

    def report(self, algorithm: object) -> None:
        """Write one line to the log for each stage that was entered.

        Args:
            algorithm: Whose log; or a function that writes one line, such as ``self.log``.

        Raises:
            TypeError: It is neither, also when nothing is timed.

        """
        write = _log_of(algorithm)
        for timing in self.timings():
            write(line_of(timing))


def line_of(timing: Timing) -> str:
    """Return the line of a stage: ``PERF_FINAL stage=metrics total_ns=123 count=5 max_ns=7``."""
    name = timing.name if PLAIN_NAME.fullmatch(timing.name) else json.dumps(timing.name)
    return (
        f"PERF_FINAL stage={name} total_ns={timing.total_ns} "
        f"count={timing.count} max_ns={timing.max_ns}"
    )


def _log_of(algorithm: object) -> Callable[[str], object]:
    for name in LOG_METHODS:
        method: Callable[[str], object] | None = getattr(algorithm, name, None)
        if callable(method):
            return method
    if callable(algorithm):
        return algorithm
    raise TypeError(
        f"stages.report() takes the algorithm or its log method, not {algorithm!r}; "
        "write stages.report(self)"
    )


stages = LeanStages(enabled=os.environ.get(SWITCH) == "1")
