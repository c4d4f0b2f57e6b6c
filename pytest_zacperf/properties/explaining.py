"""What a mismatch says: the bar, both values, how far they are apart and since when, the stream."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from pytest_zacperf.properties import order_events
from pytest_zacperf.properties.comparing import (
    SAME_PARTS,
    WHOLE,
    Difference,
    number,
    parts,
    unsummed,
)
from pytest_zacperf.properties.market import NOTHING, Bar, Operation, header_of, row_of
from pytest_zacperf.properties.tables import format_table
from pytest_zacperf.properties.tolerances import EPSILON, as_float, ulps_between
from pytest_zacperf.records import OrderEvent

# A table is read, so it has no more rows than that.
TABLE_ROWS = 25
# Resets, snapshots and bars out of turn before these rows may be why.
SPECIAL_ROWS = 10
MANY_ULPS = 10_000_000
AGAIN = {"duplicate": "a duplicate", "revision": "a revision", "late": "a late bar"}
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
        is_compared: Whether there are two values.

    """

    operation: object
    number: int = 0
    symbol: str = ""
    incremental: object = None
    full: object = None
    is_compared: bool = False

    @property
    def item(self) -> object:
        """The bar that was brought, or the item of a plain sequence; None for the other things."""
        return self.operation.bar if isinstance(self.operation, Operation) else self.operation

    @property
    def is_special(self) -> bool:
        """Whether this is anything but the next bar."""
        return isinstance(self.operation, Operation) and self.operation.kind != "bar"

    @property
    def what(self) -> str:
        """What the item is called; a dash where there is none."""
        if isinstance(self.operation, Operation) and self.operation.bar is None:
            return NOTHING
        if isinstance(self.item, OrderEvent):
            return "order event"
        return "bar" if isinstance(self.item, Bar) else "item"

    @property
    def place(self) -> str:
        """Which bar this is."""
        item = self.item
        if isinstance(item, OrderEvent):
            order = f"order {item.order_id} {item.symbol}, {item.status}"
            return f"{self.what} {self.number}: {order}"
        if not isinstance(item, Bar):
            return f"{self.what} {self.number}: {item!r}"
        when = item.local_time.isoformat(sep=" ")
        kind = self.operation.kind if isinstance(self.operation, Operation) else "bar"
        again = "" if kind == "bar" else f", {AGAIN[kind]}"
        return f"bar {self.number}: {item.symbol}, {when} {item.zone}{again}"


def difference_lines(
    name: str, full: object, difference: Difference, steps: Sequence[Step]
) -> list[str]:
    """Return what is said about a difference at the last of the steps."""
    part = f" in {difference.part}" if difference.part != WHOLE else ""
    full_name = getattr(full, "__name__", "full")
    return [
        f"{name} and {full_name} differ{part} at {steps[-1].place}",
        f"  incremental  {shown(difference.incremental)}",
        f"  full         {shown(difference.full)}",
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
    if difference.tolerance is SAME_PARTS:
        mine, theirs = (dict(parts(side)) for side in (difference.incremental, difference.full))
        alone = sorted((mine.keys() ^ theirs.keys()) - {WHOLE})
        return f"none: only one side has {', '.join(alone) or 'parts'}"
    steps = _ulps(difference.incremental, difference.full)
    if steps is None:
        return "none: these are not two finite numbers"
    one, other = _number(difference.incremental), _number(difference.full)
    if not steps:
        if one:
            return "less than a double can tell"
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
        step
        for step in steps
        if step.symbol == here.symbol
        and getattr(step.item, "session", None) == session
        and step.is_compared
    ]
    what = f"the session {session}" if session else "the stream"
    if len(seen) == 1:
        return f"none: this is the first {here.what} of {what}"
    since = f"in the {len(seen)} {here.what}s of {what}"
    distances = ((step, _ulps_of_part(step, difference.part)) for step in seen[:-1])
    first_off = next(((step, distance) for step, distance in distances if distance), None)
    if first_off is None:
        return f"none before this one {since}"
    step, distance = first_off
    now = _ulps(difference.incremental, difference.full)
    return (
        f"{_count(distance)} at {step.what} {step.number}, "
        f"{'no number' if now is None else _count(now)} here, {since}"
    )


def _ulps_of_part(step: Step, part: str) -> int | None:
    sides = (dict(parts(side)) for side in (step.incremental, step.full))
    return _ulps(*(unsummed(side.get(part)) for side in sides))


def _ulps(one: object, other: object) -> int | None:
    """Return the distance of two finite numbers; None if one is not."""
    values = [as_float(_number(value)) for value in (one, other)]
    return ulps_between(*values) if all(map(math.isfinite, values)) else None


def _number(value: object) -> float:
    found = number(value)
    return math.nan if found is None else as_float(found)


def _count(steps: int) -> str:
    if steps > MANY_ULPS:
        return f"{steps:.2g} ulps"  # so many digits say no more
    return f"{steps:,} ulp{'' if steps == 1 else 's'}"


def _table(part: str, steps: Sequence[Step]) -> list[str]:
    """Return the newest steps as rows, and what else was done before, with both values beside."""
    newest = max(0, len(steps) - TABLE_ROWS)
    before = [step for step in steps[:newest] if step.is_special][-SPECIAL_ROWS:]
    kept = [*before, *steps[newest:]]
    header = _header(next(step.item for step in steps if step.what != NOTHING))
    rows = [(*_row(step, len(header)), *_cells(step, part)) for step in kept]
    lines = format_table((*header, "incremental", "full"), rows)
    left_out = len(steps) - len(kept)
    above = [f"  ({left_out:,} rows before these are left out)"] if left_out else []
    return ["", *above, *(f"  {line}" for line in lines[:-1]), MARK + lines[-1]]


def _header(item: object) -> tuple[str, ...]:
    if isinstance(item, Bar):
        return header_of([item])
    return order_events.HEADER if isinstance(item, OrderEvent) else ("item",)


def _row(step: Step, cells: int) -> tuple[str, ...]:
    if isinstance(step.operation, Operation):
        return row_of(step.operation)
    if isinstance(step.item, Bar):
        return row_of(Operation("bar", step.item))
    if isinstance(step.item, OrderEvent):
        return order_events.row_of(step.item)
    return (repr(step.item), *[NOTHING] * (cells - 1))


def _cells(step: Step, part: str) -> tuple[str, str]:
    if not step.is_compared:
        return NOTHING, NOTHING
    one, other = (dict(parts(side)).get(part, side) for side in (step.incremental, step.full))
    return shown(one), shown(other)


def shown(value: object) -> str:
    """Return a value as it is read: numbers as Python's, whatever library they are from."""
    plain = unsummed(value)
    found = number(plain)
    if found is not None:
        return str(found) if isinstance(found, Fraction) else repr(found)
    named = list(parts(plain))
    if len(named) == 1 and named[0][0] == WHOLE:
        return repr(plain)
    return "(" + ", ".join(f"{name}={shown(one)}" for name, one in named) + ")"
