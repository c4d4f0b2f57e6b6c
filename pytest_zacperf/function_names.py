"""Functions of a profiled run by what stays the same from run to run: module and name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from pytest_zacperf.records import FunctionProfile

FunctionKey: TypeAlias = tuple[str, str]  # (module, name)


def functions_by_name(functions: Iterable[FunctionProfile]) -> dict[FunctionKey, FunctionProfile]:
    """Return functions by module and name; those that share both are added up.

    Lines are not part of it: they move between revisions. One that was renamed or moved is another
    function.

    Args:
        functions: Of one run, in any order.

    """
    found: dict[FunctionKey, FunctionProfile] = {}
    for function in functions:
        key = (function.module, function.name)
        found[key] = _sum(found[key], function) if key in found else function
    return found


def _sum(one: FunctionProfile, other: FunctionProfile) -> FunctionProfile:
    return FunctionProfile(
        module=one.module,
        name=one.name,
        line=min(one.line, other.line),
        calls=one.calls + other.calls,
        own_ns=one.own_ns + other.own_ns,
        total_ns=one.total_ns + other.total_ns,
        is_project=one.is_project or other.is_project,
        with_library_ns=one.with_library_ns + other.with_library_ns,
        charged_to=max(one, other, key=lambda function: function.total_ns).charged_to,
    )
