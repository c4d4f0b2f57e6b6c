"""What a user writes for a setting, a flag or a parameter, turned into a value; raises ValueError.

A message ends with "; " and what to write instead.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence

from pytest_zacperf.records import ParameterValue

SECONDS_PER_UNIT = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
HIGHEST_CPU = 4_095
FEWEST_PAIRS = 2  # one pair tells nothing of how far pairs differ
MOST_PAIRS = 60  # the simulation of looks keeps 20,000 numbers for each pair
WORDS: dict[str, ParameterValue] = {"true": True, "false": False, "none": None}


def nearest(name: str, known: Collection[str]) -> str:
    """Return "did you mean ...?" for the known name nearest to *name*, or all the known ones."""
    different = list(dict.fromkeys(known))
    close = difflib.get_close_matches(name, different, n=3, cutoff=0.5)
    if close:
        return f"did you mean {' or '.join(map(repr, close))}?"
    return f"known are {', '.join(map(repr, different))}" if known else "there are none"


def parse_duration(value: object) -> float:
    """Return seconds for a text such as ``600s``, ``10m`` or ``250ms``."""
    match = (
        re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)", value) if isinstance(value, str) else None
    )
    seconds = float(match[1]) * SECONDS_PER_UNIT[match[2]] if match else 0.0
    if not 0 < seconds < math.inf:
        raise ValueError(
            f"{value!r} is not a duration; write a positive number and a unit, such as '10m'"
        )
    return seconds


def count_of_flag(text: str) -> object:
    """Return a flag's text as the whole number it is, or as it stands; a table has numbers."""
    return int(text) if text.strip().isdecimal() else text


def parse_parameters(value: object) -> dict[str, ParameterValue]:
    """Return engine parameters from a table, or from a text such as ``metrics=full,lookback=20``.

    In a text, what reads as a number is one, and ``true``, ``false`` and ``none`` are those values.
    """
    if isinstance(value, Mapping):
        for name, parameter in value.items():
            if not isinstance(parameter, str | int | float | None):
                # Not a TypeError: a bad value of a setting is one kind of error.
                raise ValueError(  # noqa: TRY004
                    f"{name} = {parameter!r} is not a parameter; "
                    f"write a text, a number or a boolean"
                )
            if isinstance(parameter, float) and not math.isfinite(parameter):
                raise ValueError(f"{name} = {parameter} is not a finite number; write another one")
        return dict(value)
    if not isinstance(value, str):
        raise ValueError(  # noqa: TRY004
            f'{value!r} is no table of parameters; write {{ metrics = "full" }}'
        )
    pairs = [pair.partition("=") for pair in value.split(",")]
    for name, equals, _ in pairs:
        if not (name.strip() and equals):
            raise ValueError(f"{value!r} is not KEY=VALUE,...; write for example metrics=full")
    return {name.strip(): parse_parameter(text.strip()) for name, _, text in pairs}


def parse_parameter(text: str) -> ParameterValue:
    """Return the value of one parameter that was written on a command line."""
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        # JSON has no NaN and no infinity, so parameters have none either.
        return number if math.isfinite(number) else text
    return text


def parse_text(value: object) -> str:
    """Return a text that is not empty, without the space around it."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{value!r} is not a text; write a string that is not empty")
    if not value.strip().isprintable():
        raise ValueError(f"{value!r} holds a control character; leave it out")
    return value.strip()


def parse_names(value: object) -> tuple[str, ...]:
    """Return names from a list, or from a text such as ``week,month``."""
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, Sequence) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"{value!r} is not a list of names; write for example ['week', 'month']")
    stripped = tuple(name.strip() for name in names)
    if not all(stripped) or not stripped:
        raise ValueError(f"{value!r} holds no name, or an empty one; write for example ['week']")
    return stripped


def parse_count(value: object) -> int:
    """Return a whole number from 1."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{value!r} is not a count; write a whole number from 1, such as 5")
    return value


def parse_switch(value: object) -> bool:
    """Return a boolean; a flag's text is ``true`` or ``false``."""
    words = {"true": True, "false": False}
    found = words.get(value) if isinstance(value, str) else value
    if not isinstance(found, bool):
        raise ValueError(f"{value!r} is not true or false; write one of them without quotes")  # noqa: TRY004 - one kind of error
    return found


def one_of(names: Collection[str]) -> Callable[[object], str]:
    """Return what refuses all but these names, whatever their case."""

    def parse(value: object) -> str:
        for name in names:
            if isinstance(value, str) and value.strip().lower() == name.lower():
                return name
        raise ValueError(f"{value!r} is none of its values; write one of {', '.join(names)}")

    return parse


def parse_looks(value: object) -> tuple[int, ...]:
    """Return numbers of pairs from a list or from a text such as ``2,3,4``."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, Sequence):
        parts = (value,)
    looks = [int(str(part)) if str(part).strip().isdecimal() else 0 for part in parts]
    if not looks or looks[0] < FEWEST_PAIRS or sorted(set(looks)) != looks:
        raise ValueError(
            f"{value!r} are no numbers of pairs; write growing whole numbers from "
            f"{FEWEST_PAIRS}, such as [2, 4, 8]"
        )
    if looks[-1] > MOST_PAIRS:
        raise ValueError(f"{looks[-1]} pairs are too many; write numbers up to {MOST_PAIRS}")
    return tuple(looks)


def parse_cpus(value: object) -> tuple[int, ...]:
    """Return processor numbers from a number, a list of them, or a text such as ``0,2-3``."""
    numbers: set[int] = set()
    for part in value.split(",") if isinstance(value, str) else _listed(value):
        match = re.fullmatch(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?", str(part))
        span = range(int(match[1]), int(match[2] or match[1]) + 1) if match else ()
        if not span or span[-1] > HIGHEST_CPU:
            raise ValueError(f"{value!r} names no processors; write for example 1, [0, 1] or '0-1'")
        numbers.update(span)
    return tuple(sorted(numbers))


def _listed(value: object) -> Sequence[object]:
    if isinstance(value, Sequence):
        return value or ("",)
    return (value,)
