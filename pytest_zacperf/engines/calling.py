"""How a function of the user's is called for a window; knows no engine."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from pytest_zacperf.engines import Context
from pytest_zacperf.engines.lookup import load_object
from pytest_zacperf.errors import EngineError
from pytest_zacperf.records import ParameterValue, Window

WINDOW_ARGUMENTS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundCall:
    """A function with the arguments it will be called with.

    Attributes:
        call: Calls it.
        parameters: Those of them that are parameters, in the types that the function wants.

    """

    call: Callable[[], object]
    parameters: Mapping[str, ParameterValue]


def bound_call(
    target: str,
    window: Window,
    context: Context,
    parameters: Mapping[str, ParameterValue],
    *,
    returns: str,
) -> BoundCall:
    """Import a function and bind it to ``(start, end, **parameters)``.

    A function that has a parameter named ``context`` is given the engine's context. Text for a
    parameter whose default is a number or a bool is converted to its type.

    Args:
        target: ``module:object`` of the function.
        window: Its days are the first two arguments.
        context: What the engine got.
        parameters: Keyword arguments.
        returns: What the function has to return, for the error.

    Raises:
        EngineError: It cannot be imported or called, or does not know a parameter.

    """
    function = load_object(target)
    if not callable(function):
        raise EngineError(
            f"{target!r} is not callable, it is {type(function).__name__}",
            f"name a function (start, end, **parameters) that returns {returns}",
        )
    typed, arguments = _arguments(target, function, window, context, parameters)
    return BoundCall(call=lambda: function(window.start, window.end, **arguments), parameters=typed)


def _arguments(
    target: str,
    function: Callable[..., object],
    window: Window,
    context: Context,
    parameters: Mapping[str, ParameterValue],
) -> tuple[Mapping[str, ParameterValue], Mapping[str, object]]:
    signature = _signature(function)
    if signature is None:
        return parameters, parameters
    _refuse_unknown(target, signature, parameters)
    typed = {
        name: _typed(value, signature.parameters.get(name)) for name, value in parameters.items()
    }
    arguments: dict[str, object] = dict(typed)
    if "context" in signature.parameters:
        arguments["context"] = context
    try:
        signature.bind(window.start, window.end, **arguments)
    except TypeError as e:
        raise EngineError(
            f"{target!r} cannot be called with (start, end, **parameters): {e}",
            f"its signature is {signature}",
        ) from e
    return typed, arguments


def _refuse_unknown(
    target: str, signature: inspect.Signature, parameters: Mapping[str, ParameterValue]
) -> None:
    kinds = {parameter.kind for parameter in signature.parameters.values()}
    if inspect.Parameter.VAR_KEYWORD in kinds:
        return
    known = _keywords(signature)
    for name in sorted(parameters.keys() - set(known)):
        raise EngineError(
            f"{target!r} has no parameter {name!r}",
            f"it knows {', '.join(known) or 'none'}",
        )


def _signature(function: Callable[..., object]) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except ValueError:  # some callables written in C have none
        return None


def keyword_defaults(function: object) -> dict[str, object]:
    """Return what a function takes beyond the window, with defaults; nothing for no function."""
    signature = _signature(function) if callable(function) else None
    if signature is None:
        return {}
    return {name: signature.parameters[name].default for name in _keywords(signature)}


def typed_value(name: str, value: ParameterValue, default: object) -> ParameterValue:
    """Return a value in the type of its default: the command line sends text.

    Raises:
        EngineError: It cannot be such a value.

    """
    kind = type(default)
    if not isinstance(value, str) or kind not in {int, float, bool}:
        return value
    try:
        converted: ParameterValue = msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as e:
        raise EngineError(
            f"parameter {name!r} cannot be {value!r}", f"give a value like its default, {default!r}"
        ) from e
    return converted


def _typed(value: ParameterValue, parameter: inspect.Parameter | None) -> ParameterValue:
    return value if parameter is None else typed_value(parameter.name, value, parameter.default)


def _keywords(signature: inspect.Signature) -> list[str]:
    keyword_kinds = {inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY}
    return [
        parameter.name
        for position, parameter in enumerate(signature.parameters.values())
        if parameter.kind in keyword_kinds
        and parameter.name != "context"
        and (position >= WINDOW_ARGUMENTS or parameter.kind is not parameter.POSITIONAL_OR_KEYWORD)
    ]
