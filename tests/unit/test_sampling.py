import dataclasses
import math
import subprocess
import sys

import pytest

from pytest_zacperf import sampling
from pytest_zacperf.sampling import ALTERNATE_CPU, ALTERNATE_WALL, DUET, MEMORY, Design

DESIGNS = [DUET, ALTERNATE_CPU, ALTERNATE_WALL, MEMORY]


@pytest.mark.parametrize("design", DESIGNS)
def test_every_look_has_a_level(design: Design) -> None:
    assert len(design.levels) == len(design.looks)
    assert all(0 < level < 0.01 for level in design.levels)


@pytest.mark.parametrize("design", DESIGNS)
def test_the_default_looks_are_a_schedule(design: Design) -> None:
    sampling.check_looks(design.looks)


@pytest.mark.parametrize(("pairs", "look"), [(2, 0), (3, 1), (5, 3), (8, 4), (20, 4)])
def test_between_two_looks_the_level_is_that_of_the_next(pairs: int, look: int) -> None:
    assert DUET.level_at(pairs) == DUET.levels[look]


def test_before_the_first_look_the_level_is_zero() -> None:
    assert DUET.level_at(1) == ALTERNATE_CPU.level_at(4) == 0


def test_levels_that_do_not_match_the_looks_are_refused() -> None:
    wrong = dataclasses.replace(DUET, levels=DUET.levels[:2])
    with pytest.raises(ValueError, match="shorter"):
        wrong.level_at(8)


@pytest.mark.parametrize(
    ("looks", "message"),
    [
        ((), "there is no look; write ascending numbers of pairs from 2, such as 2, 3, 4, 6, 8"),
        ((1, 2), "a look at 1 pairs is too early; write ascending"),
        ((2, 4, 4), "a look at 4 pairs cannot follow one at 4; write ascending"),
        ((5, 8, 6), "a look at 6 pairs cannot follow one at 8; write ascending"),
    ],
)
def test_looks_that_are_no_schedule_are_refused(looks: tuple[int, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sampling.check_looks(looks)


def test_stored_samples_may_be_off_as_a_whole_by_three_percent() -> None:
    assert math.isclose(sampling.STORED.prior_sd * sampling.OCCASION_RATIO, 0.03, rel_tol=0.02)


def test_the_designs_load_without_numpy() -> None:
    code = "import sys, pytest_zacperf.sampling; print('numpy' in sys.modules)"
    done = subprocess.run(  # noqa: S603 - Python itself
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
