from __future__ import annotations

import msgspec
import pytest
from support.order_events import event
from support.recorded import RUN

from pytest_zacperf import parity_report
from pytest_zacperf.parity import (
    ChangedOrder,
    Difference,
    OrderChange,
    OrderEvents,
    canonical,
    changed_orders,
    difference,
)
from pytest_zacperf.parity_report import is_with_itself, origin_of, report_of, same_inputs
from pytest_zacperf.records import OrderEvent
from pytest_zacperf.render import parity_report_lines

changed = msgspec.structs.replace
MINUTE_NS = 60_000_000_000
START_NS = 1_737_470_703_000_000_000
ORIGIN = origin_of(RUN)


def orders(count: int) -> list[OrderEvent]:
    """Return so many orders, a minute apart, each submitted and filled."""
    return [
        event(
            ts_event_ns=START_NS + order * MINUTE_NS,
            order_id=order + 1,
            event_id=number,
            status=status,
            fill_quantity=quantity,
            fill_price=quantity and 297.0,
        )
        for order in range(count)
        for number, status, quantity in ((1, "submitted", None), (2, "filled", 10.0))
    ]


def between(expected: list[OrderEvent], actual: list[OrderEvent]) -> Difference:
    found = difference(OrderEvents.of(expected), OrderEvents.of(actual))
    assert found is not None
    return found


def test_each_order_that_differs_is_one_row_by_its_first_event() -> None:
    expected = orders(20)
    actual = [*expected]
    actual[3] = changed(actual[3], fill_price=298.0, fee=1.0)
    extra = event(ts_event_ns=START_NS + 1, order_id=99, symbol="KO")
    actual = canonical([*actual[:2], extra, *actual[2:10], *actual[12:]], {"order_id"})
    found = changed_orders(between(expected, actual))
    assert [(one.change, one.symbol, one.first_event) for one in found] == [
        (OrderChange.ADDED, "KO", 3),
        (OrderChange.CHANGED, "MCD", 4),
        (OrderChange.REMOVED, "MCD", 11),
    ]
    assert found[1] == ChangedOrder(
        change=OrderChange.CHANGED,
        symbol="MCD",
        expected_order_id=2,
        actual_order_id=3,
        first_event=4,
        fields=("fill_price", "fee"),
        events_added=0,
        events_removed=0,
    )
    assert (found[2].expected_order_id, found[2].actual_order_id) == (6, None)
    assert (found[0].events_added, found[2].events_removed) == (1, 2)


def test_no_more_than_200_orders_are_listed() -> None:
    expected = orders(250)
    actual = [changed(one, tag="x") for one in expected]
    report = report_of(between(expected, actual), test="t", expected=None, actual=None)
    assert (len(report.changed_orders), report.changed_orders_left_out) == (200, 50)
    lines = parity_report_lines(report, between(expected, actual))
    assert lines[-1] == "50 more are left out."
    assert len(lines) < 300


def test_the_events_around_the_divergence_are_shown_on_both_sides() -> None:
    expected = orders(20)
    actual = [*expected]
    actual[21] = changed(actual[21], fill_price=297.5)
    found = between(expected, actual)
    report = report_of(found, test="t.py::test_it[wk-1]", expected=ORIGIN, actual=ORIGIN)
    text = "\n".join(parity_report_lines(report, found))
    assert text.startswith("# t.py::test_it[wk-1]\n\n```text\norder events diverge at event 22\n")
    recording, run = text.split("## This run around event 22")
    shown = [line.split()[0] for line in run.splitlines() if " New York, " in line]
    assert shown == [str(number) for number in range(17, 28)]
    assert "10 at 297.5" in run
    assert "10 at 297.5" not in recording


def test_near_either_end_there_are_fewer_events_around() -> None:
    expected = orders(2)
    found = between(expected, expected[:3])
    report = report_of(found, test="t", expected=None, actual=None)
    text = "\n".join(parity_report_lines(report, found))
    assert text.count(" New York, ") == 1 + 4 + 3
    assert "- recording: nothing says which run it came from" in text


def test_where_both_sides_came_from_is_told() -> None:
    other = changed(
        ORIGIN,
        workload=changed(ORIGIN.workload, parameters={"lookback": 30}),
        fingerprints=ORIGIN.fingerprints
        and changed(ORIGIN.fingerprints, code="0dd0", workload="beef"),
        git_dirty=True,
    )
    found = between(orders(1), orders(2))
    report = report_of(found, test="t", expected=ORIGIN, actual=other)
    facts = [line for line in parity_report_lines(report, found) if line.startswith("- ")]
    assert facts == [
        (
            f"- recording: gold 1, wk-1, revision {ORIGIN.git_revision}, CPython 3.11.7, "
            "parameters lookback=20, data da7a"
        ),
        (
            f"- this run: gold 1, wk-1, revision {ORIGIN.git_revision} with changes, "
            "CPython 3.11.7, parameters lookback=30, data da7a"
        ),
        "- code: not the same on both sides, c0de -> 0dd0",
        "- data: the same on both sides, da7a",
        "- parameter lookback: 20 -> 30",
    ]


def test_how_often_each_stage_was_entered_is_told() -> None:
    found = between(orders(1), orders(2))
    sides = [changed(ORIGIN, stage_counts=counts) for counts in ({"risk": 1200}, {"orders": 3})]
    report = report_of(found, test="t", expected=sides[0], actual=sides[1])
    lines = parity_report_lines(report, found)
    at = lines.index("## How often each stage was entered")
    assert lines[at + 2 : at + 7] == [
        "```text",
        "stage   recording  this run",
        "risk        1,200         -",
        "orders          -         3",
        "```",
    ]


@pytest.mark.parametrize(
    ("fingerprint", "remark"),
    [("f00d", parity_report.ITSELF), ("beef", None)],
)
def test_a_run_that_is_compared_with_itself_is_pointed_out(
    fingerprint: str, remark: str | None
) -> None:
    prints = ORIGIN.fingerprints and changed(ORIGIN.fingerprints, workload=fingerprint)
    assert same_inputs(ORIGIN, changed(ORIGIN, fingerprints=prints)) == remark
    assert same_inputs(ORIGIN, None) is None
    assert same_inputs(changed(ORIGIN, fingerprints=None), ORIGIN) is None


def test_where_no_side_knows_its_data_the_remark_says_so() -> None:
    prints = ORIGIN.fingerprints and changed(ORIGIN.fingerprints, data=None)
    side = changed(ORIGIN, fingerprints=prints)
    remark = parity_report.MAYBE_ITSELF
    assert not is_with_itself(side, side)
    assert is_with_itself(ORIGIN, ORIGIN)
    assert same_inputs(side, side) == remark
    found = between(orders(1), orders(2))
    report = report_of(found, test="t", expected=side, actual=side)
    facts = [line for line in parity_report_lines(report, found) if line.startswith("- ")]
    assert facts[0] == f"- {remark}"
    assert facts[-1] == "- data: no fingerprint on either side"


def test_no_escape_sequence_is_in_a_report() -> None:
    expected = orders(1)
    actual = [changed(one, symbol="\x1b[31m") for one in expected]
    found = between(expected, actual)
    report = report_of(found, test="\x1b]0;", expected=None, actual=None)
    assert all(line.isprintable() for line in parity_report_lines(report, found))
