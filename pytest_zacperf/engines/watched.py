"""An engine that runs another one and notes what cannot be seen from outside.

It is what the conformance tests run. Its parameter ``engine`` names the other engine; ``linger_s``
lets its ``run()`` go on after the other's, so that there is time to end it; all other parameters
are the other engine's.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from pytest_zacperf.engines import BacktestOutput, Capabilities, Context, Engine
from pytest_zacperf.engines.lookup import load_engine, require_engine, resolve_reference
from pytest_zacperf.errors import EngineError
from pytest_zacperf.records import InvariantValue, ParameterValue, Window

REFERENCE = "pytest_zacperf.engines.watched:engine"
INNER, LINGER = "engine", "linger_s"
CONNECTIONS = "connections"
CLAIMS_NETWORK = "claims network"
BEGAN_FILE = "began"  # in the working folder, when the other engine begins to run


class WatchedEngine:
    """Runs the engine that its parameter names."""

    def __init__(
        self, inner: Engine | None = None, own: Mapping[str, ParameterValue] | None = None
    ) -> None:
        self._inner = inner
        self._own: Mapping[str, ParameterValue] = own or {LINGER: 0}

    def with_parameters(self, overrides: Mapping[str, ParameterValue]) -> WatchedEngine:
        """Return a copy that runs another engine, or runs it with other parameters."""
        own = {name: value for name, value in overrides.items() if name in {INNER, LINGER}}
        inner = load_engine(str(own[INNER])) if INNER in own else self._inner
        others = {name: value for name, value in overrides.items() if name not in own}
        if others and inner is not None:
            given: object = inner.with_parameters(others)
            inner = require_engine(given, f"what with_parameters() of {inner.name} returned")
        return WatchedEngine(inner, {**self._own, **own})

    @property
    def inner(self) -> Engine:
        """The other engine.

        Raises:
            EngineError: No parameter has named it.

        """
        if self._inner is None:
            raise EngineError("no engine is watched", "set engine=module:object")
        return self._inner

    @property
    def name(self) -> str:
        """Name of the other engine."""
        return self._inner.name if self._inner else "watched"

    @property
    def version(self) -> str:
        """Version of the other engine."""
        return self._inner.version if self._inner else "1"

    @property
    def capabilities(self) -> Capabilities:
        """Of the other engine."""
        return self._inner.capabilities if self._inner else Capabilities()

    @property
    def volatile(self) -> frozenset[str]:
        """Of the other engine."""
        return self._inner.volatile if self._inner else frozenset()

    @property
    def parameters(self) -> Mapping[str, ParameterValue]:
        """Of both."""
        return {**(self._inner.parameters if self._inner else {}), **self._own}

    @property
    def code_modules(self) -> tuple[str, ...]:
        """The module of the other engine, and what it names itself."""
        modules: Iterable[str] = getattr(self._inner, "code_modules", ())
        reference = str(self._own.get(INNER, ""))
        own = resolve_reference(reference).partition(":")[0] if reference else ""
        return (*([own] if own else []), *modules)

    def keep_invariants(self, asked: Mapping[str, InvariantValue]) -> Mapping[str, InvariantValue]:
        """Have the other engine keep them."""
        keep = getattr(self.inner, "keep_invariants", None)
        kept: Mapping[str, InvariantValue] = keep(asked) if callable(keep) else {}
        return kept

    def prepare(self, window: Window, context: Context) -> None:
        """Prepare the other engine; what it claims of the network is known then."""
        with _counted_connections(context):
            self.inner.prepare(window, context)
        context.count(CLAIMS_NETWORK, int(self.inner.capabilities.network))

    def run(self, context: Context) -> None:
        """Run the other engine; count connections to other machines, and linger."""
        (context.working_folder / BEGAN_FILE).touch()
        with _counted_connections(context):
            self.inner.run(context)
        linger_s = float(str(self._own[LINGER]))
        if linger_s:
            time.sleep(linger_s)

    def collect(self, context: Context) -> BacktestOutput:
        """Return what the other engine returns."""
        return self.inner.collect(context)


def engine() -> WatchedEngine:
    """Return an engine that watches none yet."""
    return WatchedEngine()


@contextmanager
def _counted_connections(context: Context) -> Iterator[None]:
    """Count the connections by IP that Python opens in the block; what libraries in C do is unseen.

    A hook cannot be taken out again, so it looks at whether the block is over.
    """
    is_open = True

    def look(event: str, arguments: tuple[object, ...]) -> None:
        # A Unix socket has a path for an address.
        if is_open and event == "socket.connect" and isinstance(arguments[1], tuple):
            context.count(CONNECTIONS, 1)

    context.count(CONNECTIONS, 0)
    sys.addaudithook(look)
    try:
        yield
    finally:
        is_open = False
