"""The four rungs: what each accepts, and how far two numbers are apart."""

from __future__ import annotations

import math
import sys
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_zacperf.properties import (
    Summed,
    Tolerance,
    conditioned,
    exact,
    mean_of,
    relative,
    sum_of,
    ulps,
    ulps_between,
)
from pytest_zacperf.properties.comparing import first_difference

EPSILON = sys.float_info.epsilon
ALL = (exact(), ulps(4), relative(1e-9), conditioned(8))
FINITE = st.floats(allow_nan=False, allow_infinity=False)


def accepts(tolerance: Tolerance, incremental: object, full: object) -> bool:
    return first_difference(incremental, full, tolerance) is None


@pytest.mark.parametrize(
    ("tolerance", "incremental", "full", "is_accepted"),
    [
        pytest.param(exact(), 0.1, 0.1, True, id="the same bits"),
        pytest.param(exact(), math.nextafter(0.1, 1), 0.1, False, id="the next double"),
        pytest.param(exact(), -0.0, 0.0, False, id="the sign of zero"),
        pytest.param(exact(), 3, 3.0, True, id="an integer and the same double"),
        pytest.param(exact(), 2**60 + 1, 2**60, False, id="integers no double tells apart"),
        pytest.param(ulps(0), -0.0, 0.0, True, id="zeros are no step apart"),
        pytest.param(ulps(1), math.nextafter(0.1, 1), 0.1, True, id="one step of one"),
        pytest.param(ulps(1), 0.1 + 4e-17, 0.1, False, id="three steps of one"),
        pytest.param(relative(1e-3), 1000.9, 1000.0, True, id="within a thousandth"),
        pytest.param(relative(1e-3), 1001.1, 1000.0, False, id="beyond a thousandth"),
        pytest.param(relative(1e-3), 1e-300, 0.0, False, id="nothing is near zero"),
        pytest.param(conditioned(2), EPSILON, Summed(0.0, 1.0), True, id="as sums cancel"),
        pytest.param(conditioned(2), 3 * EPSILON, Summed(0.0, 1.0), False, id="worse than that"),
        pytest.param(exact(), 0.5, Fraction(1, 2), True, id="an exact fraction"),
        pytest.param(exact(), 0.5, Decimal("0.5"), True, id="a decimal"),
        pytest.param(exact(), np.float64(0.5), 0.5, True, id="a double of NumPy"),
        pytest.param(exact(), np.int64(3), 3, True, id="an integer of NumPy"),
        pytest.param(exact(), np.float32(0.5), 0.5, True, id="a single of NumPy"),
        pytest.param(exact(), True, 1, False, id="true is no number"),
    ],
)
def test_a_tolerance_accepts(
    tolerance: Tolerance, incremental: object, full: object, *, is_accepted: bool
) -> None:
    assert accepts(tolerance, incremental, full) is is_accepted


@pytest.mark.parametrize("tolerance", ALL, ids=str)
def test_what_is_no_finite_number_is_the_same_or_not_for_every_tolerance(
    tolerance: Tolerance,
) -> None:
    assert accepts(tolerance, math.nan, math.nan)
    assert accepts(tolerance, math.inf, Summed(math.inf, math.inf))
    for incremental, full in ((math.nan, 1.0), (1.0, math.nan), (math.inf, -math.inf)):
        assert not accepts(tolerance, incremental, full)
    assert accepts(tolerance, None, None)
    assert not accepts(tolerance, None, 0.0)
    assert not accepts(tolerance, 0.0, None)


@given(FINITE)
def test_neighbors_are_one_step_apart(value: float) -> None:
    above = math.nextafter(value, math.inf)
    if math.isfinite(above):
        assert ulps_between(value, above) == ulps_between(above, value) == 1


@given(FINITE, FINITE, FINITE)
def test_steps_add_up(one: float, two: float, three: float) -> None:
    low, middle, high = sorted((one, two, three))
    assert ulps_between(low, high) == ulps_between(low, middle) + ulps_between(middle, high)


def test_nothing_is_a_number_of_steps_from_nan() -> None:
    with pytest.raises(ValueError, match="NaN is no number of steps"):
        ulps_between(1.0, math.nan)


def test_a_sum_is_measured_by_its_terms_and_not_by_its_value() -> None:
    assert sum_of([1e16, 1.0, -1e16]) == Summed(1.0, 2e16 + 1)
    assert mean_of([3.0, -1.0]) == Summed(1.0, 2.0)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20))
def test_a_mean_is_the_nearest_double(terms: list[float]) -> None:
    assert mean_of(terms).value == float(sum(map(Fraction, terms)) / len(terms))


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50))
def test_adding_in_turn_keeps_the_bound_of_its_docstring(terms: list[float]) -> None:
    total = 0.0
    for term in terms:
        total += term
    assert accepts(conditioned((len(terms) - 1) / 2 + 0.5), total, sum_of(terms))


@pytest.mark.parametrize("term", [math.nan, math.inf])
def test_a_sum_with_a_term_that_is_not_finite_is_nan(term: float) -> None:
    assert math.isnan(sum_of([1.0, term]).value)
    assert math.isnan(mean_of([1.0, term]).value)


@pytest.mark.parametrize("count", [1.5, True])
def test_steps_are_whole(count: float) -> None:
    with pytest.raises(ValueError, match=f"a whole number of steps, not {count}"):
        ulps(count)  # type: ignore[arg-type]


def test_a_mean_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="the mean of nothing; return None until there is a bar"):
        mean_of([])


def test_conditioned_asks_for_the_magnitudes() -> None:
    with pytest.raises(TypeError, match=r"return sum_of\(terms\), mean_of\(terms\) or Summed"):
        first_difference(1.0, 1.0 + EPSILON, conditioned(8))


@pytest.mark.parametrize("make", [ulps, relative, conditioned])
@pytest.mark.parametrize("amount", [-1, math.nan, math.inf])
def test_a_tolerance_below_nothing_is_refused(make: type, amount: float) -> None:
    with pytest.raises(ValueError, match=f"a tolerance is 0 or more, not {amount}"):
        make(amount)
