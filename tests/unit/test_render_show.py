from __future__ import annotations

import datetime as dt

import msgspec
import pytest
from support.stored import RUN

from pytest_zacperf.records import Costs, Environment, Fingerprints, Run, Work
from pytest_zacperf.render import (
    Listed,
    Table,
    determinism_line,
    listing_table,
    show_tables,
    stacked,
)
from pytest_zacperf.run_names import short_id

ENVIRONMENT = Environment(
    python="CPython 3.11.7",
    platform="Linux 6.18",
    machine="x86_64",
    cpus=(0, 1),
    variables={"OMP_NUM_THREADS": "1"},
    packages={"numpy": "2.4.6"},
    git_revision="0123456789abcdef",
    git_dirty=True,
)
FINGERPRINTS = Fingerprints(code="c0de", parameters="9a9a", data="da7a", workload="f00d")
DONE = msgspec.structs.replace(
    RUN,
    order_events_hash="e4e4",
    costs=Costs(
        wall_ns=2_000_000_000,
        cpu_ns=1_900_000_000,
        peak_memory_bytes=120_400_000,
        peak_memory_source="VmHWM",
    ),
    work=Work(data_points=10, orders=1_570, order_events=456, final_equity=None),
    fingerprints=FINGERPRINTS,
    environment=ENVIRONMENT,
    counts={"downloads": 12_345},
)
FAILED = msgspec.structs.replace(RUN, status="error", reason="KeyError: 'GC'", exit_status=None)
NO_DATA = msgspec.structs.replace(FINGERPRINTS, data=None)


def listed(run: Run | None, status: str = "done") -> Listed:
    return Listed(id="r", status=status, start=RUN.start_utc, workload=RUN.workload, run=run)


def shown(run: Run) -> list[Table]:
    return show_tables(run, folder="/p/r", stderr="/p/r/stderr.log", zone=dt.UTC)


def values(run: Run) -> dict[str, str]:
    return {row[0]: row[1] for table in shown(run) for row in table.rows}


def test_a_run_is_listed_in_one_row() -> None:
    table = listing_table([listed(DONE)])
    assert dict(zip(table.header, table.rows[0], strict=True)) == {
        "run": short_id("r"),
        "started": "2025-11-01 10:10",
        "window": "w",
        "engine": "gold:engine, lookback=20",
        "status": "done",
        "orders": "1,570",
        "wall": "2.00 s",
        "CPU": "1.90 s",
        "peak memory": "120 MB",
        "machine": "alone",
        "revision": "01234567-dirty",
    }


def test_a_clean_revision_has_no_mark() -> None:
    clean = msgspec.structs.replace(ENVIRONMENT, git_dirty=False)
    run = msgspec.structs.replace(DONE, environment=clean)
    assert listing_table([listed(run)]).rows[0][-1] == "01234567"


@pytest.mark.parametrize("run", [None, FAILED], ids=["unfinished", "failed"])
def test_a_run_without_a_result_is_listed_with_what_was_asked_for(run: Run | None) -> None:
    row = listing_table([listed(run, "running")]).rows[0]
    assert row[2:9] == ("w", "gold:engine, lookback=20", "running", "-", "-", "-", "-")


def test_control_characters_are_listed_as_escapes_and_long_parameters_are_cut() -> None:
    workload = msgspec.structs.replace(
        RUN.workload,
        window=msgspec.structs.replace(RUN.workload.window, id="w\x1b[31m"),
        parameters={"path": "x" * 200},
    )
    one = Listed(id="r", status="running", start=RUN.start_utc, workload=workload, run=None)
    row = listing_table([one]).rows[0]
    assert row[2] == "w\\x1b[31m"
    assert len(row[3]) == 80
    assert row[3].endswith("xxx...")


