"""What the parent and its worker write to a run folder for each other, and ``run.json``."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from pathlib import Path

import msgspec

from pytest_zacperf.errors import ZacperfError
from pytest_zacperf.records import Record, Run, RunRequest, WorkerResult
from pytest_zacperf.store.files import (
    ENCODER,
    PLAIN_VALUES,
    first_line,
    read_json,
    temporaries_in,
    write_json,
)

REQUEST_FILE = "request.json"
STDOUT_FILE = "stdout.log"
STDERR_FILE = "stderr.log"
RUN_FILE = "run.json"
WORKER_RESULT_FILE = "worker.json"
WORKER_ERROR_FILE = "error.json"
GATE_FILES = ("ready", "finished")  # before run() and after it
READABLE = 0o644
PROGRESS_FILE = "day"  # the simulated day that a worker has come to


class WorkerError(Record, frozen=True, kw_only=True):
    """Why a worker gave up, in one sentence."""

    reason: str


def write_run(folder: Path, run: Run) -> None:
    """Write ``run.json``; call it last, for from then on the run exists."""
    write_json(folder / RUN_FILE, run)


def write_request(folder: Path, request: RunRequest) -> None:
    """Write what the worker is told."""
    write_json(folder / REQUEST_FILE, request)


def write_worker_result(folder: Path, result: WorkerResult) -> None:
    """Write what a worker found out; call it after ``write_output``.

    Raises:
        ZacperfError: The engine gave a value that the record does not allow.

    """
    try:
        msgspec.json.decode(ENCODER.encode(result), type=WorkerResult)
    # Not only ValidationError: text that is no Unicode is a ValueError, for example.
    except (msgspec.MsgspecError, TypeError, ValueError) as e:
        raise ZacperfError(
            f"the engine gave a value that cannot be stored: {first_line(e)}",
            PLAIN_VALUES,
        ) from e
    write_json(folder / WORKER_RESULT_FILE, result)


def discard_messages(folder: Path) -> None:
    """Delete what a worker said, once ``run.json`` holds it, and what it was about to say."""
    # A worker that was killed while it wrote leaves a temporary file.
    names = (WORKER_RESULT_FILE, WORKER_ERROR_FILE, PROGRESS_FILE, *GATE_FILES)
    for path in (*(folder / name for name in names), *temporaries_in(folder)):
        path.unlink(missing_ok=True)


def come_to_gate(folder: Path, number: int) -> None:
    """Tell the parent that this worker waits at a gate, 0 or 1."""
    (folder / GATE_FILES[number]).touch()


def open_progress(folder: Path) -> int:
    """Return the file, open for writing, in which a worker says which simulated day begins."""
    return os.open(folder / PROGRESS_FILE, os.O_WRONLY | os.O_CREAT, READABLE)


def read_progress(folder: Path) -> dt.date | None:
    """Return the simulated day that a worker has come to, or None where it does not say."""
    with contextlib.suppress(OSError, ValueError):
        return dt.date.fromisoformat((folder / PROGRESS_FILE).read_text())
    return None


def write_worker_error(folder: Path, reason: str) -> None:
    """Write why a worker gave up."""
    write_json(folder / WORKER_ERROR_FILE, WorkerError(reason=reason))


def read_worker_result(folder: Path) -> WorkerResult | None:
    """Return what a worker found out, or None if it did not come so far."""
    path = folder / WORKER_RESULT_FILE
    return read_json(path, WorkerResult) if path.exists() else None


def read_worker_error(folder: Path) -> str | None:
    """Return why a worker gave up, or None if it did not say so."""
    path = folder / WORKER_ERROR_FILE
    return read_json(path, WorkerError).reason if path.exists() else None
