"""``zacperf bench``: a revision against the working tree, or the noise of this machine."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from pytest_zacperf import noise, verdict, worktree
from pytest_zacperf.assessment import Subject
from pytest_zacperf.cli.benching import PEAK_MEMORY, RUNTIME, Bench
from pytest_zacperf.cli.common import (
    EXIT_FAILED,
    EXIT_INCONCLUSIVE,
    NotComparableButFailedError,
    Project,
    engine_of,
    engine_option,
    errors_for_people,
    new_runner,
    open_project,
    open_session,
    parameters_option,
    root_option,
    windows_option,
)
from pytest_zacperf.cli.recording import failed_runs, workloads_of
from pytest_zacperf.cli.tables import print_table
from pytest_zacperf.comparison import Rules
from pytest_zacperf.errors import ComparisonError
from pytest_zacperf.perf_report import SHORT_REVISION, PerfReport
from pytest_zacperf.records import ParameterValue, Workload
from pytest_zacperf.render import message_lines
from pytest_zacperf.render.bench import bench_table, noise_lines, noise_table
from pytest_zacperf.report_files import write_reports
from pytest_zacperf.rounds import ComparedSide
from pytest_zacperf.schedule import Schedule
from pytest_zacperf.settings import STORE_FOLDER, WORKTREES_FOLDER
from pytest_zacperf.values import FEWEST_PAIRS, MOST_PAIRS
from pytest_zacperf.verdict import Outcome

NOISE_ROUNDS = 12
Command = Callable[..., None]


def _check_limit(
    context: click.Context,  # noqa: ARG001 - click passes it
    option: click.Parameter,  # noqa: ARG001 - click passes it
    limit: float,
) -> float:
    try:
        verdict.check_limit(limit)
    except ValueError as e:
        raise click.BadParameter(str(e)) from e
    return limit


def _limit_option(flag: str, of: str) -> Callable[[Command], Command]:
    return click.option(
        flag, type=float, default=1.10, show_default=True, callback=_check_limit, help=of
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the options of one call ask for."""

    limit: float
    memory_limit: float
    rounds: int | None
    blames: bool
    allow_different_work: bool


@click.command()
@click.option("--against", metavar="REV", help="A git revision, or merge-base:BRANCH.")
@click.option("--aa", is_flag=True, help="Measure the noise of this machine instead.")
@windows_option
@engine_option
@parameters_option
@_limit_option("--limit", "Of the runtime.")
@_limit_option("--memory-limit", "Of the memory.")
@click.option("--rounds", type=int, metavar="N", help="Pairs at most.")
@click.option("--blame/--no-blame", default=True, help="Whether a FAIL is profiled.")
@click.option("--allow-different-work", is_flag=True, help="Compare whatever the sides did.")
@root_option
def bench(  # noqa: PLR0913 - click passes every option by its name
    *,
    against: str | None,
    aa: bool,
    windows: Sequence[str],
    engine: str | None,
    parameters: dict[str, ParameterValue],
    limit: float,
    memory_limit: float,
    rounds: int | None,
    blame: bool,
    allow_different_work: bool,
    root: Path | None,
) -> None:
    """Compare the working tree with a revision: runtime and peak memory, side by side.

    With --aa both sides are the same; what is shown is the noise of this machine, and the limits
    and rounds that follow from it. Exit code 0 for PASS, 1 for FAIL or a run that failed, 3 when it
    is not certain or the sides cannot be compared.
    """
    if aa == (against is not None):
        raise click.UsageError("give either --against REV or --aa")
    _check_rounds(rounds, fewest=noise.FEWEST_PAIRS if aa else FEWEST_PAIRS)
    if aa and len(windows) > 1:
        raise click.UsageError("--aa measures the noise of one window; give --window once")
    wish = Wish(
        limit=limit,
        memory_limit=memory_limit,
        rounds=rounds,
        blames=blame,
        allow_different_work=allow_different_work,
    )
    with errors_for_people("interrupted; the rounds that were run are kept"):
        project = open_project(root)
        asked = workloads_of(project, windows, engine or engine_of(project), parameters)
        if against is None:
            _bench_noise(project, asked[0], wish)
        else:
            _bench_revision(project, against, asked, wish)


