"""A profile as ``pstats`` of the standard library loads it, and what reads its files."""

from __future__ import annotations

import marshal
from collections import defaultdict
from typing import NamedTuple, TypeAlias

from pytest_zacperf.profile_files.text import builtin_name
from pytest_zacperf.records import Profile, ProfiledFunction
from pytest_zacperf.units import NS_PER_S

FunctionId: TypeAlias = tuple[str, int, str]  # file, line, name


class _Calls(NamedTuple):
    calls: int = 0
    actual_calls: int = 0
    own_ns: int = 0
    total_ns: int = 0

    def plus(self, calls: int, actual_calls: int, own_ns: int, total_ns: int) -> _Calls:
        return _Calls(
            self.calls + calls,
            self.actual_calls + actual_calls,
            self.own_ns + own_ns,
            self.total_ns + total_ns,
        )


def pstat(profile: Profile) -> bytes:
    """Return a profile as ``pstats.Stats`` loads it, all threads together, times in seconds.

    Files are the shortened paths of the modules. ``pstats`` has the actual calls before all calls
    for a function, and all calls first for what its callers did, as ``cProfile`` writes them.

    Args:
        profile: What the profiler saw.

    """
    ids = [_id(function) for function in profile.functions]
    all_of: defaultdict[FunctionId, _Calls] = defaultdict(_Calls)
    by_caller: defaultdict[FunctionId, defaultdict[FunctionId, _Calls]]
    by_caller = defaultdict(lambda: defaultdict(_Calls))
    for key, function in zip(ids, profile.functions, strict=True):
        all_of[key] = all_of[key].plus(
            function.calls, function.actual_calls, function.own_ns, function.total_ns
        )
        for one in function.callees:
            callers = by_caller[ids[one.function]]
            callers[key] = callers[key].plus(one.calls, one.actual_calls, one.own_ns, one.total_ns)
    stats = {
        key: (
            *(figures.actual_calls, figures.calls),
            *(figures.own_ns / NS_PER_S, figures.total_ns / NS_PER_S),
            {
                caller: (
                    *(calls.calls, calls.actual_calls),
                    *(calls.own_ns / NS_PER_S, calls.total_ns / NS_PER_S),
                )
                for caller, calls in by_caller[key].items()
            },
        )
        for key, figures in all_of.items()
    }
    return marshal.dumps(stats)


def _id(function: ProfiledFunction) -> FunctionId:
    if not function.is_builtin:
        return (function.module, function.line, function.name)
    name = builtin_name(function)
    return ("~", 0, name if name.startswith("<") else f"<built-in method {name}>")
