"""Profiles of programs that nobody has run, told function by function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_zacperf.records import Callee, Profile, ProfiledFunction, ThreadProfile


@dataclass(frozen=True, slots=True)
class Call:
    """What a function spent in another one of its thread; its own time is all of it by default."""

    name: str
    total_ns: int
    own_ns: int | None = None
    calls: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A function in one thread; its total is its own time and that of its calls by default."""

    name: str
    own_ns: int
    calls_to: Sequence[Call] = ()
    total_ns: int | None = None
    calls: int = 1
    actual_calls: int | None = None
    module: str = "gold.py"
    line: int = 1
    thread: int = 0
    is_project: bool = True
    is_builtin: bool = False


def ours(name: str, own_ns: int, *calls_to: Call) -> Told:
    return Told(name=name, own_ns=own_ns, calls_to=calls_to)


def library(name: str, own_ns: int, *calls_to: Call) -> Told:
    return Told(name=name, own_ns=own_ns, calls_to=calls_to, module="lib.py", is_project=False)


def builtin(name: str, own_ns: int, *calls_to: Call, module: str = "builtins") -> Told:
    return Told(
        name=name,
        own_ns=own_ns,
        calls_to=calls_to,
        module=module,
        line=0,
        is_project=False,
        is_builtin=True,
    )


def profile_of(*told: Told, threads: Sequence[str] = ("MainThread",)) -> Profile:
    """Return a profile whose threads have the ids 0, 1, ..., in the order of their names."""
    numbers = {(one.thread, one.name): number for number, one in enumerate(told)}
    return Profile(
        clock="wall",
        threads=tuple(
            ThreadProfile(
                id=number,
                name=name,
                total_ns=sum(one.own_ns for one in told if one.thread == number),
                schedules=number + 1,
            )
            for number, name in enumerate(threads)
        ),
        functions=tuple(_function(one, numbers) for one in told),
    )


def _function(told: Told, numbers: dict[tuple[int, str], int]) -> ProfiledFunction:
    below_ns = sum(call.total_ns for call in told.calls_to)
    return ProfiledFunction(
        thread=told.thread,
        module=told.module,
        name=told.name,
        line=told.line,
        is_builtin=told.is_builtin,
        is_project=told.is_project,
        calls=told.calls,
        actual_calls=told.calls if told.actual_calls is None else told.actual_calls,
        own_ns=told.own_ns,
        total_ns=told.own_ns + below_ns if told.total_ns is None else told.total_ns,
        callees=tuple(
            Callee(
                function=numbers[told.thread, call.name],
                calls=call.calls,
                actual_calls=call.calls,
                own_ns=call.total_ns if call.own_ns is None else call.own_ns,
                total_ns=call.total_ns,
            )
            for call in told.calls_to
        ),
    )
