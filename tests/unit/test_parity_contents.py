from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_zacperf.parity import InMemory, contents
from pytest_zacperf.parity.contents import SharedEnds, are_same, blocks_of_lines, shared_ends

LINES = st.lists(st.sampled_from([b"a", b"b", b"ab", b"ba"]), max_size=12)
BLOCK_SIZES = st.integers(1, 12)


def content_of(lines: list[bytes]) -> InMemory:
    return InMemory(b"".join(line + b"\n" for line in lines))


def shared_lines(left: list[bytes], right: list[bytes]) -> tuple[int, int]:
    """Return how many lines are the same at the beginning, and of the others at the end."""
    shortest = min(len(left), len(right))
    before = next((at for at in range(shortest) if left[at] != right[at]), shortest)
    rest = shortest - before
    after = next((at for at in range(rest) if left[-1 - at] != right[-1 - at]), rest)
    return before, after


@given(LINES, LINES, BLOCK_SIZES)
def test_shared_ends_are_whole_lines_and_all_of_them(
    left: list[bytes], right: list[bytes], block_bytes: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contents, "BLOCK_BYTES", block_bytes)
        found = shared_ends(content_of(left), content_of(right))
    before, after = shared_lines(left, right)
    assert found == SharedEnds(
        before_bytes=content_of(left[:before]).size_bytes,
        before_lines=before,
        after_bytes=content_of(left[len(left) - after :]).size_bytes,
    )


@given(LINES, LINES, BLOCK_SIZES)
def test_contents_are_the_same_when_their_bytes_are(
    left: list[bytes], right: list[bytes], block_bytes: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contents, "BLOCK_BYTES", block_bytes)
        assert are_same(content_of(left), content_of(right)) is (left == right)
        assert are_same(content_of(left), content_of(left))


@given(LINES, BLOCK_SIZES)
def test_blocks_are_whole_lines_and_lose_nothing(lines: list[bytes], block_bytes: int) -> None:
    content = content_of(lines)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contents, "BLOCK_BYTES", block_bytes)
        blocks = list(blocks_of_lines(content, 0, content.size_bytes))
    assert b"".join(blocks) == content.data
    assert all(block.endswith(b"\n") for block in blocks)


def test_a_last_line_without_an_end_is_a_line_of_its_own() -> None:
    assert list(blocks_of_lines(InMemory(b"a\nb"), 0, 3)) == [b"a\n", b"b"]
    assert shared_ends(InMemory(b"a\nb"), InMemory(b"a\nb\n")).before_bytes == 2
