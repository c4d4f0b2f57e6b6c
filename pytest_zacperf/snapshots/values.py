"""Recordings of trades, equity and statistics as syrupy snapshots; accepted elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import msgspec
from syrupy.types import SerializableData, SerializedData

from pytest_zacperf import store
from pytest_zacperf.errors import ZacperfError
from pytest_zacperf.recorded_values import value_difference_lines
from pytest_zacperf.records import EquityPoint, Trade
from pytest_zacperf.snapshots.extension import ComparedExtension
from pytest_zacperf.store import ENDINGS
from pytest_zacperf.units import format_bytes


class Held:
    """The bytes of one side; syrupy keeps both sides until the session ends, but not these."""

    def __init__(self, content: bytes) -> None:
        self._content: bytes | None = content
        self._text = f"<{format_bytes(len(content))}>"

    def taken(self) -> bytes:
        """Return the bytes, which are gone afterwards."""
        content, self._content = self._content, None
        if content is None:
            raise ValueError("one side of a comparison is looked at once")
        return content

    def __repr__(self) -> str:
        return self._text

    __str__ = __repr__


class ValueExtension(ComparedExtension):
    """What is small enough to be held in memory: read, compared and explained as a whole."""

    kind: ClassVar[str]

    def recorded(self) -> SerializableData:
        """Return the bytes of the recording."""
        return Held(self.recording.read_bytes())

    def serialize(self, data: SerializableData, **_: object) -> SerializedData:
        """Return what would be recorded."""
        content = self.encoded(data)
        held = Held(content)
        if not self.recording.is_file():
            held.taken()
            missing = f"no recording of {self.kind} yet"
            self.keep_first([content], missing=missing, change="first recording")
        return held  # type: ignore[return-value]

    def matches(self, *, serialized_data: SerializedData, snapshot_data: SerializedData) -> bool:
        """Return whether both sides are the same, bit for bit or within their tolerances."""
        expected, actual = taken_from(snapshot_data), taken_from(serialized_data)
        try:
            found = value_difference_lines(self.kind, expected, actual, self.tolerances)
        except (ValueError, ZacperfError) as e:
            return self.damaged(e, [actual])
        return self.hand_over(found, lambda: self._deliver(found, actual)) if found else self.meet()

    def _deliver(self, found: Sequence[str], actual: bytes) -> Sequence[str]:
        change = self.change_of(found)
        self.delivery.keep([actual], self.recording, change=change, lines=tuple(found))
        return self.delivery.what_now(self.recording, None)

    @staticmethod
    def change_of(lines: Sequence[str]) -> str:
        """Return how large a change is, of the lines that explain it: how many rows are what."""
        return lines[-1].strip()

    def encoded(self, data: object) -> bytes:
        """Return the bytes that are recorded; raises TypeError for what is something else."""
        raise NotImplementedError


class TradesExtension(ValueExtension):
    """Closed trades, one a line."""

    kind = "trades"
    file_extension = ENDINGS["trades"].removeprefix(".")

    def encoded(self, data: object) -> bytes:
        """Return JSON Lines."""
        if not isinstance(data, list) or not all(isinstance(one, Trade) for one in data):
            raise self.refuse(self.kind, data, f"backtest.{self.kind}")
        return msgspec.json.Encoder().encode_lines(data)


class EquityExtension(ValueExtension):
    """Net liquidation value over time, as Parquet."""

    kind = "equity"
    file_extension = ENDINGS["equity"].removeprefix(".")

    def encoded(self, data: object) -> bytes:
        """Return Parquet."""
        if not isinstance(data, list) or not all(isinstance(one, EquityPoint) for one in data):
            raise self.refuse(self.kind, data, f"backtest.{self.kind}")
        return store.equity_bytes(data)


class StatisticsExtension(ValueExtension):
    """Summary statistics, name to value."""

    kind = "statistics"
    file_extension = ENDINGS["statistics"].removeprefix(".")

    @staticmethod
    def change_of(lines: Sequence[str]) -> str:
        """Return how large a change is: the first statistics that have another value."""
        return "; ".join(line.strip() for line in lines)

    def encoded(self, data: object) -> bytes:
        """Return indented JSON, sorted by name."""
        if not isinstance(data, dict):
            raise self.refuse(self.kind, data, f"backtest.{self.kind}")
        content = msgspec.json.encode(dict(sorted(data.items())))
        return msgspec.json.format(content, indent=2) + b"\n"


def taken_from(side: object) -> bytes:
    """Return the bytes of what this module has given to syrupy."""
    if not isinstance(side, Held):
        raise TypeError(f"{type(side).__name__} was never given to syrupy")
    return side.taken()
