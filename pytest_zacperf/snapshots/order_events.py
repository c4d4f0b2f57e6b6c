"""Recordings of order events: compared here, accepted elsewhere."""

from __future__ import annotations

from syrupy.types import SerializableData, SerializedData

from pytest_zacperf import render
from pytest_zacperf.parity import OrderEvents, difference, size_text
from pytest_zacperf.parity.canonical_form import NUMBERS
from pytest_zacperf.snapshots.extension import ComparedExtension
from pytest_zacperf.store import ENDINGS, FileContent

KIND = "order_events"


class OrderEventsExtension(ComparedExtension):
    """Order events: compared as bytes in a stream, decoded only where they differ."""

    file_extension = ENDINGS[KIND].removeprefix(".")

    def recorded(self) -> SerializableData:
        """Return the recording without reading it."""
        return OrderEvents(FileContent(self.recording))

    def serialize(self, data: SerializableData, **_: object) -> SerializedData:
        """Return order events that are read only when they are compared or kept."""
        if not isinstance(data, OrderEvents):
            raise self.refuse(KIND, data, "backtest.order_events")
        if not self.recording.is_file():
            size = size_text(data.totals)
            missing = f"nothing is recorded yet for {size}"
            self.keep_first(data, missing=missing, change=f"first recording: {size}")
        # Detached, because syrupy keeps both sides until the session ends.
        return data.detached()  # type: ignore[return-value]

    def matches(self, *, serialized_data: SerializedData, snapshot_data: SerializedData) -> bool:
        """Return whether both sides are the same bytes, or the same within their tolerances."""
        expected, actual = as_order_events(snapshot_data), as_order_events(serialized_data)
        if expected == actual:
            return self.meet()
        try:
            allowed = {name: self.tolerances[name] for name in NUMBERS if name in self.tolerances}
            found = difference(expected, actual, tolerances=allowed)
        except ValueError as e:
            return self.damaged(e, actual)
        if found is None:
            return self.meet()
        return self.hand_over(
            render.difference_lines(found),
            lambda: self.delivery.differ(found, actual, self.recording),
        )


def as_order_events(data: object) -> OrderEvents:
    """Return what this module has given to syrupy."""
    if not isinstance(data, OrderEvents):
        raise TypeError(f"{type(data).__name__} was never given to syrupy")
    return data
