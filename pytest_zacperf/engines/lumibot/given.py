"""What the parameters of a LumiBot run are: the strategy's, the data source, and switches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from pytest_zacperf.engines.calling import typed_value
from pytest_zacperf.errors import EngineError
from pytest_zacperf.records import ParameterValue
from pytest_zacperf.values import nearest

DATASOURCE = "datasource"
SWITCH = "switch."  # before the names of switches among the parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The parameters of a run, sorted out.

    Attributes:
        datasource: Reference of the data source.
        strategy: Of the strategy.
        switches: Arguments of ``run_backtest``, by their own names.

    """

    datasource: str
    strategy: Mapping[str, ParameterValue]
    switches: Mapping[str, ParameterValue]

    @classmethod
    def of(cls, parameters: Mapping[str, ParameterValue]) -> Self:
        """Sort the parameters of an engine out."""
        switches = {name for name in parameters if name.startswith(SWITCH)}
        return cls(
            datasource=str(parameters[DATASOURCE]),
            strategy={
                name: value
                for name, value in parameters.items()
                if name != DATASOURCE and name not in switches
            },
            switches={name.removeprefix(SWITCH): parameters[name] for name in sorted(switches)},
        )

    @property
    def parameters(self) -> dict[str, ParameterValue]:
        """All of them, as the parameters of an engine."""
        named = {f"{SWITCH}{name}": value for name, value in self.switches.items()}
        return {**self.strategy, DATASOURCE: self.datasource, **named}


def checked_parameters(
    strategy: Any,  # noqa: ANN401 - of LumiBot
    given: Mapping[str, ParameterValue],
    also: Mapping[str, object],
) -> dict[str, ParameterValue]:
    """Return the parameters in the types of their defaults; refuse those that nobody knows.

    Args:
        strategy: Its class, whose ``parameters`` are the defaults.
        given: What it is asked to take.
        also: What the function of the data takes, with defaults.

    Raises:
        EngineError: It names the parameter.

    """
    own = getattr(strategy, "parameters", None)
    known = {**also, **(own if isinstance(own, Mapping) else {})}
    if not known:
        return dict(given)  # it reads them as it likes
    for name in given:
        if name not in known:
            hint = nearest(name, sorted(known))
            raise EngineError(
                f"{strategy.__name__} has no parameter {name!r}",
                f"{hint}; a switch of run_backtest is {SWITCH}{name}",
            )
    return {name: typed_value(name, value, known[name]) for name, value in given.items()}
