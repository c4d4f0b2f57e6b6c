"""What tests received, as files: two sessions of one project never mix theirs."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from pytest_zacperf.errors import StoreError
from pytest_zacperf.records import Received
from pytest_zacperf.store import Pending, Recordings

RECORDING = "snapshots/test_a/test_a.statistics.json"


def keep(recordings: Recordings, session: str) -> Pending:
    received = Received(
        test="test_a.py::test_a",
        kind="statistics",
        recording=RECORDING,
        session=session,
        received_utc=dt.datetime(2025, 1, 21, tzinfo=dt.UTC),
        change="first recording",
    )
    return recordings.keep(received.test, received, [session.encode()])


def test_what_was_received_last_is_accepted(tmp_path: Path) -> None:
    recordings = Recordings(tmp_path)
    keep(recordings, "one")
    recording = recordings.accept(keep(recordings, "two"))
    assert recording.read_bytes() == b"two"
    assert list(recordings.pending()) == []


def test_what_another_session_has_replaced_is_not_accepted(tmp_path: Path) -> None:
    recordings = Recordings(tmp_path)
    shown = keep(recordings, "one")
    keep(recordings, "two")
    with pytest.raises(StoreError, match="has received something else meanwhile"):
        recordings.accept(shown)
    assert not (tmp_path / RECORDING).exists()


def test_what_was_accepted_meanwhile_is_not_accepted_again(tmp_path: Path) -> None:
    recordings = Recordings(tmp_path)
    shown = keep(recordings, "one")
    recordings.accept(shown)
    with pytest.raises(StoreError, match="has received something else meanwhile"):
        recordings.require_current(shown)


def test_a_problem_of_one_session_is_not_noted_of_another(tmp_path: Path) -> None:
    recordings = Recordings(tmp_path)
    ended = keep(recordings, "one")
    later = keep(recordings, "two")
    recordings.note(ended, "its session was partial")
    assert [pending.received for pending in recordings.pending()] == [later.received]