def _check_rounds(rounds: int | None, *, fewest: int) -> None:
    if rounds is None or fewest <= rounds <= MOST_PAIRS:
        return
    raise click.BadParameter(
        f"{rounds} pairs cannot be judged; give {fewest} to {MOST_PAIRS}", param_hint="'--rounds'"
    )


def _bench_revision(project: Project, against: str, asked: Sequence[Workload], wish: Wish) -> None:
    revision = worktree.resolve(project.root, against)
    reports: list[PerfReport] = []
    folder = project.root / STORE_FOLDER / WORKTREES_FOLDER
    try:
        with (
            open_session(project) as session,
            worktree.checked_out(revision, folder) as sources,
            failed_runs(),
        ):
            ours = _bench(project, session, wish)
            for workload in asked:
                for report in ours.judge(
                    ComparedSide(workload=workload, sources=sources),
                    ComparedSide(workload=workload),
                    _subject(workload, revision, against, wish),
                    [(RUNTIME, wish.limit), (PEAK_MEMORY, wish.memory_limit)],
                ):
                    reports.append(report)  # noqa: PERF402 - those before an error stay
    except ComparisonError as e:
        if not any(report.verdict.outcome is Outcome.FAIL for report in reports):
            raise
        raise NotComparableButFailedError(str(e)) from e
    finally:
        # A run that fails after an hour does not take the verdicts of that hour with it.
        _show(reports, project.root)
    _leave([report.verdict.outcome for report in reports])


def _subject(workload: Workload, revision: worktree.Revision, against: str, wish: Wish) -> Subject:
    window = workload.window.id
    return Subject(
        test="",
        candidate=window,
        baseline=f"{window} at {revision.commit[:SHORT_REVISION]}",
        origin=f"--against {against}",
        blames=wish.blames,
    )


def _show(reports: Sequence[PerfReport], root: Path) -> None:
    if not reports:  # a table without rows cannot be printed
        return
    print_table(bench_table(reports))
    for window in dict.fromkeys(report.candidate for report in reports):
        asked = [report for report in reports if report.candidate == window]
        click.echo(f"report of {window}: {write_reports(asked, f'bench {window}', root)}")
    for report in reports:
        if report.verdict.outcome is not Outcome.PASS:
            click.echo()
            click.echo("\n".join(message_lines(report)))


def _bench_noise(project: Project, workload: Workload, wish: Wish) -> None:
    pairs = wish.rounds or NOISE_ROUNDS
    side = ComparedSide(workload=workload)
    with open_session(project) as session, failed_runs():
        # All pairs are measured, whatever the rules would allow a comparison.
        ours = _bench(project, session, dataclasses.replace(wish, rounds=None))
        why_no_duet = ours.why_no_duet(side)
        schedules = [Schedule.ALTERNATE] if why_no_duet else list(Schedule)
        found = [ours.measure_noise(side, schedule, pairs) for schedule in schedules]
    print_table(noise_table(found))
    for line in noise_lines(found, wish.limit, why_no_duet=why_no_duet):
        click.echo(line)


def _bench(project: Project, session: str, wish: Wish) -> Bench:
    settings = project.settings
    return Bench(
        runner=new_runner(project, "zacperf bench"),
        session=session,
        rules=Rules(
            schedule=settings.schedule,
            clock=settings.clock,
            budget_s=settings.budget_s,
            duet_looks=_capped(settings.duet_looks, wish.rounds),
            alternate_looks=_capped(settings.alternate_looks, wish.rounds),
            allow_different_work=wish.allow_different_work,
        ),
    )


def _capped(looks: tuple[int, ...], rounds: int | None) -> tuple[int, ...]:
    if rounds is None:
        return looks
    # The last look is at all of the rounds that are asked for.
    return *(look for look in looks if look < rounds), rounds


def _leave(outcomes: Sequence[Outcome]) -> None:
    if Outcome.FAIL in outcomes:
        raise click.exceptions.Exit(EXIT_FAILED)
    if Outcome.INCONCLUSIVE in outcomes:
        raise click.exceptions.Exit(EXIT_INCONCLUSIVE)
