"""How surely the property kit finds known bugs, how fast, and whether it reports what is right.

``python benchmarks/property_kit.py`` takes half an hour; ``--seeds`` and ``--examples`` shorten it.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[1] / "tests"
sys.path.insert(0, str(TESTS))
sys.path.insert(0, str(TESTS / "properties"))

from hypothesis import Phase, given, seed, settings  # noqa: E402 - the tests have the doubles
from support.finding import mismatch  # noqa: E402
from support.known_bad import CASES  # noqa: E402
from test_talipp import HOLDS, STREAMS  # noqa: E402

from pytest_zacperf.properties import BarStream, ulps_between  # noqa: E402
from pytest_zacperf.properties.comparing import number, parts, unsummed  # noqa: E402
from pytest_zacperf.properties.tolerances import EPSILON, Summed  # noqa: E402


def bug_lines(seeds: int) -> Iterator[str]:
    """Yield a line for each known bug: how often it is found, with how many bars, how fast."""
    yield "| bug | found | bars | seconds |"
    yield "|---|---|---|---|"
    for case in CASES:
        bars, seconds = [], []
        for number_ in range(seeds):
            start = time.perf_counter()
            found = mismatch(case, case.bad, number=number_)
            if found is not None:
                bars.append(len(found[0]))
                seconds.append(time.perf_counter() - start)
        size = f"{min(bars)} to {max(bars)}, median {statistics.median(bars):g}" if bars else "-"
        spent = f"{statistics.median(seconds):.1f}" if seconds else "-"
        yield f"| {case.bug} | {len(bars)} of {seeds} | {size} | {spent} |"


def correct_lines(examples: int) -> Iterator[str]:
    """Yield a line for each correct form: what was reported over so many examples."""
    for case in {case.good: case for case in CASES}.values():
        start = time.perf_counter()
        found = mismatch(case, case.good, number=0, examples=examples, phases=(Phase.generate,))
        said = "nothing reported" if found is None else str(found[1])
        spent = time.perf_counter() - start
        yield f"{case.good.__name__}: {said} in {examples:,} examples, {spent:.0f} s"


def distances(
    make: Callable[[], Any], full: Callable[[Sequence[Any]], object], examples: int
) -> tuple[int, float]:
    """Return the largest distance to NumPy in ulps, and in eps times the magnitude."""
    most_ulps, most_magnitudes = 0, 0.0

    @seed(0)
    @settings(max_examples=examples, database=None, deadline=None, phases=(Phase.generate,))
    @given(STREAMS)
    def look(stream: BarStream) -> None:
        nonlocal most_ulps, most_magnitudes
        indicator, bars = make(), []
        for bar in stream:
            bars.append(bar)
            ours, theirs = dict(parts(indicator.update(bar))), dict(parts(full(bars)))
            for name, wanted in theirs.items():
                one, other = number(ours[name]), number(unsummed(wanted))
                if one is None or other is None:
                    continue
                most_ulps = max(most_ulps, ulps_between(float(one), float(other)))
                if isinstance(wanted, Summed) and wanted.magnitude:
                    apart = abs(float(one) - float(other)) / (EPSILON * wanted.magnitude)
                    most_magnitudes = max(most_magnitudes, apart)

    look()
    return most_ulps, most_magnitudes


def library_lines(examples: int) -> Iterator[str]:
    """Yield a line for each indicator of talipp: the bound that holds, the worst that is seen."""
    yield "| talipp | bound that the tests hold | worst, ulps | worst, eps x magnitude |"
    yield "|---|---|---|---|"
    for name, (make, full, tolerance) in HOLDS.items():
        most_ulps, most_magnitudes = distances(make, full, examples)
        yield f"| {name} | {tolerance} | {most_ulps:,} | {most_magnitudes:.2g} |"


def main() -> None:
    """Print the three parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="searches for each bug")
    parser.add_argument("--examples", type=int, default=10_000, help="streams for each form")
    arguments = parser.parse_args()
    for lines in (
        bug_lines(arguments.seeds),
        library_lines(arguments.examples),
        correct_lines(arguments.examples),
    ):
        for line in lines:
            print(line, flush=True)


if __name__ == "__main__":
    main()
