"""Baselines and the runs behind them, without a backtest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from pytest_zacperf.execution import Limits
from pytest_zacperf.records import (
    Baseline,
    BaselineSample,
    Costs,
    Environment,
    Fingerprints,
    MachineUse,
    Run,
    StageTiming,
    Window,
    Work,
    Workload,
)
from pytest_zacperf.runner import Runner

DAY = dt.date(2025, 1, 20)
AT_UTC = dt.datetime(2025, 11, 1, 10, 10, tzinfo=dt.UTC)
REVISION = "0123456789abcdef0123456789abcdef01234567"
WINDOW = Window(id="wk-1", start=DAY, end=dt.date(2025, 1, 26), label="week")
# As it is asked for; a run knows the engine's name and all its parameters.
WORKLOAD = Workload(engine="gold:engine", window=WINDOW, parameters={"lookback": 20})
ENVIRONMENT = Environment(
    python="CPython 3.11.7",
    platform="Linux 6.1",
    machine="x86_64 Example",
    cpus=(0, 1),
    variables={"TZ": "UTC"},
    packages={"numpy": "2.0"},
    git_revision=REVISION,
    git_dirty=False,
)
RUN = Run(
    id="r",
    session="s",
    status="done",
    reason=None,
    exit_status=0,
    start_utc=AT_UTC,
    end_utc=AT_UTC,
    workload=msgspec.structs.replace(WORKLOAD, engine_name="gold", engine_version="1"),
    machine="alone",
    costs=Costs(
        wall_ns=1_100_000_000,
        cpu_ns=1_000_000_000,
        peak_memory_bytes=80_000_000,
        peak_memory_source="VmHWM",
        stages=(StageTiming(name="orders", total_ns=5, count=1, max_ns=5),),
    ),
    work=Work(data_points=1000, orders=2, order_events=4, final_equity=100.5),
    order_events_hash="e7e7",
    fingerprints=Fingerprints(code="c0de", parameters="9a9a", data="da7a", workload="f00d"),
    environment=ENVIRONMENT,
)


def environment(**changes: object) -> Environment:
    return msgspec.structs.replace(ENVIRONMENT, **changes)


def run(**changes: object) -> Run:
    return msgspec.structs.replace(RUN, **changes)


def run_that_cost(**changes: object) -> Run:
    assert RUN.costs is not None
    return run(costs=msgspec.structs.replace(RUN.costs, **changes))


def baseline(
    *,
    memory_bytes: int = 80_000_000,
    cpu_ns: int = 1_000_000_000,
    wall_ns: int = 1_100_000_000,
    samples: int = 5,
    **changes: object,
) -> Baseline:
    assert RUN.work is not None
    assert RUN.fingerprints is not None
    sample = BaselineSample(wall_ns=wall_ns, cpu_ns=cpu_ns, peak_memory_bytes=memory_bytes)
    found = Baseline(
        workload=RUN.workload,
        fingerprints=RUN.fingerprints,
        environment=ENVIRONMENT,
        work=RUN.work,
        peak_memory_source="VmHWM",
        samples=(sample,) * samples,
        reason="the first",
        author="T <t@example.com>",
        recorded_utc=AT_UTC,
    )
    return msgspec.structs.replace(found, **changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayRunner(Runner):
    """Gives runs that are known already, by the number of the round."""

    replay: Callable[[int], Run]

    def run_once(  # noqa: PLR0913 - as the runner has it
        self,
        workload: Workload,
        *,
        session: str,
        machine: MachineUse = "shared",
        round: int = 0,  # noqa: A002 - the word of the design
        side: str = "",
        limits: Limits | None = None,
    ) -> Run:
        del workload, limits
        assert (machine, side) == ("alone", "record")
        return msgspec.structs.replace(self.replay(round), session=session)
