"""The run folders of a store, whole or damaged; deletes nothing."""

from __future__ import annotations

import contextlib
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
    request, session = _request(folder)
    run, problem = (None, None) if session is None else _run(folder)
    if session is None:
        problem = f"{folder} holds no readable {REQUEST_FILE}, so it is no run of ours"
    elif request is None:
        run, problem = None, f"{folder} was written by another version of pytest-zacperf"
    return Entry(
        folder=folder,
        state="foreign" if session is None else _state(run, problem),
        run=run,
        problem=problem,
        session=session,
        workload=request.workload if request else None,
        # Last: whoever prunes may have taken the folder away while its files were read.
        modified_s=_modified_s(folder),
    )


def _modified_s(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except FileNotFoundError:
        raise
    except OSError:  # a link that leads to itself
        return folder.lstat().st_mtime


def _state(run: Run | None, problem: str | None) -> State:
    if problem is not None:
        return "damaged"
    return "unfinished" if run is None else "stored"


def _request(folder: Path) -> tuple[RunRequest | None, str | None]:
    try:
        data = (folder / REQUEST_FILE).read_bytes()
        return (request := msgspec.json.decode(data, type=RunRequest)), request.session
    except msgspec.ValidationError:
        # Whatever else another version has in it: the session says whether the run is in use.
        with contextlib.suppress(msgspec.DecodeError):
            return None, msgspec.json.decode(data, type=_AnyRequest).session
    except (OSError, msgspec.DecodeError):
        pass
    return None, None


def _run(folder: Path) -> tuple[Run | None, str | None]:
    path = folder / RUN_FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Run), None
    except FileNotFoundError:
        return None, None
    except msgspec.ValidationError as e:
        return None, f"{path} is damaged, or of another version of pytest-zacperf: {first_line(e)}"
    except (msgspec.DecodeError, OSError) as e:
        return None, f"{path} is damaged: {first_line(e)}"


class _AnyRequest(msgspec.Struct):
    session: str
