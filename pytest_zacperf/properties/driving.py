"""Drives an incremental indicator through operations, and keeps the bars a full one would have.

What becomes of a bar that comes twice or late is decided here, by the policy that the user names.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeVar, get_args

from pytest_zacperf.properties.market import Kind

Duplicates = Literal["ignore", "replace", "count", "raise"]
Late = Literal["ignore", "insert", "count", "raise"]
Item = TypeVar("Item")
Item_contra = TypeVar("Item_contra", contravariant=True)


class Incremental(Protocol[Item_contra]):
    """What is checked.

    ``reset()``, ``snapshot()`` with ``restore(state)``, and ``new_session()`` are used where it
    has them.
    """

    def update(self, item: Item_contra, /) -> object:
        """Take the next bar and return the value after it."""
        ...


@dataclass(frozen=True, slots=True)
class _Kept(Generic[Item]):
    """What a snapshot keeps: the indicator's state, and what a full one would have seen."""

    state: Any
    history: list[Item]
    newest: dict[str, int]
    session: object


class NotRefusedError(Exception):
    """``update()`` took a bar that the policy wants refused."""


class Subject(Generic[Item]):
    """One incremental indicator with the items that count for it.

    Args:
        make: Makes the indicator.
        duplicates: What an item that comes again is: ``ignore`` keeps the first, ``replace`` the
            newest, ``count`` both, ``raise`` wants ``update()`` to raise.
        late: What an item older than the newest is: ``ignore`` leaves it out, ``insert`` puts it
            where its time is, ``count`` appends it, ``raise`` wants ``update()`` to raise.

    Attributes:
        history: The items that count, in their order.

    """

    def __init__(
        self, make: Callable[[], Incremental[Item]], *, duplicates: Duplicates, late: Late
    ) -> None:
        self.history: list[Item] = []
        self._make = make
        self._duplicates = duplicates
        self._late = late
        self._incremental = make()
        self._session: object = None
        self._newest: dict[str, int] = {}
        names = ("snapshot", "restore")
        self._keeps_state = all(hasattr(self._incremental, name) for name in names)
        self._kept: _Kept[Item] | None = None

    @property
    def is_kept(self) -> bool:
        """Whether a snapshot was taken."""
        return self._kept is not None

    @property
    def name(self) -> str:
        """The name of the indicator's class."""
        return type(self._incremental).__name__

    def apply(self, kind: Kind) -> None:
        """Reset, snapshot or restore."""
        if kind == "reset":
            self._reset()
        elif kind == "snapshot":
            self._snapshot()
        elif kind == "restore":
            self._restore()

    def update(self, item: Item) -> object:
        """Bring an item and return the value after it.

        Raises:
            NotRefusedError: It should have been refused, and was not.
            ValueError: A policy is named, and nothing tells when the item is from.

        """
        self._announce_session(item)
        if self._remember(item):
            return self._incremental.update(item)
        try:
            self._incremental.update(item)
        except Exception:  # noqa: BLE001 - the user's own, of any class
            return REFUSED
        raise NotRefusedError

    def _announce_session(self, item: Item) -> None:
        session = getattr(item, "session", None)
        if session is None or (self._session is not None and session <= self._session):
            return
        self._session = session
        announce = getattr(self._incremental, "new_session", None)
        if announce is not None:
            announce()

    def _remember(self, item: Item) -> bool:
        """Put an item where it belongs, or nowhere; return whether ``update()`` may take it."""
        key = _key(item)
        if key is None and (self._duplicates, self._late) != ("ignore", "ignore"):
            raise ValueError(
                f"policies need bars with start_ns, by which one is late or comes again; "
                f"{type(item).__name__} has none"
            )
        if key is None or self._newest.get(key[0], key[1] - 1) < key[1]:
            if key is not None:
                self._newest[key[0]] = key[1]
            self.history.append(item)
            return True
        known = next((n for n, held in enumerate(self.history) if _key(held) == key), None)
        policy = self._late if known is None else self._duplicates
        if policy == "replace" and known is not None:
            self.history[known] = item
        elif policy == "insert":
            later = (n for n, held in enumerate(self.history) if _start(held) > key[1])
            self.history.insert(next(later, len(self.history)), item)
        elif policy == "count":
            self.history.append(item)
        return policy != "raise"

    def _reset(self) -> None:
        self.history = []
        self._session, self._newest = None, {}
        reset = getattr(self._incremental, "reset", None)
        if reset is None:
            self._incremental = self._make()
        else:
            reset()

    def _snapshot(self) -> None:
        incremental: Any = self._incremental
        state = incremental.snapshot() if self._keeps_state else self._copy(incremental)
        self._kept = _Kept(state, list(self.history), dict(self._newest), self._session)

    def _restore(self) -> None:
        kept = self._kept
        if kept is None:
            return
        self.history, self._newest = list(kept.history), dict(kept.newest)
        self._session = kept.session
        if self._keeps_state:
            incremental: Any = self._incremental
            incremental.restore(kept.state)
        else:
            # A copy again: the same snapshot may be gone back to more than once.
            self._incremental = self._copy(kept.state)

    def _copy(self, incremental: Incremental[Item]) -> Incremental[Item]:
        try:
            return copy.deepcopy(incremental)
        except Exception as e:
            raise TypeError(
                f"{self.name} cannot be copied by copy.deepcopy ({e}); give it snapshot() and "
                "restore(state), or draw streams with snapshots=False"
            ) from e


def checked_indicator(indicator: object) -> None:
    """Refuse what cannot be driven.

    Raises:
        TypeError: It has no ``update``.

    """
    if not callable(getattr(indicator, "update", None)):
        raise TypeError(
            f"{type(indicator).__name__} has no update(bar) that returns the value; "
            "wrap it in a class that has one"
        )


class Refused:
    """Stands for the value after a bar that was refused as it should be."""


REFUSED = Refused()


def _key(item: object) -> tuple[str, int] | None:
    """Return what tells whether two items are the same bar; None for what is no bar."""
    start: int | None = getattr(item, "start_ns", None)
    return None if start is None else (getattr(item, "symbol", ""), start)


def _start(item: object) -> int:
    key = _key(item)
    return key[1] if key else 0


def checked_policy(name: str, policy: str, allowed: object) -> None:
    """Refuse a policy that there is not.

    Raises:
        ValueError: It is none of those allowed.

    """
    known: Sequence[str] = get_args(allowed)
    if policy not in known:
        raise ValueError(f"{name} is {' or '.join(known)}, not {policy!r}")
