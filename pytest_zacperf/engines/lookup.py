"""How an engine is found by its reference, and whether what was found is one."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from importlib.metadata import entry_points
from typing import cast

from pytest_zacperf.engines import Capabilities, Engine
from pytest_zacperf.errors import EngineError, ZacperfError

ENTRY_POINT_GROUP = "zacperf.engines"

# What the protocol asks of an engine's data; isinstance() with a protocol looks at names alone.
_DATA_MEMBERS: Mapping[str, type] = {
    "name": str,
    "version": str,
    "capabilities": Capabilities,
    "volatile": AbstractSet,
    "parameters": Mapping,
}
_METHODS = ("with_parameters", "prepare", "run", "collect")


def load_engine(reference: str) -> Engine:
    """Return the engine that a reference names.

    Args:
        reference: ``module:object`` or the name of an entry point in ``zacperf.engines``; the
            object is an engine, or is called without arguments and returns one.

    Raises:
        EngineError: It cannot be imported, does not exist, or is not an engine.

    """
    resolved = resolve_reference(reference)
    found = load_object(resolved)
    # A class may have all members of its instances, so it never counts as an engine itself.
    if callable(found) and (isinstance(found, type) or _problems(found)):
        try:
            found = found()
        except ZacperfError:
            raise
        except Exception as e:
            raise EngineError(
                f"engine {reference!r} cannot be made: {error_sentence(e)}",
                f"{resolved.rpartition(':')[2]}() must return an engine without arguments",
            ) from e
    problems = _problems(found)
    if problems:
        raise EngineError(
            f"engine {reference!r} is no engine but {type(found).__name__}: {'; '.join(problems)}",
            "see pytest_zacperf.engines.Engine, or wrap a function in FunctionEngine",
        )
    return cast("Engine", found)


def resolve_reference(reference: str) -> str:
    """Return ``module:object`` for a reference, looking the name up where it has no colon.

    Raises:
        EngineError: No entry point has that name, or the module is a test module.

    """
    if ":" not in reference:
        return _entry_point(reference)
    module = reference.partition(":")[0].rpartition(".")[2]
    if module == "conftest" or module.startswith("test_"):
        raise EngineError(
            f"engine {reference!r} lies in a test module, which a worker cannot import afresh",
            "move it to a module of the project, such as strategies/gold.py",
        )
    return reference


def load_object(reference: str) -> object:
    """Import what ``module:object`` names; the object may be dotted.

    Raises:
        EngineError: The module or the object does not exist, or its import fails.

    """
    module_name, _, path = reference.partition(":")
    if not module_name or not path:
        raise EngineError(
            f"{reference!r} is not module:object", "write it like strategies.gold:engine"
        )
    try:
        found: object = importlib.import_module(module_name)
    except Exception as e:
        raise EngineError(
            f"{reference!r} cannot be imported: {error_sentence(e)}",
            f"python -c 'import {module_name}' in the project's root shows the whole error",
        ) from e
    for name in path.split("."):
        try:
            found = getattr(found, name)
        except AttributeError as e:
            near = difflib.get_close_matches(name, [n for n in dir(found) if n[0] != "_"])
            raise EngineError(
                f"{reference!r} does not exist: {module_name} has no {name!r}",
                f"did you mean {' or '.join(near)}?" if near else f"define {name} there",
            ) from e
    return found


def error_sentence(error: BaseException) -> str:
    """Return the type of an error and the first line of its text."""
    first_line = next(iter(str(error).strip().splitlines()), "")
    return f"{type(error).__name__}: {first_line}" if first_line else type(error).__name__


def _entry_point(name: str) -> str:
    known = {point.name: point.value for point in entry_points(group=ENTRY_POINT_GROUP)}
    if name not in known:
        names = ", ".join(sorted(known)) or "none"
        raise EngineError(
            f"no engine is named {name!r}",
            f"write module:object, or one of the installed engines: {names}",
        )
    return known[name]


def _problems(candidate: object) -> list[str]:
    members = [*_DATA_MEMBERS, *_METHODS]
    missing = [name for name in members if not hasattr(candidate, name)]
    wrong = [
        f"{name} is {type(getattr(candidate, name)).__name__}, not {kind.__name__}"
        for name, kind in _DATA_MEMBERS.items()
        if name not in missing and not isinstance(getattr(candidate, name), kind)
    ]
    wrong += [
        f"{name} is no method"
        for name in _METHODS
        if name not in missing and not callable(getattr(candidate, name))
    ]
    return ([f"it lacks {', '.join(missing)}"] if missing else []) + wrong
