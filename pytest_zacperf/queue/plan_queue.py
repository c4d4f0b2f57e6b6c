"""The plan file as a queue that several processes share: each change is read, made and written."""

from __future__ import annotations

import codecs
import datetime as dt
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from pytest_zacperf import process
from pytest_zacperf.errors import SettingsError
from pytest_zacperf.plan import Plan, RunningMark, RunResult, Status, parse_plan
from pytest_zacperf.plan import queue as states
from pytest_zacperf.plan.probe import Decision
from pytest_zacperf.plan.queue import Blocked, Unit, Waiting
from pytest_zacperf.process import Identity
from pytest_zacperf.store import Claim, PlanFile


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanQueue:
    """The queue in a plan file.

    Attributes:
        file: The plan file.
        name: How messages name it.
        claim: What this process says of itself when it has to wait for the file.
        identity: Of this process, by which others tell whether it still lives.

    """

    file: PlanFile
    name: str
    claim: Claim
    identity: Identity = field(default_factory=process.own_identity)

    def read(self) -> Plan:
        """Return the plan as it is now.

        Raises:
            SettingsError: It cannot be read or used; it stays as it is.

        """
        return parse_plan(self.file.read(), self.name)

    def take(self, wanted: Collection[str]) -> tuple[Plan, Unit | Waiting | Blocked | None]:
        """Take the next of the wanted runs for this process; see ``plan.queue.next_unit``.

        Returns:
            The plan as it was just before, and what was taken.

        """
        taken: list[Unit | Waiting | Blocked | None] = []

        def change(plan: Plan) -> str | None:
            found = states.next_unit(plan, wanted, _may_be_alive)
            taken.append(found)
            if not isinstance(found, Unit):
                return None
            return states.claimed(plan, found.ids, self._mark())

        return self._change(change), taken[0]

    def give_back(self, ids: Collection[str]) -> None:
        """Make those of the runs that this process still has pending again."""

        def change(plan: Plan) -> str | None:
            mine = [run.id for run in plan.runs if run.id in ids and self._has(plan, run.id)]
            return states.released(plan, mine) if mine else None

        self._change(change)

    def finish(
        self, run_id: str, status: Status, result: RunResult, moved: Mapping[str, str]
    ) -> None:
        """Write down the result of a run that this process has.

        Args:
            run_id: The run.
            status: How it has ended.
            result: What is written down.
            moved: Files of earlier results that have another name now.

        Raises:
            SettingsError: Somebody took it away meanwhile; its files are there all the same.

        """

        def change(plan: Plan) -> str:
            if not self._has(plan, run_id):
                raise SettingsError(
                    f"{self.name}: {run_id!r} was taken from this process while it ran",
                    f"its files are in {plan.meta.output_dir}; leave the plan alone while "
                    "`zacperf run` is at work",
                )
            return states.finished(plan, run_id, status, result, moved)

        self._change(change)

    def decide(self, decision: Decision) -> None:
        """Write down what the cache probe has shown."""
        self._change(lambda plan: states.decided(plan, decision))

    def reset(self, ids: Collection[str], *, force: bool = False) -> tuple[str, ...]:
        """Make runs pending again; their results become history. Return the ids of those that were.

        Args:
            ids: Those that are meant.
            force: Also those that a process of another machine has, which nobody can ask.

        Raises:
            SettingsError: A process runs one of them, or may do so.

        """

        def change(plan: Plan) -> str:
            _refuse_busy(plan, ids, self.identity.host, force=force)
            return states.reset(plan, ids)

        before = self._change(change)
        return tuple(run.id for run in before.runs if run.id in ids)

    def retry(self, wanted: Collection[str]) -> None:
        """Make those of the wanted runs that have failed pending again."""

        def change(plan: Plan) -> str | None:
            failed = states.in_error(plan, wanted)
            return states.reset(plan, failed) if failed else None

        self._change(change)

    def _change(self, change: Callable[[Plan], str | None]) -> Plan:
        with self.file.locked(self.claim):
            content = self.file.read()
            plan = parse_plan(content, self.name)
            text = change(plan)
            if text is not None and text != plan.text:
                mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
                self.file.write(mark + text.encode())
        return plan

    def _has(self, plan: Plan, run_id: str) -> bool:
        marks = [run.running for run in plan.runs if run.id == run_id and run.status == "running"]
        return any(mark is not None and _identity(mark) == self.identity for mark in marks)

    def _mark(self) -> RunningMark:
        mine = self.identity
        return RunningMark(
            host=mine.host,
            pid=mine.pid,
            process_started_s=mine.started_s,
            started_utc=now_utc(),
        )


def now_utc() -> str:
    """Return the present as the plan file has it."""
    return utc_text(dt.datetime.now(dt.UTC))


def utc_text(time: dt.datetime) -> str:
    """Return a time in UTC as the plan file has it, such as ``2025-11-01T00:00:00Z``."""
    return time.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _identity(mark: RunningMark) -> Identity:
    return Identity(host=mark.host, pid=mark.pid, started_s=mark.process_started_s)


def _may_be_alive(mark: RunningMark) -> bool:
    return process.may_be_alive(_identity(mark))


def _refuse_busy(plan: Plan, ids: Collection[str], host: str, *, force: bool) -> None:
    for run in plan.runs:
        mark = run.running
        if run.id not in ids or run.status != "running" or mark is None or not _may_be_alive(mark):
            continue
        who = f"{run.id!r} is being run by process {mark.pid} on {mark.host}"
        if mark.host == host:
            raise SettingsError(who, "end that process first, with Ctrl-C or kill")
        if not force:
            raise SettingsError(
                f"{who}, which cannot be asked from here",
                "add --force when you know that it has ended",
            )
