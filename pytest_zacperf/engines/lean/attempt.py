"""One run of a Lean project: what is asked for, what is ready, how it ended; runs nothing."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from pytest_zacperf.engines.lean.checks import Ending
from pytest_zacperf.engines.lean.project import LeanProject
from pytest_zacperf.engines.lean.watching import Seen
from pytest_zacperf.engines.lean.window import WindowSetting, WindowWay
from pytest_zacperf.engines.lean.workspace import LeanWorkspace
from pytest_zacperf.records import ParameterValue, Window


class AlgorithmOptions(TypedDict, total=False):
    """What every engine that runs LEAN can be told about the algorithm; all of it is optional.

    Attributes:
        parameters: Lean parameters beside those of the project's ``config.json``.
        window: How the algorithm is told its window: ``wrapper`` (a file that wraps its class, for
            Python; the default), ``parameters`` or ``environment``.
        window_names: What the first and the last day are called there; ``start-date`` and
            ``end-date``, or ``START_DATE`` and ``END_DATE``.
        date_format: How they are written, as ``datetime.strftime`` has it.
        environment: Environment variables of the algorithm.
        lean_json: The ``lean.json``; the one in the project's folder or above it by default.

    """

    parameters: Mapping[str, ParameterValue]
    window: WindowWay
    window_names: tuple[str, str]
    date_format: str
    environment: Mapping[str, str]
    lean_json: str | Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """One run of a project, ready to begin.

    Attributes:
        project: Of the revision that is run.
        workspace: Where ``lean.json`` and data are.
        window: What is asked for.
        setting: What tells the algorithm.
        snapshot: Hashes of the project's files.
        token: Tells the files of this run from those of others.

    """

    project: LeanProject
    workspace: LeanWorkspace
    window: Window
    setting: WindowSetting
    snapshot: Mapping[str, str]
    token: str

    @property
    def container(self) -> str:
        """Name of the container."""
        name = re.sub(r"[^a-zA-Z0-9_.-]", "-", self.project.folder.name)
        return f"zacperf_{name}_{os.getpid()}_{self.token}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A run that has ended, well or not.

    Attributes:
        ending: How.
        source: What the figures counted inside are called.
        seen: What was seen from outside, the better source first.
        added: Files that were in the project for this run alone.
        warnings: What a reader of the results must know.

    """

    ending: Ending
    source: str
    seen: Sequence[Seen] = ()
    added: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
