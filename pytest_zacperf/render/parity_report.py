"""The long form of a difference between order events: Markdown; writes no file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_zacperf.parity import ChangedOrder, Difference
from pytest_zacperf.parity_report import ParityReport
from pytest_zacperf.records import OrderEvent, Origin
from pytest_zacperf.render.divergence import difference_lines, time_text
from pytest_zacperf.render.text import cut, escape, table_lines
from pytest_zacperf.units import format_count

AROUND = 5  # events on either side of a divergence
LONGEST_CELL = 60
LONGEST_PARAMETERS = 400
FIRST_EVENT = "The first event of an added order is numbered as in {1}, of others as in {0}."
ORDER_NUMBERS = frozenset({1, 2, 4})
MORE_FIELDS = (
    *("fee", "fee_currency", "type", "limit_price", "stop_price"),
    *("tag", "message", "extra"),
)
EVENT_HEADER = (
    *("event", "time", "symbol", "order", "side", "status", "quantity", "fill"),
    *(name.replace("_", " ") for name in MORE_FIELDS),
)
EVENT_NUMBERS = frozenset({0, 3, 6, 7, 8, 11, 12})
STAGE_NUMBERS = frozenset({1, 2})


def parity_report_lines(report: ParityReport, found: Difference) -> list[str]:
    """Return the Markdown of what differs from a recording.

    Args:
        report: What is written of it.
        found: The difference, with the events around it.

    """
    return [
        f"# {escape(report.test)}",
        "",
        *_code(difference_lines(found)),
        *parity_detail_lines(report, found, ("recording", "this run")),
    ]


def parity_detail_lines(
    report: ParityReport, found: Difference, names: tuple[str, str]
) -> list[str]:
    """Return what a report has beyond the lines of a failure, as Markdown.

    Args:
        report: What is written of a difference.
        found: The difference, with the events around it.
        names: Of both sides.

    """
    return [
        "",
        *(f"- {escape(fact)}" for fact in _facts(report, names)),
        *_around(found, names),
        *_stages(report.expected_origin, report.actual_origin, names),
        *_orders(report, names),
    ]


def _facts(report: ParityReport, names: tuple[str, str]) -> Iterator[str]:
    if report.same_inputs:
        yield report.same_inputs
    for name, origin in zip(names, (report.expected_origin, report.actual_origin), strict=True):
        yield f"{name}: {_origin(origin)}"
    yield from _inputs(report.expected_origin, report.actual_origin)


def _origin(origin: Origin | None) -> str:
    if origin is None:
        return "nothing says which run it came from"
    workload = origin.workload
    revision = f"revision {origin.git_revision}" if origin.git_revision else "no git revision"
    changes = " with changes" if origin.git_dirty else ""
    engine = f"{workload.engine_name} {workload.engine_version}".strip() or workload.engine
    given = " ".join(f"{name}={value}" for name, value in workload.parameters.items()) or "none"
    parameters = cut(given, LONGEST_PARAMETERS)
    prints = origin.fingerprints
    data = prints.data if prints and prints.data else "without a fingerprint"
    return (
        f"{engine}, {workload.window.id}, {revision}{changes}, {origin.python}, "
        f"parameters {parameters}, data {data}"
    )


def _inputs(expected: Origin | None, actual: Origin | None) -> Iterator[str]:
    if expected is None or actual is None:
        return
    left, right = expected.fingerprints, actual.fingerprints
    if left is not None and right is not None:
        for name in ("code", "data"):
            yield f"{name}: {_fingerprints(getattr(left, name), getattr(right, name))}"
    before, after = expected.workload.parameters, actual.workload.parameters
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            shown = [cut(repr(side.get(name)), LONGEST_CELL) for side in (before, after)]
            yield f"parameter {name}: {shown[0]} -> {shown[1]}"


def _fingerprints(left: str | None, right: str | None) -> str:
    if left is None and right is None:
        return "no fingerprint on either side"
    if left == right:
        return f"the same on both sides, {left}"
    sides = (print_ or "no fingerprint" for print_ in (left, right))
    return f"not the same on both sides, {' -> '.join(sides)}"


def _around(found: Difference, names: tuple[str, str]) -> Iterator[str]:
    divergence = found.divergence
    if divergence is None:
        return
    at = divergence.index - found.before - 1
    for name, middle in zip(names, (found.expected, found.actual), strict=True):
        yield from ("", f"## {name.capitalize()} around event {format_count(divergence.index)}", "")
        rows = [_event_row(number, event) for number, event in _near(found, middle, at)]
        yield from _code(_event_table(rows) if rows else ["no event"])


def _near(
    found: Difference, middle: Sequence[OrderEvent], at: int
) -> Iterator[tuple[int, OrderEvent]]:
    shared = list(found.shared_before)
    events = [*shared, *middle[: at + AROUND + 1], *found.shared_after]
    offset = found.before - len(shared)
    center = len(shared) + at
    for place in range(max(0, center - AROUND), min(len(events), center + AROUND + 1)):
        yield offset + place + 1, events[place]


def _event_row(number: int, event: OrderEvent) -> tuple[str, ...]:
    fill = ""
    if event.fill_quantity is not None:
        fill = f"{event.fill_quantity:g} at {event.fill_price!r}"
    more = (getattr(event, name) for name in MORE_FIELDS)
    return (
        format_count(number),
        time_text(event.ts_event_ns),
        cut(escape(event.symbol), LONGEST_CELL),
        str(event.order_id),
        event.side,
        event.status,
        f"{event.quantity:g}",
        fill,
        *("" if value is None else cut(escape(str(value)), LONGEST_CELL) for value in more),
    )


def _event_table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    # Without the columns in which nothing stands.
    kept = [at for at in range(len(EVENT_HEADER)) if any(row[at] for row in rows)]
    numbers = frozenset(place for place, at in enumerate(kept) if at in EVENT_NUMBERS)
    cells = [tuple(row[at] for at in kept) for row in rows]
    return table_lines([EVENT_HEADER[at] for at in kept], cells, numbers=numbers)


def _stages(
    expected: Origin | None, actual: Origin | None, sides: tuple[str, str]
) -> Iterator[str]:
    counts = [origin.stage_counts if origin else {} for origin in (expected, actual)]
    stages = dict.fromkeys(name for side in counts for name in side)
    if not stages:
        return
    yield from ("", "## How often each stage was entered", "")
    rows = [
        (
            cut(escape(name), LONGEST_CELL),
            *(format_count(side[name]) if name in side else "-" for side in counts),
        )
        for name in stages
    ]
    yield from _code(table_lines(("stage", *sides), rows, numbers=STAGE_NUMBERS))


def _orders(report: ParityReport, names: tuple[str, str]) -> Iterator[str]:
    if not report.changed_orders:
        return
    yield from ("", "## Orders that are not the same", "")
    rows = [_order_row(order) for order in report.changed_orders]
    header = ("order", *names, "symbol", "first event", "what differs")
    yield from _code(table_lines(header, rows, numbers=ORDER_NUMBERS))
    yield from ("", FIRST_EVENT.format(*names))
    if report.changed_orders_left_out:
        yield from ("", f"{format_count(report.changed_orders_left_out)} more are left out.")


def _order_row(order: ChangedOrder) -> tuple[str, ...]:
    different = [*order.fields]
    if order.events_added:
        different.append(f"+{order.events_added} events")
    if order.events_removed:
        different.append(f"-{order.events_removed} events")
    return (
        order.change,
        "-" if order.expected_order_id is None else str(order.expected_order_id),
        "-" if order.actual_order_id is None else str(order.actual_order_id),
        cut(escape(order.symbol), LONGEST_CELL),
        format_count(order.first_event),
        cut(", ".join(different), LONGEST_CELL),
    )


def _code(lines: Sequence[str]) -> list[str]:
    return ["```text", *lines, "```"]
