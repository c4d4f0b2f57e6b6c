from __future__ import annotations

import pytest

from pytest_zacperf.blame import Growth
from pytest_zacperf.render.blame import blame_line, blame_lines

SLOWER = Growth(
    module="gold.py",
    name="Strategy.mean",
    line=12,
    baseline_own_ns=210_000_000,
    candidate_own_ns=410_000_000,
    baseline_calls=1_000,
    candidate_calls=2_000,
)


def growth(*, module: str = "gold.py", name: str = "mean", before: int = 1_000) -> Growth:
    return Growth(
        module=module,
        name=name,
        line=12,
        baseline_own_ns=before,
        candidate_own_ns=4_000,
        baseline_calls=1 if before else 0,
        candidate_calls=1,
    )


def test_the_worst_function_is_one_line_with_calls_and_time_per_call() -> None:
    assert blame_line(SLOWER) == (
        "worst: gold.py Strategy.mean own time 210 ms -> 410 ms profiled; "
        "1,000 -> 2,000 calls, 210 us -> 205 us a call"
    )


def test_calls_that_did_not_change_are_said_once() -> None:
    assert blame_line(growth()) == (
        "worst: gold.py mean own time 1.00 us -> 4.00 us profiled; "
        "1 call, 1.00 us -> 4.00 us a call"
    )


def test_a_function_the_baseline_never_called_is_new() -> None:
    assert blame_line(growth(before=0)) == (
        "worst: gold.py mean own time 0 ns -> 4.00 us profiled; new, 1 call, 4.00 us a call"
    )


@pytest.mark.parametrize(
    ("module", "name"),
    [
        pytest.param("a/" * 100 + "gold.py", "Strategy.mean", id="long path"),
        pytest.param("gold.py", "outer.<locals>." * 20 + "mean", id="long name"),
        pytest.param("a/" * 100 + "gold.py", "outer.<locals>." * 20 + "mean", id="both"),
    ],
)
def test_a_long_place_is_cut_and_the_figures_are_not(module: str, name: str) -> None:
    line = blame_line(growth(module=module, name=name))
    assert len(line) <= 150
    assert "gold.py" in line
    assert line.endswith("own time 1.00 us -> 4.00 us profiled; 1 call, 1.00 us -> 4.00 us a call")


def test_a_place_of_exactly_the_room_left_is_not_cut() -> None:
    used = len(blame_line(growth(module="", name="mean")))
    module = "m" * (150 - used)
    line = blame_line(growth(module=module, name="mean"))
    assert len(line) == 150
    assert f"worst: {module} mean own" in line


def test_control_characters_are_escaped() -> None:
    line = blame_line(growth(module="go\nld.py", name="me\x1ban"))
    assert "go\\nld.py me\\x1ban" in line


def test_the_report_has_a_table_of_both_sides() -> None:
    note, *table = blame_lines([SLOWER, growth(before=0)])
    assert note == (
        "from one profiled run a side, which is slower than a run alone; what builtins take counts "
        "as its caller's own time"
    )
    assert "\n".join(table) == (
        """\
function                  own time  baseline     grown   a call  baseline  calls  baseline
gold.py:12 Strategy.mean    410 ms    210 ms   +200 ms   205 us    210 us  2,000     1,000
gold.py:12 mean            4.00 us      0 ns  +4.00 us  4.00 us         -      1         0"""
    )


def test_a_function_that_only_waits_is_marked() -> None:
    lines = blame_lines([growth(module="threading.py", name="Thread.join")])
    assert lines[-1].startswith("threading.py:12 Thread.join (waits)  ")


def test_a_long_place_does_not_widen_the_table_without_end() -> None:
    lines = blame_lines([growth(module="a/" * 100 + "gold.py", name="m" * 200)])
    assert len(lines[-1]) < 220
    assert "gold.py:12 mmm" in lines[-1]


def test_nothing_that_grew_is_said_too() -> None:
    assert blame_lines([]) == ["no function's own time grew in the profiled runs"]
