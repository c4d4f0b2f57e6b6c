from __future__ import annotations

import dataclasses

import pytest

from pytest_zacperf.retention import KeptRun, to_delete

NOW_S = 1_000.0
# Three runs, the newest last.
RUNS = tuple(
    KeptRun(id=name, modified_s=modified_s, is_in_use=False)
    for name, modified_s in (("a", 100.0), ("b", 200.0), ("c", 300.0))
)


def in_use(*names: str) -> list[KeptRun]:
    return [dataclasses.replace(run, is_in_use=run.id in names) for run in RUNS]


@pytest.mark.parametrize(
    ("keep_runs", "expected"),
    [
        pytest.param(4, set(), id="fewer than may stay"),
        pytest.param(3, set(), id="as many as may stay"),
        pytest.param(2, {"a"}, id="one too many"),
        pytest.param(1, {"a", "b"}, id="two too many"),
    ],
)
def test_the_oldest_beyond_the_number_go(keep_runs: int, expected: set[str]) -> None:
    assert to_delete(RUNS, keep_runs=keep_runs, keep_s=1e9, now_s=NOW_S) == expected


@pytest.mark.parametrize(
    ("keep_s", "expected"),
    [
        pytest.param(900.0, set(), id="exactly so old"),
        pytest.param(899.9, {"a"}, id="a little older"),
        pytest.param(1.0, {"a", "b", "c"}, id="all are older"),
    ],
)
def test_what_is_too_old_goes_however_few_there_are(keep_s: float, expected: set[str]) -> None:
    assert to_delete(RUNS, keep_runs=100, keep_s=keep_s, now_s=NOW_S) == expected


def test_what_is_in_use_stays_however_old_it_is() -> None:
    assert to_delete(in_use("a"), keep_runs=100, keep_s=1.0, now_s=NOW_S) == {"b", "c"}


def test_what_is_in_use_counts_toward_the_number() -> None:
    assert to_delete(in_use("a"), keep_runs=2, keep_s=1e9, now_s=NOW_S) == {"b"}


def test_what_is_in_use_stays_though_it_is_more_than_the_number() -> None:
    assert to_delete(in_use("a", "b"), keep_runs=1, keep_s=1e9, now_s=NOW_S) == {"c"}


def test_what_is_too_old_takes_no_place_of_another() -> None:
    assert to_delete(RUNS, keep_runs=2, keep_s=850.0, now_s=NOW_S) == {"a"}


def test_of_equally_old_runs_the_same_ones_stay_in_whatever_order_they_come() -> None:
    runs = [dataclasses.replace(run, modified_s=1.0) for run in RUNS]
    chosen = {to_delete(some, keep_runs=2, keep_s=1e9, now_s=2.0) for some in (runs, runs[::-1])}
    assert chosen == {frozenset({"a"})}


def test_a_run_from_the_future_stays() -> None:
    runs = [KeptRun(id="a", modified_s=NOW_S + 500, is_in_use=False)]
    assert to_delete(runs, keep_runs=1, keep_s=1.0, now_s=NOW_S) == set()
