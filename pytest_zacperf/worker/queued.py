"""What a queue asks of a run beyond a backtest: invariants, the same setup, an early end."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterable, Iterator, Mapping
from types import FrameType

from pytest_zacperf.comparability import environment_fingerprint, one_line_difference
from pytest_zacperf.engines import Engine
from pytest_zacperf.environment import parameters_fingerprint
from pytest_zacperf.errors import InvariantError
from pytest_zacperf.records import (
    DOWNLOAD_BYTES,
    DOWNLOAD_REQUESTS,
    DOWNLOAD_STAGE,
    Downloads,
    Environment,
    Expectation,
    InvariantValue,
    Setup,
    StageTiming,
)

# The queue itself sees to it, by the parameters' fingerprint.
LOOKBACKS = "lookbacks_unchanged"
AGAIN_S = 1.0  # for code that swallows every exception

CHANGED = "start the queue anew with `zacperf reset`, or go on with --allow-changed-environment"


class TimeLimitReached(BaseException):
    """Ends ``run()`` early; no ``Exception``, so that no strategy takes it for its own error."""


def keep_invariants(
    engine: Engine, asked: Mapping[str, InvariantValue]
) -> dict[str, InvariantValue]:
    """Have an engine keep invariants; return them as they are in effect.

    Raises:
        InvariantError: It does not know one, or cannot guarantee its value.

    """
    known = sorted(engine.capabilities.invariants)
    for name in asked:
        if name not in known:
            raise InvariantError(
                f"{name!r} is unknown to this engine, {engine.name} {engine.version}; "
                f"known: {', '.join(known) or 'none'}",
                f'take {name!r} out of "invariants" in the plan, or use an engine that keeps it',
            )
    switches = {name: value for name, value in asked.items() if name != LOOKBACKS}
    if not switches:
        return dict(asked)
    keep = getattr(engine, "keep_invariants", None)
    effective = keep(switches) if callable(keep) else None
    for name, value in switches.items():
        if not isinstance(effective, Mapping) or name not in effective:
            raise InvariantError(
                f"{name!r} is not guaranteed by this engine, {engine.name}, though it knows it",
                "let its keep_invariants() set the switch and return its effective value",
            )
        if effective[name] != value:
            raise InvariantError(
                f"{name!r} shall be {value!r}, and this engine, {engine.name}, "
                f"keeps {effective[name]!r}",
                f'write that value into "invariants" of the plan, or take {name!r} out',
            )
    return {name: asked[name] for name in asked}


def setup_of(engine: Engine, where: Environment) -> Setup:
    """Return what stays the same within a queue; ask after ``prepare``."""
    symbols = getattr(engine, "symbols", None)
    provider = getattr(engine, "data_provider", None)
    return Setup(
        parameters=parameters_fingerprint(engine.parameters),
        symbols=(symbols,) if isinstance(symbols, str) else _texts(symbols),
        data_provider=None if provider is None else str(provider),
        environment=environment_fingerprint(where),
    )


def require_expected(setup: Setup, where: Environment, expected: Expectation | None) -> None:
    """Refuse a run whose setup is not that of the first run of its queue.

    Args:
        setup: Of this run.
        where: Its environment.
        expected: What the first run had; None for a run that is in no queue, or is the first.

    Raises:
        InvariantError: It names what differs.

    """
    if expected is None:
        return
    first = expected.first_run
    if expected.parameters not in {None, setup.parameters}:
        raise InvariantError(
            f"{LOOKBACKS!r} is not kept: the parameters are not those of {first}, "
            "the first run of the queue",
            "set them back, or `zacperf reset` what has been run with the others",
        )
    if expected.symbols is not None and setup.symbols != expected.symbols:
        raise InvariantError(
            f"the symbols were {_text(expected.symbols)} in {first}, the first run of the queue, "
            f"and are {_text(setup.symbols)} now",
            CHANGED,
        )
    if expected.data_provider is not None and setup.data_provider != expected.data_provider:
        raise InvariantError(
            f"the data provider was {expected.data_provider} in {first}, the first run of the "
            f"queue, and is {setup.data_provider or 'unknown'} now",
            CHANGED,
        )
    difference = expected.environment and one_line_difference(expected.environment, where)
    if difference:
        raise InvariantError(
            f"the environment is not that of {first}, the first run of the queue (then / now): "
            f"{difference}",
            CHANGED,
        )


def downloads_of(
    engine: Engine, stages: tuple[StageTiming, ...], counts: Mapping[str, int]
) -> Downloads | None:
    """Return what a run downloaded; None where the engine may download and says nothing of it."""
    total_ns = sum(stage.total_ns for stage in stages if stage.name == DOWNLOAD_STAGE)
    requests, received = counts.get(DOWNLOAD_REQUESTS), counts.get(DOWNLOAD_BYTES)
    if not engine.capabilities.network and total_ns == 0:
        return Downloads(wall_ns=0, requests=requests or 0, bytes=received or 0)
    if total_ns == 0 and requests != 0:
        return None
    return Downloads(wall_ns=total_ns, requests=requests, bytes=received)


@contextlib.contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Raise ``TimeLimitReached`` in the block when it takes longer than this; None never does."""
    if seconds is None:
        yield
        return
    is_open = True

    def end_run(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signal's
        if is_open:
            raise TimeLimitReached

    before = signal.signal(signal.SIGALRM, end_run)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN_S)
        yield
    finally:
        # First: an alarm that comes between the next two lines must not end what writes results.
        is_open = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _texts(symbols: Iterable[object] | None) -> tuple[str, ...] | None:
    return None if symbols is None else tuple(map(str, symbols))


def _text(symbols: tuple[str, ...] | None) -> str:
    return "unknown" if symbols is None else ",".join(symbols)
