"""What running a backtest twice has shown, as lines of text."""

from __future__ import annotations

from pytest_zacperf.determinism import Repetition
from pytest_zacperf.parity import size_text
from pytest_zacperf.records import Run
from pytest_zacperf.render.divergence import difference_lines
from pytest_zacperf.render.text import escape


def repetition_lines(found: Repetition) -> list[str]:
    """Return whether a backtest is deterministic, and if not, where it parts and why."""
    if found.has_failed:
        return [f"run {len(found.runs)} has no result: {escape(found.runs[-1].reason or '')}"]
    if found.expected is None:
        return ["the backtest ran once only, which shows nothing"]
    if found.difference is None:
        return _same_events(found.runs, size_text(found.expected.totals))
    lines = ["NOT DETERMINISTIC: the same backtest gave other order events the second time"]
    lines += difference_lines(found.difference, words=("first", "then"))
    return [*lines, f"  {_cause(found)}"]


def _same_events(runs: tuple[Run, ...], size: str) -> list[str]:
    first, second = runs[0].work, runs[1].work
    if first != second:
        sides = (f"{w.data_points} and {w.final_equity}" for w in (first, second) if w)
        return [
            f"NOT DETERMINISTIC: the same {size}, and something else besides",
            f"  data points and final equity: {', then '.join(sides)}",
        ]
    return [f"deterministic: two processes with different hash seeds gave the same {size}"]


def _cause(found: Repetition) -> str:
    prints = [run.fingerprints for run in found.runs[:2]]
    if prints[0] and prints[1] and prints[0].data != prints[1].data:
        return "the data were not the same: something changed them between the runs"
    if found.same_seed_repeats:
        return (
            "with the first run's PYTHONHASHSEED its order events come back: the order of a set, "
            "or hash(), decides; sort before you iterate"
        )
    return (
        "with the first run's PYTHONHASHSEED they differ as well: "
        "time, threads, random numbers or the network decide"
    )
