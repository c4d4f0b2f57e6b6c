"""What a user writes, turned into values."""

from __future__ import annotations

import pytest

from pytest_zacperf import values


def test_looks_may_go_up_to_the_most_pairs() -> None:
    assert values.parse_looks("2,60") == (2, 60)


@pytest.mark.parametrize("looks", [[2, 61], "2,61"], ids=["list", "text"])
def test_looks_beyond_the_most_pairs_are_refused(looks: object) -> None:
    with pytest.raises(ValueError, match=r"^61 pairs are too many; write numbers up to 60$"):
        values.parse_looks(looks)
