"""The settings: one table of options, and the values in force; reads no file and knows no pytest.

Source order: the default, then ``[tool.zacperf]`` in ``pyproject.toml``, then the flag.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from pytest_zacperf.errors import SettingsError
from pytest_zacperf.records import ParameterValue
from pytest_zacperf.values import (
    count_of_flag,
    nearest,
    parse_count,
    parse_cpus,
    parse_duration,
    parse_names,
    parse_parameters,
    parse_text,
)

TABLE = "[tool.zacperf]"
STORE_FOLDER = ".zacperf"  # below the project's root
RUNS_FOLDER = "runs"  # below that


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
        cpus: Processors that runs keep to; empty for no restriction.
        threads: Threads that numeric libraries may use; None for no restriction.
        keep_runs: Number of runs that ``.zacperf`` keeps at most.
        keep_s: Seconds after which a run is deleted.
        window: Ids of the only windows of this session; empty for no restriction.

    """

    engine: str | None
    plan: PurePath
    test_labels: tuple[str, ...]
    baseline: dict[str, ParameterValue]
    rounds: int
    timeout_s: float
    cpus: tuple[int, ...]
    threads: int | None
    keep_runs: int
    keep_s: float
    window: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One setting; the flag beats the table, which beats the default.

    Attributes:
        name: Key in the table; with dashes, the end of the flag.
        parse: Value of the table or of the flag to the value in force; raises ValueError.
        default: As it would stand in the table; None for nothing.
        metavar: What the flag takes, for ``pytest --help``.
        help: One sentence without a full stop.
        field: Attribute of ``Settings``, when it is not the name.
        unset: The value in force when there is no default either.
        in_table: False for what makes sense for one session only.
        read_flag: Text of the flag to what a table would hold.

    """

    name: str
    parse: Callable[[object], Any]
    default: str | int | list[str] | None
    metavar: str
    help: str
    field: str = ""
    unset: object = None
    in_table: bool = True
    read_flag: Callable[[str], object] = str

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


def _value(option: Option, table: Mapping[str, object], flags: Mapping[str, str | None]) -> Any:  # noqa: ANN401 - typed by Settings
    flag = flags.get(option.name)
    if flag is not None:
        source, value = option.flag, option.read_flag(flag)
    else:
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
        parse=parse_text,
        default=None,
        metavar="MODULE:OBJECT",
        help="The backtest: an engine or a function that returns one; `zacqc` is the embedded one",
    ),
    Option(
        name="plan",
        parse=lambda value: PurePath(parse_text(value)),
        default="profiling_plan.json",
        metavar="FILE",
        help="The plan file, which names the date windows; relative to rootdir",
    ),
    Option(
        name="test_labels",
        parse=parse_names,
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
        parse=parse_count,
        read_flag=count_of_flag,
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
        name="cpus",
        parse=parse_cpus,
        default=None,
        metavar="N,...",
        help="Processors that runs keep to, such as `1` or `0-1`",
        unset=(),
    ),
    Option(
        name="threads",
        parse=parse_count,
        read_flag=count_of_flag,
        default=None,
        metavar="N",
        help="Threads that numeric libraries may use in a run (OpenMP, BLAS, numba, polars ...)",
    ),
    Option(
        name="keep_runs",
        parse=parse_count,
        read_flag=count_of_flag,
        default=200,
        metavar="N",
        help="How many runs `.zacperf` keeps; the oldest go first, never those in use",
    ),
    Option(
        name="keep",
        parse=parse_duration,
        default="30d",
        metavar="DURATION",
        help="How long `.zacperf` keeps a run",
        field="keep_s",
    ),
    Option(
        name="window",
        parse=parse_names,
        default=None,
        metavar="ID,...",
        help="Narrow this session to these windows of the plan",
        unset=(),
        in_table=False,
    ),
)
