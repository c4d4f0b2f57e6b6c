"""Bytes that are compared without being held: what two contents share at their ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

BLOCK_BYTES = 1 << 20


class Content(Protocol):
    """Canonical JSON Lines, wherever they are; read in pieces, as often as somebody asks."""

    @property
    def size_bytes(self) -> int:
        """How much there is."""

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes from *start* to before *end*; both lie within the size."""


@dataclass(frozen=True, slots=True)
class InMemory:
    """Content that is in memory already."""

    data: bytes

    @property
    def size_bytes(self) -> int:
        """How much there is."""
        return len(self.data)

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes from *start* to before *end*."""
        return self.data[start:end]


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedEnds:
    """Whole lines that two contents share before and after all that differs.

    Attributes:
        before_bytes: Size of the shared lines at the beginning.
        before_lines: Their number.
        after_bytes: Size of the shared lines at the end, none of which is counted twice.

    """

    before_bytes: int
    before_lines: int
    after_bytes: int


def are_same(left: Content, right: Content) -> bool:
    """Return whether two contents are the same bytes; holds two blocks of them at a time."""
    size = left.size_bytes
    if size != right.size_bytes:
        return False
    return all(left.read(start, end) == right.read(start, end) for start, end in _blocks(0, size))


def shared_ends(left: Content, right: Content) -> SharedEnds:
    """Return how many whole lines two contents share at either end."""
    before_bytes, before_lines = _shared_before(left, right)
    after_bytes = _shared_after(left, right, before_bytes)
    return SharedEnds(before_bytes=before_bytes, before_lines=before_lines, after_bytes=after_bytes)


def blocks_of_lines(content: Content, start: int, end: int) -> Iterator[bytes]:
    """Yield the bytes from *start* to before *end*, a few whole lines at a time."""
    rest = b""
    for block_start, block_end in _blocks(start, end):
        data = rest + content.read(block_start, block_end)
        cut = data.rfind(b"\n") + 1
        if cut:
            yield data[:cut]
        rest = data[cut:]
    if rest:
        yield rest


def _blocks(start: int, end: int) -> Iterator[tuple[int, int]]:
    for at in range(start, end, BLOCK_BYTES):
        yield at, min(at + BLOCK_BYTES, end)


def _shared_before(left: Content, right: Content) -> tuple[int, int]:
    shortest = min(left.size_bytes, right.size_bytes)
    lines = line_start = 0
    for start, end in _blocks(0, shortest):
        one, other = left.read(start, end), right.read(start, end)
        same = end - start if one == other else _same_bytes(one, other)
        lines += one.count(b"\n", 0, same)
        newline = one.rfind(b"\n", 0, same)
        if newline >= 0:
            line_start = start + newline + 1
        if same < end - start:
            break
    return line_start, lines


def _shared_after(left: Content, right: Content, before_bytes: int) -> int:
    longest = min(left.size_bytes, right.size_bytes) - before_bytes
    shared = 0
    first_newline = None  # counted from the end, after the newline
    while shared < longest:
        size = min(BLOCK_BYTES, longest - shared)
        ends = left.size_bytes - shared, right.size_bytes - shared
        one, other = left.read(ends[0] - size, ends[0]), right.read(ends[1] - size, ends[1])
        same = size if one == other else _same_bytes(one[::-1], other[::-1])
        newline = one.find(b"\n", size - same)
        if newline >= 0:
            first_newline = shared + size - newline - 1
        shared += same
        if same < size:
            break
    if shared and _are_line_starts(left, right, shared, before_bytes):
        return shared
    # Its first line is shared in part only.
    return first_newline or 0


def _are_line_starts(left: Content, right: Content, shared: int, before_bytes: int) -> bool:
    for content in (left, right):
        start = content.size_bytes - shared
        if start > before_bytes and content.read(start - 1, start) != b"\n":
            return False
    return True


def _same_bytes(left: bytes, right: bytes) -> int:
    # By halves: a slice is compared at the speed of memory, a loop over bytes is not.
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
