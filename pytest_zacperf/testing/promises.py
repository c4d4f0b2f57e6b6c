"""What an engine promises, held against what a run of it did: sentences on what does not hold."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pytest_zacperf.engines import Capabilities
from pytest_zacperf.records import InvariantValue, OrderEvent, Run, Window
from pytest_zacperf.units import NS_PER_S, format_ns

FILLS = frozenset({"filled", "partially_filled"})
RANDOM_ID = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
LEAST_THREAD_NS = NS_PER_S // 10
LEAST_THREAD_SHARE = 0.1
LOOKBACKS = "lookbacks_unchanged"  # the queue sees to it


def outside_window(events: Sequence[OrderEvent], window: Window, zone: dt.tzinfo) -> Iterator[str]:
    """Yield the first order event that is not of a window, whose days are those of a zone."""
    for event in events:
        when = dt.datetime.fromtimestamp(event.ts_event_ns // NS_PER_S, zone)
        if not window.start <= when.date() <= window.end:
            yield (
                f"order {event.order_id} has an event at {when:%Y-%m-%d %H:%M:%S} {zone}, and the "
                f"window is {window.start} to {window.end}"
            )
            return


def not_less(part: Run, whole: Run) -> Iterator[str]:
    """Yield why a part of a window was as much work as all of it."""
    if part.work is None or whole.work is None:
        return
    points, all_points = part.work.data_points, whole.work.data_points
    if points is not None and all_points is not None and points >= all_points:
        yield f"its first day has {points:,} data points, and the whole window {all_points:,}"


def volatile_left(events: Sequence[OrderEvent]) -> Iterator[str]:
    """Yield what tells one run from an equal one in its order events."""
    for event in events:
        texts = (event.symbol, event.tag, event.message, *(event.extra or {}).values())
        found = next((text for text in texts if RANDOM_ID.search(str(text))), None)
        if found is not None:
            yield f"order {event.order_id} has what looks like a random identifier: {found!r}"
            return
    numbers = list(dict.fromkeys(event.order_id for event in events))
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"orders are not numbered by first appearance: {numbers[:5]}"


def different_files(first: Mapping[str, bytes], second: Mapping[str, bytes]) -> Iterator[str]:
    """Yield the files of two equal runs that are not the same, byte by byte."""
    for name in sorted(first.keys() | second.keys()):
        if first.get(name) != second.get(name):
            yield f"{name} differs between two runs with different hash seeds"


def left_behind(
    before: Mapping[str, tuple[int, int]], after: Mapping[str, tuple[int, int]], root: str
) -> Iterator[str]:
    """Yield the files and folders that are new or changed, by path, size and time."""
    for name in sorted(after):
        if before.get(name) != after[name]:
            yield f"a run {'changed' if name in before else 'left'} {name} in {root}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a run did, as far as an engine makes claims on it.

    Attributes:
        run: Its record.
        events: Its order events.
        has_equity: Whether it gave equity.
        claims_network: What the engine claimed of the network once it was prepared.
        connections: How many it opened.

    """

    run: Run
    events: Sequence[OrderEvent]
    has_equity: bool
    claims_network: bool
    connections: int


def false_flags(capabilities: Capabilities, seen: Seen) -> Iterator[str]:
    """Yield the capabilities that a run has disproved."""
    statuses = {event.status for event in seen.events}
    claimed = capabilities.order_events
    if claimed == "full" and not statuses - FILLS:
        yield f"it claims order_events='full', and gave {_listed(statuses)}"
    if claimed == "fills" and (not statuses or statuses - FILLS):
        yield f"it claims order_events='fills', and gave {_listed(statuses)}"
    if claimed == "none" and statuses:
        yield f"it claims order_events='none', and gave {_listed(statuses)}"
    if capabilities.equity != seen.has_equity:
        gave = "some" if seen.has_equity else "none"
        yield f"it claims equity={capabilities.equity}, and gave {gave}"
    if seen.connections and not seen.claims_network:
        opened = "a connection" if seen.connections == 1 else f"{seen.connections} connections"
        yield f"it claims network=False, and opened {opened}"
    if not capabilities.threads and not capabilities.reports_costs:
        yield from _other_threads(seen.run)


def _other_threads(run: Run) -> Iterator[str]:
    if run.costs is None or run.conditions is None:
        return
    others_ns = run.costs.cpu_ns - run.conditions.main_thread_cpu_ns
    if others_ns > max(LEAST_THREAD_NS, LEAST_THREAD_SHARE * run.costs.cpu_ns):
        yield (
            f"it claims threads=False, and other threads and children computed for "
            f"{format_ns(others_ns)} of {format_ns(run.costs.cpu_ns)}"
        )


def error_hidden(run: Run, stderr: str, line: str) -> Iterator[str]:
    """Yield why nobody sees from a run which line of the strategy has raised an error."""
    if run.status != "error":
        yield "the strategy raises an error, and the run has a result"
    elif line not in stderr:
        yield f"{line!r} is not in its traceback; the run says: {run.reason}"


def not_stopped(run: Run, limit_s: float, grace_s: float) -> Iterator[str]:
    """Yield why a run was not stopped at its time limit.

    Args:
        run: Would have gone on for longer.
        limit_s: Its limit in seconds.
        grace_s: Seconds that it may take to stop.

    """
    if run.status == "error":
        yield f"at its time limit it failed: {run.reason}"
    elif not run.partial:
        yield f"it went on beyond its time limit of {limit_s:g} s: it caught what stops it"
    elif run.costs is not None and run.costs.wall_ns > (limit_s + grace_s) * NS_PER_S:
        took = format_ns(run.costs.wall_ns)
        yield f"its time limit was {limit_s:g} s, and it ran for {took}: it catches what stops it"


def invariants_not_kept(
    capabilities: Capabilities,
    keep: Callable[[Mapping[str, InvariantValue]], Mapping[str, InvariantValue]] | None,
) -> Iterator[str]:
    """Yield the invariants that an engine claims to know and does not keep."""
    for name in sorted(capabilities.invariants - {LOOKBACKS}):
        for value in (True, False):
            kept = keep({name: value}) if keep is not None else {}
            if kept.get(name) != value:
                yield f"it claims the invariant {name!r}, and does not keep {value}"
                break


def _listed(statuses: Collection[str]) -> str:
    return ", ".join(sorted(statuses)) or "no events"
