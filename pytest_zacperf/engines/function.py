"""The engine for a backtest that is a plain Python function."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pytest_zacperf.engines import BacktestOutput, Capabilities, Context
from pytest_zacperf.engines.calling import bound_call
from pytest_zacperf.errors import EngineError
from pytest_zacperf.records import InvariantValue, ParameterValue, Window

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
        bound = bound_call(
            self._target, window, context, self.parameters, returns="a BacktestOutput"
        )
        self.parameters, self._call = bound.parameters, bound.call

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
