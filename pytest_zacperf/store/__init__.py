"""The run store: the folder of every run, the locks, and the files in them.

A run exists only when its ``run.json`` does, and that file is renamed into place last. Nothing here
starts a process.
"""

from __future__ import annotations

import contextlib
import secrets
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from pytest_zacperf.records import Run, RunRequest
from pytest_zacperf.settings import RUNS_FOLDER, STORE_FOLDER
from pytest_zacperf.store import locks, pruning
from pytest_zacperf.store.baselines import BaselineStore, StoredBaseline
from pytest_zacperf.store.decisions import (
    DECISIONS_FILE,
    Decision,
    append_decision,
    current_author,
)
from pytest_zacperf.store.disk import storing
from pytest_zacperf.store.event_files import read_rows
from pytest_zacperf.store.files import (
    FileContent,
    cut_middle,
    file_name,
    first_line,
    last_lines,
    read_json,
    unique_file_name,
    write_atomically,
)
from pytest_zacperf.store.folder import LOCK_FOLDER, create_lock_folder, create_store_folder
from pytest_zacperf.store.index import Entry, State, read_entry
from pytest_zacperf.store.locks import Claim, OnWait, ReadWriteLock
from pytest_zacperf.store.messages import (
    GATE_FILES,
    REQUEST_FILE,
    RUN_FILE,
    STDERR_FILE,
    STDOUT_FILE,
    come_to_gate,
    discard_messages,
    open_progress,
    read_progress,
    read_worker_error,
    read_worker_result,
    write_request,
    write_run,
    write_worker_error,
    write_worker_result,
)
from pytest_zacperf.store.output import (
    EQUITY_FILE,
    ORDER_EVENTS_FILE,
    TRADES_FILE,
    RunOutput,
    discard_output,
    equity_bytes,
    equity_of,
    read_equity,
    read_order_events,
    read_statistics,
    read_trades,
    write_output,
    write_stages,
)
from pytest_zacperf.store.perf_reports import RenderedReport, write_perf_report
from pytest_zacperf.store.plan_file import PlanFile
from pytest_zacperf.store.profiles import (
    PROFILE_FILE,
    profile_bytes,
    read_profile,
    write_profile,
)
from pytest_zacperf.store.received import Pending, ReceivedFiles, write_parity_report
from pytest_zacperf.store.recordings import ENDINGS, SNAPSHOTS_FOLDER, Recordings, kind_of
from pytest_zacperf.store.usable import is_finite, require_mapping, shown

__all__ = [
    "DECISIONS_FILE",
    "ENDINGS",
    "EQUITY_FILE",
    "GATE_FILES",
    "ORDER_EVENTS_FILE",
    "PROFILE_FILE",
    "REQUEST_FILE",
    "RUN_FILE",
    "SNAPSHOTS_FOLDER",
    "STDERR_FILE",
    "STDOUT_FILE",
    "STORE_FOLDER",
    "TRADES_FILE",
    "BaselineStore",
    "Claim",
    "Decision",
    "Entry",
    "FileContent",
    "OnWait",
    "Pending",
    "PlanFile",
    "ReadWriteLock",
    "ReceivedFiles",
    "Recordings",
    "RenderedReport",
    "RunOutput",
    "RunStore",
    "State",
    "StoredBaseline",
    "append_decision",
    "come_to_gate",
    "current_author",
    "cut_middle",
    "discard_messages",
    "discard_output",
    "equity_bytes",
    "equity_of",
    "file_name",
    "first_line",
    "is_finite",
    "kind_of",
    "last_lines",
    "machine_lock",
    "open_progress",
    "profile_bytes",
    "read_equity",
    "read_json",
    "read_order_events",
    "read_profile",
    "read_progress",
    "read_rows",
    "read_statistics",
    "read_trades",
    "read_worker_error",
    "read_worker_result",
    "require_mapping",
    "shown",
    "storing",
    "unique_file_name",
    "write_atomically",
    "write_output",
    "write_parity_report",
    "write_perf_report",
    "write_profile",
    "write_request",
    "write_run",
    "write_stages",
    "write_worker_error",
    "write_worker_result",
]


TRASH_FOLDER = "trash"
NEW_FOLDER = "new"  # run folders that are being made
OLD_S = 3_600.0  # nobody makes one for so long


