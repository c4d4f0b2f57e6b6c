"""What an engine returned, checked: one sentence for whatever cannot be used; writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from pytest_zacperf import parity, store
from pytest_zacperf.engines import BacktestOutput, Engine
from pytest_zacperf.errors import EngineError
from pytest_zacperf.records import OrderEvent, StageTiming, StatisticValue
from pytest_zacperf.secrecy import require_no_secret
from pytest_zacperf.stages import StageTimer
from pytest_zacperf.store import RunOutput

T = TypeVar("T")

SEE_OUTPUT = "see pytest_zacperf.engines.BacktestOutput"


def require_output(output: object, engine: Engine) -> BacktestOutput:
    """Return what ``collect()`` gave, its single values checked; lists are checked by their users.

    Raises:
        EngineError: It is no ``BacktestOutput``, or a value of it cannot be used.

    """
    if not isinstance(output, BacktestOutput):
        raise EngineError(
            f"collect() of {engine.name} returned {type(output).__name__}",
            "return a pytest_zacperf.engines.BacktestOutput",
        )
    # Before the order events: an engine has a reason to count, and may count wrong.
    _require_count(output.data_points)
    for number, warning in enumerate(_listed("warnings", output.warnings), start=1):
        _require_text(f"warning {number}", warning)
    if output.data_fingerprint is not None:
        _require_text("data_fingerprint", output.data_fingerprint)
    return output


def require_parameters(engine: Engine) -> None:
    """Refuse parameters that no record can or may hold, which an engine may have set itself.

    Raises:
        ZacperfError: It names the parameter, and the value unless that is a secret.

    """
    parameters: object = engine.parameters
    name = f"parameters of {engine.name}"
    if isinstance(parameters, Mapping):
        require_no_secret(str(key) for key in parameters)
    # A boolean is a parameter, though it is no statistic.
    if isinstance(parameters, Mapping):
        parameters = {
            key: int(value) if isinstance(value, bool) else value
            for key, value in parameters.items()
        }
    store.require_mapping(name, parameters)


def undefined_statistics(output: BacktestOutput) -> Iterator[str]:
    """Yield the names of statistics that are no finite number, such as a ratio without a trade."""
    if isinstance(output.statistics, Mapping):
        yield from (
            str(name) for name, value in output.statistics.items() if not store.is_finite(value)
        )


def recorded(engine: Engine, output: BacktestOutput, timer: StageTimer) -> RunOutput:
    """Return what is stored of an output.

    Raises:
        EngineError: Something is no list, or an order event cannot be compared.

    """
    equity = None if output.equity is None else _listed("equity", output.equity)
    return RunOutput(
        order_events=_order_events(engine, output),
        trades=_listed("trades", output.trades),
        equity=equity,
        statistics=_plain_statistics(output.statistics),
        stages=[*_timed(timer), *_listed("stages", output.stages)],
        coverage=_listed("coverage", output.coverage),
    )


def _timed(timer: StageTimer) -> Iterator[StageTiming]:
    for t in timer.timings():
        yield StageTiming(name=t.name, total_ns=t.total_ns, count=t.count, max_ns=t.max_ns)


def _plain_statistics(statistics: Mapping[str, StatisticValue]) -> Mapping[str, StatisticValue]:
    given: object = statistics
    if not isinstance(given, Mapping):
        return statistics  # the store says what is wrong with it
    # Engines give NaN for the Sharpe ratio of a run without a trade; JSON has no such number.
    return {name: value if store.is_finite(value) else None for name, value in given.items()}


def _order_events(engine: Engine, output: BacktestOutput) -> list[OrderEvent]:
    events = _listed("order_events", output.order_events)
    try:
        return parity.canonical(events, engine.volatile)
    except ValueError as e:
        raise EngineError(str(e), "build it as pytest_zacperf.records.OrderEvent says") from e


def _listed(name: str, values: Iterable[T]) -> list[T]:
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        raise EngineError(f"{name} = {store.shown(values)} is no list", SEE_OUTPUT)
    return list(values)


def _require_count(value: object) -> None:
    number = value.__index__() if hasattr(value, "__index__") else None
    if value is not None and (number is None or number < 0 or isinstance(value, bool)):
        raise EngineError(
            f"data_points = {store.shown(value)} is no number of bars or ticks",
            "count from 0, or leave it out",
        )


def _require_text(what: str, value: object) -> None:
    if not isinstance(value, str):
        raise EngineError(f"{what} = {store.shown(value)} is no text", SEE_OUTPUT)
