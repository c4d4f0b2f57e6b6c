"""Values of many shapes, and the part of them that differs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import msgspec
import numpy as np
import pandas as pd
import polars as pl
import pytest

from pytest_zacperf.properties import exact, relative, ulps
from pytest_zacperf.properties.comparing import first_difference


class Record(msgspec.Struct):
    low: float
    high: float


@dataclass
class Data:
    low: float
    high: object


class Named(NamedTuple):
    low: float
    high: float


@pytest.mark.parametrize(
    ("incremental", "full", "part"),
    [
        pytest.param(Record(1.0, 2.0), Record(1.0, 3.0), "high", id="record"),
        pytest.param(Data(1.0, 2.0), Data(1.0, 3.0), "high", id="dataclass"),
        pytest.param(Named(1.0, 2.0), Named(1.0, 3.0), "high", id="named tuple"),
        pytest.param({"low": 1, "high": 2}, {"low": 1, "high": 3}, "high", id="mapping"),
        pytest.param((1.0, 2.0), (1.0, 3.0), "1", id="tuple"),
        pytest.param([1.0, 2.0], (1.0, 3.0), "1", id="list and tuple"),
        pytest.param(np.array([1.0, 2.0]), np.array([1.0, 3.0]), "1", id="NumPy"),
        pytest.param(np.ones((2, 2)), np.array([[1.0, 1.0], [1.0, 3.0]]), "1.1", id="matrix"),
        pytest.param(pd.Series([1.0, 2.0]), pd.Series([1.0, 3.0]), "1", id="pandas"),
        pytest.param(pl.Series([1.0, 2.0]), pl.Series([1.0, 3.0]), "1", id="polars"),
        pytest.param(Data(1.0, (1, 2)), Data(1.0, (1, 3)), "high.1", id="nested"),
        pytest.param("up", "down", "", id="text"),
        pytest.param([1.0], [1.0, 2.0], "", id="too short"),
        pytest.param([1.0, 2.0], [1.0], "", id="too long"),
        pytest.param({}, None, "", id="nothing and None"),
        pytest.param(Record(1.0, 2.0), None, "", id="something and None"),
    ],
)
def test_the_part_that_differs_is_named(incremental: object, full: object, part: str) -> None:
    difference = first_difference(incremental, full, exact())
    assert difference is not None
    assert difference.part == part


@pytest.mark.parametrize(
    ("incremental", "full"),
    [
        pytest.param(np.array(1.5), 1.5, id="an array without dimensions"),
        pytest.param(1.5, np.array(1.5), id="on the other side"),
        pytest.param(pd.NaT, pd.NaT, id="NaT"),
        pytest.param(pd.NA, pd.NA, id="NA"),
        pytest.param(np.datetime64("NaT"), np.datetime64("NaT"), id="NaT of NumPy"),
        pytest.param(Decimal("0.1"), Fraction(1, 10), id="the same number exactly"),
        pytest.param(Decimal("NaN"), math.nan, id="NaN of decimals"),
        pytest.param(Decimal("-Infinity"), -math.inf, id="infinity of decimals"),
        pytest.param(10**400, 10**400, id="huge"),
    ],
)
def test_the_same_in_another_form_is_the_same(incremental: object, full: object) -> None:
    assert first_difference(incremental, full, exact()) is None


@pytest.mark.parametrize(
    ("incremental", "full"),
    [
        pytest.param(np.array([1.0, 2.0]), np.array([1.0, 2.0, 3.0]), id="shapes"),
        pytest.param(np.array([1.0, 2.0]), None, id="an array and None"),
        pytest.param(np.array([1.0]), 1.0, id="an array and a number"),
        pytest.param(Decimal("0.1000000000000000000000001"), Decimal("0.1"), id="decimals"),
        pytest.param(Fraction(1, 3), Fraction(1, 3) + Fraction(1, 10**30), id="fractions"),
        pytest.param(10**400, 10**400 + 1, id="huge integers"),
        pytest.param(10**400, 1.0, id="huge and small"),
        pytest.param(Decimal("1e400"), Decimal("2e400"), id="huge decimals"),
        pytest.param(pd.NA, 1.0, id="NA and a number"),
        pytest.param(pd.NA, "text", id="NA and text"),
        pytest.param(pd.DataFrame({"a": [1.0, 2.0]}), pd.DataFrame({"a": [1.0, 2.5]}), id="frames"),
    ],
)
def test_what_differs_differs(incremental: object, full: object) -> None:
    assert first_difference(incremental, full, exact()) is not None


@pytest.mark.parametrize(
    "value",
    [
        Record(1.0, 2.0),
        Data(1.0, {"a": [None, "x", True]}),
        Named(1.0, 2.0),
        np.arange(3),
        np.float64(2),
        np.bool_(True),  # noqa: FBT003 - a value
        "text",
        b"bytes",
        None,
        [],
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_is_the_same_as_itself(value: object) -> None:
    assert first_difference(value, value, exact()) is None


def test_each_part_has_its_own_tolerance() -> None:
    tolerances = {"low": exact(), "bands": relative(0.5)}
    one, other = {"low": 1.0, "bands": [1.0, 2.0]}, {"low": 1.0, "bands": [1.2, 2.2]}
    assert first_difference(one, other, tolerances) is None
    difference = first_difference(one, other, {**tolerances, "bands": exact()})
    assert difference is not None
    assert difference.part == "bands.0"


def test_none_of_a_warm_up_needs_no_tolerance_of_its_own() -> None:
    assert first_difference(None, None, {"low": ulps(1)}) is None
    assert first_difference(None, {"low": 1.0}, {"low": ulps(1)}) is not None


def test_the_parts_of_a_tuple_may_be_named_by_number() -> None:
    assert first_difference((1.0, 2.0), (1.0, 2.5), {"0": exact(), "1": relative(0.5)}) is None


def test_a_part_without_a_tolerance_is_refused() -> None:
    with pytest.raises(ValueError, match="tolerance names low and not high; give each part"):
        first_difference(Record(1.0, 2.0), Record(1.0, 2.0), {"low": ulps(1)})
