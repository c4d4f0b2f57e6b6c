"""The settings: one table of options, and the values in force; reads no file and knows no pytest.

Source order: the default, then ``[tool.zacperf]`` in ``pyproject.toml``, then the flag.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from pytest_zacperf.errors import SettingsError
from pytest_zacperf.records import ParameterValue

TABLE = "[tool.zacperf]"
SECONDS_PER_UNIT = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
WORDS: dict[str, ParameterValue] = {"true": True, "false": False, "none": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The values in force.

    Attributes:
        engine: ``module:object`` or the name of an entry point; None until somebody sets it.
        plan: The plan file, relative to rootdir unless absolute.
        test_labels: Labels of the windows that tests see by default.
        baseline: Parameters that make the baseline side; empty for none.
        rounds: Pairs of runs that are counted for a verdict, at least 1.
        timeout_s: Seconds a run may take.
        window: Ids of the only windows of this session; empty for no restriction.

    """

    engine: str | None
    plan: PurePath
    test_labels: tuple[str, ...]
    baseline: dict[str, ParameterValue]
    rounds: int
    timeout_s: float
    window: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One setting; the flag beats the table, which beats the default.

    Attributes:
        name: Key in the table; with dashes, the end of the flag.
        parse: Value of the table or text of the flag to the value in force; raises ValueError.
        default: As it would stand in the table; None for nothing.
        metavar: What the flag takes, for ``pytest --help``.
        help: One sentence without a full stop.
        field: Attribute of ``Settings``, when it is not the name.
        unset: The value in force when there is no default either.
        in_table: False for what makes sense for one session only.

    """

    name: str
    parse: Callable[[object], Any]
    default: str | int | list[str] | None
    metavar: str
    help: str
    field: str = ""
    unset: object = None
    in_table: bool = True

    @property
    def flag(self) -> str:
        """The command line flag."""
        return f"--zacperf-{self.name.replace('_', '-')}"


def resolve(table: Mapping[str, object], flags: Mapping[str, str | None]) -> Settings:
    """Return the settings in force.

    Args:
        table: Content of ``[tool.zacperf]``.
        flags: Option name to the flag's text; None or absent where it was not given.

    Raises:
        SettingsError: A key that nobody knows, or a value that cannot be used.

    """
    known = [option.name for option in OPTIONS if option.in_table]
    for key in table:
        if key not in known:
            raise _unknown_key(key, known)
    return Settings(**{
        option.field or option.name: _value(option, table, flags) for option in OPTIONS
    })


def settings_table_lines() -> list[str]:
    """Return the settings as a Markdown table, one row an option."""
    rows = [
        (
            f"`{option.name}`" if option.in_table else "flag only",
            f"`{option.flag} {option.metavar}`",
            "none" if option.default is None else f"`{_toml(option.default)}`",
            option.help,
        )
        for option in OPTIONS
    ]
    header = (f"`{TABLE}`", "flag", "default", "meaning")
    return [_markdown_row(row) for row in (header, ("---",) * len(header), *rows)]


def nearest(name: str, known: Collection[str]) -> str:
    """Return "did you mean ...?" for the known name nearest to *name*, or all the known ones."""
    close = difflib.get_close_matches(name, list(known), n=3, cutoff=0.5)
    if close:
        return f"did you mean {' or '.join(map(repr, close))}?"
    return f"known are {', '.join(map(repr, known))}" if known else "there are none"


def parse_duration(value: object) -> float:
    """Return seconds for a text such as ``600s``, ``10m`` or ``250ms``."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h)", value) if isinstance(value, str) else None
    seconds = float(match[1]) * SECONDS_PER_UNIT[match[2]] if match else 0.0
    if not 0 < seconds < math.inf:
        raise ValueError(
            f"{value!r} is not a duration; write a positive number and a unit, such as '10m'"
        )
    return seconds


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


def _parse_text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{value!r} is not a text; write a string that is not empty")
    return value.strip()


def _parse_names(value: object) -> tuple[str, ...]:
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, Sequence) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"{value!r} is not a list of names; write for example ['week', 'month']")
    stripped = tuple(name.strip() for name in names)
    if not all(stripped) or not stripped:
        raise ValueError(f"{value!r} holds no name, or an empty one; write for example ['week']")
    return stripped


def _parse_count(value: object) -> int:
    number = int(value) if isinstance(value, str) and value.strip().isdecimal() else value
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise ValueError(f"{value!r} is not a count; write a whole number from 1, such as 5")
    return number


def _value(option: Option, table: Mapping[str, object], flags: Mapping[str, str | None]) -> Any:  # noqa: ANN401 - typed by Settings
    value: object = flags.get(option.name)
    source = option.flag
    if value is None:
        source, value = f"{TABLE} {option.name}", table.get(option.name, option.default)
    if value is None:
        return option.unset
    try:
        return option.parse(value)
    except ValueError as e:
        problem, _, hint = str(e).partition("; ")
        raise SettingsError(f"{source}: {problem}", hint) from e


def _unknown_key(key: str, known: Sequence[str]) -> SettingsError:
    session_only = [option.flag for option in OPTIONS if option.name == key]
    if session_only:
        return SettingsError(f"{TABLE} cannot hold {key!r}", f"use the flag {session_only[0]}")
    return SettingsError(f"{TABLE} has an unknown key {key!r}", nearest(key, known))


def _toml(value: str | int | list[str]) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _markdown_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


OPTIONS = (
    Option(
        name="engine",
        parse=_parse_text,
        default=None,
        metavar="MODULE:OBJECT",
        help="The backtest: an engine or a function that returns one; `zacperf demo` writes one",
    ),
    Option(
        name="plan",
        parse=lambda value: PurePath(_parse_text(value)),
        default="profiling_plan.json",
        metavar="FILE",
        help="The plan file, which names the date windows; relative to rootdir",
    ),
    Option(
        name="test_labels",
        parse=_parse_names,
        default=["week"],
        metavar="LABEL,...",
        help="Labels of the windows that tests see by default; cache probes are never among them",
    ),
    Option(
        name="baseline",
        parse=parse_parameters,
        default=None,
        metavar="KEY=VALUE,...",
        help='Parameters that make the baseline side, such as `{ metrics = "full" }`',
        unset={},
    ),
    Option(
        name="rounds",
        parse=_parse_count,
        default=5,
        metavar="N",
        help="Pairs of runs, baseline and candidate in turn, behind a verdict",
    ),
    Option(
        name="timeout",
        parse=parse_duration,
        default="10m",
        metavar="DURATION",
        help="How long one run may take, such as `90s` or `10m`",
        field="timeout_s",
    ),
    Option(
        name="window",
        parse=_parse_names,
        default=None,
        metavar="ID,...",
        help="Narrow this session to these windows of the plan",
        unset=(),
        in_table=False,
    ),
)
