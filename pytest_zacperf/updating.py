"""The end of a session: whether what its tests received may become their recordings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from pytest_zacperf import approving
from pytest_zacperf.errors import ZacperfError
from pytest_zacperf.parity_reporting import SESSION_NOT_ENDED
from pytest_zacperf.render import escape
from pytest_zacperf.session import Session
from pytest_zacperf.store import DECISIONS_FILE, Pending, Recordings


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What became of the recordings of a session.

    Attributes:
        lines: For the summary.
        has_failed: Whether an update was asked for that could not be.

    """

    lines: tuple[str, ...] = ()
    has_failed: bool = False


def close(session: Session, *, partial: str | None, updates: bool) -> Ending:
    """Settle what the tests of a session received; accept it where an update was asked for.

    Args:
        session: Of the controller, whose tests are all over.
        partial: Why not all of its tests ran to their end; None when they did.
        updates: Whether ``--snapshot-update`` was given with a reason.

    """
    recordings = Recordings(session.root)
    received = [
        pending
        for pending in recordings.pending()
        if pending.received is not None and pending.received.session == session.id
    ]
    for pending in received:
        if pending.received is not None and pending.received.problem == SESSION_NOT_ENDED:
            recordings.note(pending, partial)
    if not (updates and received):
        return Ending()
    return _updated(session, [*_again(recordings, received)])


def partial_reason(
    pytest_session: pytest.Session, exit_status: int, lost_worker: str | None
) -> str | None:
    """Return why not all tests of a session ran to their end, or None when they did."""
    if lost_worker is not None:
        return f"its session was partial: xdist worker {lost_worker} died"
    stopped = pytest_session.shouldfail or pytest_session.shouldstop
    if stopped:
        return f"its session was partial: {stopped}"
    if exit_status in {pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR}:
        return "its session was partial: it was interrupted"
    return None


def _again(recordings: Recordings, received: Sequence[Pending]) -> Sequence[Pending]:
    paths = {pending.path for pending in received}
    return [pending for pending in recordings.pending() if pending.path in paths]


def _updated(session: Session, received: Sequence[Pending]) -> Ending:
    try:
        recorded = approving.approve(session.root, received, session.settings.reason or "")
    except (ZacperfError, OSError) as e:
        said = f"nothing was recorded: {e}".splitlines()
        return Ending(lines=tuple(map(escape, said)), has_failed=True)
    paths = [escape(path.relative_to(session.root).as_posix()) for path in recorded]
    return Ending(
        lines=(*(f"recorded {path}" for path in paths), f"written down in {DECISIONS_FILE}")
    )
