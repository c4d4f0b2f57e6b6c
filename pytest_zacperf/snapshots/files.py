"""Where recordings lie, and what syrupy may do with them: read one, and delete none."""

from __future__ import annotations

from pathlib import Path

from syrupy.data import SnapshotCollection, SnapshotCollections
from syrupy.extensions.base import AbstractSyrupyExtension
from syrupy.extensions.single_file import SingleFileSnapshotExtension
from syrupy.location import PyTestLocation
from syrupy.types import SnapshotIndex

from pytest_zacperf.store import SNAPSHOTS_FOLDER, unique_file_name

TESTS_FOLDER = "tests"


class RecordingExtension(SingleFileSnapshotExtension):
    """One file a test: ``snapshots/<test module>/<test>[<window>].<kind>``.

    syrupy never sees the files of other tests, so that it reports none as unused and deletes none;
    and it writes none, for a recording is accepted when the session has ended.
    """

    @classmethod
    def write_snapshot_collection(
        cls,
        *,
        snapshot_collection: SnapshotCollection,
        name_order: dict[str, int] | None = None,
    ) -> None:
        """Write nothing: what was received is kept already, and accepted when all is known."""

    @classmethod
    def dirname(cls, *, test_location: PyTestLocation) -> str:
        """Return the folder of a test module's recordings."""
        root = test_location.item.config.rootpath
        module = Path(test_location.filepath).with_suffix("")
        parts = module.relative_to(root).parts if module.is_relative_to(root) else (module.name,)
        if parts[0] == TESTS_FOLDER and len(parts) > 1:
            parts = parts[1:]
        return str(root.joinpath(SNAPSHOTS_FOLDER, *parts))

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
