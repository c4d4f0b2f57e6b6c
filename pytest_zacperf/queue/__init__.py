"""Works a profiling plan off: takes its runs, has them profiled, writes down what they cost."""

from __future__ import annotations

from pytest_zacperf.queue.passes import Passes, Rules
from pytest_zacperf.queue.plan_queue import PlanQueue
from pytest_zacperf.queue.watch import QueueWatch
from pytest_zacperf.queue.work import Tally, work_off

__all__ = ["Passes", "PlanQueue", "QueueWatch", "Rules", "Tally", "work_off"]
