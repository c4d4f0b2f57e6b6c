"""What a mismatch says: the bar, both values, how far they are apart and since when, the stream."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from pytest_zacperf.properties import order_events
from pytest_zacperf.properties.comparing import (
    MISSING,
    WHOLE,
    Difference,
    as_float,
    number,
    parts,
    unsummed,
)
from pytest_zacperf.properties.market import NOTHING, Bar, Operation, header_of, row_of
from pytest_zacperf.properties.tables import format_table
from pytest_zacperf.properties.tolerances import EPSILON, ulps_between
from pytest_zacperf.records import OrderEvent

# A table is read, so it has no more rows than that.
TABLE_ROWS = 25
MARK = "> "


@dataclass(slots=True)
class Step:
    """One thing that was done, and what both sides gave after it.

    Attributes:
        operation: What was done, or the item of a plain sequence.
        number: Of the item, from 1; 0 for what brought none.
        symbol: Whose indicator it went to; empty where there is one for all.
        incremental: Value of the incremental side.
        full: Value of the full recomputation.

    """

    operation: object
    number: int = 0
    symbol: str = ""
    incremental: object = field(default=MISSING)
    full: object = field(default=MISSING)

    @property
    def item(self) -> object:
        """The bar that was brought, or the item of a plain sequence; None for the other things."""
        return self.operation.bar if isinstance(self.operation, Operation) else self.operation

    @property
    def place(self) -> str:
        """Which bar this is."""
        item = self.item
        if isinstance(item, OrderEvent):
            order = f"order {item.order_id} {item.symbol}, {item.status}"
            return f"order event {self.number}: {order}"
        if not isinstance(item, Bar):
            return f"item {self.number}: {item!r}"
        when = item.local_time.isoformat(sep=" ")
        kind = self.operation.kind if isinstance(self.operation, Operation) else "bar"
        again = "" if kind == "bar" else f", a {kind}"
        return f"bar {self.number}: {item.symbol}, {when} {item.zone}{again}"


def difference_lines(
    name: str, full: object, difference: Difference, steps: Sequence[Step]
) -> list[str]:
    """Return what is said about a difference at the last of the steps."""
    here = steps[-1]
    part = f" in {difference.part}" if difference.part != WHOLE else ""
    full_name = getattr(full, "__name__", "full")
    return [
        f"{name} and {full_name} differ{part} at {here.place}",
        f"  incremental  {difference.incremental!r}",
        f"  full         {difference.full!r}",
        f"  distance     {_distance(difference)}",
        f"  allowed      {_allowed(difference)}",
        f"  drift        {_drift(difference, steps)}",
        *_table(difference.part, steps),
    ]


def not_refused_lines(name: str, steps: Sequence[Step]) -> list[str]:
    """Return what is said about a bar that should have been refused."""
    return [
        f"{name}.update() took {steps[-1].place}, where the policy 'raise' wants it to raise",
        *_table(WHOLE, steps),
    ]


def _distance(difference: Difference) -> str:
    steps = _ulps(difference.incremental, difference.full)
    if steps is None:
        return "no distance: they are not two finite numbers"
    one, other = as_float(_number(difference.incremental)), as_float(_number(difference.full))
    if not steps:
        return "0 ulps: they differ in the sign of zero alone; ulps(0) takes them for equal"
    apart = abs(one - other)
    share = f", {apart / abs(other):.2g} of the full value" if other else ""
    return f"{_count(steps)} = {apart:.3g}{share}"


def _allowed(difference: Difference) -> str:
    if difference.magnitude is None or not str(difference.tolerance).startswith("conditioned"):
        return str(difference.tolerance)
    in_eps = difference.magnitude * EPSILON
    return f"{difference.tolerance}: times eps x magnitude {difference.magnitude!r} = {in_eps:.3g}"


def _drift(difference: Difference, steps: Sequence[Step]) -> str:
    """Say how the distance grew since the session began."""
    here = steps[-1]
    session = getattr(here.item, "session", None)
    seen = [
        (step, _ulps_of_part(step, difference.part))
        for step in steps
        if step.symbol == here.symbol
        and getattr(step.item, "session", None) == session
        and step.full is not MISSING
    ]
    what = f"the session {session}" if session else "the stream"
    if len(seen) == 1:
        return f"none: this is the first of {what}"
    known = [(step, distance) for step, distance in seen[:-1] if distance is not None]
    first_off = next((pair for pair in known if pair[1]), None)
    since = f"{len(seen)} of {what}"
    if first_off is None:
        return f"none before this one, in the {since}"
    step, distance = first_off
    now = _ulps(difference.incremental, difference.full)
    return (
        f"{_count(distance)} at {step.number}, "
        f"{'no number' if now is None else _count(now)} here, in the {since}"
    )


def _ulps_of_part(step: Step, part: str) -> int | None:
    values = (dict(parts(side)).get(part, MISSING) for side in (step.incremental, step.full))
    return _ulps(*map(unsummed, values))


def _ulps(one: object, other: object) -> int | None:
    """Return the distance of two finite numbers; None if one is not."""
    values = [as_float(_number(value)) for value in (one, other)]
    return ulps_between(*values) if all(map(math.isfinite, values)) else None


def _number(value: object) -> float:
    found = number(value)
    return math.nan if found is None else as_float(found)


def _count(steps: int | None) -> str:
    if steps is None:
        return "no number"
    return f"{steps:,} ulp{'' if steps == 1 else 's'}"


def _table(part: str, steps: Sequence[Step]) -> list[str]:
    """Return the newest steps as rows, with both values beside each."""
    shown = steps[-TABLE_ROWS:]
    first = next(step.item for step in steps if step.item is not None)
    header: tuple[str, ...] = ("item",)
    if isinstance(first, Bar):
        header = header_of([first])
    elif isinstance(first, OrderEvent):
        header = order_events.HEADER
    rows = [(*_row(step), _cell(step.incremental, part), _cell(step.full, part)) for step in shown]
    lines = format_table((*header, "incremental", "full"), rows)
    earlier = len(steps) - len(shown)
    above = [f"  (and {earlier:,} rows before these)"] if earlier else []
    return ["", *above, *(f"  {line}" for line in lines[:-1]), MARK + lines[-1]]


def _row(step: Step) -> tuple[str, ...]:
    if isinstance(step.operation, Operation):
        return row_of(step.operation)
    if isinstance(step.item, Bar):
        return row_of(Operation("bar", step.item))
    if isinstance(step.item, OrderEvent):
        return order_events.row_of(step.item)
    return (repr(step.item),)


def _cell(value: object, part: str) -> str:
    found = dict(parts(value)).get(part, MISSING)
    if found is MISSING:
        return NOTHING
    value = unsummed(found)
    shown = number(value)
    return repr(value if shown is None else shown).replace(" ", "")
