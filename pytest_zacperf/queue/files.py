"""The files of a run in the plan's output folder; their names, and nothing of what is in them."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path

from pytest_zacperf import profile_files, store
from pytest_zacperf.errors import SettingsError, ZacperfError
from pytest_zacperf.plan import Plan, PlannedRun
from pytest_zacperf.records import Profile


@dataclass(frozen=True, slots=True)
class RunFiles:
    """Names of one run's files, relative to the plan file as the plan has them.

    Args:
        plan_folder: Where the plan file is.
        plan: Names the output folder and the clock.
        planned: The run.

    """

    plan_folder: Path
    plan: Plan
    planned: PlannedRun

    @property
    def functions(self) -> str:
        """Functions by own time."""
        return self._named(f"funcs.{self._clock}.csv")

    @property
    def threads(self) -> str:
        """Threads."""
        return self._named(f"threads.{self._clock}.csv")

    @property
    def pstat(self) -> str:
        """For ``pstats``."""
        return self._named(f"{self._clock}.pstat")

    @property
    def speedscope(self) -> str:
        """For speedscope.app."""
        return self._named("speedscope.json")

    @property
    def profile(self) -> str:
        """What the others are made of."""
        return self._named("profile.json")

    @property
    def report(self) -> str:
        """What is read first."""
        return self._named("report.md")

    def require_folder(self) -> None:
        """Make the output folder, before anything is run whose files could not be written.

        Raises:
            SettingsError: It cannot be made or written to.

        """
        folder = self.plan_folder / self.plan.meta.output_dir
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not os.access(folder, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        except OSError as e:
            raise SettingsError(
                f"{self.plan.name}: 'meta' has output_dir = {self.plan.meta.output_dir!r}, where "
                f"nothing can be written: {e.strerror}",
                'write it like "output_dir": "profiling"',
            ) from e

    def write_profile(self, profile: Profile) -> None:
        """Write everything that is made of a profile.

        Raises:
            OSError: What the disk says.

        """
        self._write(self.functions, profile_files.functions_csv(profile))
        self._write(self.threads, profile_files.threads_csv(profile))
        self._write(self.pstat, profile_files.pstat(profile))
        self._write(self.speedscope, profile_files.speedscope(profile, self.planned.id))
        self._write(self.profile, store.profile_bytes(profile))

    def set_aside(self, stamp: str) -> dict[str, str]:
        """Give the files of an earlier result another name; return old name to new name.

        Args:
            stamp: What tells that result from others of the run.

        Raises:
            OSError: What the disk says.

        """
        moved = {}
        for name in (
            *(self.functions, self.threads, self.pstat),
            *(self.speedscope, self.profile, self.report),
        ):
            path = self.plan_folder / name
            kept = f"{self._named(stamp)}{name.removeprefix(self._named('')[:-1])}"
            if path.exists():
                path.replace(self.plan_folder / kept)
                moved[name] = kept
        return moved

    def write_report(self, lines: list[str]) -> None:
        """Write the report.

        Raises:
            OSError: What the disk says.

        """
        self._write(self.report, "\n".join([*lines, ""]).encode())

    @property
    def _clock(self) -> str:
        return self.plan.meta.clock

    def _named(self, ending: str) -> str:
        folder = Path(self.plan.meta.output_dir)
        return (folder / f"{store.unique_file_name(self.planned.id)}.{ending}").as_posix()

    def _write(self, name: str, content: bytes) -> None:
        path = self.plan_folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        store.write_atomically(path, content)


def read_profile(plan_folder: Path, name: str) -> Profile:
    """Return the profile that the plan names.

    Raises:
        ZacperfError: The file is missing or damaged.

    """
    try:
        return store.read_json(plan_folder / name, Profile)
    except ZacperfError as e:
        hint = "`zacperf reset` its run, and it is profiled again"
        raise ZacperfError(e.problem, hint) from e
