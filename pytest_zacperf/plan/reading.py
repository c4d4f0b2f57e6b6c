"""The text of a plan file as a plan, or the line, the key and the reason why it is none."""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar, get_args

import msgspec

from pytest_zacperf.errors import SettingsError
from pytest_zacperf.plan import text as json_text
from pytest_zacperf.plan.records import PHASE0, Meta, Plan, PlannedRun
from pytest_zacperf.plan.results import DecidedPolicy, RunResult
from pytest_zacperf.records import InvariantValue
from pytest_zacperf.sentences import one_line

T = TypeVar("T")

KEYS = ("meta", "invariants", "runs", "results")
EXAMPLE = '{ "id": "wk-1", "start": "2025-01-20", "end": "2025-01-26", "label": "week" }'
LONGEST_NUMBER = 40
SCHEMA = "_schema"
RESERVED = (SCHEMA, PHASE0)


def parse_plan(content: bytes, name: str) -> Plan:
    """Return the plan in *content*, what the file *name* holds.

    Raises:
        SettingsError: Not JSON, or a part that cannot be used; it names line, part and key.

    """
    text, document = _document(content, name)
    place = _Place(text, name)
    parts = {key: _object(document, key, place) for key in ("meta", "invariants", "results")}
    return Plan(
        name=name,
        text=text,
        document=document,
        runs=_runs(document, place),
        meta=_meta(parts["meta"], place),
        invariants=_invariants(parts["invariants"], place),
        results=_results(parts["results"], place),
    )


class _Place:
    """Names places in the file for messages."""

    def __init__(self, text: str, name: str) -> None:
        self.text = text
        self.name = name

    def line(self, *path: json_text.PathStep) -> str:
        return f"{self.name} line {json_text.line_of(self.text, path)}"

    def line_at(self, position: int) -> int:
        return self.text.count("\n", 0, position) + 1


def _document(content: bytes, name: str) -> tuple[str, dict[str, Any]]:
    try:
        text = content.decode("utf-8-sig")
        document = json.loads(
            text, object_pairs_hook=_members, parse_float=_finite, parse_constant=_finite
        )
    except _RepeatedKeyError:
        # The one that a reader takes for the value may not be the one that counts.
        raise _repeated_key(_Place(text, name)) from None
    except _NotFiniteError as e:
        raise SettingsError(
            f"{name} holds {one_line(str(e), LONGEST_NUMBER)}, which no other program takes for a "
            "number",
            "write null, or a number that is finite",
        ) from None
    except json.JSONDecodeError as e:
        raise SettingsError(
            f"{name} is not JSON: {e.msg} at line {e.lineno}, column {e.colno}",
            "correct that place; a comma after the last element and a comment are usual causes",
        ) from e
    except UnicodeDecodeError as e:
        raise SettingsError(f"{name} is not UTF-8 text: byte {e.start}", "save it as UTF-8") from e
    except RecursionError as e:
        raise SettingsError(f"{name} is nested too deeply", 'begin it with {"runs": [') from e
    except ValueError as e:  # such as a number with thousands of digits
        raise SettingsError(f"{name} cannot be read: {one_line(str(e))}", "correct it") from e
    if not isinstance(document, dict):
        raise SettingsError(f"{name} is not a JSON object", 'begin it with {"runs": [')
    return text, document


class _NotFiniteError(Exception):
    """A number that JSON has no word for, or one that is too large."""


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _NotFiniteError(text)
    return number


class _RepeatedKeyError(Exception):
    """An object has a key twice."""


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _RepeatedKeyError
    return found


def _repeated_key(place: _Place) -> SettingsError:
    found = json_text.repeated_key(place.text)
    line, key = (1, "") if found is None else (place.line_at(found.key_start), found.name)
    return SettingsError(
        f"{place.name} line {line}: the key {key!r} is there twice", "delete one of them"
    )


def _runs(document: Mapping[str, Any], place: _Place) -> tuple[PlannedRun, ...]:
    entries = document.get("runs")
    if not isinstance(entries, list):
        near = _near_key("runs", document, known=KEYS)
        where = place.line("runs") if "runs" in document else place.name
        raise SettingsError(f"{where} has no list 'runs'{near}", f'write "runs": [{EXAMPLE}]')
    runs = tuple(_run(entry, index, place) for index, entry in enumerate(entries))
    first: dict[str, int] = {}
    for index, run in enumerate(runs):
        if run.id in first:
            raise SettingsError(
                f"{place.line('runs', index, 'id')}, run {index + 1}: key 'id': {run.id!r} is the "
                f"id of run {first[run.id] + 1}, too",
                "give each run an id of its own",
            )
        first[run.id] = index
    return runs


def _run(entry: object, index: int, place: _Place) -> PlannedRun:
    run_id = entry.get("id") if isinstance(entry, Mapping) else None
    what = f"run {index + 1}" + ("" if run_id is None else f" ({run_id!r})")
    path: tuple[json_text.PathStep, ...] = ("runs", index)
    run = _converted(entry, PlannedRun, place, path, what=what, hint=f"write it as {EXAMPLE}")
    problem = _problem(run)
    if problem is not None:
        key, text, hint = problem
        raise SettingsError(f"{place.line(*path, key)}, {what}: key {key!r}{text}", hint)
    return run


