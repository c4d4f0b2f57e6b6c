"""The plan file: its windows, and which of them tests see; reads no file itself."""

from __future__ import annotations

import datetime as dt
import difflib
import json
import posixpath
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from pytest_zacperf.errors import SettingsError
from pytest_zacperf.records import Window
from pytest_zacperf.sentences import one_line
from pytest_zacperf.values import nearest

CACHE_PROBE = "cache_probe"
KEYS = ("meta", "invariants", "runs", "results")
EXAMPLE = '{ "id": "wk-1", "start": "2025-01-20", "end": "2025-01-26", "label": "week" }'


class PlannedRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run of the queue; keys beyond these stay in ``Plan.document``.

    Attributes:
        id: Name of the run and of its window, unique within the plan.
        start: First day, inclusive.
        end: Last day, inclusive.
        label: Group of the window.
        status: As the queue has it: pending, running, done, error.

    """

    id: str
    start: dt.date
    end: dt.date
    label: str = ""
    status: str = "pending"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A plan file that was read.

    Attributes:
        name: Where it was read from, for messages.
        meta: What the file says about itself.
        invariants: What every run must keep, name to value.
        runs: The queue, in the order of the file.
        results: Run id to its result, and ``_schema``.
        document: The whole file, unknown keys included.

    """

    name: str
    meta: dict[str, Any]
    invariants: dict[str, Any]
    runs: tuple[PlannedRun, ...]
    results: dict[str, Any]
    document: dict[str, Any]

    @property
    def windows(self) -> tuple[Window, ...]:
        """The windows of all runs, in the order of the file."""
        return tuple(
            Window(id=run.id, start=run.start, end=run.end, label=run.label) for run in self.runs
        )

    @property
    def test_windows(self) -> tuple[Window, ...]:
        """Those that a test may see: all but cache probes."""
        return tuple(window for window in self.windows if not window.label.startswith(CACHE_PROBE))

    @property
    def output_dir(self) -> str:
        """Where profiles go, relative to the plan file; empty when the plan does not say."""
        return str(self.meta.get("output_dir") or "")

    def not_sources(self, plan_file: str) -> tuple[str, ...]:
        """Return what our queue writes, so that it is no change of code: relative as the file."""
        if not self.output_dir:
            return (plan_file,)
        return plan_file, posixpath.join(posixpath.dirname(plan_file), self.output_dir)


def parse_plan(text: bytes, name: str) -> Plan:
    """Return the plan in *text*, the content of the file *name*.

    Raises:
        SettingsError: Not JSON, or a run that cannot be used; it names the run and the key.

    """
    document = _document(text, name)
    entries = document.get("runs")
    if not isinstance(entries, list):
        near = _near_key("runs", document, known=KEYS)
        raise SettingsError(f"{name} has no list 'runs'{near}", f'write "runs": [{EXAMPLE}]')
    runs = tuple(_run(entry, f"{name}, run {index}") for index, entry in enumerate(entries, 1))
    for run_id, count in Counter(run.id for run in runs).items():
        if count > 1:
            raise SettingsError(
                f"{name} has {count} runs with the id {run_id!r}", "give each run an id of its own"
            )
    parts = {key: _object(document, key, name) for key in ("meta", "invariants", "results")}
    _refuse_output_dir(parts["meta"].get("output_dir"), name)
    return Plan(name=name, runs=runs, document=document, **parts)


def select_windows(
    plan: Plan, *, labels: Sequence[str] = (), ids: Sequence[str] = ()
) -> tuple[Window, ...]:
    """Return the windows that tests see, in the order of the plan.

    Args:
        plan: Where they come from.
        labels: The groups asked for; not looked at when there are ids.
        ids: The windows asked for by name.

    Raises:
        SettingsError: An id or label that the plan does not have, or a cache probe.

    """
    windows = plan.test_windows
    if ids:
        _refuse_cache_probes(plan, ids)
        _refuse_unknown(ids, [window.id for window in windows], f"{plan.name} has no window")
        return tuple(window for window in windows if window.id in ids)
    known = list(dict.fromkeys(window.label for window in windows if window.label))
    for label in labels:
        if label not in known:
            raise SettingsError(
                f"{plan.name} has no window for tests with the label {label!r}",
                _label_hint(label, known),
            )
    return tuple(window for window in windows if window.label in labels)


