"""Recordings and what was received in their place, as files; decides nothing.

A recording lies in ``snapshots/`` with its origin beside it. What a test received instead lies in
``.zacperf/parity/<test>/``, with a record of what it is, until it is approved or met again.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import msgspec

from pytest_zacperf.errors import StoreError
from pytest_zacperf.records import Origin, Received
from pytest_zacperf.settings import PARITY_FOLDER, STORE_FOLDER
from pytest_zacperf.store import locks
from pytest_zacperf.store.files import (
    FileContent,
    first_line,
    json_of,
    unique_file_name,
    write_atomically,
)
from pytest_zacperf.store.folder import create_store_folder
from pytest_zacperf.store.locks import Claim

SNAPSHOTS_FOLDER = "snapshots"
RECEIVED = "received"
RECORD_ENDING = ".record.json"
ORIGIN_ENDING = ".origin.json"
# What is recorded, to the end of its file's name.
ENDINGS = {
    "order_events": ".order_events.jsonl",
    "trades": ".trades.jsonl",
    "equity": ".equity.parquet",
    "statistics": ".statistics.json",
}
LOCK = "received.lock"
REPORTED_KIND = "order_events"  # of the others all that differs is in the failure
REPORTS = ("report.md", "report.json")
COPY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """Something received that is no recording yet.

    Attributes:
        path: Its record.
        received: What that says; None where it cannot be read.
        problem: Why, in one sentence; None where it can.

    """

    path: Path
    received: Received | None = None
    problem: str | None = None

    @property
    def content(self) -> Path:
        """The file that would become the recording."""
        return self.path.with_name(self.path.name.removesuffix(RECORD_ENDING))


@dataclass(frozen=True, slots=True)
class Recordings:
    """The recordings of a project, in ``root``."""

    root: Path

    def folder_of(self, place: str) -> Path:
        """Return the folder below ``.zacperf/parity`` of a test, which need not exist.

        Args:
            place: Node id; with a number after it for a further recording of the same kind.

        """
        return self.root / STORE_FOLDER / PARITY_FOLDER / unique_file_name(place)

    def keep(
        self, place: str, received: Received, content: FileContent | Iterable[bytes]
    ) -> Pending:
        """Keep what a test received; what was received there before is gone.

        Args:
            place: As for ``folder_of``.
            received: What it is.
            content: A file, which is linked where the file system can, or bytes piece by piece.

        """
        create_store_folder(self.root / STORE_FOLDER)
        folder = self.folder_of(place)
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{RECEIVED}{ENDINGS[received.kind]}"
        pending = Pending(path=folder / f"{name}{RECORD_ENDING}", received=received)
        with _alone(pending):
            pending.path.unlink(missing_ok=True)  # no record is better than that of other content
            _put(pending.content, content)
            write_atomically(pending.path, json_of(received))
        return pending

    def note(self, pending: Pending, problem: str | None) -> None:
        """Write down why something cannot be approved, or that it can; not of what came later."""
        if pending.received is None or not pending.path.exists():
            return
        with _alone(pending):
            if _is_still(pending):
                received = msgspec.structs.replace(pending.received, problem=problem)
                write_atomically(pending.path, json_of(received))

    def forget(self, place: str, kind: str) -> None:
        """Delete what a test received and its reports, if any; *place* as for ``folder_of``."""
        name = f"{RECEIVED}{ENDINGS[kind]}{RECORD_ENDING}"
        pending = Pending(path=self.folder_of(place) / name)
        if pending.path.exists() or pending.content.exists():
            with _alone(pending):
                _discard(pending)
        for report in REPORTS if kind == REPORTED_KIND else ():
            (pending.path.parent / report).unlink(missing_ok=True)

    def pending(self) -> Iterator[Pending]:
        """Yield what was received and is no recording yet, by the name of the test."""
        folder = self.root / STORE_FOLDER / PARITY_FOLDER
        for path in sorted(folder.glob(f"*/{RECEIVED}.*{RECORD_ENDING}")):
            with contextlib.suppress(FileNotFoundError):  # approved meanwhile
                yield _read(path)

    def accept(self, pending: Pending) -> Path:
        """Make what was received the recording; return its file.

        Raises:
            OSError: It cannot be written; the recording before it stays.
            StoreError: The test has received something else meanwhile, or it is gone.

        """
        if pending.received is None:
            raise ValueError(f"only what can be read is accepted, and {pending.problem}")
        with _alone(pending):
            self.require_current(pending)
            return self._accepted(pending, pending.received)

    @staticmethod
    def require_current(pending: Pending) -> None:
        """Refuse what is not what its test has received last.

        Raises:
            StoreError: Another session has put something else there, or accepted it.

        """
        if pending.received is not None and not _is_still(pending):
            raise StoreError(
                f"{pending.received.test} has received something else meanwhile",
                "zacperf approve shows what",
            )

    def _accepted(self, pending: Pending, received: Received) -> Path:
        recording = self.root / received.recording
        recording.parent.mkdir(parents=True, exist_ok=True)
        # A copy: a link would let an edit of the recording change the run it came from.
        write_atomically(recording, _blocks(pending.content))
        if received.origin is None:
            self.origin_file(recording).unlink(missing_ok=True)
        else:
            write_atomically(self.origin_file(recording), json_of(received.origin))
        _discard(pending)
        return recording

    def delete(self, recording: Path) -> None:
        """Delete a recording and what says where it came from."""
        recording.unlink(missing_ok=True)
        self.origin_file(recording).unlink(missing_ok=True)

    @staticmethod
    def origin_file(recording: Path) -> Path:
        """Return the file that says where a recording came from."""
        return recording.with_name(f"{recording.name}{ORIGIN_ENDING}")

    def origin(self, recording: Path) -> Origin | None:
        """Return where a recording came from; None where nothing says so, or it is damaged."""
        try:
            return msgspec.json.decode(self.origin_file(recording).read_bytes(), type=Origin)
        except (OSError, msgspec.DecodeError):
            return None

    def all(self) -> list[Path]:
        """Return the files of all recordings."""
        folder = self.root / SNAPSHOTS_FOLDER
        return sorted(
            path
            for ending in ENDINGS.values()
            for path in folder.rglob(f"*{ending}")
            if not path.name.startswith(".")
        )


def _alone(pending: Pending) -> contextlib.AbstractContextManager[None]:
    # Two sessions of one project would mix what each of them received.
    note = f"process {os.getpid()} has what a test received"
    return locks.exclusive(pending.path.with_name(LOCK), Claim(note=note))


def _is_still(pending: Pending) -> bool:
    try:
        return _read(pending.path).received == pending.received
    except FileNotFoundError:
        return False


def _discard(pending: Pending) -> None:
    pending.path.unlink(missing_ok=True)
    pending.content.unlink(missing_ok=True)


def _put(path: Path, content: FileContent | Iterable[bytes]) -> None:
    if isinstance(content, FileContent):
        # A run's files are never changed, so a million events need not be copied.
        path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            os.link(content.path, path)
            return
        content = _blocks(content.path)
    write_atomically(path, content)


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(COPY_BYTES):
            yield block


def _read(path: Path) -> Pending:
    try:
        received = msgspec.json.decode(path.read_bytes(), type=Received)
    except FileNotFoundError:
        raise
    except (OSError, msgspec.DecodeError) as e:
        return Pending(path=path, problem=f"{path} is damaged: {first_line(e)}")
    found = Pending(path=path, received=received)
    if received.kind not in ENDINGS or not found.content.is_file():
        return Pending(path=path, problem=f"{path} is damaged: what it describes is missing")
    parts = PurePosixPath(received.recording).parts
    if parts[:1] != (SNAPSHOTS_FOLDER,) or ".." in parts:
        return Pending(path=path, problem=f"{path} is damaged: it leads out of {SNAPSHOTS_FOLDER}/")
    return found


def write_parity_report(folder: Path, markdown: str, content: object) -> Path:
    """Write ``report.md`` and ``report.json`` of a test; return the path of the first.

    Args:
        folder: Of the test, see ``Recordings.folder_of``.
        markdown: For people.
        content: What becomes JSON.

    """
    folder.mkdir(parents=True, exist_ok=True)
    text, data = (folder / name for name in REPORTS)
    write_atomically(data, json_of(content))
    write_atomically(text, markdown.encode())
    return text
