from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_zacperf.parity import Relative, Tolerance, parse_tolerances, relative
from pytest_zacperf.parity.tolerance import cell, is_within

FIELDS = ("fill_price", "fee")


@pytest.mark.parametrize(
    ("expected", "actual", "is_equal"),
    [(100.0, 100.5, True), (100.5, 100.0, True), (100.0, 100.75, False), (100, 100.25, True)],
)
def test_an_absolute_tolerance_is_the_most_a_number_may_differ_by(
    expected: float, actual: float, is_equal: bool
) -> None:
    assert is_within(expected, actual, 0.5) is is_equal


def test_a_relative_tolerance_is_a_share_of_the_expected_value() -> None:
    assert is_within(-200.0, -201.0, relative(0.005))
    assert not is_within(-200.0, -201.25, relative(0.005))


@pytest.mark.parametrize(
    ("expected", "actual"), [(1.0, None), (None, 1.0), ("a", "b"), (math.nan, 1.0), (True, 1)]
)
def test_what_is_no_number_is_within_no_tolerance(expected: object, actual: object) -> None:
    assert not is_within(expected, actual, 1000.0)


@pytest.mark.parametrize(
    ("expected", "actual"),
    [("0.896", "0.900"), ("9.797%", "9.8%"), ("$11,000.00", "$11,000.003"), ("-1.5", "-1.504")],
)
def test_a_text_that_is_a_number_is_within_a_tolerance(expected: str, actual: str) -> None:
    assert is_within(expected, actual, 0.005)
    assert not is_within(expected, actual, 0.001)


@pytest.mark.parametrize(
    ("expected", "actual"), [("1%", "1"), ("$1", "1"), ("1", 1.0), ("1e5", "1e5"), ("", "0")]
)
def test_texts_of_other_units_are_within_no_tolerance(expected: object, actual: object) -> None:
    assert not is_within(expected, actual, 1000.0)


def test_without_a_tolerance_nothing_is_within_it() -> None:
    assert not is_within(1.0, 1.0, None)


@given(
    st.floats(-1e6, 1e6),
    st.floats(-1, 1),
    st.sampled_from([0.005, 3.0, relative(1e-6), relative(0.01)]),
)
def test_what_is_within_a_tolerance_shares_a_cell_of_one_of_two_grids(
    value: float, share: float, tolerance: Tolerance
) -> None:
    width = tolerance.share * abs(value) if isinstance(tolerance, Relative) else tolerance
    other = value + share * 0.99 * width
    assert is_within(value, other, tolerance)
    cells = [[cell(one, tolerance, offset) for one in (value, other)] for offset in (0.0, 0.5)]
    assert any(one == another for one, another in cells)


def test_where_nothing_is_allowed_each_number_is_a_cell() -> None:
    assert [cell(value, 0.0, 0.5) for value in (1.25, 0.0, None)] == [1.25, 0.0, None]


def test_tolerances_are_kept_by_field() -> None:
    given = {"fee": 1, "fill_price": relative(1e-9), "statistics.Sharpe Ratio": 1e-6}
    assert parse_tolerances(given, FIELDS) == {
        "fee": 1.0,
        "fill_price": relative(1e-9),
        "statistics.Sharpe Ratio": 1e-6,
    }


def test_a_field_without_numbers_has_no_tolerance() -> None:
    with pytest.raises(
        ValueError,
        match=r"'symbol' has no tolerance; these have: fill_price, fee, statistics\.<name>",
    ):
        parse_tolerances({"symbol": 1}, FIELDS)


@pytest.mark.parametrize("value", [-0.1, math.nan, math.inf, "0.1", None, True])
def test_a_tolerance_that_is_none_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"the tolerance of 'fee' = .* is no number from 0; write"):
        parse_tolerances({"fee": value}, FIELDS)


def test_a_relative_tolerance_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r"relative\(\) = -1 is no number from 0"):
        relative(-1)
