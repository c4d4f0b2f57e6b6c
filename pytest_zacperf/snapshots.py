"""Recordings of order events as syrupy snapshots; syrupy writes them and never deletes one."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.data import SnapshotCollection, SnapshotCollections
from syrupy.extensions.base import AbstractSyrupyExtension
from syrupy.extensions.single_file import SingleFileSnapshotExtension
from syrupy.location import PyTestLocation
from syrupy.types import SerializableData, SerializedData, SnapshotIndex

from pytest_zacperf import render
from pytest_zacperf.parity import OrderEvents, first_divergence
from pytest_zacperf.store import unique_file_name, write_atomically

FOLDER = "snapshots"
TESTS_FOLDER = "tests"


class OrderEventsExtension(SingleFileSnapshotExtension):
    """One file a test: ``snapshots/<test module>/<test>[<window>].order_events.jsonl``.

    syrupy never sees the files of other tests, so that it reports none as unused and deletes none.
    """

    file_extension = "order_events.jsonl"
    node_id = ""
    _location = ""

    def serialize(self, data: SerializableData, **_: object) -> SerializedData:
        """Return order events that are read only when they are compared or written."""
        if not isinstance(data, OrderEvents):
            raise TypeError(
                f"order_events_snapshot is compared with order events, not {type(data).__name__}; "
                "write: assert backtest.order_events == order_events_snapshot"
            )
        # Detached, because syrupy keeps both sides until the session ends.
        return data.detached()  # type: ignore[return-value]

    def matches(self, *, serialized_data: SerializedData, snapshot_data: SerializedData) -> bool:
        """Return whether both sides are the same bytes."""
        return bool(serialized_data == snapshot_data)

    def diff_lines(
        self, serialized_data: SerializedData, snapshot_data: SerializedData
    ) -> Iterator[str]:
        """Yield the first divergence, or how to make the recording."""
        yield from self._lines(serialized_data, snapshot_data)

    def read_snapshot_data_from_location(
        self,
        *,
        snapshot_location: str,
        snapshot_name: str,  # noqa: ARG002 - syrupy's signature
        session_id: str,  # noqa: ARG002 - syrupy's signature
    ) -> SerializableData | None:
        """Return the recording without reading it, or None."""
        self._location = snapshot_location
        path = Path(snapshot_location)
        return OrderEvents(path.read_bytes) if path.is_file() else None

    @classmethod
    def write_snapshot_collection(
        cls,
        *,
        snapshot_collection: SnapshotCollection,
        name_order: dict[str, int] | None = None,  # noqa: ARG003 - syrupy's signature
    ) -> None:
        """Write a recording so that a reader never sees a part of it."""
        (snapshot,) = snapshot_collection
        events: object = snapshot.data
        if isinstance(events, OrderEvents):
            write_atomically(Path(snapshot_collection.location), events.encoded())

    @classmethod
    def dirname(cls, *, test_location: PyTestLocation) -> str:
        """Return the folder of a test module's recordings."""
        root = test_location.item.config.rootpath
        module = Path(test_location.filepath).with_suffix("")
        parts = module.relative_to(root).parts if module.is_relative_to(root) else (module.name,)
        if parts[0] == TESTS_FOLDER and len(parts) > 1:
            parts = parts[1:]
        return str(root.joinpath(FOLDER, *parts))

    @classmethod
    def get_file_basename(cls, *, test_location: PyTestLocation, index: SnapshotIndex) -> str:
        """Return the name of a recording without its extension."""
        # Not this class's get_snapshot_name, which drops characters: a/b and a:b would be one file.
        name = AbstractSyrupyExtension.get_snapshot_name(test_location=test_location, index=index)
        return unique_file_name(name)

    @classmethod
    def matches_test_location(
        cls,
        *,
        test_location: PyTestLocation,  # noqa: ARG003 - syrupy's signature
        snapshot_location: str,  # noqa: ARG003 - syrupy's signature
    ) -> bool:
        """Return True: the location is made from the test and belongs to no other."""
        return True

    def discover_snapshots(
        self,
        *,
        test_location: PyTestLocation,  # noqa: ARG002 - syrupy's signature
        ignore_extensions: list[str] | None = None,  # noqa: ARG002 - syrupy's signature
    ) -> SnapshotCollections:
        """Return nothing: what syrupy finds and no test used, it deletes."""
        return SnapshotCollections()

    def delete_snapshots(self, *, snapshot_location: str, snapshot_names: set[str]) -> None:
        """Delete nothing: a recording goes when somebody deletes it."""

    def _lines(self, actual: object, expected: object) -> Sequence[str]:
        if not isinstance(actual, OrderEvents):
            return [str(actual)]
        if not isinstance(expected, OrderEvents):
            command = f"pytest {shlex.quote(self.node_id)} --snapshot-update"
            return [f"nothing is recorded yet for {actual.totals}", f"  record it with: {command}"]
        try:
            divergence = first_divergence(expected, actual)
            return render.divergence_lines(divergence, expected=expected, actual=actual)
        except ValueError as e:
            return [f"the recording {self._location} is damaged: {e}", "  restore it from git"]


def order_events_assertion(snapshot: SnapshotAssertion, item: pytest.Item) -> SnapshotAssertion:
    """Return syrupy's assertion on the recorded order events of a test."""
    # Not snapshot(extension_class=...): syrupy would print the difference with another extension.
    assertion = snapshot.use_extension(OrderEventsExtension)
    extension = assertion.extension
    if isinstance(extension, OrderEventsExtension):
        extension.node_id = item.nodeid
    return assertion
