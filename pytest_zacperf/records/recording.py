"""A recording: where an accepted one came from, and what was received in its place."""

from __future__ import annotations

import datetime as dt

import msgspec

from pytest_zacperf.records.base import Record
from pytest_zacperf.records.workload import Fingerprints, Workload


class Origin(Record, frozen=True, kw_only=True):
    """The run that something came from.

    Attributes:
        workload: What was run, with the engine's name and all its parameters.
        fingerprints: Of code, parameters and data.
        git_revision: Of the project; None outside a repository.
        git_dirty: Whether tracked files differed from it; None where that is not known.
        python: Implementation and version.
        stage_counts: How often each stage was entered, in order of first entry; never its times,
            which are other ones each time.

    """

    workload: Workload
    fingerprints: Fingerprints | None = None
    git_revision: str | None = None
    git_dirty: bool | None = None
    python: str = ""
    stage_counts: dict[str, int] = msgspec.field(default_factory=dict)


class Accepted(Record, frozen=True, kw_only=True):
    """What lies beside a recording: whose it is, and where it came from.

    Attributes:
        test: Node id of the test that compares with it.
        origin: The run; None for what no run has left.

    """

    test: str
    origin: Origin | None = None

    @property
    def module(self) -> str:
        """File of the test."""
        return self.test.partition("::")[0]


class Received(Record, frozen=True, kw_only=True):
    """What a test received instead of its recording, and what keeps it from becoming that.

    Attributes:
        test: Node id.
        kind: What is recorded, such as ``order_events``.
        recording: File of the recording, relative to the project.
        instead_of: Hash of what is recorded there; None where nothing is.
        session: Of the run.
        received_utc: When.
        origin: Where it came from; None for what no run has left.
        change: How large the change is, in one line.
        lines: How it differs, as the failed test said.
        problem: Why it cannot be approved; None when it can.

    """

    test: str
    kind: str
    recording: str
    instead_of: str | None = None
    session: str
    received_utc: dt.datetime
    change: str
    origin: Origin | None = None
    lines: tuple[str, ...] = ()
    problem: str | None = None
