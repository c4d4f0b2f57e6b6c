"""Which file of an output folder is which, and which of them belong to one run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_zacperf.engines.lean.reading.json_files import Object, camel, read_object
from pytest_zacperf.errors import StoreError

ORDER_EVENTS, SUMMARY = "order-events", "summary"
PART = re.compile(rf"(?:(?P<id>.+)-)?(?P<part>{ORDER_EVENTS}|{SUMMARY})\.json")
# Beside them lie reports of the data monitor, of `lean report` and of our counter.
NO_RESULT = re.compile(
    r"(data-monitor-report|report)-.*\.json|perf-rusage\.json|config\.json|package\.json"
)
# At least one of them is in every main file.
MAIN_KEYS = frozenset({"statistics", "orders", "totalPerformance", "charts", "runtimeStatistics"})
CONFIG = "config"
# As Lean's client and its optimizer make them.
USUAL_ID = re.compile(r"\d+|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class NoResultsError(StoreError):
    """A folder that holds nothing of LEAN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeanFiles:
    """The files of one run.

    Attributes:
        id: What they have in common; empty where names have none.
        main: The main result file.
        order_events: None where there is none, as of a run that traded nothing.
        summary: None before 2025.
        warnings: Files of other runs that lie there as well.

    """

    id: str
    main: Path | None
    order_events: Path | None
    summary: Path | None
    warnings: tuple[str, ...] = ()


def files_in(folder: Path) -> LeanFiles:
    """Return the files of the run in a folder; of the newest one where there are several.

    Raises:
        NoResultsError: There is none.
        StoreError: There is no such folder.

    """
    if not folder.is_dir():
        raise NoResultsError(f"there is no folder {folder}", "name an output folder of a backtest")
    parts = dict(_parts(folder))
    mains = _mains(folder)
    wanted = _id_in_config(folder)
    if not mains and not parts:
        raise NoResultsError(
            f"{folder} holds no results of LEAN: no <id>.json, *-{ORDER_EVENTS}.json or "
            f"*-{SUMMARY}.json",
            "name an output folder of a backtest",
        )
    # Without a main file, those of a run that has order events rather than a summary alone.
    traded = [name for name, part in parts if part == ORDER_EVENTS]
    ids = [path.stem for path in mains] or traded or [name for name, _ in parts]
    chosen = wanted if wanted in ids else ids[-1]
    others = sorted({
        *(path.name for path in mains if path.stem != chosen),
        *(path.name for (name, _), path in parts.items() if name != chosen),
    })
    return LeanFiles(
        id=chosen,
        main=next((path for path in mains if path.stem == chosen), None),
        order_events=parts.get((chosen, ORDER_EVENTS)),
        summary=parts.get((chosen, SUMMARY)),
        warnings=tuple(_doubts(chosen, wanted, others)),
    )


def _doubts(chosen: str, wanted: str | None, others: Sequence[str]) -> Iterator[str]:
    if others:
        yield f"{', '.join(others)} beside the run {chosen!r} belong to other runs: left out"
    # Names without an id may be of any run.
    if chosen and wanted not in {None, chosen}:
        yield f"Lean's client ran {wanted!r} last and no file is of that run: {chosen!r} was read"


def _parts(folder: Path) -> Iterator[tuple[tuple[str, str], Path]]:
    for path in _by_age(folder):
        found = PART.fullmatch(path.name)
        if found:
            yield (found["id"] or "", found["part"]), path


def _mains(folder: Path) -> Sequence[Path]:
    found = {
        path: _is_main(path)
        for path in _by_age(folder)
        if not PART.fullmatch(path.name) and not NO_RESULT.fullmatch(path.name)
    }
    # A damaged file may be one: that it is damaged is told when it is read. Beside a whole one it
    # must have the name of one.
    has_whole = any(found.values())
    return [
        path
        for path, is_main in found.items()
        if is_main or (is_main is None and (not has_whole or USUAL_ID.fullmatch(path.stem)))
    ]


def _is_main(path: Path) -> bool | None:
    try:
        keys = {camel(name) for name in read_object(path)}
    except StoreError:
        return None
    return bool(MAIN_KEYS & keys)


def _by_age(folder: Path) -> list[Path]:
    found = [path for path in folder.glob("*.json") if path.is_file()]
    return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name))


def _id_in_config(folder: Path) -> str | None:
    # Lean's client keeps the id of its last run there.
    try:
        content: Object = read_object(folder / CONFIG)
    except StoreError:
        return None
    return str(content["id"]) if "id" in content else None
