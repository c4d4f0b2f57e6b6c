import pytest

from pytest_zacperf.stats import median_ratio


def test_the_ratio_is_taken_within_each_pair() -> None:
    # The machine became ten times slower after the second pair; every pair says 1.5 or close.
    pairs = [(10, 15), (20, 28), (100, 160), (200, 300), (300, 450)]
    assert median_ratio(pairs) == 1.5


def test_no_pair_has_no_ratio() -> None:
    with pytest.raises(ValueError, match="at least one pair of runs, got none"):
        median_ratio([])


@pytest.mark.parametrize("pair", [(0, 1), (1, 0), (-1, 1), (float("nan"), 1)])
def test_a_value_that_is_not_positive_has_no_ratio(pair: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="a ratio needs positive values, got "):
        median_ratio([pair])
