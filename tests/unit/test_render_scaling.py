from __future__ import annotations

import dataclasses
import re

import pytest

from pytest_zacperf.call_growth import CallGrowth
from pytest_zacperf.estimates import Quantity
from pytest_zacperf.render.scaling import (
    exponent_lines,
    exponent_text,
    growth_lines,
    scaling_tables,
)
from pytest_zacperf.render.text import Table
from pytest_zacperf.scaling import (
    Exponent,
    ExponentVerdict,
    FullRange,
    FunctionScaling,
    Point,
    Scaling,
)
from pytest_zacperf.verdict import Outcome

GROWTH_HEADER = (
    *("rank", "function", "a call", "before", "grown"),
    *("calls", "before", "extra time", "within"),
)
GROWTH = CallGrowth(
    module="gold.py",
    name="Strategy.on_bar",
    line=12,
    calls_before=390,
    calls_after=4_680,
    ns_per_call_before=210_000,
    ns_per_call_after=2_520_000,
    ratio=9.6,
    extra_ns=10_500_000_000,
    within=("pandas/core/reshape/concat.py", "concat"),
)


def test_how_much_a_library_grew_stands_behind_its_name() -> None:
    found = dataclasses.replace(GROWTH, within_ratio=18.24)
    assert growth_lines([found], "short", "long")[-1].endswith(
        "  pandas/core/reshape/concat.py concat x18.2"
    )


def exponent(
    value: float, low: float | None = None, high: float | None = None, *, log_factor: float = 0.0
) -> Exponent:
    return Exponent(
        exponent=value,
        low=low,
        high=high,
        log_factor=log_factor,
        windows=4,
        scatter=None if low is None else 0.034,
    )


def function(name: str, *, module: str = "gold.py", calls: Exponent | None) -> FunctionScaling:
    return FunctionScaling(
        module=module,
        name=name,
        line=12,
        time=exponent(1.987, 1.9, 2.074),
        calls=calls,
        projected_own_ns=1.5e9,
        share=0.625,
    )


SCALING = Scaling(
    axis="bars",
    sizes=(390, 1_950, 8_190),
    full=FullRange(window="year", size=100),
    wall=exponent(1.004, 0.95, 1.058, log_factor=16.0),
    cpu=exponent(2),
    peak_memory=None,
    functions=(
        function("Strategy.on_bar", calls=exponent(1)),
        function("mean", calls=None),
    ),
)


def cells(table: Table) -> list[tuple[str, ...]]:
    return [table.header, *table.rows]


def test_costs_have_an_exponent_an_interval_and_what_they_come_to() -> None:
    table = scaling_tables(SCALING)[0]
    assert cells(table) == [
        ("cost", "exponent", "95 % interval", "scatter", "at year"),
        ("wall", "1.00", "[0.95, 1.06]", "3.4%", "905 ms"),
        ("CPU", "2.00", "-", "-", "10.0 us"),
        ("peak memory", "-", "-", "-", "-"),
    ]
    assert table.numbers == {1, 2, 3, 4}
    assert table.note == "3 windows of 390 to 8,190 bars; year has 100"


def test_functions_are_ranked_with_both_exponents_and_their_share() -> None:
    table = scaling_tables(SCALING)[1]
    assert cells(table) == [
        ("rank", "function", "exponent", "95 % interval", "of calls", "own time", "share"),
        ("1", "gold.py:12 Strategy.on_bar", "1.99", "[1.90, 2.07]", "1.00", "1.50 s", "62.5%"),
        ("2", "gold.py:12 mean", "1.99", "[1.90, 2.07]", "-", "1.50 s", "62.5%"),
    ]
    assert table.note == (
        "at year: own time in profiled runs, which is no measurement; "
        "share of the functions' own time"
    )


def test_no_more_than_twenty_functions_are_listed() -> None:
    functions = tuple(function(f"f{n}", calls=None) for n in range(23))
    table = scaling_tables(dataclasses.replace(SCALING, functions=functions))[1]
    assert [row[0] for row in table.rows] == [str(n) for n in range(1, 21)]
    assert table.note.startswith("the 20 of 23 functions that will cost most; at year: own time")


def test_without_functions_the_costs_say_what_they_would_take() -> None:
    (table,) = scaling_tables(dataclasses.replace(SCALING, functions=()))
    assert table.note == (
        "3 windows of 390 to 8,190 bars; year has 100; "
        "functions: none took time in profiles of 3 windows of different size"
    )


def test_what_a_wild_exponent_projects_is_not_printed_in_full() -> None:
    wild = exponent(80)
    scaling = dataclasses.replace(SCALING, wall=wild, peak_memory=wild)
    rows = scaling_tables(scaling)[0].rows
    assert (rows[0][-1], rows[2][-1]) == ("> 100 years", "> 1 PB")


