"""Locks of the operating system on files: whoever dies gives them back.

Not the library filelock: it has no shared lock that a stream of holders cannot keep from the
exclusive one, and no way to say who is waited for.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

OnWait: TypeAlias = Callable[[str], None]

PATIENCE_S = 0.3  # a wait as short as this is not worth a line
POLL_S = 0.02
LONGEST_NOTE_BYTES = 500
READABLE = 0o644


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Who asks for a lock, and who is told when that takes time.

    Attributes:
        note: What the holder does, for the line that others read while they wait.
        on_wait: Called once, with the note of the holder, when the wait is not short.

    """

    note: str
    on_wait: OnWait = lambda _: None


@contextlib.contextmanager
def exclusive(path: Path, claim: Claim) -> Iterator[None]:
    """Hold a lock that nobody else holds; its file is gone afterwards."""
    with _held(path, fcntl.LOCK_EX, claim) as file:
        _write_note(file, claim.note)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def shared(path: Path, claim: Claim) -> Iterator[None]:
    """Hold a lock that others may share but nobody holds exclusively."""
    with _held(path, fcntl.LOCK_SH, claim) as file:
        _write_note(file, claim.note)
        yield


@contextlib.contextmanager
def on_folder(folder: Path, claim: Claim) -> Iterator[None]:
    """Hold the lock of a folder, which needs no file of its own."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _wait_for(file, fcntl.LOCK_EX, claim)
        yield
    finally:
        os.close(file)


@contextlib.contextmanager
def exclusive_if_free(path: Path) -> Iterator[bool]:
    """Hold a lock that nobody else holds, without a wait; its file is gone afterwards.

    Yields:
        False when somebody holds it; then the block has nothing, and the file stays.

    """
    with _opened(path, create=True) as file:
        is_mine = _take(file, fcntl.LOCK_EX | fcntl.LOCK_NB) and _is_same(file, path)
        try:
            yield is_mine
        finally:
            if is_mine:
                path.unlink(missing_ok=True)


def is_held(path: Path) -> bool:
    """Return whether any process holds the lock."""
    with contextlib.suppress(FileNotFoundError), _opened(path, create=False) as file:
        if _take(file, fcntl.LOCK_EX | fcntl.LOCK_NB):
            return False
        # It may be another one who only looks, as we do.
        time.sleep(POLL_S)
        return not _take(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return False


@dataclass(frozen=True, slots=True)
class ReadWriteLock:
    """A lock that many hold shared or one holds alone; who wants it alone goes before later ones.

    A plain flock lets those who share it come and go for ever while another waits to have it alone.
    Therefore everybody passes a gate first, and who wants it alone keeps the gate while waiting.

    Attributes:
        folder: Where its two files are.
        name: The beginning of their names.

    """

    folder: Path
    name: str

    def alone(self, claim: Claim) -> contextlib.AbstractContextManager[None]:
        """Hold the lock alone."""
        return self._entered(fcntl.LOCK_EX, claim)

    def shared(self, claim: Claim) -> contextlib.AbstractContextManager[None]:
        """Share the lock."""
        return self._entered(fcntl.LOCK_SH, claim)

    @contextlib.contextmanager
    def _entered(self, kind: int, claim: Claim) -> Iterator[None]:
        room_path = self.folder / f"{self.name}.lock"
        told: list[str] = []

        def tell_once(_: str) -> None:
            if not told:
                # Who stands in the gate waits as well; those in the room are waited for.
                told.append(_note_in(room_path))
                claim.on_wait(told[0])

        asking = Claim(note=claim.note, on_wait=tell_once)
        with contextlib.ExitStack() as gate:
            gate_path = self.folder / f"{self.name}.gate.lock"
            gate.enter_context(_held(gate_path, fcntl.LOCK_EX, asking))
            with _held(room_path, kind, asking) as room:
                _write_note(room, claim.note)
                gate.close()
                yield


@contextlib.contextmanager
def _held(path: Path, kind: int, claim: Claim) -> Iterator[int]:
    while True:
        with _opened(path, create=True) as file:
            _wait_for(file, kind, claim)
            # The one before may have deleted the file meanwhile: then this lock is nobody's.
            if _is_same(file, path):
                yield file
                return


def _wait_for(file: int, kind: int, claim: Claim) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not _take(file, kind | fcntl.LOCK_NB):
        if time.monotonic() > deadline_s:
            claim.on_wait(_read_note(file))
            _take(file, kind)
            return
        time.sleep(POLL_S)


def _take(file: int, kind: int) -> bool:
    try:
        fcntl.flock(file, kind)
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def _opened(path: Path, *, create: bool) -> Iterator[int]:
    file = _open(path, create=create)
    try:
        yield file
    finally:
        os.close(file)  # gives the lock back


def _open(path: Path, *, create: bool) -> int:
    # Another user's file may be readable only, which is enough for a lock.
    for access in (os.O_RDWR, os.O_RDONLY):
        with contextlib.suppress(PermissionError, FileNotFoundError):
            # Without O_CREAT: in /tmp Linux refuses it for another user's file.
            return os.open(path, access | os.O_NOFOLLOW)
    flags = os.O_RDWR | os.O_NOFOLLOW
    if not create:
        return os.open(path, flags)
    file = os.open(path, flags | os.O_CREAT, READABLE)
    with contextlib.suppress(PermissionError):  # somebody else was faster, and it is his
        os.fchmod(file, READABLE)  # whatever the umask is: others need to open it for their lock
    return file


def _is_same(file: int, path: Path) -> bool:
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    here = os.fstat(file)
    return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino) and stat.S_ISREG(here.st_mode)


def _write_note(file: int, note: str) -> None:
    with contextlib.suppress(OSError):  # a full disk must not keep anybody from the lock
        os.ftruncate(file, 0)
        os.pwrite(file, note.encode()[:LONGEST_NOTE_BYTES], 0)


def _note_in(path: Path) -> str:
    with contextlib.suppress(OSError), _opened(path, create=False) as file:
        return _read_note(file)
    return ""


def _read_note(file: int) -> str:
    try:
        text = os.pread(file, LONGEST_NOTE_BYTES, 0).decode(errors="replace")
    except IsADirectoryError:
        return ""
    return "".join(character for character in text if character.isprintable())
