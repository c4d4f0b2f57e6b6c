"""The tables of bench."""

from __future__ import annotations

import dataclasses

from support.perf_reports import (
    REPORT,
    estimated,
    report,
    unmeasured,
)

from pytest_zacperf.noise import Noise, Recommendation
from pytest_zacperf.render import bench

QUIET = Noise(
    name="duet (CPU)",
    pairs=12,
    ratio=1.001,
    sd=0.021,
    largest=0.93,
    recommendations=(Recommendation(pairs=2, limit=1.302), Recommendation(pairs=8, limit=1.061)),
)
NOISY = dataclasses.replace(
    QUIET, name="alternate (wall)", recommendations=(Recommendation(pairs=15, limit=1.4),)
)


def test_bench_has_a_row_for_each_verdict() -> None:
    table = bench.bench_table([REPORT, report(verdict=unmeasured())])
    assert table.rows == (
        (
            *("wk-1", "FAIL", "runtime", "1.21", "[1.15, 1.28]", "1.10"),
            *("1.21 s", "1.00 s", "CPU", "2", "duet"),
        ),
        ("wk-1", "INCONCLUSIVE", "runtime", "-", "-", "1.10", "-", "-", "-", "0", "-"),
    )
    assert (len(table.header), table.note) == (11, "")


def test_bench_says_each_remark_once() -> None:
    both = report(same_inputs="A/A: same", difference="numpy 2.0 / 2.1")
    assert bench.bench_table([both, both]).note == "A/A: same; numpy 2.0 / 2.1"


def test_bench_says_that_rounds_were_disturbed_or_noisy() -> None:
    found = estimated(disturbed_pairs=2, sd=0.06, highest_sd=0.044)
    assert bench.bench_table([report(verdict=found)]).note == (
        "2 of 2 pairs disturbed by other programs; "
        "a pair varies by 6.0%, more than the 4.4% up to which 1% of verdicts are wrong"
    )


def test_noise_has_a_row_for_each_schedule() -> None:
    assert bench.noise_table([QUIET]).rows == (
        ("duet (CPU)", "12", "1.001", "2.1%", "0.930", "2: 1.30, 8: 1.06"),
    )


def test_noise_says_how_many_pairs_a_limit_needs() -> None:
    assert list(bench.noise_lines([NOISY, QUIET], 1.10, why_no_duet=None)) == [
        "limit 1.10: 8 pairs are enough (duet (CPU))",
        "recommended: a limit of 1.07 or more, 8 pairs",
    ]


def test_noise_says_that_a_limit_is_too_low_and_why_there_is_no_duet() -> None:
    assert list(bench.noise_lines([NOISY], 1.10, why_no_duet="it waits")) == [
        "no duet: it waits",
        "limit 1.10 is too low for this machine (alternate (wall))",
        "recommended: a limit of 1.40 or more, 15 pairs",
    ]
