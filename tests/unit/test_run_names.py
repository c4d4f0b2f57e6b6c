from __future__ import annotations

import pytest

from pytest_zacperf import run_names
from pytest_zacperf.errors import StoreError
from pytest_zacperf.run_names import short_id

IDS = ["20251101T101010-aa-wk-1-f00d-0", "20251101T101010-aa-wk-2-beef-0"]


@pytest.mark.parametrize(
    "name", [IDS[0], short_id(IDS[0]), "wk-1", "f00d-0"], ids=["id", "short id", "part", "end"]
)
def test_a_run_is_found_by_what_only_it_has(name: str) -> None:
    assert run_names.find(name, IDS) == IDS[0]


def test_a_whole_id_is_meant_though_another_id_contains_it() -> None:
    assert run_names.find("a-1", ["a-1", "a-12"]) == "a-1"


def test_a_short_id_does_not_depend_on_other_runs() -> None:
    assert short_id(IDS[0]) == "fde87d33"


def test_a_part_that_several_ids_have_names_the_first_five() -> None:
    ids = [f"wk-{number}" for number in range(7)]
    with pytest.raises(StoreError) as caught:
        run_names.find("wk", ids)
    shown = ", ".join(f"{short_id(run_id)} ({run_id})" for run_id in ids[:5])
    assert caught.value.problem == f"'wk' is part of 7 ids: {shown} and 2 more"
    assert caught.value.hint == "give one of them in full; zacperf runs lists them"


def test_a_part_that_two_ids_have_names_both() -> None:
    with pytest.raises(StoreError) as caught:
        run_names.find("wk", ["wk-1", "wk-2"])
    assert caught.value.problem.endswith("(wk-1), " + f"{short_id('wk-2')} (wk-2)")


def test_an_unknown_name_names_the_nearest_ids() -> None:
    with pytest.raises(StoreError) as caught:
        run_names.find(IDS[0].replace("f00d", "f0od"), IDS)
    assert caught.value.problem == "no run is named '20251101T101010-aa-wk-1-f0od-0'"
    assert caught.value.hint == f"did you mean {IDS[0]!r} or {IDS[1]!r}? zacperf runs lists them"


@pytest.mark.parametrize("name", ["gold", ""])
def test_a_name_like_no_other_says_where_the_ids_are(name: str) -> None:
    with pytest.raises(StoreError) as caught:
        run_names.find(name, IDS)
    assert caught.value.hint == "zacperf runs lists them"
