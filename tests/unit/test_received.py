"""What tests received, as files: nothing is accepted but what somebody has looked at."""

from __future__ import annotations

import datetime as dt
import errno
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_zacperf.errors import StoreError
from pytest_zacperf.records import Accepted, Received
from pytest_zacperf.store import Pending, ReceivedFiles, Recordings

RECORDING = "snapshots/test_{}/test_{}.statistics.json"


def keep(files: ReceivedFiles, content: str, *, test: str = "a") -> Pending:
    recording = RECORDING.format(test, test)
    received = Received(
        test=f"test_{test}.py::test_{test}",
        kind="statistics",
        recording=recording,
        instead_of=Recordings.digest(files.root / recording),
        session=content,
        received_utc=dt.datetime(2025, 1, 21, tzinfo=dt.UTC),
        change="first recording",
    )
    return files.keep(received.test, received, [content.encode()])


def accept(files: ReceivedFiles, *chosen: Pending) -> list[Path]:
    return files.accept(chosen, before=lambda: None)


def test_what_was_received_last_is_accepted_with_its_test(tmp_path: Path) -> None:
    files = ReceivedFiles(tmp_path)
    keep(files, "one")
    (recording,) = accept(files, keep(files, "two"))
    assert recording.read_bytes() == b"two"
    assert Recordings(tmp_path).accepted(recording) == Accepted(test="test_a.py::test_a")
    assert list(files.pending()) == []


def test_what_another_session_has_replaced_is_not_accepted(tmp_path: Path) -> None:
    files = ReceivedFiles(tmp_path)
    shown = keep(files, "one")
    keep(files, "two")
    with pytest.raises(StoreError, match="has received something else meanwhile"):
        accept(files, shown)
    assert Recordings(tmp_path).all() == []


def test_what_was_compared_with_another_recording_is_not_accepted(tmp_path: Path) -> None:
    files = ReceivedFiles(tmp_path)
    (recording,) = accept(files, keep(files, "one"))
    shown = keep(files, "two")
    recording.write_text("pulled")
    with pytest.raises(StoreError, match="is not the one that it was compared with"):
        accept(files, shown)
    assert recording.read_text() == "pulled"


def test_what_could_not_be_kept_leaves_nothing_that_can_be_accepted(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"a part"
        raise OSError(errno.ENOSPC, "No space left on device")

    files = ReceivedFiles(tmp_path)
    received = keep(files, "one").received
    assert received is not None
    with pytest.raises(OSError, match="No space left"):
        files.keep(received.test, received, broken())
    assert list(files.pending()) == []


def test_a_problem_of_one_session_is_not_noted_of_another(tmp_path: Path) -> None:
    files = ReceivedFiles(tmp_path)
    ended = keep(files, "one")
    later = keep(files, "two")
    files.note(ended, "its session was partial")
    assert [pending.received for pending in files.pending()] == [later.received]


def test_where_one_of_several_cannot_be_written_none_is_accepted(tmp_path: Path) -> None:
    files = ReceivedFiles(tmp_path)
    chosen = [keep(files, "one"), keep(files, "two", test="b")]
    (tmp_path / "snapshots").mkdir()
    (tmp_path / "snapshots" / "test_b").write_text("in the way")
    told: list[str] = []
    with pytest.raises(OSError, match="Not a directory"):
        files.accept(chosen, before=lambda: told.append("before"))
    assert (Recordings(tmp_path).all(), told) == ([], [])
    assert not list((tmp_path / "snapshots").rglob("*.tmp"))
    assert len(list(files.pending())) == 2


def test_how_many_are_accepted_is_told_where_a_later_one_fails(tmp_path: Path) -> None:
    files = ReceivedFiles(tmp_path)
    chosen = [keep(files, "one"), keep(files, "two", test="b")]
    with pytest.raises(StoreError, match=r"1 of 2 recordings are accepted, and then: .*test_b"):
        files.accept(chosen, before=lambda: keep(files, "three", test="b"))
    assert [path.name for path in Recordings(tmp_path).all()] == ["test_a.statistics.json"]


def test_two_modules_of_one_name_do_not_take_the_recording_from_each_other(
    tmp_path: Path,
) -> None:
    files = ReceivedFiles(tmp_path)
    accept(files, keep(files, "one"))
    (tmp_path / "test_a.py").touch()
    of_other = keep(files, "two")
    assert of_other.received is not None
    elsewhere = Received(**{
        **{name: getattr(of_other.received, name) for name in of_other.received.__struct_fields__},
        "test": "tests/test_a.py::test_a",
    })
    pending = files.keep(elsewhere.test, elsewhere, [b"two"])
    with pytest.raises(StoreError, match=r"is the recording of test_a\.py::test_a already"):
        accept(files, pending)
    (tmp_path / "test_a.py").unlink()  # then its tests have moved
    accept(files, pending)
