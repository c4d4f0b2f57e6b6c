"""The engine for a backtest that is a plain Python function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping

import msgspec

from pytest_zacperf.engines import BacktestOutput, Capabilities, Context
from pytest_zacperf.engines.lookup import load_object
from pytest_zacperf.errors import EngineError
from pytest_zacperf.records import InvariantValue, ParameterValue, Window

WINDOW_ARGUMENTS = 2
# What decides a result reaches the callable as a parameter.
CAPABILITIES = Capabilities(invariants=frozenset({"lookbacks_unchanged"}))


class FunctionEngine:
    """Runs any ``callable(start, end, **parameters)`` that returns a ``BacktestOutput``.

    A callable that has a parameter named ``context`` is given the engine's context, to enter
    stages. Text for a parameter whose default is a number or a bool is converted to its type.

    Args:
        target: ``module:object`` of the callable; imported by ``prepare``, so not timed.
        parameters: Keyword arguments of every call.
        capabilities: What the callable can give, and which invariants of a plan it takes as
            parameters.
        volatile: Fields of an order event that differ between equal runs.

    """

    version = "1"

    def __init__(
        self,
        target: str,
        *,
        parameters: Mapping[str, ParameterValue] | None = None,
        capabilities: Capabilities | None = None,
        volatile: frozenset[str] = frozenset(),
    ) -> None:
        self.name = f"function {target}"
        self.capabilities = capabilities or CAPABILITIES
        self.volatile = volatile
        self.parameters: Mapping[str, ParameterValue] = dict(parameters or {})
        self._target = target
        self._call: Callable[[], object] | None = None
        self._returned: object = None

    @property
    def code_modules(self) -> tuple[str, ...]:
        """The module of the callable, which may lie outside the project."""
        return (self._target.partition(":")[0],)

    def with_parameters(self, overrides: Mapping[str, ParameterValue]) -> FunctionEngine:
        """Return a copy with some parameters changed; ``prepare`` refuses unknown ones."""
        return FunctionEngine(
            self._target,
            parameters={**self.parameters, **overrides},
            capabilities=self.capabilities,
            volatile=self.volatile,
        )

    def keep_invariants(self, asked: Mapping[str, InvariantValue]) -> Mapping[str, InvariantValue]:
        """Hand the plan's invariants to the callable as parameters of that name.

        Only those in ``capabilities`` get here; ``prepare`` refuses what the callable has not.
        """
        self.parameters = {**self.parameters, **asked}
        return dict(asked)

    def prepare(self, window: Window, context: Context) -> None:
        """Import the callable and check that it takes the parameters.

        Raises:
            EngineError: It cannot be imported or called, or does not know a parameter.

        """
        function = load_object(self._target)
        if not callable(function):
            raise EngineError(
                f"{self._target!r} is not callable, it is {type(function).__name__}",
                "name a function (start, end, **parameters) that returns a BacktestOutput",
            )
        arguments = self._arguments(function, window, context)
        self._call = lambda: function(window.start, window.end, **arguments)

    def run(self, context: Context) -> None:  # noqa: ARG002 - the protocol's signature
        """Call the function once."""
        if self._call is None:
            raise EngineError(f"{self.name} is not prepared", "call prepare() before run()")
        self._returned = self._call()

    def collect(self, context: Context) -> BacktestOutput:  # noqa: ARG002 - the protocol's signature
        """Return what the function returned; None counts as an empty output.

        Raises:
            EngineError: It returned something else.

        """
        if self._returned is None:
            return BacktestOutput()
        if not isinstance(self._returned, BacktestOutput):
            raise EngineError(
                f"{self._target!r} returned {type(self._returned).__name__}",
                "return a pytest_zacperf.engines.BacktestOutput, or None",
            )
        return self._returned

    def _arguments(
        self, function: Callable[..., object], window: Window, context: Context
    ) -> dict[str, object]:
        signature = _signature(function)
        if signature is None:
            return dict(self.parameters)
        self._refuse_unknown(signature)
        self.parameters = {
            name: _typed(value, signature.parameters.get(name))
            for name, value in self.parameters.items()
        }
        arguments: dict[str, object] = dict(self.parameters)
        if "context" in signature.parameters:
            arguments["context"] = context
        try:
            signature.bind(window.start, window.end, **arguments)
        except TypeError as e:
            raise EngineError(
                f"{self._target!r} cannot be called with (start, end, **parameters): {e}",
                f"its signature is {signature}",
            ) from e
        return arguments

    def _refuse_unknown(self, signature: inspect.Signature) -> None:
        kinds = {parameter.kind for parameter in signature.parameters.values()}
        if inspect.Parameter.VAR_KEYWORD in kinds:
            return
        known = _keywords(signature)
        for name in sorted(self.parameters.keys() - set(known)):
            raise EngineError(
                f"{self._target!r} has no parameter {name!r}",
                f"it knows {', '.join(known) or 'none'}",
            )


def _signature(function: Callable[..., object]) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except ValueError:  # some callables written in C have none
        return None


def _typed(value: ParameterValue, parameter: inspect.Parameter | None) -> ParameterValue:
    if parameter is None or not isinstance(value, str):
        return value
    kind = type(parameter.default)
    if kind not in {int, float, bool}:
        return value
    # The command line sends text; the default says what is meant.
    try:
        converted: ParameterValue = msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as e:
        raise EngineError(
            f"parameter {parameter.name!r} cannot be {value!r}",
            f"give a value like its default, {parameter.default!r}",
        ) from e
    return converted


def _keywords(signature: inspect.Signature) -> list[str]:
    keyword_kinds = {inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY}
    return [
        parameter.name
        for position, parameter in enumerate(signature.parameters.values())
        if parameter.kind in keyword_kinds
        and parameter.name != "context"
        and (position >= WINDOW_ARGUMENTS or parameter.kind is not parameter.POSITIONAL_OR_KEYWORD)
    ]