def _label_hint(label: str, known: Sequence[str]) -> str:
    if not known:
        return f'give a run of the plan "label": {json.dumps(label)}'
    return (
        f"{nearest(label, known)} (test_labels under [tool.zacperf] chooses labels, "
        '"label" in the plan gives a window one)'
    )


def _document(text: bytes, name: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as e:
        raise SettingsError(
            f"{name} is not JSON: {e.msg} at line {e.lineno}, column {e.colno}",
            "correct that place; a comma after the last element is the usual cause",
        ) from e
    except UnicodeDecodeError as e:
        raise SettingsError(f"{name} is not UTF-8 text: byte {e.start}", "save it as UTF-8") from e
    except RecursionError as e:
        raise SettingsError(f"{name} is nested too deeply", 'begin it with {"runs": [') from e
    except ValueError as e:  # such as a number with thousands of digits
        raise SettingsError(f"{name} cannot be read: {one_line(str(e))}", "correct it") from e
    if not isinstance(document, dict):
        raise SettingsError(f"{name} is not a JSON object", 'begin it with {"runs": [')
    return document


def _run(entry: object, place: str) -> PlannedRun:
    run_id = entry.get("id") if isinstance(entry, Mapping) else None
    if run_id is not None:
        place = f"{place} ({run_id!r})"
    try:
        run = msgspec.convert(entry, PlannedRun)
    except msgspec.ValidationError as e:
        raise SettingsError(f"{place}: {_reason(e, entry)}", f"write it as {EXAMPLE}") from e
    if not run.id.strip():
        raise SettingsError(f"{place}: key 'id': it is empty", "give the run a name")
    if not run.id.isprintable():
        raise SettingsError(f"{place}: key 'id' holds a control character", "leave it out")
    if run.end < run.start:
        raise SettingsError(
            f"{place}: key 'end': {run.end} is before 'start', {run.start}",
            "both days are part of the window; exchange them",
        )
    return run


def _reason(error: msgspec.ValidationError, entry: object) -> str:
    message, _, path = str(error).partition(" - at `$.")
    if not path:
        # Of a missing key msgspec tells the name alone.
        missing = message.partition("`")[2].rstrip("`")
        near = _near_key(missing, entry, known=PlannedRun.__struct_fields__)
        return f"{message[0].lower()}{message[1:]}{near}"
    key = path.rstrip("`")
    value = entry.get(key) if isinstance(entry, Mapping) else entry
    if isinstance(value, str) and key in {"start", "end"}:
        return f"key {key!r}: {value!r} is not a date such as 2025-01-20"
    return f"key {key!r}: {value!r}: {message[0].lower()}{message[1:]}"


def _near_key(missing: str, entry: object, *, known: Collection[str]) -> str:
    # Keys that nobody knows are kept, so one that is written wrong shows by what is missing.
    unknown = [str(key) for key in entry if key not in known] if isinstance(entry, Mapping) else []
    near = difflib.get_close_matches(missing, unknown, n=1)
    return f", though it has {near[0]!r}" if near else ""


def _refuse_output_dir(value: object, name: str) -> None:
    if value is not None and not (isinstance(value, str) and value.isprintable()):
        raise SettingsError(
            f"{name}: 'meta' has output_dir = {value!r}, which names no folder",
            'write it like "output_dir": "profiles"',
        )


def _object(document: Mapping[str, Any], key: str, name: str) -> dict[str, Any]:
    value = document.get(key, {})
    if not isinstance(value, dict):
        raise SettingsError(f"{name}: {key!r} is not an object", f'write "{key}": {{}}')
    return value


def _refuse_unknown(asked: Iterable[str], known: Sequence[str], problem: str) -> None:
    for name in asked:
        if name not in known:
            raise SettingsError(f"{problem} {name!r}", nearest(name, known))


def _refuse_cache_probes(plan: Plan, ids: Sequence[str]) -> None:
    for window in plan.windows:
        if window.id in ids and window.label.startswith(CACHE_PROBE):
            raise SettingsError(
                f"{window.id!r} of {plan.name} is a cache probe ({window.label}), never a window "
                f"for tests",
                "name another window",
            )
