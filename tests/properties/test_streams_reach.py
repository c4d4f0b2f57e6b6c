"""What a search through bar streams finds, each by the argument that names it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import Phase, find, settings
from support.kit_bars import NEW_YORK_DAYS, kinds, new_bars

from pytest_zacperf.properties import Bar, BarStream, bar_streams

pytestmark = pytest.mark.slow
SEARCH = settings(database=None, max_examples=2000, phases=[Phase.generate])


def _pairs(stream: BarStream) -> Iterable[tuple[Bar, Bar]]:
    return pairwise(new_bars(stream))


def _is_gap(before: Bar, after: Bar) -> bool:
    return before.session == after.session and after.start_ns - before.start_ns > 10**9


def _price(stream: Iterable[Bar]) -> set[float]:
    return {bar.low for bar in stream} | {bar.high for bar in stream}


REACHED: dict[str, tuple[dict[str, Any], Callable[[BarStream], bool]]] = {
    "zero volume": ({}, lambda s: any(bar.volume == 0 for bar in s)),
    "missing seconds": ({}, lambda s: any(_is_gap(*pair) for pair in _pairs(s))),
    "overnight gap": (
        {},
        lambda s: any(a.session != b.session and a.close != b.open for a, b in _pairs(s)),
    ),
    "split": (
        {"splits": True, "spikes": False},
        lambda s: any(a.session != b.session and b.open > 1.8 * a.close for a, b in _pairs(s)),
    ),
    "halt of five minutes": (
        {"gaps": False},
        lambda s: any(
            a.session == b.session and b.start_ns - a.start_ns >= 300 * 10**9 for a, b in _pairs(s)
        ),
    ),
    "early close": (
        {},
        lambda s: any(
            NEW_YORK_DAYS[b.session].close_ns - NEW_YORK_DAYS[b.session].open_ns < 4 * 3600 * 10**9
            for b in s
        ),
    ),
    "both sides of a clock change": (
        {},
        lambda s: any(
            a.local_time.utcoffset() != b.local_time.utcoffset()
            and (b.session - a.session).days < 5
            for a, b in _pairs(s)
        ),
    ),
    "symbols interleaved": (
        {"symbols": ("A", "B")},
        lambda s: "ABAB" in "".join(bar.symbol for bar in s),
    ),
    "symbols that trade at different times": (
        {"symbols": ("A", "B")},
        lambda s: "AABB" in "".join(bar.symbol for bar in s),
    ),
    "lowest price": ({}, lambda s: 0.0001 in _price(s)),
    "highest price": ({}, lambda s: 1e6 in _price(s)),
    "a bad print": (
        {"overnight": False},
        lambda s: any(
            b.close > 100 * a.close and a.close == c.open
            for a, b, c in zip(s, s[1:], s[2:], strict=False)
        ),
    ),
    "a flat market": (
        {},
        lambda s: any(len(_price(s[n : n + 30])) == 1 for n in range(len(s) - 30)),
    ),
    "duplicate": ({"duplicates": True}, lambda s: "duplicate" in kinds(s)),
    "revision": (
        {"revisions": True},
        lambda s: any(
            done.kind == "revision" and done.bar not in new_bars(s) for done in s.operations
        ),
    ),
    "late bar": (
        {"late": True},
        lambda s: any(
            b.kind == "late" and a.bar and b.bar and b.bar.start_ns < a.bar.start_ns
            for a, b in pairwise(s.operations)
        ),
    ),
    "missing prices": ({"missing": True}, lambda s: any(math.isnan(bar.close) for bar in s)),
    "reset between bars": ({}, lambda s: "bar reset bar" in " ".join(kinds(s))),
    "snapshot, bars, restore, bars": (
        {},
        lambda s: "restore bar" in " ".join(kinds(s)) and "snapshot bar" in " ".join(kinds(s)),
    ),
    "the same snapshot twice": (
        {},
        lambda s: kinds(s).count("restore") > kinds(s).count("snapshot") > 0,
    ),
    "the last second of a session": (
        {},
        lambda s: any(b.start_ns + 10**9 == NEW_YORK_DAYS[b.session].close_ns for b in s),
    ),
    "the full length": ({}, lambda s: len(s) == 200),
}


@pytest.mark.parametrize("name", REACHED)
def test_streams_have(name: str) -> None:
    switches, is_there = REACHED[name]
    assert is_there(find(bar_streams(**switches), is_there, settings=SEARCH))
