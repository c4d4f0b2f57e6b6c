"""What tests received becomes their recordings, and the decision is written down; asks nobody."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from pytest_zacperf import store
from pytest_zacperf.baselines import revision_text
from pytest_zacperf.ci import is_under_ci
from pytest_zacperf.environment import current_environment
from pytest_zacperf.errors import StoreError
from pytest_zacperf.records import Received
from pytest_zacperf.store import DECISIONS_FILE, Decision, Pending, ReceivedFiles, current_author

ACCEPTED = "recording accepted"
NO_REASON = "a recording is accepted on purpose; say why with {}"
UNDER_CI = "CI is set, and CI accepts no recording"


def approve(root: Path, chosen: Sequence[Pending], reason: str) -> list[Path]:
    """Make what was received the recordings, in one decision; return their files.

    Args:
        root: The project.
        chosen: What is accepted; all of it, or nothing.
        reason: Why.

    Raises:
        StoreError: No reason, CI is set, or one of them cannot be approved.
        OSError: One cannot be written; none is accepted.

    """
    require_approvable(chosen, reason)
    # Before any recording changes, so that nothing is ever accepted that is not written down.
    decision = _decision(root, chosen, reason)
    return ReceivedFiles(root).accept(chosen, before=lambda: store.append_decision(root, decision))


def require_approvable(chosen: Sequence[Pending], reason: str) -> None:
    """Refuse what nobody may approve.

    Raises:
        StoreError: It says why, and what to do.

    """
    if is_under_ci():
        raise StoreError(UNDER_CI, "approve on your own machine, and commit the recording")
    if not reason.strip():
        raise StoreError(NO_REASON.format('-m "..."'), "one sentence is enough")
    for pending in chosen:
        _require_complete(pending)


def problem_of(root: Path, pending: Pending) -> str | None:
    """Return why something received cannot be approved, or None where it can."""
    try:
        _require_complete(pending)
        ReceivedFiles(root).require_current(pending)
    except StoreError as e:
        return e.problem
    return None


def _require_complete(pending: Pending) -> None:
    received = pending.received
    if received is None:
        raise StoreError(pending.problem or "", "run the test again")
    if received.problem is not None:
        raise StoreError(
            f"what {received.test} received cannot be approved: {received.problem}",
            "run the test again, to its end; zacperf recordings prune drops that of a deleted test",
        )


def kind_text(kind: str) -> str:
    """Return what a kind of recording is called, such as ``order events``."""
    return kind.replace("_", " ")


def window_of(received: Received) -> str:
    """Return the window whose run was received; empty where nobody knows the run."""
    return received.origin.workload.window.id if received.origin else ""


def _decision(root: Path, chosen: Sequence[Pending], reason: str) -> Decision:
    received = [pending.received for pending in chosen if pending.received is not None]
    return Decision(
        kind=ACCEPTED,
        subject=received[0].test if len(received) == 1 else f"{len(received)} of them",
        reason=reason,
        author=current_author(root),
        revision=revision_text(current_environment(root, (DECISIONS_FILE,))),
        changes=tuple(map(_change, received)),
        at_utc=dt.datetime.now(dt.UTC),
    )


def _change(received: Received) -> str:
    where = ", ".join(part for part in (window_of(received), received.test) if part)
    return f"{where}: {kind_text(received.kind)}: {received.change}"
