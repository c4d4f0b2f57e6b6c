"""What tests received instead of their recordings, as files; decides nothing.

It lies in ``.zacperf/parity/<test>/``, with a record of what it is, until it is accepted or its
test meets the recording again.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import msgspec

from pytest_zacperf.errors import StoreError
from pytest_zacperf.records import Received
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
from pytest_zacperf.store.recordings import ENDINGS, SNAPSHOTS_FOLDER, Recordings, blocks_of

RECEIVED = "received"
RECORD_ENDING = ".record.json"
LOCK = "received.lock"
REPORTED_KIND = "order_events"  # of the others all that differs is in the failure
REPORTS = ("report.md", "report.json")
SHOWN_AGAIN = "zacperf approve shows what"


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
class ReceivedFiles:
    """What the tests of a project, in ``root``, received."""

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
        pending = Pending(path=self._record(place, received.kind), received=received)
        pending.path.parent.mkdir(parents=True, exist_ok=True)
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
        pending = Pending(path=self._record(place, kind))
        if pending.path.exists() or pending.content.exists():
            with _alone(pending):
                _discard(pending)
        for report in REPORTS if kind == REPORTED_KIND else ():
            (pending.path.parent / report).unlink(missing_ok=True)

    def drop(self, pending: Pending) -> None:
        """Delete something that was received, and what lies beside it."""
        shutil.rmtree(pending.path.parent, ignore_errors=True)

    def pending(self) -> Iterator[Pending]:
        """Yield what was received and is no recording yet, by the name of the test."""
        folder = self.root / STORE_FOLDER / PARITY_FOLDER
        for path in sorted(folder.glob(f"*/{RECEIVED}.*{RECORD_ENDING}")):
            with contextlib.suppress(FileNotFoundError):  # approved meanwhile
                yield _read(path)

    def require_current(self, pending: Pending) -> None:
        """Refuse what is not what its test has received last, or not instead of what is recorded.

        Raises:
            StoreError: Another session has put something else there, or the recording has changed.

        """
        received = pending.received
        if received is None:
            raise ValueError(f"only what can be read is accepted, and {pending.problem}")
        if not _is_still(pending):
            raise StoreError(f"{received.test} has received something else meanwhile", SHOWN_AGAIN)
        if Recordings(self.root).digest(self.root / received.recording) != received.instead_of:
            raise StoreError(
                f"the recording of {received.test} is not the one that it was compared with",
                "run the test again; zacperf recordings prune drops what a deleted test received",
            )

    def accept(self, chosen: Sequence[Pending], *, before: Callable[[], object]) -> list[Path]:
        """Make what was received the recordings; return their files.

        All of it is written, and then *before* is called, before the first recording changes.

        Raises:
            OSError: Something cannot be written; no recording has changed.
            StoreError: See ``require_current``; or how many recordings have changed until then.

        """
        for pending in chosen:
            self.require_current(pending)
        recordings = Recordings(self.root)
        with contextlib.ExitStack() as stack:
            waiting = [
                (one, stack.enter_context(recordings.staged(one.received, one.content)))
                for one in chosen
                if one.received is not None
            ]
            before()
            accepted: list[Path] = []
            try:
                for pending, staged in waiting:
                    with _alone(pending):
                        self.require_current(pending)
                        accepted.append(staged.accept())
                        _discard(pending)
            except (OSError, StoreError) as e:
                problem = f"{len(accepted)} of {len(chosen)} recordings are accepted, and then: {e}"
                raise StoreError(problem, "git status snapshots shows which") from e
        return accepted

    def _record(self, place: str, kind: str) -> Path:
        return self.folder_of(place) / f"{RECEIVED}{ENDINGS[kind]}{RECORD_ENDING}"


def write_parity_report(folder: Path, markdown: str, content: object) -> Path:
    """Write ``report.md`` and ``report.json`` of a test; return the path of the first.

    Args:
        folder: Of the test, see ``ReceivedFiles.folder_of``.
        markdown: For people.
        content: What becomes JSON.

    """
    folder.mkdir(parents=True, exist_ok=True)
    text, data = (folder / name for name in REPORTS)
    write_atomically(data, json_of(content))
    write_atomically(text, markdown.encode())
    return text


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
        content = blocks_of(content.path)
    write_atomically(path, content)


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
