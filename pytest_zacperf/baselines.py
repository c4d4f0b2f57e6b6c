"""Stored baselines: what they are kept by, and how a new one is to the one it replaces."""

from __future__ import annotations

import re
import shlex
import statistics
from collections.abc import Mapping, Sequence

from pytest_zacperf.comparability import environment_fingerprint, one_line_difference
from pytest_zacperf.digest import digest_of
from pytest_zacperf.records import Baseline, Environment, ParameterValue, Run, Work, Workload
from pytest_zacperf.values import parse_parameter

MEMORY_GROWTH_LIMIT = 1.10  # a baseline that grew by more is stored only when somebody approves it
CPU_BOUND = 0.9  # CPU / wall, from which on a run computes most of its time
LONGEST_SLUG = 80
DIGEST_DIGITS = 12
REVISION_DIGITS = 12
MOST_DIGITS = 6
COMMAND = "zacperf baseline record"
LEAVE_ALONE = "leave the project alone while a baseline is recorded, then record it again"
SAME_PROCESSES = "record it again while the backtest starts the same processes each time"


def baseline_key(workload: Workload) -> str:
    """Return the name of a request for a workload: the same in every environment and revision.

    Args:
        workload: As it is asked for: the engine's reference, the overrides, the window. ``"20"``
            of a command line and 20 of a test are the same value.

    """
    window = workload.window
    digest = digest_of([
        *(workload.engine, {name: _value(v) for name, v in workload.parameters.items()}),
        *(window.id, window.start, window.end),
    ])
    slug = re.sub(r"[^A-Za-z0-9_-]+", "_", f"{window.id}-{workload.engine}")[:LONGEST_SLUG]
    return f"{slug}-{digest[:DIGEST_DIGITS]}"


def subject_of(workload: Workload) -> str:
    """Return a workload as a request names it: ``wk-1, gold:engine lookback=20``."""
    parameters = [f"{name}={_text(value)}" for name, value in workload.parameters.items()]
    return f"{workload.window.id}, {' '.join([workload.engine, *parameters])}"


def record_command(
    windows: Sequence[str] = (),
    *,
    engine: str | None = None,
    parameters: Mapping[str, ParameterValue] | None = None,
    reason: str = "...",
    further: Sequence[str] = (),
) -> str:
    """Return the command that records the baselines of some windows, as a shell takes it.

    Args:
        windows: Their ids; none for those that tests see by default.
        engine: Its reference, unless it is that of the settings.
        parameters: What is asked for beyond the engine's own parameters.
        reason: Why the baselines are accepted.
        further: Options that stand at the end.

    """
    words = [*COMMAND.split()]
    words += [word for window in windows for word in ("--window", window)]
    words += ["--engine", engine] if engine else []
    words += _set_words(parameters or {})
    return shlex.join([*words, "--reason", reason, *further])


def revision_text(environment: Environment) -> str:
    """Return the revision with the mark of one that cannot be checked out as it was."""
    if environment.git_revision is None:
        return "no git revision"
    return environment.git_revision + (" (dirty)" if environment.git_dirty else "")


def revision_problem(environment: Environment) -> str | None:
    """Return what keeps the revision of a baseline from being measured again, or None."""
    if environment.git_revision is None:
        return "the project is in no git repository"
    if environment.git_dirty:
        return f"tracked files differ from {environment.git_revision[:REVISION_DIGITS]}"
    return None


def revision_warning(environment: Environment) -> str | None:
    """Return the problem with a revision and what follows from it, or None."""
    problem = revision_problem(environment)
    if problem is None:
        return None
    return (
        f"{problem}: the revision cannot be checked out later, so the stored samples alone can "
        "give PASS or INCONCLUSIVE, never FAIL"
    )


def median_cpu_ns(baseline: Baseline) -> float:
    """Return the median CPU time of the samples."""
    return statistics.median(sample.cpu_ns for sample in baseline.samples)


def median_wall_ns(baseline: Baseline) -> float:
    """Return the median elapsed time of the samples."""
    return statistics.median(sample.wall_ns for sample in baseline.samples)


def median_memory_bytes(baseline: Baseline) -> float:
    """Return the median peak memory of the samples."""
    return statistics.median(sample.peak_memory_bytes for sample in baseline.samples)


def memory_growth(previous: Baseline | None, new: Baseline) -> float | None:
    """Return new / previous of the median peak memory; None where they cannot be compared.

    They can when both were measured in the same environment and the figures have the same source.
    """
    if previous is None or not _is_same_environment(previous, new):
        return None
    if previous.peak_memory_source != new.peak_memory_source:
        return None
    return _ratio(median_memory_bytes(new), median_memory_bytes(previous))


def growth_text(growth: float) -> str:
    """Return a growth with as many digits as tell it from its limit."""
    digits = 2
    while digits < MOST_DIGITS and MEMORY_GROWTH_LIMIT == round(growth, digits) != growth:
        digits += 1
    return f"{growth:.{digits}f}"


