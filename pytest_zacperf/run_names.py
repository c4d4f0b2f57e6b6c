"""Which run somebody means: short ids, parts of ids, ``last``; reads nothing."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from pytest_zacperf.digest import digest_of
from pytest_zacperf.errors import StoreError

LAST = "last"
SHORT_ID_DIGITS = 8
MOST_CANDIDATES = 5
LIST_THEM = "zacperf runs lists them"


def short_id(run_id: str) -> str:
    """Return the hexadecimal digits that stand for an id; other runs do not change them."""
    return digest_of(run_id)[:SHORT_ID_DIGITS]


def find(name: str, run_ids: Sequence[str]) -> str:
    """Return the id of the run that is meant.

    Args:
        name: An id, a short id, or a part of an id that only one run has.
        run_ids: The ids of all runs.

    Raises:
        StoreError: No run is meant, or more than one.

    """
    exact = [run_id for run_id in run_ids if name in {run_id, short_id(run_id)}]
    found = exact or [run_id for run_id in run_ids if name and name in run_id]
    if not found:
        raise StoreError(f"no run is named {name!r}", _nearest(name, run_ids))
    if len(found) > 1:
        shown = [f"{short_id(run_id)} ({run_id})" for run_id in found[:MOST_CANDIDATES]]
        more = f" and {len(found) - len(shown)} more" if len(found) > len(shown) else ""
        raise StoreError(
            f"{name!r} is part of {len(found)} ids: {', '.join(shown)}{more}",
            f"give one of them in full; {LIST_THEM}",
        )
    return found[0]


def _nearest(name: str, run_ids: Sequence[str]) -> str:
    known = [*map(short_id, run_ids), *run_ids]
    close = difflib.get_close_matches(name, known, n=3)
    meant = f"did you mean {' or '.join(map(repr, close))}? " if close else ""
    return f"{meant}{LIST_THEM}"
