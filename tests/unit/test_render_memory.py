from __future__ import annotations

from pytest_zacperf.records import StageMemory
from pytest_zacperf.render.memory import stage_growth_line, stage_growth_lines

LONGEST_LINE = 150


def stage(name: str, growth_bytes: int) -> StageMemory:
    return StageMemory(name=name, growth_bytes=growth_bytes)


BASELINE = [stage("total", 300_000), stage("data", 40_000_000), stage("metrics", 1_200_000)]
CANDIDATE = [stage("total", 300_000), stage("data", 38_000_000), stage("metrics", 13_500_000)]


def test_the_stage_that_grew_most_is_one_line() -> None:
    assert stage_growth_line(BASELINE, CANDIDATE) == (
        "grew in stage metrics: +12.3 MB (1.20 MB -> 13.5 MB)"
    )


def test_no_line_where_no_stage_takes_more() -> None:
    assert stage_growth_line(BASELINE, BASELINE) is None
    assert stage_growth_line(CANDIDATE, [stage("data", 1)]) is None
    assert stage_growth_line([], []) is None


def test_a_long_name_is_cut_and_the_figures_are_not() -> None:
    line = stage_growth_line([stage("a" * 500, 999_400_000_000)], [stage("a" * 500, 10**15)])
    assert line is not None
    assert len(line) <= LONGEST_LINE
    assert line.endswith("a...: +999001 GB (999 GB -> 1000000 GB)")


def test_a_strange_name_cannot_break_the_line() -> None:
    line = stage_growth_line([], [stage("a\nb\x1b[31m", 1_000)])
    assert line == r"grew in stage a\nb\x1b[31m: +1.00 kB (0 B -> 1.00 kB)"


def test_the_table_has_the_worst_stage_first() -> None:
    note, *table = stage_growth_lines(BASELINE, CANDIDATE)
    assert note.startswith("by how much each stage raised the peak, from one run a side")
    assert table == [
        "stage    baseline  candidate  difference",
        "metrics   1.20 MB    13.5 MB    +12.3 MB",
        "total      300 kB     300 kB         0 B",
        "data      40.0 MB    38.0 MB    -2.00 MB",
    ]


def test_a_stage_that_only_one_side_has_counts_as_zero_on_the_other() -> None:
    _, _, new, gone = stage_growth_lines([stage("old", 5_000)], [stage("new", 7_000)])
    assert new.split() == ["new", "0", "B", "7.00", "kB", "+7.00", "kB"]
    assert gone.split() == ["old", "5.00", "kB", "0", "B", "-5.00", "kB"]


def test_no_growth_on_either_side_is_said() -> None:
    assert stage_growth_lines([], []) == [
        (
            "no stage took more memory than before: "
            "it was there before run() began, or in child processes"
        )
    ]
