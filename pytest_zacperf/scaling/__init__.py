"""Cost against window size: how fast it grows, over runs that are finished; runs nothing.

It loads scipy: edges import it where they need it.
"""

from pytest_zacperf.scaling.fitting import Exponent, fit
from pytest_zacperf.scaling.judging import (
    ExponentVerdict,
    Point,
    check_limit,
    fit_points,
    outcome_of,
)
from pytest_zacperf.scaling.projection import FunctionScaling, Scaling, scaling_of
from pytest_zacperf.scaling.sizes import (
    FEWEST_FOR_INTERVAL,
    Axis,
    FullRange,
    Measured,
    axis_of,
    distinct_sizes,
    full_size,
    measured,
    require_sizes,
    size_of,
)

__all__ = [
    "FEWEST_FOR_INTERVAL",
    "Axis",
    "Exponent",
    "ExponentVerdict",
    "FullRange",
    "FunctionScaling",
    "Measured",
    "Point",
    "Scaling",
    "axis_of",
    "check_limit",
    "distinct_sizes",
    "fit",
    "fit_points",
    "full_size",
    "measured",
    "outcome_of",
    "require_sizes",
    "scaling_of",
    "size_of",
]
