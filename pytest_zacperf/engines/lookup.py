"""How an engine is found by its reference, and whether what was found is one."""

from __future__ import annotations

import difflib
import importlib
import inspect
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import partial
from importlib.metadata import entry_points
from pathlib import PurePath
from types import ModuleType
from typing import cast

from pytest_zacperf.engines import Capabilities, Engine
from pytest_zacperf.errors import EngineError, ZacperfError
from pytest_zacperf.sentences import cut, error_sentence
from pytest_zacperf.values import nearest

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
_ABSENT = object()


# What user code may raise although it is only imported or looked at: sys.exit() and Ctrl-C's error
# are its mistakes there, and never ours or the user's.
ANY_ERROR = (Exception, SystemExit, KeyboardInterrupt)

LONGEST_ERROR = 300  # leaves room for the name and the next step
NEW_HOME = "move it to a module of the project, such as strategies/gold.py"


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
    if callable(found) and (isinstance(found, type) or any(_problems(found))):
        try:
            found = found()
        except ZacperfError:
            raise
        except ANY_ERROR as e:
            raise EngineError(
                f"engine {reference!r} cannot be made: {_error(e)}",
                f"{resolved.rpartition(':')[2]}() must return an engine without arguments",
            ) from e
    return require_engine(found, f"engine {reference!r}")


def installed_engines() -> list[str]:
    """Return the names of all engines that installed packages offer, in order."""
    return sorted({point.name for point in entry_points(group=ENTRY_POINT_GROUP)})


def require_engine(found: object, what: str) -> Engine:
    """Return *found* as an engine.

    Args:
        found: What is looked at.
        what: How the error names it.

    Raises:
        EngineError: It lacks something of the protocol.

    """
    problems = "; ".join(_problems(found))
    if problems:
        raise EngineError(
            f"{what} is no engine but {type(found).__name__}: {problems}",
            "see pytest_zacperf.engines.Engine, or wrap a function in FunctionEngine",
        )
    return cast("Engine", found)


def resolve_reference(reference: str) -> str:
    """Return ``module:object`` for a reference, looking the name up where it has no colon.

    Raises:
        EngineError: No entry point has that name, or a worker cannot import such a module.

    """
    if ":" in reference:
        _refuse_what_is_no_module(reference)
        return reference
    known = {point.name: point.value for point in entry_points(group=ENTRY_POINT_GROUP)}
    if reference not in known:
        raise EngineError(
            f"no engine is named {reference!r}",
            "write module:object, or the name of an installed engine; "
            f"{nearest(reference, sorted(known))}",
        )
    return known[reference]


def load_object(reference: str) -> object:
    """Import what ``module:object`` names; the object may be dotted.

    Raises:
        EngineError: The module or the object does not exist, its import fails, or a worker cannot
            import it afresh.

    """
    module_name, _, path = reference.partition(":")
    if not module_name or not path:
        raise EngineError(
            f"{reference!r} is not module:object", "write it like strategies.gold:engine"
        )
    _refuse_what_is_no_module(reference)
    try:
        found: object = importlib.import_module(module_name)
    except ANY_ERROR as e:
        raise EngineError(
            f"{reference!r} cannot be imported: {_error(e)}",
            f"python -c 'import {module_name}' in the project's root shows the whole error",
        ) from e
    for name in path.split("."):
        found = _attribute(found, name, reference)
    return found


def _refuse_what_is_no_module(reference: str) -> None:
    module, _, path = reference.partition(":")
    file = PurePath(module.replace("\\", "/"))
    last = file.name.removesuffix(".py").rpartition(".")[2]
    if file.suffix == ".ipynb":
        raise EngineError(
            f"{reference!r} lies in a notebook, which a worker cannot import", NEW_HOME
        )
    if module == "__main__":
        raise EngineError(
            f"{reference!r} lies in the script or notebook that was started; "
            "in a worker that is the worker itself",
            NEW_HOME,
        )
    # As pytest names them by default, which imports them in a way of its own.
    if last == "conftest" or last.startswith("test_") or last.endswith("_test"):
        raise EngineError(
            f"{reference!r} lies in a test module, which a worker cannot import afresh", NEW_HOME
        )
    if len(file.parts) > 1 or file.suffix == ".py":
        dotted = ".".join(file.with_suffix("").parts)
        raise EngineError(f"{reference!r} names a file, not a module", f"write {dotted}:{path}")


def _attribute(found: object, name: str, reference: str) -> object:
    try:
        return cast("object", getattr(found, name))
    except AttributeError as e:
        # A module that is imported there has a name there, too, but is no engine.
        near = difflib.get_close_matches(name, filter(partial(_is_object, found), dir(found)))
        owner = reference.partition(":")[0]
        raise EngineError(
            f"{reference!r} does not exist: {owner} has no {name!r}",
            f"did you mean {' or '.join(near)}?" if near else f"define {name} there",
        ) from e
    except ANY_ERROR as e:
        raise EngineError(
            f"{reference!r} cannot be read: {_error(e)}", f"correct what computes {name}"
        ) from e


def _is_object(owner: object, name: str) -> bool:
    is_module = isinstance(inspect.getattr_static(owner, name, None), ModuleType)
    return not name.startswith("_") and not is_module


def _problems(candidate: object) -> Iterator[str]:
    members = (*_DATA_MEMBERS, *_METHODS)
    missing = [name for name in members if not _has(candidate, name)]
    if missing:
        yield f"it lacks {', '.join(missing)}"
    for name in members:
        problem = None if name in missing else _problem(candidate, name)
        if problem:
            yield problem


def _has(candidate: object, name: str) -> bool:
    # hasattr() alone calls properties, which may raise anything, and be there all the same.
    if inspect.getattr_static(candidate, name, _ABSENT) is not _ABSENT:
        return True
    try:
        return hasattr(candidate, name)
    except ANY_ERROR:
        return True


def _problem(candidate: object, name: str) -> str | None:
    try:
        value: object = getattr(candidate, name)
    except ANY_ERROR as e:
        return f"its {name} raises {_error(e)}"
    if name in _METHODS:
        return None if callable(value) else f"{name} is no method"
    kind = _DATA_MEMBERS[name]
    is_right = isinstance(value, kind)
    return None if is_right else f"{name} is {type(value).__name__}, not {kind.__name__}"


def _error(error: BaseException) -> str:
    return cut(error_sentence(error), LONGEST_ERROR)
