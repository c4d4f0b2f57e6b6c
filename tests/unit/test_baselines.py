from __future__ import annotations

import shlex

import msgspec
import pytest
from support.recorded import (
    REVISION,
    RUN,
    WINDOW,
    WORKLOAD,
    baseline,
    environment,
    run,
    run_that_cost,
)

from pytest_zacperf.baselines import (
    baseline_key,
    different_result,
    growth_text,
    is_refused,
    median_cpu_ns,
    median_memory_bytes,
    median_wall_ns,
    memory_growth,
    record_command,
    replaced_note,
    revision_text,
    revision_warning,
    round_name,
    subject_of,
)
from pytest_zacperf.records import Baseline, BaselineSample, Run, Work, Workload

CONSEQUENCE = (
    "the revision cannot be checked out later, so the stored samples alone can give PASS or "
    "INCONCLUSIVE, never FAIL"
)


def workload(**changes: object) -> Workload:
    return msgspec.structs.replace(WORKLOAD, **changes)


def test_the_key_is_a_file_name_that_says_window_and_engine() -> None:
    key = baseline_key(workload(window=msgspec.structs.replace(WINDOW, id="wk 1/ü")))
    assert key.startswith("wk_1_-gold_engine-")
    assert key.replace("-", "").replace("_", "").isalnum()


def test_the_key_of_a_long_name_is_short() -> None:
    window = msgspec.structs.replace(WINDOW, id="w" * 300)
    assert len(baseline_key(workload(window=window))) < 100


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(workload(engine="gold:other"), id="engine"),
        pytest.param(workload(parameters={}), id="no parameter"),
        pytest.param(workload(parameters={"lookback": 21}), id="parameter"),
        pytest.param(workload(window=msgspec.structs.replace(WINDOW, id="wk-2")), id="window"),
        pytest.param(workload(window=msgspec.structs.replace(WINDOW, end=WINDOW.start)), id="days"),
    ],
)
def test_another_request_has_another_key(other: Workload) -> None:
    assert baseline_key(other) != baseline_key(WORKLOAD)


@pytest.mark.parametrize(
    "same",
    [
        pytest.param(workload(window=msgspec.structs.replace(WINDOW, label="x")), id="label"),
        pytest.param(workload(engine_name="gold", engine_version="2"), id="loaded engine"),
        pytest.param(workload(parameters={"lookback": "20"}), id="text of a command line"),
    ],
)
def test_the_same_request_has_the_same_key(same: Workload) -> None:
    assert baseline_key(same) == baseline_key(WORKLOAD)


def test_a_request_is_named_by_window_engine_and_parameters() -> None:
    parameters = {"lookback": 20, "guard": True, "stop": None}
    assert subject_of(workload(parameters=parameters)) == (
        "wk-1, gold:engine lookback=20 guard=true stop=none"
    )


def test_the_command_that_records_a_baseline_is_what_a_shell_takes() -> None:
    assert record_command(["wk-1"]) == "zacperf baseline record --window wk-1 --reason ..."
    command = record_command(
        ["a b", "c"], engine="gold:engine", parameters={"x": "1 2"}, reason="it's", further=["--y"]
    )
    assert shlex.split(command) == [
        *("zacperf", "baseline", "record", "--window", "a b", "--window", "c"),
        *("--engine", "gold:engine", "--set", "x=1 2", "--reason", "it's", "--y"),
    ]


@pytest.mark.parametrize(
    ("changes", "text", "warning"),
    [
        pytest.param({}, REVISION, None, id="clean"),
        pytest.param(
            {"git_dirty": True},
            f"{REVISION} (dirty)",
            f"tracked files differ from 0123456789ab: {CONSEQUENCE}",
            id="dirty",
        ),
        pytest.param(
            {"git_revision": None, "git_dirty": None},
            "no git revision",
            f"the project is in no git repository: {CONSEQUENCE}",
            id="no repository",
        ),
    ],
)
def test_a_revision_that_cannot_be_measured_again_is_marked_and_warned_of(
    changes: dict[str, object], text: str, warning: str | None
) -> None:
    assert revision_text(environment(**changes)) == text
    assert revision_warning(environment(**changes)) == warning


def test_a_baseline_has_medians() -> None:
    samples = tuple(
        BaselineSample(wall_ns=30 * n, cpu_ns=20 * n, peak_memory_bytes=10 * n)
        for n in (1, 2, 3, 4, 90)
    )
    found = msgspec.structs.replace(baseline(), samples=samples)
    assert (median_wall_ns(found), median_cpu_ns(found), median_memory_bytes(found)) == (90, 60, 30)


def test_memory_growth_is_new_over_previous() -> None:
    grown = baseline(memory_bytes=92_000_000)
    assert memory_growth(baseline(), grown) == pytest.approx(1.15)
    assert memory_growth(grown, baseline()) == pytest.approx(1 / 1.15)


@pytest.mark.parametrize(
    "previous",
    [
        pytest.param(None, id="no previous one"),
        pytest.param(baseline(environment=environment(cpus=(0,))), id="another environment"),
        pytest.param(baseline(peak_memory_source="psutil"), id="another source"),
    ],
)
def test_memory_that_cannot_be_compared_has_no_growth(previous: Baseline | None) -> None:
    assert memory_growth(previous, baseline(memory_bytes=1)) is None


@pytest.mark.parametrize(
    ("growth", "approved", "refused"),
    [
        pytest.param(None, False, False, id="unknown"),
        pytest.param(0.5, False, False, id="less"),
        pytest.param(1.10, False, False, id="at the limit"),
        pytest.param(1.1001, False, True, id="beyond the limit"),
        pytest.param(1.1001, True, False, id="approved"),
    ],
)
def test_only_memory_that_grew_by_more_than_10_percent_needs_approval(
    growth: float | None, approved: bool, refused: bool
) -> None:
    assert is_refused(growth, approved=approved) is refused