def is_refused(growth: float | None, *, approved: bool) -> bool:
    """Return whether a growth of memory keeps a baseline from being stored."""
    return growth is not None and growth > MEMORY_GROWTH_LIMIT and not approved


def replaced_note(previous: Baseline | None, new: Baseline, *, approved: bool) -> str:
    """Return the size of the change from the previous baseline of the environment, in one line.

    Args:
        previous: None for none.
        new: What replaces it.
        approved: Whether a growth of memory was approved.

    """
    if previous is None or not _is_same_environment(previous, new):
        return "the first baseline of this environment"
    note = f"{_runtime_note(previous, new)}, {_memory_note(previous, new, approved=approved)}"
    return note if previous.work == new.work else f"{note}; it did other work"


def round_name(number: int) -> str:
    """Return what the rounds of a baseline are called; 0 is the warm-up."""
    return f"round {number}" if number else "the warm-up"


def different_result(workload: Workload, runs: Sequence[Run]) -> tuple[str, str] | None:
    """Return what the last round did otherwise than those before it, and what to do; or None.

    Args:
        workload: As it is asked for.
        runs: The warm-up and the rounds so far, none of which failed.

    """
    warm_up, last, number = runs[0], runs[-1], len(runs) - 1
    what = f"{round_name(number)} of {workload.window.id}"
    inputs = _different_inputs(warm_up, last)
    if inputs:
        return f"{what} had other inputs than {round_name(0)}: {inputs}", LEAVE_ALONE
    work = _different_work(warm_up, last)
    if work:
        problem = (
            f"{what} did not do the work of {round_name(0)} ({work}): "
            "a backtest that is not deterministic cannot be a baseline"
        )
        return problem, f"{_twice_command(workload)} shows where it parts"
    sources = [run.costs.peak_memory_source for run in (runs[1], last) if run.costs]
    if len({*sources}) > 1:
        problem = f"the peak memory of {what} has another source than that of {round_name(1)}"
        return f"{problem}: {sources[0]!r} / {sources[1]!r}", SAME_PROCESSES
    return None


def _different_inputs(first: Run, last: Run) -> str:
    if not (first.fingerprints and last.fingerprints and first.environment and last.environment):
        return "it has no result"
    for kind in ("code", "data", "parameters"):
        if getattr(first.fingerprints, kind) != getattr(last.fingerprints, kind):
            return f"the {kind} changed meanwhile"
    places = (first.environment, last.environment)
    if places[0] == places[1]:
        return ""
    return one_line_difference(*places) or f"revision {' / '.join(map(revision_text, places))}"


def _different_work(first: Run, last: Run) -> str:
    differences = [
        f"{name.replace('_', ' ')} {getattr(first.work, name)} / {getattr(last.work, name)}"
        for name in Work.__struct_fields__
        if getattr(first.work, name) != getattr(last.work, name)
    ]
    if not differences and first.order_events_hash != last.order_events_hash:
        return "as many order events, but others"
    return ", ".join(differences)


def _twice_command(workload: Workload) -> str:
    window = workload.window
    days = ["--start", str(window.start), "--end", str(window.end)]
    words = ["--engine", workload.engine, *days, *_set_words(workload.parameters), "--twice"]
    return shlex.join(["zacperf", "backtest", *words])


def _set_words(parameters: Mapping[str, ParameterValue]) -> list[str]:
    return [
        word for name, value in parameters.items() for word in ("--set", f"{name}={_text(value)}")
    ]


def _runtime_note(previous: Baseline, new: Baseline) -> str:
    cpu = _ratio(median_cpu_ns(new), median_cpu_ns(previous))
    wall = _ratio(median_wall_ns(new), median_wall_ns(previous))
    is_cpu_bound = median_cpu_ns(new) >= CPU_BOUND * median_wall_ns(new)
    ratio, clock = (cpu, "CPU") if is_cpu_bound and cpu is not None else (wall, "wall")
    if ratio is None:
        return "runtime too short to compare"
    return f"runtime {ratio:.2f} of the previous baseline ({clock} clock)"


def _memory_note(previous: Baseline, new: Baseline, *, approved: bool) -> str:
    growth = memory_growth(previous, new)
    if growth is None:
        sources = f"{previous.peak_memory_source} / {new.peak_memory_source}"
        return f"peak memory not comparable (source {sources})"
    approval = " (growth approved)" if approved and growth > MEMORY_GROWTH_LIMIT else ""
    return f"peak memory {growth_text(growth)}{approval}"


def _is_same_environment(first: Baseline, second: Baseline) -> bool:
    places = [environment_fingerprint(baseline.environment) for baseline in (first, second)]
    return places[0] == places[1]


def _ratio(new: float, previous: float) -> float | None:
    return new / previous if previous > 0 else None


def _value(value: ParameterValue) -> ParameterValue:
    return parse_parameter(value) if isinstance(value, str) else value


def _text(value: ParameterValue) -> str:
    if value is None or isinstance(value, bool):
        return str(value).lower()
    return str(value)