def _problem(run: PlannedRun) -> tuple[str, str, str] | None:
    if not run.id.strip():
        return "id", ": it is empty", "give the run a name"
    if not run.id.isprintable():
        return "id", " holds a control character", "leave it out"
    if run.id in RESERVED:
        return "id", f": {run.id!r} is a name of the results", "give the run another name"
    if run.end < run.start:
        hint = "both days are part of the window; exchange them"
        return "end", f": {run.end} is before 'start', {run.start}", hint
    if run.status == "running" and run.running is None:
        hint = "write pending, and it is run again"
        return "status", ": 'running' without an entry 'running' that says who does it", hint
    return None


def _meta(values: dict[str, Any], place: _Place) -> Meta:
    clock = values.get("clock_type")
    if isinstance(clock, str):
        values = {**values, "clock_type": clock.upper()}
    hint = "correct it, or take the key out"
    meta = _converted(values, Meta, place, ("meta",), what="'meta'", hint=hint)
    if not meta.output_dir.strip() or not meta.output_dir.isprintable():
        raise SettingsError(
            f"{place.line('meta', 'output_dir')}, 'meta': key 'output_dir': {meta.output_dir!r} "
            "names no folder",
            'write it like "output_dir": "profiling"',
        )
    return meta


def _invariants(values: dict[str, Any], place: _Place) -> dict[str, InvariantValue]:
    for name, value in values.items():
        if not isinstance(value, str | int | float | None):
            raise SettingsError(
                f"{place.line('invariants', name)}, 'invariants': key {name!r}: it is "
                f"{'a list' if isinstance(value, list) else 'an object'}",
                "write true, false, a number or a text",
            )
    return values


def _results(values: dict[str, Any], place: _Place) -> dict[str, Any]:
    for run_id, result in values.items():
        what = f"result of {run_id!r}"
        hint = "correct it, or take it out"
        path = ("results", run_id)
        if run_id in RESERVED and not isinstance(result, dict):
            raise SettingsError(f"{place.line(*path)}, {what}: it is no object", "take it out")
        if run_id == PHASE0:
            hint = "take it out, and reset both runs of the cache probe"
            _converted(result, DecidedPolicy, place, path, what=what, hint=hint)
        elif run_id not in RESERVED and result is not None:
            _converted(result, RunResult, place, path, what=what, hint=hint)
    return values


def _converted(  # noqa: PLR0913 - what is converted, and how a message names it
    value: object,
    kind: type[T],
    place: _Place,
    path: Sequence[json_text.PathStep],
    *,
    what: str,
    hint: str,
) -> T:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as e:
        key, reason = _reason(e, value, kind)
        line = place.line(*path, *((key,) if key else ()))
        raise SettingsError(f"{line}, {what}: {reason}", hint) from e


def _reason(error: msgspec.ValidationError, value: object, kind: type) -> tuple[str, str]:
    message, _, path = str(error).partition(" - at `$.")
    message = f"{message[0].lower()}{message[1:]}"
    if not path:
        # Of a missing key msgspec tells the name alone.
        missing = message.partition("`")[2].rstrip("`")
        near = _near_key(
            missing, value, known=[f.encode_name for f in msgspec.structs.fields(kind)]
        )
        return "", f"{message}{near}"
    whole = path.rstrip("`")
    key = whole.partition(".")[0].partition("[")[0]
    found = value.get(key) if isinstance(value, Mapping) else value
    if isinstance(found, str) and key in {"start", "end"}:
        return key, f"key {key!r}: {found!r} is not a date such as 2025-01-20"
    shown = f": {found!r}" if isinstance(found, str | int | float | None) else ""
    if message.startswith("invalid enum value"):
        message = f"known are {', '.join(_words(kind, key))}"
    return key, f"key {whole!r}{shown}: {message}"


def _words(kind: type, key: str) -> list[str]:
    field = next(one for one in msgspec.structs.fields(kind) if one.encode_name == key)
    options = [field.type, *get_args(field.type)]  # a Literal, or one or None
    return [word for one in options for word in get_args(one) if isinstance(word, str)]


def _near_key(missing: str, entry: object, *, known: Collection[str]) -> str:
    # Keys that nobody knows are kept, so one that is written wrong shows by what is missing.
    unknown = [str(key) for key in entry if key not in known] if isinstance(entry, Mapping) else []
    near = difflib.get_close_matches(missing, unknown, n=1)
    return f", though it has {near[0]!r}" if near else ""


def _object(document: Mapping[str, Any], key: str, place: _Place) -> dict[str, Any]:
    value = document.get(key, {})
    if not isinstance(value, dict):
        raise SettingsError(f"{place.line(key)}: {key!r} is not an object", f'write "{key}": {{}}')
    return value
