"""What adapters of libraries have in common whose backtest a function of the user's builds."""

from __future__ import annotations

import abc
import copy
from collections.abc import Mapping
from typing import ClassVar, Self

from pytest_zacperf.engines import BacktestOutput, Capabilities, Context
from pytest_zacperf.engines.calling import bound_call
from pytest_zacperf.engines.installed import Library
from pytest_zacperf.engines.plain import zone_of
from pytest_zacperf.errors import EngineError
from pytest_zacperf.records import InvariantValue, ParameterValue, Window

# What decides a result reaches the function as a parameter.
KEPT_BY_PARAMETERS = frozenset({"lookbacks_unchanged"})


class BuiltBacktest(abc.ABC):
    """Runs what a function ``(start, end, **parameters)`` has built and not yet run.

    The function reads the data and makes the strategy, which is not timed; running it is. A
    subclass knows one library.

    Args:
        target: ``module:object`` of the function.
        parameters: Keyword arguments of its call.

    """

    library: ClassVar[Library]
    returns: ClassVar[str]
    capabilities: Capabilities
    volatile: frozenset[str] = frozenset()

    def __init__(
        self, target: str, *, parameters: Mapping[str, ParameterValue] | None = None
    ) -> None:
        self.name = f"{self.library.extra} {target}"
        self.parameters: Mapping[str, ParameterValue] = dict(parameters or {})
        self._target = target

    @property
    def version(self) -> str:
        """Version of the library."""
        return self.library.version

    @property
    def code_modules(self) -> tuple[str, ...]:
        """The module of the function, which may lie outside the project."""
        return (self._target.partition(":")[0],)

    def with_parameters(self, overrides: Mapping[str, ParameterValue]) -> Self:
        """Return a copy with some parameters changed; ``prepare`` refuses unknown ones."""
        changed = copy.copy(self)
        changed.parameters = {**self.parameters, **overrides}
        return changed

    def keep_invariants(self, asked: Mapping[str, InvariantValue]) -> Mapping[str, InvariantValue]:
        """Hand the plan's invariants to the function as parameters of that name."""
        self.parameters = {**self.parameters, **asked}
        return dict(asked)

    def prepare(self, window: Window, context: Context) -> None:
        """Import the library and build the backtest.

        Raises:
            EngineError: The library is not there, or the function cannot be called or returned
                something else.

        """
        self.library.load()
        bound = bound_call(self._target, window, context, self.parameters, returns=self.returns)
        self.parameters = bound.parameters
        self.set_up(bound.call(), window, context)

    @abc.abstractmethod
    def set_up(self, built: object, window: Window, context: Context) -> None:
        """Take what the function returned, and make ready to run it."""

    @abc.abstractmethod
    def run(self, context: Context) -> None:
        """Run it."""

    @abc.abstractmethod
    def collect(self, context: Context) -> BacktestOutput:
        """Return what the run did."""

    def refused(self, built: object) -> EngineError:
        """Return the error for something that this library does not run."""
        return EngineError(
            f"{self._target!r} returned {type(built).__name__}", f"return {self.returns}"
        )

    def not_ready(self, step: str) -> EngineError:
        """Return the error for a step that comes too early."""
        return EngineError(f"{step} of {self.name} came too early", "prepare, run, collect")


class ZonedBacktest(BuiltBacktest):
    """Runs what a function has built for a library that knows times without a zone.

    Args:
        target: ``module:object`` of the function.
        parameters: Keyword arguments of its call.
        timezone: Of times that have none, and of the days of a window.

    """

    def __init__(
        self,
        target: str,
        *,
        parameters: Mapping[str, ParameterValue] | None = None,
        timezone: str = "UTC",
    ) -> None:
        super().__init__(target, parameters=parameters)
        self.zone = zone_of(timezone)
