"""What is looked at after a run of LEAN: did it end well, on this window, on data, with this code?

An exit status says little: 1 stands for anything, and a run that traded nothing ends with 0.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pytest_zacperf.engines.lean.project import LeanProject, snapshot_of
from pytest_zacperf.engines.lean.reading.log import read_log
from pytest_zacperf.engines.lean.reading.records import LeanRun
from pytest_zacperf.engines.lean.workspace import OWNED
from pytest_zacperf.errors import EngineError
from pytest_zacperf.records import Window
from pytest_zacperf.sentences import cut, escape

COMPLETED = "Completed"
LONGEST_MESSAGE = 240
# How Python and LEAN name a line of code.
FRAMES = (
    re.compile(r"in (?P<file>[^\s:]+\.(?:py|cs)): ?line (?P<line>\d+)"),
    re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+)'),
    re.compile(r"(?P<file>[^\s(]+\.cs)\((?P<line>\d+),\d+\)"),
)
# Python: `SyntaxError: ...`; C#: `error CS1002: ; expected`.
COMPILE_ERROR = re.compile(r"^\s*(?P<python>\w*Error: .*)$|error (?P<csharp>CS\d+: [^\[\r\n]*)")
PREFIXES = (
    "Runtime Error: ",
    "During the algorithm initialization, the following exception has occurred: ",
)
IN_CONTAINER = "/LeanCLI/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a run of LEAN ended.

    Attributes:
        exit_status: Of what was started: the client, the container or LEAN itself.
        said: What it printed.
        folder: Where its output is.
        log: File with what it printed.

    """

    exit_status: int
    said: str
    folder: Path
    log: Path


def no_results(ending: Ending, sources: Collection[str]) -> EngineError:
    """Return why there is no result file, in one sentence.

    Args:
        ending: How the run ended.
        sources: Paths of the project's files below the project.

    """
    found = compile_error(ending.said, sources)
    if found is not None:
        return EngineError(f"LEAN did not start: {found}", "correct that line")
    log, _ = read_log(ending.folder / "log.txt")
    lines = [line.strip() for line in ending.said.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith("Error") or "ERROR" in line] or lines
    telling = [*telling[-1:], *log.errors[:1]]  # LEAN's own word goes before the client's
    said = f": {_message(telling[-1])}" if telling else ""
    return EngineError(
        f"LEAN left no results, exit status {ending.exit_status}{said}",
        f"see {ending.log}",
    )


def compile_error(said: str, sources: Collection[str]) -> str | None:
    """Return the first error of a compiler with its file and line, or None."""
    place = None
    for line in said.splitlines():
        place = _place(line, sources) or place
        error = COMPILE_ERROR.search(line)
        if error and place:
            return f"{place}: {_message(error['python'] or error['csharp'])}"
    return None


def require_completed(run: LeanRun, sources: Collection[str]) -> None:
    """Refuse a run whose algorithm did not come to its end.

    Raises:
        EngineError: It has the algorithm's error and the line of the user's own code.

    """
    if run.status in {None, COMPLETED} and not run.runtime_error:
        return
    if not run.runtime_error:
        raise EngineError(
            f"LEAN ended before the algorithm had finished: its status is {run.status}",
            f"see {run.folder / 'log.txt'}",
        )
    message = _message(run.runtime_error)
    place = user_line(run.runtime_error, sources)
    where = f" at {place}" if place else ""
    raise EngineError(
        f"the algorithm failed{where}: {message}",
        f"see {run.folder}, the whole of it is in log.txt",
    )


def user_line(text: str, sources: Collection[str]) -> str | None:
    """Return file and line of the innermost frame that is in the project, or None."""
    lean, python = (
        [frame for found in pattern.finditer(text) if (frame := _in_project(found, sources))]
        for pattern in FRAMES[:2]
    )
    # LEAN names the innermost frame first, Python last.
    return next(iter([*lean, *reversed(python)]), None)


def require_window(run: LeanRun, window: Window, advice: str) -> Iterator[str]:
    """Refuse a run on another window; yield a warning where nothing says which it was.

    Args:
        run: What LEAN wrote.
        window: What was asked for.
        advice: What to do when it is another one.

    Raises:
        EngineError: It ran on other days than those asked for.

    """
    if run.start is None or run.end is None:
        yield "LEAN did not say which window it ran"
        return
    if (run.start, run.end) != (window.start, window.end):
        raise EngineError(
            f"LEAN ran {run.start} to {run.end}, not {window.start} to {window.end}", advice
        )


def require_data(run: LeanRun) -> None:
    """Refuse a run that saw no data.

    Raises:
        EngineError: It says how many requests failed.

    """
    requests = run.requests
    has_none = requests is not None and requests.succeeded == 0 and requests.failed > 0
    if run.data_points != 0 and not has_none:
        return
    failed = f": {requests.failed} requests for data failed" if requests else ""
    raise EngineError(
        f"LEAN saw no data{failed}",
        "see failed-data-requests-*.txt in its output, and the data folder",
    )


def require_same_code(folder: Path, snapshot: Mapping[str, str], added: Collection[str]) -> None:
    """Refuse a run whose code is not what the project held before it.

    Args:
        folder: The copy of the code that the client made; nothing is looked at where there is none.
        snapshot: Hashes of the project's files by their paths.
        added: Files that were there for this run alone.

    Raises:
        EngineError: It names the file.

    """
    if not folder.is_dir():
        return
    ran = snapshot_of(folder, (path for path in folder.rglob("*") if path.is_file()))
    for name in [*snapshot, *ran]:
        is_for_a_run = name in added or OWNED.fullmatch(PurePosixPath(name).name)
        if name == "config.json" or is_for_a_run or ran.get(name) == snapshot.get(name):
            continue
        what = (
            "was not copied for LEAN"
            if name not in ran
            else "was not in the project before"
            if name not in snapshot
            else "changed while the run was prepared"
        )
        raise EngineError(
            f"LEAN ran other code than the project's: {escape(name)} {what}",
            "leave the project alone while it runs, and run it again",
        )


def sources_of(project: LeanProject) -> tuple[str, ...]:
    """Return the paths of a project's files below the project."""
    return tuple(path.relative_to(project.folder).as_posix() for path in project.sources())


def _place(line: str, sources: Collection[str]) -> str | None:
    for pattern in FRAMES:
        found = pattern.search(line)
        if found and (place := _in_project(found, sources)):
            return place
    return None


def _in_project(found: re.Match[str], sources: Collection[str]) -> str | None:
    file = found["file"].removeprefix(IN_CONTAINER)
    # LEAN names the file alone, compilers the whole path.
    for source in sources:
        if source == file or source.endswith(f"/{file}") or file.endswith(f"/{source}"):
            return f"{source}:{found['line']}"
    return None


def _message(text: str) -> str:
    first = text.strip().partition("\n")[0]
    for prefix in PREFIXES:
        first = first.removeprefix(prefix)
    return cut(escape(first.strip()), LONGEST_MESSAGE)
