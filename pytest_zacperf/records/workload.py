"""What is run, from which code, in which environment; and how two of them are told apart."""

from __future__ import annotations

import msgspec

from pytest_zacperf.records.backtest import Window
from pytest_zacperf.records.base import ParameterValue, Record


class Workload(Record, frozen=True, kw_only=True):
    """What is run: the engine by reference, its parameters, the window.

    Attributes:
        engine: ``module:object`` or the name of an entry point.
        engine_name: The engine's own name; empty until a run has loaded it.
        engine_version: The engine's own version; empty until a run has loaded it.
        parameters: The overrides of a request; the effective values in a run.
        window: The simulated days.

    """

    engine: str
    window: Window
    engine_name: str = ""
    engine_version: str = ""
    parameters: dict[str, ParameterValue] = msgspec.field(default_factory=dict)


class SourceTree(Record, frozen=True, kw_only=True):
    """A revision of the project that is checked out beside the working tree.

    Attributes:
        top: Absolute path of the repository's working tree.
        checkout: Absolute path of the folder that holds the revision.
        revision: Its full commit.

    """

    top: str
    checkout: str
    revision: str


class Environment(Record, frozen=True, kw_only=True):
    """Where a run was measured: an allow-list, so that no secret is ever stored.

    Attributes:
        python: Implementation and version.
        platform: Operating system and its release.
        machine: Processor architecture and model.
        cpus: Numbers of the processors the process may use.
        variables: Environment variables of an allow-list that were set: thread limits, hash seed.
        packages: Installed distributions that can influence a run, name to version.
        git_revision: Commit of the project; None outside a repository.
        git_dirty: Whether tracked files differ from that commit; the plan file does not count.

    """

    python: str
    platform: str
    machine: str
    cpus: tuple[int, ...]
    variables: dict[str, str]
    packages: dict[str, str]
    git_revision: str | None
    git_dirty: bool | None


class Fingerprints(Record, frozen=True, kw_only=True):
    """Hashes of everything that decides a result: BLAKE2b, 32 hexadecimal digits each.

    Attributes:
        code: The project's own modules that the run imported: path below the root and content.
        parameters: Canonical JSON of the engine's parameters.
        data: The bytes read; None where the engine cannot say.
        workload: All of these, the engine, the window, Python and the packages.

    """

    code: str
    parameters: str
    data: str | None
    workload: str


class Setup(Record, frozen=True, kw_only=True):
    """What stays the same within a queue of runs, so that its windows can be compared.

    Attributes:
        parameters: Fingerprint of the engine's effective parameters.
        symbols: What is traded; None where the engine does not say.
        data_provider: Where the data come from; None where the engine does not say.
        environment: Fingerprint of machine, Python and packages; the revision is no part of it.

    """

    parameters: str
    symbols: tuple[str, ...] | None
    data_provider: str | None
    environment: str


class Expectation(Record, frozen=True, kw_only=True):
    """What a run must have in common with the first one of its queue; None is not looked at."""

    first_run: str
    parameters: str | None
    symbols: tuple[str, ...] | None
    data_provider: str | None
    environment: Environment | None


class Work(Record, frozen=True, kw_only=True):
    """What a run did; costs of runs that did different work are not compared.

    Attributes:
        data_points: Bars or ticks the engine went through; None where it cannot count.
        orders: Number of distinct orders.
        order_events: Number of order events.
        final_equity: Last equity in account currency; None where the engine has none.

    """

    data_points: int | None
    orders: int
    order_events: int
    final_equity: float | None
