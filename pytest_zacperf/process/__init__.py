"""A process of our own: started in a group of its own, watched, and ended with all it started."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TypeAlias

import psutil

from pytest_zacperf.process import layout
from pytest_zacperf.process.identity import Identity, may_be_alive, own_identity
from pytest_zacperf.process.tree import MARKER, descendants, end_tree, kill_marked
from pytest_zacperf.process.waiting import wait_for_any

__all__ = [
    "MARKER",
    "START",
    "Command",
    "Ended",
    "Identity",
    "OnTick",
    "Task",
    "kill_marked",
    "layout",
    "may_be_alive",
    "own_identity",
    "run_process",
    "run_together",
]

OnTick: TypeAlias = Callable[[Collection[psutil.Process]], None]

TICK_S = 0.1
SHORT_S = 0.01

# Ends a process group when the parent of its leader has died and the leader does not notice: one
# that computes in C code, or is stopped, runs no thread of its own. First it has a second itself.
WATCH = 'while read -r _; do :; done; sleep 1; kill -s KILL -- "-$1"'

START = b"s"  # what a process that waits at a gate reads from its stdin


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What is started, where, and where its output goes.

    Attributes:
        arguments: The program and its arguments.
        cwd: Its working directory.
        variables: Its environment.
        marker: What tells the processes of this command from all others.
        stdout: File for its output.
        stderr: File for its errors.
        gates: Files that the process makes, one after the other, when it waits for those beside it
            to come as far.
        layout: Number of its memory layout, see ``layout``; None for one by chance.

    """

    arguments: tuple[str, ...]
    cwd: Path
    variables: Mapping[str, str]
    marker: str
    stdout: Path
    stderr: Path
    gates: tuple[Path, ...] = ()
    layout: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A command that runs beside others, and who is told of its descendants every 100 ms."""

    command: Command
    on_tick: OnTick


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a process ended: its exit status, and whether that was before its time limit."""

    exit_status: int
    in_time: bool


def run_process(command: Command, *, timeout_s: float | None, on_tick: OnTick) -> Ended:
    """Run a command to its end, or to its time limit; see ``run_together``."""
    return run_together([Task(command=command, on_tick=on_tick)], timeout_s=timeout_s)[0]


def run_together(tasks: Sequence[Task], *, timeout_s: float | None) -> tuple[Ended, ...]:
    """Run commands beside each other to their ends, or to their common time limit.

    The stdin of each is a pipe that stays open as long as this process lives, so that it can tell.
    Those that wait at a gate get a byte there when all of them have come to it, or have ended.
    Whatever one leaves running is ended too: TERM first where it has not ended itself, then KILL.

    Args:
        tasks: What to run.
        timeout_s: Time limit; None waits for ever.

    Raises:
        OSError: One cannot be started.

    """
    deadline_s = None if timeout_s is None else time.monotonic() + timeout_s
    with contextlib.ExitStack() as stack:
        running = [stack.enter_context(_running(task)) for task in tasks]
        while alive := [one for one in running if one.is_alive]:
            if deadline_s is not None and time.monotonic() >= deadline_s:
                break
            _open_gate(running)
            # Who waits at the first gate has no processor to give up meanwhile; later ones are far.
            is_soon = any(one.is_at_first_gate for one in alive)
            wait_for_any([one.process for one in alive], SHORT_S if is_soon else TICK_S)
            for one in running:
                one.note()
        in_time = [not one.is_alive for one in running]
    return tuple(
        Ended(exit_status=one.process.returncode, in_time=was_in_time)
        for one, was_in_time in zip(running, in_time, strict=True)
    )


@contextlib.contextmanager
def _watched(group: int) -> Iterator[None]:
    command = ("/bin/sh", "-c", WATCH, "sh", str(group))
    quiet = subprocess.DEVNULL
    with subprocess.Popen(  # noqa: S603 - a fixed command
        command, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, env={}, start_new_session=True
    ) as watcher:
        try:
            yield
        finally:
            watcher.kill()


@dataclass(slots=True, kw_only=True)
class _Running:
    """A process that has been started, and all that was ever seen of its descendants."""

    task: Task
    process: subprocess.Popen[bytes]
    seen: set[psutil.Process] = field(default_factory=set)
    passed: int = 0
    has_ended: bool = False

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    @property
    def gate(self) -> Path | None:
        gates = self.task.command.gates
        return gates[self.passed] if self.passed < len(gates) and self.is_alive else None

    @property
    def is_awaited(self) -> bool:
        return self.gate is not None and not self.gate.exists()

    @property
    def is_at_first_gate(self) -> bool:
        return self.gate is not None and self.passed == 0

    def go_on(self) -> None:
        if self.gate is not None and self.process.stdin is not None:
            with contextlib.suppress(OSError):  # it has died meanwhile
                self.process.stdin.write(START)
                self.process.stdin.flush()
            self.passed += 1

    def note(self) -> None:
        if self.is_alive:
            found = descendants(self.process.pid)
            self.seen.update(found)
            self.task.on_tick(found)
        else:
            self.end()  # what it left running would disturb those that still run

    def end(self) -> None:
        if not self.has_ended:
            end_tree(self.process, self.task.command.marker, self.seen)
            self.has_ended = True


def _open_gate(running: Sequence[_Running]) -> None:
    if not any(one.is_awaited for one in running):
        for one in running:
            one.go_on()


@contextlib.contextmanager
def _running(task: Task) -> Iterator[_Running]:
    command = task.command
    with (
        command.stdout.open("wb") as stdout,
        command.stderr.open("wb") as stderr,
        _started(command, stdout, stderr) as process,
    ):
        running = _Running(task=task, process=process)
        try:
            with _watched(process.pid):
                yield running
        finally:
            running.end()


def _started(command: Command, stdout: IO[bytes], stderr: IO[bytes]) -> subprocess.Popen[bytes]:
    with layout.laid_out(command.layout) as variables:
        return subprocess.Popen(  # noqa: S603 - our own commands
            command.arguments,
            cwd=command.cwd,
            env={**command.variables, **variables, MARKER: command.marker},
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