def test_an_exponent_of_nothing_has_no_sign() -> None:
    assert exponent_text(exponent(-0.001, -0.002, 0.001)) == "0.00 [0.00, 0.00]"


def test_names_are_escaped_and_the_end_of_a_long_path_stays() -> None:
    strange = function("mean\n", module="a/" * 100 + "gold.py", calls=None)
    full = FullRange(window="ye\nar", size=100)
    costs, functions = scaling_tables(dataclasses.replace(SCALING, functions=(strange,), full=full))
    assert costs.header[-1] == "at ye\\nar"
    name = functions.rows[0][1]
    assert name.startswith("...a/a/")
    assert name.endswith("/gold.py:12 mean\\n")
    assert len(name) == 60 + len(":12 mean\\n")


def test_calls_that_became_dearer_are_a_table() -> None:
    waits = dataclasses.replace(GROWTH, module="threading.py", name="Event.wait", within=None)
    title, note, *table = growth_lines([GROWTH, waits], "wk-1", "year")
    assert title.startswith("calls that cost more in year than before, in wk-1; what a library ")
    assert note.startswith("grown: without the machine's own change of speed; profiled times ")
    figures = ("2.52 ms", "210 us", "x9.6", "4,680", "390", "10.5 s")
    assert [tuple(re.split(r" {2,}", line.strip())) for line in table] == [
        GROWTH_HEADER,
        ("1", "gold.py:12 Strategy.on_bar", *figures, "pandas/core/reshape/concat.py concat"),
        ("2", "threading.py:12 Event.wait (waits)", *figures, "-"),
    ]


def test_no_dearer_calls_are_one_sentence() -> None:
    assert growth_lines([], "wk-1", "year") == [
        "no function's calls cost more in year than in wk-1"
    ]


def test_no_more_than_twenty_dearer_functions_are_listed() -> None:
    lines = growth_lines([GROWTH] * 22, "wk-1", "year")
    assert (len(lines), lines[-1]) == (24, "and 2 more")


VERDICT = ExponentVerdict(
    quantity=Quantity.RUNTIME,
    clock="CPU",
    axis="bars",
    points=(
        Point(window="wk-1", size=1_950, cost=2_500_000_000),
        Point(window="day-1", size=390, cost=100_000_000),
    ),
    exponent=exponent(1.98, 1.93, 2.03),
    op="<=",
    limit=1.2,
    outcome=Outcome.FAIL,
)


def test_a_judged_exponent_says_all_its_figures() -> None:
    figures = "1.98 [1.93, 2.03] against bars, limit <= 1.2: FAIL (CPU clock, 4 windows)"
    assert exponent_lines(VERDICT) == [
        f"exponent of runtime {figures}",
        "  window   bars  runtime (CPU)",
        "  day-1     390         100 ms",
        "  wk-1    1,950         2.50 s",
    ]


def test_an_exponent_of_memory_has_no_clock() -> None:
    verdict = dataclasses.replace(VERDICT, quantity=Quantity.PEAK_MEMORY, clock=None)
    assert exponent_lines(verdict)[:3] == [
        "exponent of peak memory 1.98 [1.93, 2.03] against bars, limit <= 1.2: FAIL (4 windows)",
        "  window   bars  peak memory",
        "  day-1     390       100 MB",
    ]


def test_an_open_exponent_says_what_would_settle_it() -> None:
    verdict = dataclasses.replace(VERDICT, limit=2, outcome=Outcome.INCONCLUSIVE)
    assert exponent_lines(verdict)[1] == (
        "more windows, or windows that differ more in size, make the interval narrower"
    )


@pytest.mark.parametrize(
    ("low", "limit", "expected"),
    [
        pytest.param(1.2004, 1.2, "[1.2004, 1.3000]", id="just above"),
        pytest.param(1.2, 1.2, "[1.20, 1.30]", id="at the limit"),
        pytest.param(1.2 + 1e-9, 1.2, "[1.200000, 1.300000]", id="closer than is shown"),
    ],
)
def test_what_missed_the_limit_is_not_printed_as_the_limit(
    low: float, limit: float, expected: str
) -> None:
    verdict = dataclasses.replace(VERDICT, exponent=exponent(1.25, low, 1.3), limit=limit)
    assert expected in exponent_lines(verdict)[0]


def test_of_many_windows_the_smallest_and_the_largest_are_shown() -> None:
    points = tuple(Point(window=f"w{n:02}", size=n, cost=n * 1_000) for n in range(25, 0, -1))
    lines = exponent_lines(dataclasses.replace(VERDICT, points=points))
    assert [line.split()[0] for line in lines[2:]] == [
        *("w01", "w02", "w03", "w04", "w05", "and", "w21", "w22", "w23", "w24", "w25")
    ]
    assert lines[7].split() == ["and", "15", "more"]
