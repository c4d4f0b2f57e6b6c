"""Run folders as a session leaves them, without a backtest."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import msgspec

from pytest_zacperf import store
from pytest_zacperf.records import Run, RunRequest, Window, Workload
from pytest_zacperf.store import RunStore

DAY = dt.date(2025, 10, 1)
START = dt.datetime(2025, 11, 1, 10, 10, tzinfo=dt.UTC)
RUN = Run(
    id="r",
    session="s",
    status="done",
    reason=None,
    exit_status=0,
    start_utc=START,
    end_utc=START,
    workload=Workload(
        engine="gold:engine", parameters={"lookback": 20}, window=Window(id="w", start=DAY, end=DAY)
    ),
    machine="alone",
)


def leave_unfinished(runs: RunStore, run: Run) -> Path:
    """Leave the folder of a run that has not ended."""
    request = RunRequest(
        run_folder=str(runs.run_folder(run.id)),
        cache_folder=str(runs.cache_folder),
        root=str(runs.folder.parent),
        session=run.session,
        workload=run.workload,
    )
    return runs.create_run_folder(run.id, request)


def leave_run(runs: RunStore, run_id: str, session: str, *, modified_s: float) -> Path:
    """Leave the folder of a run of that age."""
    run = msgspec.structs.replace(RUN, id=run_id, session=session)
    folder = leave_unfinished(runs, run)
    store.write_run(folder, run)
    os.utime(folder, (modified_s, modified_s))
    return folder
