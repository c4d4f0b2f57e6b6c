"""May two measurements be compared? What their environments differ in; measures nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pytest_zacperf.digest import digest_of
from pytest_zacperf.records import Environment
from pytest_zacperf.sentences import cut, escape

LONGEST_VALUE = 80
LONGEST_LINE = 160  # the message of a failed comparison has 640 characters for everything


def environment_fingerprint(environment: Environment) -> str:
    """Hash what decides speed and memory; the numbers of two such environments may be compared.

    The revision does not count, and neither does which processors a run may use, only how many.
    """
    return digest_of([
        *(environment.python, environment.platform, environment.machine),
        *(len(environment.cpus), environment.variables, environment.packages),
    ])


def environment_differences(first: Environment, second: Environment) -> list[str]:
    """Return what keeps two environments from being compared: ``package numpy 2.0 / 2.1``.

    Returns:
        Name, value in the first and value in the second, for each; empty when they are the same.

    """
    return [
        f"{escape(name)} {_shown(before)} / {_shown(after)}"
        for name, before, after in _pairs(first, second)
        if before != after
    ]


def one_line_difference(first: Environment, second: Environment) -> str | None:
    """Return the differences as one line that fits into an assertion message; None for none."""
    differences = environment_differences(first, second)
    if not differences:
        return None
    # The first one is always there; the others as far as there is room.
    shown = 1
    while shown < len(differences) and len(_counted(differences, shown + 1)) <= LONGEST_LINE:
        shown += 1
    return cut(_counted(differences, shown), LONGEST_LINE)


def _counted(differences: list[str], shown: int) -> str:
    more = len(differences) - shown
    return ", ".join(differences[:shown]) + (f" and {more} more" if more else "")


def _pairs(first: Environment, second: Environment) -> Iterator[tuple[str, str | None, str | None]]:
    yield _python_pair(first.python, second.python)
    yield "platform", first.platform, second.platform
    yield "processor", first.machine, second.machine
    yield "processors", str(len(first.cpus)), str(len(second.cpus))
    yield from _named_pairs("variable", first.variables, second.variables)
    yield from _named_pairs("package", first.packages, second.packages)


def _python_pair(first: str, second: str) -> tuple[str, str, str]:
    kind, _, version = first.rpartition(" ")
    other_kind, _, other_version = second.rpartition(" ")
    if kind == other_kind:
        return "Python", version, other_version
    return "Python", first, second


def _named_pairs(
    kind: str, first: Mapping[str, str], second: Mapping[str, str]
) -> Iterator[tuple[str, str | None, str | None]]:
    for name in sorted({*first, *second}):
        yield f"{kind} {name}", first.get(name), second.get(name)


def _shown(value: str | None) -> str:
    if value is None:
        return "none"
    return cut(escape(value), LONGEST_VALUE) or "''"
