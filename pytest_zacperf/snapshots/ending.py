"""The end of a session: whether what its tests received may become their recordings."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from pytest_zacperf import approving
from pytest_zacperf.errors import ZacperfError
from pytest_zacperf.render import escape
from pytest_zacperf.session import Session
from pytest_zacperf.snapshots.delivery import SESSION_NOT_ENDED
from pytest_zacperf.store import DECISIONS_FILE, Pending, ReceivedFiles

ENDED_EARLY = frozenset({pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR})


class Update(enum.Enum):
    """What a session may accept at its end."""

    NOTHING = enum.auto()
    FIRST_RECORDINGS = enum.auto()
    EVERYTHING = enum.auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What became of the recordings of a session.

    Attributes:
        lines: For the summary.
        has_failed: Whether an update was asked for that could not be.

    """

    lines: tuple[str, ...] = ()
    has_failed: bool = False


def close(session: Session, *, partial: str | None, update: Update) -> Ending:
    """Settle what the tests of a session received; accept it where an update was asked for.

    Args:
        session: Of the controller, whose tests are all over.
        partial: Why not all of its tests ran to their end; None when they did.
        update: What is accepted.

    """
    files = ReceivedFiles(session.root)
    try:
        _settle(files, _received_by(session, files), partial)
        received = _received_by(session, files)
    except OSError as e:
        problem = f"what tests received is not settled: {e.filename}: {e.strerror}"
        return Ending(lines=(escape(problem),), has_failed=update is not Update.NOTHING)
    chosen = [pending for pending in received if _is_meant(pending, update)]
    return _updated(session, chosen) if chosen else Ending()


def wanted_update(config: pytest.Config, session: Session) -> Update:
    """Return what ``--snapshot-update`` and ``--snapshot-update-new-only`` ask for."""
    if not session.settings.reason:
        return Update.NOTHING
    if getattr(config.option, "update_snapshots", False):
        return Update.EVERYTHING
    new_only = getattr(config.option, "update_new_snapshots_only", False)
    return Update.FIRST_RECORDINGS if new_only else Update.NOTHING


def _received_by(session: Session, files: ReceivedFiles) -> list[Pending]:
    return [
        pending
        for pending in files.pending()
        if pending.received is not None and pending.received.session == session.id
    ]


def _settle(files: ReceivedFiles, received: Sequence[Pending], partial: str | None) -> None:
    for pending in received:
        if pending.received is not None and pending.received.problem == SESSION_NOT_ENDED:
            files.note(pending, partial)


def _is_meant(pending: Pending, update: Update) -> bool:
    if update is Update.FIRST_RECORDINGS and pending.received is not None:
        return pending.received.instead_of is None
    return update is Update.EVERYTHING


def partial_reason(
    session: Session, pytest_session: pytest.Session, exit_status: int
) -> str | None:
    """Return why not all tests of a session ran to their end, or None when they did."""
    if session.lost_worker is not None:
        return f"its session was partial: xdist worker {session.lost_worker} died"
    if session.was_interrupted or exit_status in ENDED_EARLY:
        return "its session was partial: it was interrupted"
    stopped = pytest_session.shouldfail or pytest_session.shouldstop
    if stopped:
        return f"its session was partial: {stopped}"
    return None


def _updated(session: Session, received: Sequence[Pending]) -> Ending:
    try:
        recorded = approving.approve(session.root, received, session.settings.reason or "")
    except (ZacperfError, OSError) as e:
        said = f"not recorded: {e}".splitlines()
        return Ending(lines=tuple(map(escape, said)), has_failed=True)
    paths = [escape(path.relative_to(session.root).as_posix()) for path in recorded]
    return Ending(
        lines=(*(f"recorded {path}" for path in paths), f"written down in {DECISIONS_FILE}")
    )
