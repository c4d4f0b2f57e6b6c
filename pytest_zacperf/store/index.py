"""The run folders of a store, whole or damaged; deletes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from pytest_zacperf.records import Run, RunRequest, Workload
from pytest_zacperf.store.files import first_line
from pytest_zacperf.store.messages import REQUEST_FILE, RUN_FILE

State: TypeAlias = Literal["stored", "unfinished", "damaged", "foreign"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One folder among the runs.

    Attributes:
        folder: Where it is; its name is the id of the run.
        state: ``stored``: with a record; ``unfinished``: being run, or interrupted; ``damaged``:
            its record cannot be read; ``foreign``: it was not written by us.
        run: The record; None unless stored.
        problem: What is wrong, in one sentence; None when nothing is.
        session: Id of the session that had it executed; None where nobody knows.
        workload: What was asked for; None where nobody knows.
        modified_s: When it was last changed, in seconds since 1970 UTC.

    """

    folder: Path
    state: State
    run: Run | None = None
    problem: str | None = None
    session: str | None = None
    workload: Workload | None = None
    modified_s: float


def read_entry(folder: Path) -> Entry:
    """Return what a folder among the runs is; raises nothing but what the disk does.

    Raises:
        FileNotFoundError: It vanished meanwhile.

    """
    request = _request(folder)
    run, problem = (None, None) if request is None else _run(folder)
    # Last: whoever prunes may have taken the folder away while its files were read.
    modified_s = folder.stat().st_mtime
    if request is None:
        problem = f"{folder} holds no readable {REQUEST_FILE}, so it is no run of ours"
        return Entry(folder=folder, state="foreign", problem=problem, modified_s=modified_s)
    return Entry(
        folder=folder,
        state="stored" if run else "damaged" if problem else "unfinished",
        run=run,
        problem=problem,
        session=request.session,
        workload=request.workload,
        modified_s=modified_s,
    )


def _request(folder: Path) -> RunRequest | None:
    try:
        return msgspec.json.decode((folder / REQUEST_FILE).read_bytes(), type=RunRequest)
    except (OSError, msgspec.DecodeError):
        return None


def _run(folder: Path) -> tuple[Run | None, str | None]:
    try:
        return msgspec.json.decode((folder / RUN_FILE).read_bytes(), type=Run), None
    except FileNotFoundError:
        return None, None
    except (msgspec.DecodeError, OSError) as e:
        return None, f"{folder / RUN_FILE} is damaged: {first_line(e)}"