@dataclass(frozen=True, slots=True)
class RunStore:
    """The folder ``.zacperf`` of a project: runs, locks and a cache, none of it for git."""

    folder: Path

    @property
    def cache_folder(self) -> Path:
        """Folder that outlives runs; losing it may cost time and nothing else."""
        return self.folder / "cache"

    @property
    def runs_folder(self) -> Path:
        """The folder of all run folders, which need not exist."""
        return self.folder / RUNS_FOLDER

    def run_folder(self, run_id: str) -> Path:
        """Return the folder of a run, which need not exist."""
        return self.runs_folder / file_name(run_id)

    def create_cache_folder(self) -> None:
        """Create the cache folder, which git shall not see either."""
        create_store_folder(self.folder)
        self.cache_folder.mkdir(exist_ok=True)

    def create_run_folder(self, run_id: str, request: RunRequest) -> Path:
        """Return the folder of a run, new but for its request; nobody ever sees it without one.

        What an interrupted execution left is deleted.
        """
        create_store_folder(self.folder)
        folder = self.run_folder(run_id)
        if folder.exists():
            self._discard(folder)
        staged = self.folder / NEW_FOLDER / folder.name
        shutil.rmtree(staged, ignore_errors=True)
        try:
            staged.mkdir(parents=True)
            write_request(staged, request)
            folder.parent.mkdir(exist_ok=True)
            return staged.rename(folder)
        except OSError:
            shutil.rmtree(staged, ignore_errors=True)
            raise

    def _discard(self, folder: Path) -> None:
        # Moved away first: while it is being deleted it would look like one that is damaged.
        trash = self.folder / TRASH_FOLDER
        trash.mkdir(exist_ok=True)
        moved = folder.rename(trash / f"{folder.name}.{secrets.token_hex(4)}")
        shutil.rmtree(moved, ignore_errors=True)

    def read_run(self, run_id: str) -> Run | None:
        """Return a stored run, or None unless its ``run.json`` is complete and valid."""
        try:
            data = (self.run_folder(run_id) / RUN_FILE).read_bytes()
            return msgspec.json.decode(data, type=Run)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def entries(self) -> Iterator[Entry]:
        """Yield every folder among the runs, by name; one that vanishes meanwhile is left out."""
        folder = self.runs_folder
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                yield read_entry(path)

    def runs_of(self, workload_fingerprint: str) -> Iterator[Run]:
        """Yield the stored runs with this fingerprint of their workload; decodes no others."""
        mark = workload_fingerprint.encode()
        for path in sorted((self.folder / "runs").glob(f"*/{RUN_FILE}")):
            # What is no run of ours contradicts nothing; `entries` reports it.
            with contextlib.suppress(OSError, msgspec.DecodeError):
                data = path.read_bytes()
                if mark in data:
                    yield msgspec.json.decode(data, type=Run)

    def lock(self, run_id: str, claim: Claim) -> contextlib.AbstractContextManager[None]:
        """Hold the lock of a run; waits for the process that has it, however long that takes."""
        return locks.exclusive(self._lock_folder() / f"{file_name(run_id)}.lock", claim)

    def use(self, session: str) -> contextlib.AbstractContextManager[None]:
        """Keep the runs of a session from being pruned as long as the block lasts."""
        self._lock_folder()
        return locks.shared(self._session_lock(session), Claim(note=session))

    def is_in_use(self, session: str) -> bool:
        """Return whether any process uses the runs of a session."""
        return locks.is_held(self._session_lock(session))

    def prune(self, choose: Callable[[Sequence[Entry]], Collection[str]]) -> list[str]:
        """Delete the runs that are chosen, but never one whose session is in use.

        Does nothing while another process prunes: that one must not keep anybody waiting.

        Args:
            choose: Told what there is; returns the names of folders.

        Returns:
            What could not be deleted, and why: a sentence for each.

        """
        with locks.exclusive_if_free(self._lock_folder() / "prune.lock") as is_alone:
            return self._prune(choose) if is_alone else []

    def _prune(self, choose: Callable[[Sequence[Entry]], Collection[str]]) -> list[str]:
        trash = self.folder / TRASH_FOLDER
        entries = list(self.entries())
        chosen = choose(entries)
        problems: list[str] = []
        for entry in entries:
            if entry.folder.name in chosen and entry.session is not None:
                lock = self._session_lock(entry.session)
                problems += pruning.move_out(entry.folder, trash, lock)
        problems += pruning.empty(trash) + pruning.empty(self.folder / NEW_FOLDER, OLD_S)
        return problems + pruning.remove_free_locks(self._lock_folder())

    def _session_lock(self, session: str) -> Path:
        return self.folder / LOCK_FOLDER / f"session-{file_name(session)}.lock"

    def _lock_folder(self) -> Path:
        return create_lock_folder(self.folder)


def machine_lock() -> ReadWriteLock:
    """Return the one lock of this machine: timed runs hold it alone, all other runs share it."""
    return ReadWriteLock(Path(tempfile.gettempdir()), "zacperf-machine")
