"""What a queue asks of a worker: invariants, the same setup, an early end, what was downloaded."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from pytest_zacperf.engines import Capabilities
from pytest_zacperf.engines.function import FunctionEngine
from pytest_zacperf.errors import InvariantError
from pytest_zacperf.records import (
    Downloads,
    Environment,
    Expectation,
    InvariantValue,
    Setup,
    StageTiming,
)
from pytest_zacperf.worker.queued import (
    TimeLimitReached,
    downloads_of,
    keep_invariants,
    require_expected,
    setup_of,
    time_limit,
)

KNOWN = frozenset({"lookbacks_unchanged", "plot_price", "file_logging"})
WHERE = Environment(
    python="CPython 3.11",
    platform="Linux",
    machine="x86_64",
    cpus=(0,),
    variables={},
    packages={},
    git_revision="a" * 40,
    git_dirty=False,
)
SETUP = Setup(parameters="p", symbols=("GLD",), data_provider="file", environment="e")


class Engine(FunctionEngine):
    """An engine with switches."""

    def __init__(self, effective: object = None, *, network: bool = False) -> None:
        capabilities = Capabilities(invariants=KNOWN, network=network)
        super().__init__("gold:run", capabilities=capabilities)
        self.effective = effective
        self.asked: Mapping[str, InvariantValue] = {}

    def keep_invariants(self, asked: Mapping[str, InvariantValue]) -> Any:  # noqa: ANN401 - anything
        self.asked = asked
        return asked if self.effective is None else self.effective


def expectation(**changes: object) -> Expectation:
    same = Expectation(
        first_run="a",
        parameters=SETUP.parameters,
        symbols=SETUP.symbols,
        data_provider=SETUP.data_provider,
        environment=WHERE,
    )
    return msgspec.structs.replace(same, **changes)


def stage(name: str) -> StageTiming:
    return StageTiming(name=name, total_ns=5, count=1, max_ns=5)


def test_an_engine_is_given_its_switches_and_says_what_is_in_effect() -> None:
    engine = Engine()
    asked: dict[str, InvariantValue] = {"plot_price": True, "lookbacks_unchanged": True}
    assert keep_invariants(engine, asked) == asked
    assert engine.asked == {"plot_price": True}  # the other one is the queue's


def test_an_invariant_that_nobody_knows_is_refused_by_its_name() -> None:
    with pytest.raises(InvariantError) as caught:
        keep_invariants(Engine(), {"show_live_equity_curve": True})
    assert caught.value.problem == (
        "'show_live_equity_curve' is unknown to this engine, function gold:run 1; "
        "known: file_logging, lookbacks_unchanged, plot_price"
    )


def test_an_engine_that_keeps_another_value_is_refused() -> None:
    with pytest.raises(InvariantError) as caught:
        keep_invariants(Engine({"plot_price": False}), {"plot_price": True})
    assert caught.value.problem == (
        "'plot_price' shall be True, and this engine, function gold:run, keeps False"
    )


@pytest.mark.parametrize("effective", [{}, "on"])
def test_an_engine_that_does_not_say_what_is_in_effect_guarantees_nothing(
    effective: object,
) -> None:
    with pytest.raises(InvariantError, match="'plot_price' is not guaranteed by this engine"):
        keep_invariants(Engine(effective), {"plot_price": True})


def test_a_function_gets_its_switches_as_parameters() -> None:
    engine = FunctionEngine("gold:run", capabilities=Capabilities(invariants=KNOWN))
    assert keep_invariants(engine, {"plot_price": True}) == {"plot_price": True}
    assert engine.parameters == {"plot_price": True}


def test_an_engine_without_the_method_guarantees_no_switch() -> None:
    engine = Engine()
    engine.keep_invariants = None  # type: ignore[assignment, method-assign]
    with pytest.raises(InvariantError, match="'file_logging' is not guaranteed by this engine"):
        keep_invariants(engine, {"file_logging": True})


def test_a_setup_has_what_the_engine_says_of_its_data() -> None:
    engine = Engine()
    engine.symbols = ["GLD", "SLV"]  # type: ignore[attr-defined]
    engine.data_provider = "file"  # type: ignore[attr-defined]
    found = setup_of(engine, WHERE)
    assert (found.symbols, found.data_provider) == (("GLD", "SLV"), "file")


def test_an_engine_need_not_say_anything_of_its_data() -> None:
    found = setup_of(Engine(), WHERE)
    assert (found.symbols, found.data_provider) == (None, None)


def test_another_revision_is_no_other_environment() -> None:
    later = msgspec.structs.replace(WHERE, git_revision="b" * 40, git_dirty=True)
    assert setup_of(Engine(), later) == setup_of(Engine(), WHERE)


def test_the_first_run_of_a_queue_is_compared_with_nothing() -> None:
    require_expected(SETUP, WHERE, None)


def test_a_run_like_the_first_one_is_let_through() -> None:
    require_expected(SETUP, WHERE, expectation())


def test_what_is_not_asked_for_may_differ() -> None:
    require_expected(
        SETUP,
        WHERE,
        Expectation(
            first_run="a", parameters=None, symbols=None, data_provider=None, environment=None
        ),
    )


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"parameters": "q"}, "'lookbacks_unchanged' is not kept: the parameters are not those"),
        (
            {"symbols": ("SLV",)},
            "the symbols were SLV in a, the first run of the queue, and are GLD",
        ),
        (
            {"data_provider": "x"},
            "the data provider was x in a, the first run of the queue, and is ",
        ),
        (
            {"environment": msgspec.structs.replace(WHERE, cpus=(0, 1), git_revision="b" * 40)},
            "the environment is not that of a, the first run of the queue (then / now): ",
        ),
    ],
)
def test_a_run_unlike_the_first_one_is_refused(change: dict[str, object], problem: str) -> None:
    with pytest.raises(InvariantError) as caught:
        require_expected(SETUP, WHERE, expectation(**change))
    assert caught.value.problem.startswith(problem)
    assert caught.value.hint


def test_what_an_engine_downloads_is_its_stage_and_its_counters() -> None:
    found = downloads_of(
        Engine(network=True), (stage("download"), stage("orders")), {"download_bytes": 3}
    )
    assert found == Downloads(wall_ns=5, requests=None, bytes=3)


def test_an_engine_that_may_download_and_says_nothing_leaves_that_unknown() -> None:
    assert downloads_of(Engine(network=True), (), {}) is None


def test_an_engine_that_counted_no_request_has_downloaded_nothing() -> None:
    found = downloads_of(Engine(network=True), (), {"download_requests": 0})
    assert found == Downloads(wall_ns=0, requests=0, bytes=None)


def test_an_engine_without_a_network_has_downloaded_nothing() -> None:
    assert downloads_of(Engine(), (), {}) == Downloads(wall_ns=0, requests=0, bytes=0)


def test_a_block_that_takes_too_long_is_ended_whatever_it_waits_for() -> None:
    with pytest.raises(TimeLimitReached), time_limit(0.02):
        time.sleep(30)


def test_code_that_swallows_every_exception_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_zacperf.worker.queued.AGAIN_S", 0.02)
    ended = []
    with time_limit(0.02):
        for _ in range(3):
            try:
                time.sleep(30)
            except:  # noqa: E722 - as some strategies do
                ended.append(1)
    assert len(ended) == 3


def test_a_block_that_is_in_time_is_left_alone_and_so_is_what_follows() -> None:
    with time_limit(0.05):
        pass
    time.sleep(0.1)
    with time_limit(None):
        pass
