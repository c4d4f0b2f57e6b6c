from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Hashable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from pytest_zacperf.parity import alignment
from pytest_zacperf.parity.alignment import common_subsequence, matched

FEW_KEYS = st.lists(st.integers(0, 3), max_size=12)


def length_of_longest(left: Sequence[Hashable], right: Sequence[Hashable]) -> int:
    """Return the length by the textbook's recurrence."""

    @functools.cache
    def longest(i: int, j: int) -> int:
        if not i or not j:
            return 0
        if left[i - 1] == right[j - 1]:
            return longest(i - 1, j - 1) + 1
        return max(longest(i - 1, j), longest(i, j - 1))

    return longest(len(left), len(right))


@given(FEW_KEYS, FEW_KEYS)
def test_it_is_common_ascending_and_the_longest(left: list[int], right: list[int]) -> None:
    pairs = common_subsequence(left, right)
    assert all(left[i] == right[j] for i, j in pairs)
    for one, following in itertools.pairwise(pairs):
        assert one[0] < following[0]
        assert one[1] < following[1]
    assert len(pairs) == length_of_longest(tuple(left), tuple(right))


def test_keys_that_repeat_without_end_are_still_aligned_in_part() -> None:
    size = 2 * int(alignment.MOST_CANDIDATES**0.5)
    left, right = ["x", *["a"] * size], [*["a"] * size, "y"]
    pairs = common_subsequence(left, right)
    assert all(left[i] == right[j] for i, j in pairs)
    assert len(pairs) > size / 2


def test_what_is_equal_elsewhere_is_the_same_thing() -> None:
    assert matched(["a", "b", "c"], ["c", "a", "b"], str.encode) == [(0, 1), (1, 2), (2, 0)]


def test_what_lies_between_is_matched_by_looser_keys() -> None:
    sides = ["a1", "b1", "c1", "d1"], ["a1", "x", "y", "c2", "d1"]
    found = matched(*sides, str.encode, [operator.itemgetter(0)])
    assert found == [(0, 0), (2, 3), (3, 4)]


def test_two_that_are_alone_between_others_are_the_same_thing() -> None:
    assert matched(["a", "b", "c"], ["a", "x", "c"], str.encode) == [(0, 0), (1, 1), (2, 2)]
    assert matched(["a", "b", "c"], ["a", "x", "y", "c"], str.encode) == [(0, 0), (2, 3)]


@given(st.lists(st.sampled_from("abc"), max_size=8), st.lists(st.sampled_from("abc"), max_size=8))
def test_with_the_sides_exchanged_the_same_pairs_are_found(
    left: list[str], right: list[str]
) -> None:
    there = matched(left, right, str.encode, [str])
    back = matched(right, left, str.encode, [str])
    assert there == sorted((i, j) for j, i in back)
