"""Two sequences, aligned: by a longest common subsequence of keys; knows nothing of orders."""

from __future__ import annotations

import bisect
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import TypeAlias, TypeVar

T = TypeVar("T")

Pairs: TypeAlias = list[tuple[int, int]]
_Node: TypeAlias = "tuple[int, int, _Node] | None"

# Keys that repeat without end, such as the same order every minute, make pairs by the square of
# their number. Beyond this many only the nearest of each are tried.
MOST_CANDIDATES = 1_000_000
NEAREST = 16


def common_subsequence(left: Sequence[Hashable], right: Sequence[Hashable]) -> Pairs:
    """Return the positions of a longest common subsequence, ascending on both sides.

    Where keys repeat so often that more than a million pairs of equal keys exist, it is a common
    subsequence that need not be the longest.

    Source:
        Hunt and Szymanski, Communications of the ACM 20 (1977) 350.

    """
    start = _shared_start(left, right)
    end = _shared_end(left, right, start)
    inner = _longest(left[start : len(left) - end], right[start : len(right) - end])
    return [
        *((at, at) for at in range(start)),
        *((start + i, start + j) for i, j in inner),
        *((len(left) - at, len(right) - at) for at in range(end, 0, -1)),
    ]


def matched(
    left: Sequence[T],
    right: Sequence[T],
    content: Callable[[T], bytes],
    looser: Sequence[Callable[[T], Hashable]] = (),
) -> Pairs:
    """Return the positions of what is the same thing on both sides, ascending on the left.

    First equals are aligned, then equals that have another place. What is left between two that are
    aligned is aligned by looser keys, one after the other, and at last two that are alone there.
    With the sides exchanged the same pairs are found.

    Args:
        left: Things of one side.
        right: Things of the other.
        content: All that tells a thing from others.
        looser: What else may make two things the same one, the strictest first.

    """
    contents = [*map(content, left)], [*map(content, right)]
    # There may be several longest alignments: which one is found shall not hang on the direction.
    if contents[0] > contents[1]:
        return sorted((i, j) for j, i in _matched(right, left, contents[::-1], looser))
    return _matched(left, right, contents, looser)


def _matched(
    left: Sequence[T],
    right: Sequence[T],
    contents: tuple[list[bytes], list[bytes]],
    looser: Sequence[Callable[[T], Hashable]],
) -> Pairs:
    pairs = common_subsequence(*contents)
    moved = _equal_elsewhere(contents, pairs)
    used = {i for i, _ in moved}, {j for _, j in moved}
    for key in looser:
        for of_left, of_right in list(_open_gaps(pairs, left, right, used)):
            inner = common_subsequence(
                [key(left[i]) for i in of_left], [key(right[j]) for j in of_right]
            )
            pairs += [(of_left[i], of_right[j]) for i, j in inner]
        pairs.sort()
    for of_left, of_right in list(_open_gaps(pairs, left, right, used)):
        if len(of_left) == len(of_right) == 1:
            pairs.append((of_left[0], of_right[0]))
    return sorted([*pairs, *moved])


def _equal_elsewhere(contents: tuple[list[bytes], list[bytes]], pairs: Pairs) -> Pairs:
    met = {i for i, _ in pairs}, {j for _, j in pairs}
    waiting: defaultdict[bytes, deque[int]] = defaultdict(deque)
    for j, content in enumerate(contents[1]):
        if j not in met[1]:
            waiting[content].append(j)
    return [
        (i, there.popleft())
        for i, content in enumerate(contents[0])
        if i not in met[0] and (there := waiting.get(content))
    ]


def _open_gaps(
    pairs: Pairs, left: Sequence[T], right: Sequence[T], used: tuple[set[int], set[int]]
) -> Iterator[tuple[list[int], list[int]]]:
    for between_left, between_right in _gaps(pairs, len(left), len(right)):
        of_left = [i for i in between_left if i not in used[0]]
        of_right = [j for j in between_right if j not in used[1]]
        if of_left and of_right:
            yield of_left, of_right


def _gaps(pairs: Pairs, left_length: int, right_length: int) -> Iterator[tuple[range, range]]:
    # What lies between the pairs of an alignment, and before and after it, if anything.
    i = j = 0
    for next_i, next_j in [*pairs, (left_length, right_length)]:
        if i < next_i or j < next_j:
            yield range(i, next_i), range(j, next_j)
        i, j = next_i + 1, next_j + 1


def _longest(left: Sequence[Hashable], right: Sequence[Hashable]) -> Pairs:
    positions: defaultdict[Hashable, list[int]] = defaultdict(list)
    for j, key in enumerate(right):
        positions[key].append(j)
    candidates = sum(len(positions[key]) for key in left if key in positions)
    ends: list[int] = []  # the least position at which a subsequence of each length ends
    nodes: list[_Node] = []
    for i, key in enumerate(left):
        found = positions.get(key)
        if not found:
            continue
        if candidates > MOST_CANDIDATES:
            found = _nearest(found, i * len(right) // len(left))
        # Descending, so that one key of the left is used once.
        for j in reversed(found):
            length = bisect.bisect_left(ends, j)
            node = (i, j, nodes[length - 1] if length else None)
            if length == len(ends):
                ends.append(j)
                nodes.append(node)
            elif j < ends[length]:
                ends[length] = j
                nodes[length] = node
    return _unrolled(nodes[-1] if nodes else None)


def _unrolled(node: _Node) -> Pairs:
    pairs = []
    while node is not None:
        i, j, node = node
        pairs.append((i, j))
    return pairs[::-1]


def _nearest(ascending: list[int], wanted: int) -> list[int]:
    at = bisect.bisect_left(ascending, wanted)
    return ascending[max(0, at - NEAREST // 2) : at + NEAREST // 2]


def _shared_start(left: Sequence[Hashable], right: Sequence[Hashable]) -> int:
    shortest = min(len(left), len(right))
    return next((at for at in range(shortest) if left[at] != right[at]), shortest)


def _shared_end(left: Sequence[Hashable], right: Sequence[Hashable], start: int) -> int:
    shortest = min(len(left), len(right)) - start
    return next((at for at in range(shortest) if left[-1 - at] != right[-1 - at]), shortest)
