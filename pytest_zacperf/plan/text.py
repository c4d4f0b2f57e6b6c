"""JSON as text: where a value stands, and what the text is with another value in its place.

What is not changed stays as its author wrote it, spaces and the spelling of numbers included. Knows
nothing of plans; the text must be valid JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

PathStep: TypeAlias = str | int
Json: TypeAlias = "str | int | float | bool | Sequence[Json] | Mapping[str, Json] | None"

INDENT = "  "

_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Member:
    """One value within another: its key or index, and where key and value stand.

    Attributes:
        name: Key in an object, index in a list.
        key_start: Where the key begins, or the value where there is none.
        start: Where the value begins.
        end: Behind the value.

    """

    name: PathStep
    key_start: int
    start: int
    end: int


def members(text: str, start: int = 0) -> Iterator[Member]:
    """Yield what the object or the list at *start* holds; any other value holds nothing."""
    position = _skip(text, start)
    is_object = text.startswith("{", position)
    if not is_object and not text.startswith("[", position):
        return
    position = _skip(text, position + 1)
    index = 0
    while not text.startswith(("}", "]"), position):
        key_start = position
        name: PathStep = index
        if is_object:
            name, position = _DECODER.raw_decode(text, position)
            position = _skip(text, _skip(text, position) + 1)
        _, end = _DECODER.raw_decode(text, position)
        yield Member(name=name, key_start=key_start, start=position, end=end)
        position = _skip(text, end)
        if text.startswith(",", position):
            position = _skip(text, position + 1)
        index += 1


def find(text: str, path: Sequence[PathStep]) -> Member | None:
    """Return where the value at a path stands, or None."""
    found = Member(name="", key_start=0, start=0, end=len(text))
    for step in path:
        inner = next((one for one in members(text, found.start) if one.name == step), None)
        if inner is None:
            return None
        found = inner
    return found


def line_of(text: str, path: Sequence[PathStep]) -> int:
    """Return the line, from 1, of the value at a path, or of what is nearest to it."""
    start = _skip(text, 0)
    for length in range(len(path), 0, -1):
        found = find(text, path[:length])
        if found is not None:
            start = found.key_start
            break
    return text.count("\n", 0, start) + 1


def repeated_key(text: str, start: int = 0) -> Member | None:
    """Return the second of two equal keys of an object, however deep it stands, or None."""
    seen: set[PathStep] = set()
    for one in members(text, start):
        if one.name in seen:
            return one
        seen.add(one.name)
        found = repeated_key(text, one.start)
        if found is not None:
            return found
    return None


def without_member(text: str, path: Sequence[PathStep]) -> str:
    """Return the text without the member of an object, if it is there, and without its comma."""
    owner, member = find(text, path[:-1]), find(text, path)
    if owner is None or member is None:
        return text
    inner = list(members(text, owner.start))
    at = [one.key_start for one in inner].index(member.key_start)
    if at:
        return text[: inner[at - 1].end] + text[member.end :]
    end = inner[1].key_start if len(inner) > 1 else member.end
    return text[: member.key_start] + text[end:]


def with_value(text: str, path: Sequence[PathStep], value: Json) -> str:
    """Return the text with a value in the place of another, or as a new member at the end.

    Args:
        text: The whole JSON.
        path: Where the value goes; what it goes into exists.
        value: An object is on one line where its predecessor was, and on several elsewhere.

    """
    there = find(text, path)
    if there is not None:
        old = text[there.start : there.end]
        is_inline = old.startswith("{") and "\n" not in old
        layout = _inline(value) if is_inline else _spread(value, _indent(text, there.key_start))
        return text[: there.start] + _as_in(text, layout) + text[there.end :]
    owner = find(text, path[:-1])
    if owner is None:
        raise ValueError(f"there is nothing at {list(path[:-1])} that could hold a value")
    return _inserted(text, _skip(text, owner.start), str(path[-1]), value)


def _inserted(text: str, start: int, key: str, value: Json) -> str:
    inner = list(members(text, start))
    name = _dumped(key)
    if not inner:
        outer = _indent(text, start)
        own = outer + INDENT
        _, end = _DECODER.raw_decode(text, start)
        layout = f"{{\n{own}{name}: {_spread(value, own)}\n{outer}}}"
        return text[:start] + _as_in(text, layout) + text[end:]
    last = inner[-1]
    if "\n" not in text[start : last.key_start]:  # all on one line
        return f"{text[: last.end]}, {name}: {_inline(value)}{text[last.end :]}"
    own = _indent(text, last.key_start)
    layout = f",\n{own}{name}: {_spread(value, own)}"
    return text[: last.end] + _as_in(text, layout) + text[last.end :]


def _as_in(text: str, layout: str) -> str:
    # Lines end as those of the file.
    return layout.replace("\n", "\r\n") if "\r\n" in text else layout


def _skip(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return found.end() if found else position


def _indent(text: str, position: int) -> str:
    line = text[text.rfind("\n", 0, position) + 1 : position]
    return line[: len(line) - len(line.lstrip())]


def _inline(value: Json) -> str:
    layout = _dumped(value)
    # With a space inside, as people write a run of the queue.
    return f"{{ {layout[1:-1]} }}" if isinstance(value, Mapping) and value else layout


def _spread(value: Json, indent: str) -> str:
    """Lay an object out with a member on each line; what these hold stays on theirs."""
    if not isinstance(value, Mapping) or not value:
        return _dumped(value)
    own = indent + INDENT
    lines = (f"{own}{_dumped(key)}: {_dumped(inner)}" for key, inner in value.items())
    return "{\n" + ",\n".join(lines) + f"\n{indent}}}"


def _dumped(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair, which only an escape can hold
        return json.dumps(value)
    return text
