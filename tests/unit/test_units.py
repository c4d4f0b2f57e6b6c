from __future__ import annotations

import pytest

from pytest_zacperf.units import format_bytes, format_count, format_ns


@pytest.mark.parametrize(
    ("ns", "expected"),
    [
        pytest.param(0, "0 ns", id="nothing"),
        pytest.param(999, "999 ns", id="nanoseconds"),
        pytest.param(1_500, "1.50 us", id="microseconds"),
        pytest.param(999_999, "1.00 ms", id="rounds up to the next unit"),
        pytest.param(12_345_678, "12.3 ms", id="milliseconds"),
        pytest.param(9_996_000_000, "10.0 s", id="three digits"),
        pytest.param(59_400_000_000, "59.4 s", id="seconds"),
        pytest.param(59_960_000_000, "1 min 00 s", id="rounds up to a minute"),
        pytest.param(125_000_000_000, "2 min 05 s", id="minutes"),
        pytest.param(3_900_000_000_000, "1 h 05 min", id="hours"),
        pytest.param(-1_500, "-1.50 us", id="a difference"),
    ],
)
def test_a_duration_has_three_digits_and_a_unit(ns: float, expected: str) -> None:
    assert format_ns(ns) == expected


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        pytest.param(512, "512 B", id="bytes"),
        pytest.param(75_210_000, "75.2 MB", id="megabytes"),
        pytest.param(999_600_000, "1.00 GB", id="rounds up to the next unit"),
        pytest.param(123_456_000_000, "123 GB", id="gigabytes"),
    ],
)
def test_a_size_has_three_digits_and_a_decimal_unit(n: float, expected: str) -> None:
    assert format_bytes(n) == expected


def test_a_count_has_its_thousands_apart() -> None:
    assert format_count(1_234_567) == "1,234,567"
