from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from support.bad_engines import COUNTS_ALL_THE_SAME, ENDS, RAISES, RETURNS, TAKES_SECONDS
from support.bad_input import (
    Inner,
    Row,
    left_by,
    run_pytest,
    shown_frames,
    write_project,
)

if TYPE_CHECKING:  # pytest loads it, and nobody can import it
    from _pytest.mark import ParameterSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Rows that one inner pytest runs."""

    rows: tuple[Row, ...]
    arguments: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()


SESSIONS = {
    "alone": Session(rows=(*RAISES, *ENDS, *COUNTS_ALL_THE_SAME, *RETURNS)),
    "xdist": Session(
        rows=(RAISES[0], RAISES[-1], ENDS[0], COUNTS_ALL_THE_SAME[0], RETURNS[0], RETURNS[-1]),
        arguments=("-n", "2"),
    ),
    "seconds": Session(rows=TAKES_SECONDS, settings=('timeout = "1s"',)),
}


def parameters(*, rows: bool) -> list[ParameterSet]:
    return [
        pytest.param(
            *((name, row) if row else (name,)),
            id=f"{name}-{row.name}" if row else name,
            marks=[pytest.mark.slow] if name == "seconds" else [],
        )
        for name, session in SESSIONS.items()
        for row in (session.rows if rows else [None])
    ]


# Where the error came from in the file of all rows, which is another line for each.
LINE = re.compile(r", at rows\.py:\d+")


def without_line(reason: str) -> str:
    return LINE.sub("", reason)


every_row = pytest.mark.parametrize(("name", "row"), parameters(rows=True))
every_session = pytest.mark.parametrize("name", parameters(rows=False))


@pytest.fixture(scope="module")
def session_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Inner]:
    @functools.cache
    def session_of_(name: str) -> Inner:
        root = tmp_path_factory.mktemp(name)
        session = SESSIONS[name]
        write_project(root, session.rows, *session.settings)
        return run_pytest(root, *session.arguments)

    return session_of_


@every_row
def test_the_report_says_in_one_sentence_what_an_engine_did(
    session_of: Callable[[str], Inner], name: str, row: Row
) -> None:
    inner = session_of(name)
    run, folder = inner.runs[row.name]
    given = [without_line(reason) for reason in inner.reasons(row.name)]
    assert given == ([row.reason] if row.reason else [])
    assert (run.reason and without_line(run.reason)) == row.reason
    assert row.log in (folder / "stderr.log").read_text(errors="replace")
    assert not row.warning or f"warning: wk-1: {row.warning}" in inner.lines


@every_row
def test_a_run_is_done_or_failed_and_never_half(
    session_of: Callable[[str], Inner], name: str, row: Row
) -> None:
    run, folder = session_of(name).runs[row.name]
    order_events = folder / "order_events.jsonl"
    if row.reason is None:
        assert run.work is not None
        assert run.work.order_events == len(order_events.read_bytes().splitlines()) == row.events
    else:
        assert (run.work, run.costs, order_events.exists()) == (None, None, False)


@every_session
def test_the_rest_of_the_session_goes_on(session_of: Callable[[str], Inner], name: str) -> None:
    failed = [row.name for row in SESSIONS[name].rows if row.reason]
    lines = session_of(name).lines
    assert "PASSED test_rows.py::test_other" in lines
    assert sum(line.startswith("FAILED test_rows.py::test_row") for line in lines) == len(failed)


@every_session
def test_no_frame_of_ours_is_shown(session_of: Callable[[str], Inner], name: str) -> None:
    assert shown_frames(session_of(name).lines) == []


@every_session
def test_nothing_half_written_and_no_process_is_left(
    session_of: Callable[[str], Inner], name: str
) -> None:
    assert left_by(session_of(name).root) == []


def test_what_an_engine_prints_takes_neither_memory_nor_much_of_the_disk(
    session_of: Callable[[str], Inner],
) -> None:
    inner = session_of("alone")
    _, folder = inner.runs["prints_100_megabytes"]
    assert (folder / "stdout.log").stat().st_size < 10_100_000
    assert int((inner.root / "peak_kilobytes").read_text()) < 100_000
