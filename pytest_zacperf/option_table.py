"""The table of options: every setting's name, default, flag, and what its values must be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from pytest_zacperf.values import (
    count_of_flag,
    one_of,
    parse_count,
    parse_cpus,
    parse_duration,
    parse_looks,
    parse_names,
    parse_parameters,
    parse_switch,
    parse_text,
)

INCONCLUSIVE_ACTIONS = ("skip", "fail", "warn")
SCHEDULES = ("auto", "duet", "alternate")
CLOCKS = ("auto", "wall", "CPU")


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
        is_switch: True for what is on unless the flag, which takes no value, or the table says no.

    """

    name: str
    parse: Callable[[object], Any]
    default: str | int | list[str] | list[int] | None
    metavar: str
    help: str
    field: str = ""
    unset: object = None
    in_table: bool = True
    read_flag: Callable[[str], object] = str
    is_switch: bool = False

    @property
    def flag(self) -> str:
        """The command line flag."""
        return f"--zacperf-{'no-' if self.is_switch else ''}{self.name.replace('_', '-')}"

    @property
    def usage(self) -> str:
        """The flag with what it takes."""
        return self.flag if self.is_switch else f"{self.flag} {self.metavar}"


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
        name="budget",
        parse=parse_duration,
        default=None,
        metavar="DURATION",
        help="How long the rounds of one comparison may take; without it `10m`, "
        "or the time until the first look where runs are so long",
        field="budget_s",
    ),
    Option(
        name="inconclusive",
        parse=one_of(INCONCLUSIVE_ACTIONS),
        default="skip",
        metavar="|".join(INCONCLUSIVE_ACTIONS),
        help="What a verdict that is not certain does to its test",
    ),
    Option(
        name="schedule",
        parse=one_of(SCHEDULES),
        default="auto",
        metavar="|".join(SCHEDULES),
        help="How rounds are laid out: both sides at once on one processor, or in turn",
    ),
    Option(
        name="clock",
        parse=one_of(CLOCKS),
        default="auto",
        metavar="|".join(CLOCKS),
        help="By which clock runtimes are judged; `auto` is CPU time for what only computes",
    ),
    Option(
        name="duet_looks",
        parse=parse_looks,
        default=[2, 3, 4, 6, 8],
        metavar="N,...",
        help="Numbers of pairs after which a duet is judged; peak memory too",
    ),
    Option(
        name="alternate_looks",
        parse=parse_looks,
        default=[5, 8, 11, 15],
        metavar="N,...",
        help="Numbers of pairs after which rounds in turn are judged",
    ),
    Option(
        name="blame",
        parse=parse_switch,
        default=None,
        metavar="",
        help="Whether a verdict of FAIL has both sides profiled, to name the functions that grew",
        unset=True,
        is_switch=True,
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
    Option(
        name="against",
        parse=parse_text,
        default=None,
        metavar="REV",
        help="The git revision that is the baseline of this session, or `merge-base:BRANCH`",
        in_table=False,
    ),
    Option(
        name="reason",
        parse=parse_text,
        default=None,
        metavar="TEXT",
        help="Why `--snapshot-update` accepts recordings; or ZACPERF_REASON",
        in_table=False,
    ),
)
