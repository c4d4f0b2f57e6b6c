"""What recordings of every kind have in common for syrupy: read, explain, keep what came."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from syrupy.types import SerializableData, SerializedData

from pytest_zacperf import render
from pytest_zacperf.errors import ZacperfError
from pytest_zacperf.parity import OrderEvents, Tolerance
from pytest_zacperf.sentences import one_line
from pytest_zacperf.snapshots.delivery import Delivery
from pytest_zacperf.snapshots.files import RecordingExtension

UPDATE = "pytest {} --snapshot-update --zacperf-reason"


class ComparedExtension(RecordingExtension):
    """One kind of recording, in one test.

    Attributes:
        delivery: Hands on what was received instead.
        tolerances: By field.
        recording: The file; known once syrupy has asked for it.
        explanation: How both sides differ, or how to make the recording.

    """

    delivery: Delivery
    tolerances: Mapping[str, Tolerance] = {}
    recording: Path
    explanation: Sequence[str] = ()

    def recorded(self) -> SerializableData:
        """Return what syrupy gets of a recording that exists."""
        raise NotImplementedError

    def read_snapshot_data_from_location(
        self,
        *,
        snapshot_location: str,
        snapshot_name: str,  # noqa: ARG002 - syrupy's signature
        session_id: str,  # noqa: ARG002 - syrupy's signature
    ) -> SerializableData | None:
        """Return the recording, or None."""
        self.recording = Path(snapshot_location)
        self.explanation = ()
        return self.recorded() if self.recording.is_file() else None

    def diff_lines(
        self,
        serialized_data: SerializedData,  # noqa: ARG002 - syrupy's signature
        snapshot_data: SerializedData,  # noqa: ARG002 - syrupy's signature
    ) -> Iterator[str]:
        """Yield how both sides differ, or how to make the recording."""
        yield from self.explanation

    def meet(self) -> bool:
        """Return True; what was received before is no longer pending."""
        self.delivery.forget(self.recording)
        return True

    def miss(self, found: Sequence[str], *what_now: str) -> bool:
        """Return False; *found* and *what_now* are what the failure says."""
        self.explanation = render.fitted([*found, *what_now])
        return False

    def hand_over(self, found: Sequence[str], deliver: Callable[[], Sequence[str] | None]) -> bool:
        """Return False, when what was received is delivered; syrupy never hears of it otherwise.

        Args:
            found: How both sides differ.
            deliver: Keeps what was received, and returns what to do now.

        Raises:
            ZacperfError: It cannot be kept; the failure says both.
            OSError: The same.

        """
        try:
            what_now = deliver() or ()
        except (ZacperfError, OSError) as e:
            # Raised, or an update would count it as recorded.
            self.miss(found, f"  not kept: {one_line(str(e))}")
            raise
        return self.miss(found, *what_now)

    def damaged(self, reason: Exception, received: OrderEvents | Iterable[bytes]) -> bool:
        """Return False, for a recording that cannot be read."""
        change = "the one before was damaged"
        return self.hand_over(
            (f"the recording {self.recording} is damaged: {reason}", "  restore it from git"),
            lambda: self.delivery.keep(received, self.recording, change=change),
        )

    def refuse(self, kind: str, data: object, example: str) -> TypeError:
        """Return the error for what is not of the kind that is recorded."""
        what = kind.replace("_", " ")
        said = (
            f"this run has no {what}: its engine gives none"
            if data is None
            else f"{kind}_snapshot is compared with {what}, not {type(data).__name__}; "
            f"write: assert {example} == {kind}_snapshot"
        )
        self.explanation = (said,)
        return TypeError(said)

    def keep_first(
        self, received: OrderEvents | Iterable[bytes], *, missing: str, change: str
    ) -> None:
        """Keep what would be the first recording, where there is none."""
        if self.recording.is_file():
            return
        command = UPDATE.format(shlex.quote(self.delivery.test))
        refused = [self.delivery.refused] if self.delivery.refused else []
        self.hand_over(
            (missing, *refused, f'  record it with: {command} "..."'),
            lambda: self.delivery.keep(received, self.recording, change=change),
        )