def test_a_growth_beyond_the_limit_never_reads_like_the_limit() -> None:
    assert [growth_text(growth) for growth in (1.25, 1.1, 1.1001)] == ["1.25", "1.10", "1.1001"]


@pytest.mark.parametrize(
    ("previous", "new", "note"),
    [
        pytest.param(None, baseline(), "the first baseline of this environment", id="first"),
        pytest.param(
            baseline(environment=environment(cpus=(0,))),
            baseline(),
            "the first baseline of this environment",
            id="another environment",
        ),
        pytest.param(
            baseline(),
            baseline(cpu_ns=1_020_000_000, memory_bytes=84_000_000),
            "runtime 1.02 of the previous baseline (CPU clock), peak memory 1.05",
            id="compared",
        ),
        pytest.param(
            baseline(),
            baseline(wall_ns=2_200_000_000),
            "runtime 2.00 of the previous baseline (wall clock), peak memory 1.00",
            id="not CPU-bound",
        ),
        pytest.param(
            baseline(),
            baseline(peak_memory_source="psutil"),
            "runtime 1.00 of the previous baseline (CPU clock), "
            "peak memory not comparable (source VmHWM / psutil)",
            id="another source of memory",
        ),
        pytest.param(
            baseline(),
            baseline(work=Work(data_points=1, orders=1, order_events=1, final_equity=None)),
            "runtime 1.00 of the previous baseline (CPU clock), peak memory 1.00; "
            "it did other work",
            id="other work",
        ),
        pytest.param(
            baseline(cpu_ns=0, wall_ns=0),
            baseline(cpu_ns=0, wall_ns=0),
            "runtime too short to compare, peak memory 1.00",
            id="no time",
        ),
    ],
)
def test_the_size_of_the_change_is_said(
    previous: Baseline | None, new: Baseline, note: str
) -> None:
    assert replaced_note(previous, new, approved=True) == note


def test_an_approved_growth_is_said() -> None:
    grown = baseline(memory_bytes=90_400_000)
    note = "runtime 1.00 of the previous baseline (CPU clock), peak memory 1.13"
    assert replaced_note(baseline(), grown, approved=True) == f"{note} (growth approved)"
    assert replaced_note(baseline(), grown, approved=False) == note


def test_the_rounds_are_counted_after_the_warm_up() -> None:
    assert [round_name(number) for number in (0, 1)] == ["the warm-up", "round 1"]


def test_rounds_that_did_the_same_are_samples_of_one_baseline() -> None:
    slower = run_that_cost(wall_ns=9, cpu_ns=9, peak_memory_bytes=9)
    assert different_result(WORKLOAD, [RUN, RUN, slower]) is None


def fingerprinted(**changes: object) -> Run:
    assert RUN.fingerprints is not None
    return run(fingerprints=msgspec.structs.replace(RUN.fingerprints, **changes))


@pytest.mark.parametrize(
    ("other", "difference"),
    [
        pytest.param(fingerprinted(code="x"), "the code changed meanwhile", id="code"),
        pytest.param(fingerprinted(data=None), "the data changed meanwhile", id="data"),
        pytest.param(
            fingerprinted(parameters="x"), "the parameters changed meanwhile", id="parameters"
        ),
        pytest.param(
            run(environment=environment(packages={})), "package numpy 2.0 / none", id="package"
        ),
        pytest.param(
            run(environment=environment(git_dirty=True)),
            f"revision {REVISION} / {REVISION} (dirty)",
            id="revision",
        ),
        pytest.param(run(environment=None), "it has no result", id="no result"),
    ],
)
def test_a_round_with_other_inputs_is_refused(other: Run, difference: str) -> None:
    assert different_result(WORKLOAD, [RUN, RUN, other]) == (
        f"round 2 of wk-1 had other inputs than the warm-up: {difference}",
        "leave the project alone while a baseline is recorded, then record it again",
    )


@pytest.mark.parametrize(
    ("other", "difference"),
    [
        pytest.param(
            run(work=Work(data_points=1000, orders=2, order_events=5, final_equity=99.5)),
            "order events 4 / 5, final equity 100.5 / 99.5",
            id="work",
        ),
        pytest.param(
            run(order_events_hash="x"), "as many order events, but others", id="order events"
        ),
    ],
)
def test_a_backtest_that_is_not_deterministic_is_refused(other: Run, difference: str) -> None:
    problem, hint = different_result(WORKLOAD, [RUN, other]) or ("", "")
    assert problem == (
        f"round 1 of wk-1 did not do the work of the warm-up ({difference}): "
        "a backtest that is not deterministic cannot be a baseline"
    )
    assert hint == (
        "zacperf backtest --engine gold:engine --start 2025-01-20 --end 2025-01-26 "
        "--set lookback=20 --twice shows where it parts"
    )


def test_memory_of_another_source_is_refused_though_the_warm_up_may_have_one() -> None:
    other = run_that_cost(peak_memory_source="VmHWM + children")
    assert different_result(WORKLOAD, [other, RUN, RUN]) is None
    problem, hint = different_result(WORKLOAD, [other, RUN, other]) or ("", "")
    assert problem == (
        "the peak memory of round 2 of wk-1 has another source than that of round 1: "
        "'VmHWM' / 'VmHWM + children'"
    )
    assert hint == "record it again while the backtest starts the same processes each time"
