"""The settings: one table of options, and the values in force; reads no file and knows no pytest.

Source order: the default, then ``[tool.zacperf]`` in ``pyproject.toml``, then the flag.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from pytest_zacperf.errors import SettingsError
from pytest_zacperf.option_table import OPTIONS, Option
from pytest_zacperf.records import ParameterValue
from pytest_zacperf.values import nearest

TABLE = "[tool.zacperf]"
STORE_FOLDER = ".zacperf"  # below the project's root
RUNS_FOLDER = "runs"  # below that
WORKTREES_FOLDER = "worktrees"  # beside that
PARITY_FOLDER = "parity"  # beside that


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The values in force.

    Attributes:
        engine: ``module:object`` or the name of an entry point; None until somebody sets it.
        plan: The plan file, relative to rootdir unless absolute.
        test_labels: Labels of the windows that tests see by default.
        baseline: Parameters that make the baseline side; empty for none.
        budget_s: Seconds that the rounds of one comparison may take; None for 600, or for the time
            until the first look where that takes longer.
        inconclusive: ``skip``, ``fail`` or ``warn``.
        schedule: ``auto``, ``duet`` or ``alternate``.
        clock: ``auto``, ``wall`` or ``CPU``.
        duet_looks: Numbers of pairs after which a duet is judged.
        alternate_looks: Numbers of pairs after which rounds in turn are judged.
        blame: Whether a verdict of FAIL has both sides profiled.
        timeout_s: Seconds a run may take.
        cpus: Processors that runs keep to; empty for no restriction.
        threads: Threads that numeric libraries may use; None for no restriction.
        keep_runs: Number of runs that ``.zacperf`` keeps at most.
        keep_s: Seconds after which a run is deleted.
        window: Ids of the only windows of this session; empty for no restriction.
        against: The revision that is the baseline of this session; None for the other baselines.
        reason: Why recordings are accepted in this session; None accepts none.

    """

    engine: str | None
    plan: PurePath
    test_labels: tuple[str, ...]
    baseline: dict[str, ParameterValue]
    budget_s: float | None
    inconclusive: str
    schedule: str
    clock: str
    duet_looks: tuple[int, ...]
    alternate_looks: tuple[int, ...]
    blame: bool
    timeout_s: float
    cpus: tuple[int, ...]
    threads: int | None
    keep_runs: int
    keep_s: float
    window: tuple[str, ...]
    against: str | None
    reason: str | None


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
            f"`{option.usage}`".replace("|", "\\|"),
            _default(option),
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


def _default(option: Option) -> str:
    if option.is_switch:
        return "`true`"
    return "none" if option.default is None else f"`{_toml(option.default)}`"


def _toml(value: str | int | list[str] | list[int]) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _markdown_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