def test_a_stacked_table_holds_the_same_values_in_fewer_columns() -> None:
    wide = listing_table([listed(DONE)])
    narrow = stacked(wide)
    assert narrow.header == (
        "run\nstarted\nrevision", "window\nengine", "status\nmachine", "orders\npeak memory",
        "wall\nCPU",
    )  # fmt: skip
    assert sorted("\n".join(narrow.rows[0]).split("\n")) == sorted(wide.rows[0])


def test_a_run_is_shown_with_where_it_is_and_when_it_ran() -> None:
    pairs = list(shown(DONE)[1].rows)
    assert pairs == [
        ("id", "r"),
        ("short id", short_id("r")),
        ("window id", "w"),
        ("folder", "/p/r"),
        ("started", "2025-11-01 10:10:00+00:00"),
        ("ended", "2025-11-01 10:10:00+00:00"),
        ("session", "s"),
        ("machine", "alone"),
        ("exit status", "0"),
        ("order events hash", "e4e4"),
    ]


def test_a_run_is_shown_with_its_fingerprints_environment_and_counts() -> None:
    shown_after = [(table.header, table.rows) for table in shown(DONE)[2:]]
    assert shown_after == [
        (
            ("fingerprint", "value"),
            (("code", "c0de"), ("parameters", "9a9a"), ("data", "da7a"), ("workload", "f00d")),
        ),
        (
            (),
            (
                ("python", "CPython 3.11.7"),
                ("platform", "Linux 6.18"),
                ("processor", "x86_64"),
                ("processors", "0, 1"),
                ("revision", "0123456789abcdef with changes"),
            ),
        ),
        (("variable", "value"), (("OMP_NUM_THREADS", "1"),)),
        (("package", "value"), (("numpy", "2.4.6"),)),
        (("count", "value"), (("downloads", "12,345"),)),
    ]


def test_an_engine_that_knows_no_data_fingerprint_is_said_to() -> None:
    run = msgspec.structs.replace(DONE, fingerprints=NO_DATA)
    assert values(run)["data"] == "the engine does not say"


def test_a_run_outside_git_is_said_to_be() -> None:
    outside = msgspec.structs.replace(ENVIRONMENT, git_revision=None, git_dirty=None)
    run = msgspec.structs.replace(DONE, environment=outside)
    assert values(run)["revision"] == "no git repository"


def test_a_failed_run_is_shown_with_its_reason_and_its_log() -> None:
    pairs = values(FAILED)
    assert pairs["status"] == "error: KeyError: 'GC'"
    assert pairs["errors"] == "/p/r/stderr.log"
    assert pairs["exit status"] == "none"
    assert len(shown(FAILED)) == 2


def test_control_characters_are_shown_as_escapes() -> None:
    packages = {"a\x07": "1\x1b[2J"}
    run = msgspec.structs.replace(
        DONE, environment=msgspec.structs.replace(ENVIRONMENT, packages=packages)
    )
    assert values(run)["a\\x07"] == "1\\x1b[2J"


def test_a_run_that_no_other_contradicts_has_no_warning() -> None:
    assert determinism_line(DONE) is None


def test_a_run_with_the_fingerprints_and_not_the_events_of_another_is_loud() -> None:
    run = msgspec.structs.replace(DONE, differs_from="other")
    assert determinism_line(run) == (
        "NOT DETERMINISTIC: run other had the same code, parameters and data, and other order "
        "events; `zacperf backtest --start 2025-10-01 --end 2025-10-01 --twice` looks for the "
        "reason"
    )


def test_unknown_data_may_be_the_reason_of_other_order_events() -> None:
    run = msgspec.structs.replace(DONE, differs_from="other", fingerprints=NO_DATA)
    assert determinism_line(run) == (
        "NOT DETERMINISTIC: run other had the same code and parameters, and other order events; "
        "the engine does not say which data it read, so changed data may be the reason; "
        "`zacperf backtest --start 2025-10-01 --end 2025-10-01 --twice` looks for the reason"
    )
