"""What is done to an indicator, and which bars count for the full form."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from support.kit_bars import START_NS, Zero, bar

from pytest_zacperf.properties import (
    Bar,
    BarStream,
    IncrementalMismatch,
    Operation,
    check_incremental,
)


class Noting:
    """Returns what a script says, and notes what is done to it."""

    def __init__(self, done: list[str]) -> None:
        self.done = done

    def update(self, item: Bar) -> int:
        self.done.append(f"{item.symbol}{(item.start_ns - START_NS) // 10**9}")
        return 0


def drive(
    make: Callable[[], Any],
    stream: Sequence[Bar],
    **policies: Any,  # noqa: ANN401 - of the check
) -> list[list[int]]:
    """Return the seconds of the bars that counted, after each bar."""
    counted: list[list[int]] = []

    def full(bars: Sequence[Bar]) -> int:
        counted.append([(one.start_ns - START_NS) // 10**9 for one in bars])
        return 0

    check_incremental(make, full, data=stream, **policies)
    return counted


def zero(_: Bar) -> int:
    return 0


DUPLICATE = BarStream([Operation("bar", bar(0)), Operation("bar", bar(1))])
AGAIN = BarStream([*DUPLICATE.operations, Operation("duplicate", bar(0))])
LATE = BarStream([Operation("bar", bar(0)), Operation("bar", bar(2)), Operation("late", bar(1))])


@pytest.mark.parametrize(
    ("stream", "policies", "expected"),
    [
        pytest.param(AGAIN, {}, [0, 1], id="a duplicate is ignored"),
        pytest.param(AGAIN, {"duplicates": "replace"}, [0, 1], id="or replaces"),
        pytest.param(AGAIN, {"duplicates": "count"}, [0, 1, 0], id="or counts twice"),
        pytest.param(LATE, {}, [0, 2], id="a late bar is ignored"),
        pytest.param(LATE, {"late": "insert"}, [0, 1, 2], id="or inserted"),
        pytest.param(LATE, {"late": "count"}, [0, 2, 1], id="or counts"),
    ],
)
def test_a_bar_that_comes_again_or_late_counts_as_the_policy_says(
    stream: BarStream, policies: dict[str, Any], expected: list[int]
) -> None:
    assert drive(Zero, stream, **policies)[-1] == expected


def test_a_revision_replaces_the_values_of_its_bar() -> None:
    stream = [bar(0, 100.0), bar(1, 100.0), bar(0, 105.0)]
    seen: list[list[float]] = []

    def full(bars: Sequence[Bar]) -> int:
        seen.append([one.close for one in bars])
        return 0

    check_incremental(Zero, full, data=stream, duplicates="replace")
    assert seen[-1] == [105.0, 100.0]


def test_a_bar_after_a_late_one_is_still_compared_with_the_newest() -> None:
    assert drive(Zero, [bar(0), bar(5), bar(1), bar(2), bar(6)])[-1] == [0, 5, 6]


class Refusing:
    """Refuses what is not newer."""

    newest = -1

    def update(self, item: Bar) -> int:
        if item.start_ns <= self.newest:
            raise LookupError(item)
        self.newest = item.start_ns
        return 0


@pytest.mark.parametrize(
    ("stream", "policy"), [(AGAIN, {"duplicates": "raise"}), (LATE, {"late": "raise"})]
)
def test_an_indicator_that_refuses_is_right_where_the_policy_is_raise(
    stream: BarStream, policy: dict[str, Any]
) -> None:
    before = [(one.start_ns - START_NS) // 10**9 for one in stream[:2]]
    assert drive(Refusing, stream, **policy)[-1] == before


@pytest.mark.parametrize(
    ("stream", "policy", "kind"),
    [(AGAIN, {"duplicates": "raise"}, "a duplicate"), (LATE, {"late": "raise"}, "a late bar")],
)
def test_a_bar_that_should_be_refused_and_is_not_is_a_mismatch(
    stream: BarStream, policy: dict[str, Any], kind: str
) -> None:
    with pytest.raises(IncrementalMismatch) as failed:
        check_incremental(Zero, lambda _: 0, data=stream, **policy)
    first = str(failed.value).splitlines()[0]
    assert first.startswith("Zero.update() took bar 3: A, 2024-01-02 09:30:0")
    assert first.endswith(f", {kind}, where the policy 'raise' wants it to raise")


@pytest.mark.parametrize("name", ["duplicates", "late"])
def test_a_policy_that_there_is_not_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is ignore or .*, not 'keep'"):
        check_incremental(Zero, len, data=[], **{name: "keep"})  # type: ignore[arg-type]


def test_a_new_session_is_announced_before_its_first_bar_and_once() -> None:
    done: list[str] = []

    class Announced(Noting):
        def new_session(self) -> None:
            self.done.append("session")

    stream = [bar(0), bar(1), bar(0, day=3), bar(1, day=3)]
    check_incremental(lambda: Announced(done), lambda _: 0, data=stream)
    assert done[-6:] == ["session", "A0", "A1", "session", "A86400", "A86401"]


def test_after_a_reset_an_older_bar_is_a_new_one() -> None:
    stream = BarStream([Operation("bar", bar(5)), Operation("reset"), Operation("bar", bar(3))])
    assert drive(Zero, stream)[-1] == [3]


def test_a_reset_is_the_indicators_own_where_it_has_one() -> None:
    done: list[str] = []

    class Resettable(Noting):
        def reset(self) -> None:
            self.done.append("reset")

    stream = BarStream([Operation("bar", bar(0)), Operation("reset"), Operation("bar", bar(1))])
    assert drive(lambda: Resettable(done), stream)[-1] == [1]
    assert done[-3:] == ["A0", "reset", "A1"]


def test_a_reset_makes_a_new_indicator_where_it_has_none() -> None:
    numbers = itertools.count()

    class Numbered:
        def __init__(self) -> None:
            self.number = next(numbers)

        def update(self, item: Bar) -> int:
            seen.append((self.number, (item.start_ns - START_NS) // 10**9))
            return 0

    seen: list[tuple[int, int]] = []
    stream = BarStream([Operation("bar", bar(0)), Operation("reset"), Operation("bar", bar(1))])
    assert drive(Numbered, stream)[-1] == [1]
    (before, _), (after, _) = seen[-2:]
    assert after == before + 1


REWOUND = BarStream([
    Operation("restore"),
    Operation("bar", bar(0)),
    Operation("snapshot"),
    Operation("bar", bar(1)),
    Operation("restore"),
    Operation("bar", bar(2)),
    Operation("restore"),
    Operation("bar", bar(3)),
])


def test_the_way_back_leads_to_the_bars_of_the_snapshot_each_time() -> None:
    assert drive(Zero, REWOUND) == [[0], [0, 1], [0, 2], [0, 3]]


def test_a_snapshot_is_the_indicators_own_where_it_has_one() -> None:
    done: list[str] = []

    class Rewindable(Noting):
        def snapshot(self) -> str:
            self.done.append("snapshot")
            return "state"

        def restore(self, state: str) -> None:
            self.done.append(f"restore {state}")

    drive(lambda: Rewindable(done), REWOUND)
    assert done[-7:] == ["A0", "snapshot", "A1", "restore state", "A2", "restore state", "A3"]


def test_a_snapshot_without_it_is_a_copy_of_all_that_the_indicator_holds() -> None:
    class Count:
        def __init__(self) -> None:
            self.bars: list[Bar] = []

        def update(self, item: Bar) -> int:
            self.bars.append(item)
            return len(self.bars)

    check_incremental(Count, len, data=REWOUND)


def test_an_indicator_that_cannot_be_copied_says_so() -> None:
    class Uncopied(Zero):
        def __init__(self) -> None:
            self.bars = iter_forever()

    with pytest.raises(TypeError, match=r"Uncopied cannot be copied .* draw streams with snap"):
        check_incremental(Uncopied, lambda _: 0, data=REWOUND)


def iter_forever() -> Iterator[int]:
    yield from itertools.count()


def test_each_symbol_has_an_indicator_of_its_own() -> None:
    class Count:
        bars = 0

        def update(self, _: Bar) -> int:
            self.bars += 1
            return self.bars

    interleaved = [bar(0), bar(0, symbol="B"), bar(1), bar(1, symbol="B")]
    check_incremental(Count, len, data=interleaved)
    assert drive(Zero, interleaved)[-1] == [0, 1]
    assert drive(Zero, interleaved, per_symbol=False)[-1] == [0, 0, 1, 1]


def test_a_symbol_that_came_after_the_snapshot_is_gone_after_the_way_back() -> None:
    stream = BarStream([
        Operation("bar", bar(0)),
        Operation("snapshot"),
        Operation("bar", bar(1, symbol="B")),
        Operation("restore"),
        Operation("bar", bar(2, symbol="B")),
    ])
    assert drive(Zero, stream)[-1] == [2]


def test_a_policy_needs_bars_that_say_when_they_are_from() -> None:
    with pytest.raises(ValueError, match=r"policies need bars with start_ns, .*; str has none"):
        check_incremental(Zero, lambda _: 0, data=["first"], late="raise")


def test_none_is_an_item_like_any_other() -> None:
    seen: list[object] = []

    class Seeing:
        def update(self, item: object) -> int:
            seen.append(item)
            return 0

    check_incremental(Seeing, lambda _: 0, data=[1.0, None, 2.0])
    assert seen[-3:] == [1.0, None, 2.0]


@pytest.mark.parametrize(
    ("kind", "with_bar"), [("bar", False), ("late", False), ("reset", True), ("sell", True)]
)
def test_an_operation_has_a_bar_or_none_as_its_kind_says(kind: Any, *, with_bar: bool) -> None:  # noqa: ANN401
    with pytest.raises(ValueError, match=f"there is no operation '{kind}' with "):
        Operation(kind, bar(0) if with_bar else None)


def test_what_has_no_update_is_refused() -> None:
    with pytest.raises(TypeError, match=r"list has no update\(bar\) that returns the value; wrap"):
        check_incremental(list, len, data=[1])  # type: ignore[arg-type]
