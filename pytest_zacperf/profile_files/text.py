"""How functions, threads and times are written in the files of a profile."""

from __future__ import annotations

import csv
from collections.abc import Iterable

from pytest_zacperf.records import Profile, ProfiledFunction
from pytest_zacperf.units import NS_PER_S


class _Lines(list[str]):
    """What ``csv`` writes to: no file, for nothing is written here."""

    write = list[str].append


def csv_bytes(header: Iterable[str], rows: Iterable[Iterable[object]]) -> bytes:
    """Return a CSV file with its header."""
    lines = _Lines()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return "".join(lines).encode()


def seconds(ns: int) -> str:
    """Return a time as plain decimal seconds: ``1e-07`` is text to some spreadsheets."""
    return f"{ns // NS_PER_S}.{ns % NS_PER_S:09}"


def builtin_name(function: ProfiledFunction) -> str:
    """Return ``time.sleep`` or ``<method 'append' of 'list' objects>``."""
    # A method's own text says which type it is of.
    if function.name.startswith("<"):
        return function.name
    return f"{function.module}.{function.name}"


def thread_names(profile: Profile) -> dict[int, str]:
    """Return the name of each thread by its id; the second of a name has `` #2`` after it."""
    found: dict[int, str] = {}
    taken: set[str] = set()
    for thread in profile.threads:
        name, number = thread.name, 1
        while name in taken:
            number += 1
            name = f"{thread.name} #{number}"
        taken.add(name)
        found[thread.id] = name
    return found
