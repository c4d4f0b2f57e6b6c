"""Whether the costs of two runs may be compared: same work, same source, same inputs."""

from __future__ import annotations

from pytest_zacperf.records import NOT_MEASURED, RECORDED, Costs, Fingerprints, Run, Work, Workload
from pytest_zacperf.units import format_count

WORK_FIELDS = ("data_points", "orders", "order_events", "final_equity")


def different_work(baseline: Run, candidate: Run) -> tuple[str, str] | None:
    """Return why the costs of two runs cannot be compared and what to do about it, or None."""
    return different_amount(baseline.work, candidate.work)


def different_amount(baseline: Work | None, candidate: Work | None) -> tuple[str, str] | None:
    """Return why costs of these works cannot be compared and what to do about it, or None."""
    if baseline is None or candidate is None:
        return "costs are not compared: a side has no result", "see its stderr.log"
    differences = work_differences(baseline, candidate)
    if not differences:
        return None
    problem = (
        "costs are not compared: baseline and candidate did different work "
        f"(baseline / candidate: {', '.join(differences)})"
    )
    hint = (
        "give the baseline parameters that change how it computes, not what it trades; "
        "@pytest.mark.perf(allow_different_work=True) compares all the same"
    )
    return problem, hint


def different_memory_source(baseline: Run, candidate: Run) -> tuple[str, str] | None:
    """Return why two memory figures cannot be compared and what to do about it, or None."""
    if baseline.costs is None or candidate.costs is None:
        return None
    return different_sources(baseline.costs.peak_memory_source, candidate.costs.peak_memory_source)


def different_clocks(baseline: Run, candidate: Run) -> tuple[str, str] | None:
    """Return why two runtimes cannot be compared and what to do about it, or None."""
    if baseline.costs is None or candidate.costs is None:
        return None
    return different_clock_sources(baseline.costs.clock_sources, candidate.costs)


def different_clock_sources(baseline: tuple[str, str], candidate: Costs) -> tuple[str, str] | None:
    """Return why runtimes by these clocks cannot be compared and what to do about it, or None.

    Args:
        baseline: Sources of its elapsed and of its CPU time.
        candidate: The costs on the other side.

    """
    sources = baseline, candidate.clock_sources
    if RECORDED in {*baseline, *candidate.clock_sources}:
        problem = "costs are not compared: they were recorded with the results, not measured now"
        return problem, "use an engine that runs the backtest, such as LeanEngine"
    if sources[0][0] == NOT_MEASURED:
        return "runtime is not compared: nothing measured it", "see `zacperf show last`"
    if sources[0] == sources[1]:
        return None
    texts = [f"{wall!r} and {cpu!r}" for wall, cpu in sources]
    problem = (
        "runtime is not compared: the baseline's wall and CPU time come from "
        f"{texts[0]}, the candidate's from {texts[1]}"
    )
    return problem, "measure both sides in the same way"


def different_engine(baseline: Workload, candidate: Workload) -> tuple[str, str] | None:
    """Return that stored costs are those of another engine and what to do about it, or None."""
    sides = [
        f"{workload.engine_name} {workload.engine_version}" for workload in (baseline, candidate)
    ]
    if sides[0] == sides[1]:
        return None
    problem = (
        f"costs are not compared: the baseline is one of {sides[0]}, and this run is of {sides[1]}"
    )
    return problem, "record a baseline of this engine: `zacperf baseline record`"


def different_sources(baseline: str, candidate: str) -> tuple[str, str] | None:
    """Return why figures of two sources cannot be compared and what to do about it, or None."""
    if NOT_MEASURED in {baseline, candidate}:
        return "peak memory is not compared: nothing measured it", "see `zacperf show last`"
    if baseline == candidate:
        return None
    problem = (
        f"peak memory is not compared: the baseline's comes from {baseline!r}, "
        f"the candidate's from {candidate!r}"
    )
    return problem, "let both sides start processes of their own, or neither"


def same_inputs(baseline: Fingerprints | None, candidate: Fingerprints | None) -> str | None:
    """Return the remark that both sides are the same program on the same input, or None."""
    if baseline is None or baseline != candidate:
        return None
    if baseline.data is None:
        return "A/A: same code and parameters on both sides, and data without a fingerprint"
    return "A/A: same code, parameters and data on both sides"


def changed_inputs(side: str, run: Run, first: Run) -> tuple[str, str] | None:
    """Return that the code or the data of a side changed since its first run, or None."""
    if _inputs(run) == _inputs(first):
        return None
    return (
        f"the code or the data of the {side} changed while it was measured",
        "leave the project as it is until the comparison has ended, and run it again",
    )


def _inputs(run: Run) -> tuple[str, str | None] | None:
    return None if run.fingerprints is None else (run.fingerprints.code, run.fingerprints.data)


def work_differences(baseline: Work, candidate: Work) -> list[str]:
    """Return what differs between two works: ``data points 10 / 9``."""
    values = {name: (getattr(baseline, name), getattr(candidate, name)) for name in WORK_FIELDS}
    return [
        f"{name.replace('_', ' ')} {_number(expected)} / {_number(was)}"
        for name, (expected, was) in values.items()
        if expected != was
    ]


def _number(value: float | None) -> str:
    if value is None:
        return "unknown"
    return format_count(value) if isinstance(value, int) else repr(value)
