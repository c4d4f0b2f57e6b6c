"""``zacperf bench``: a revision against the working tree, or the noise of this machine."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from pytest_zacperf import worktree
from pytest_zacperf.assessment import Subject
from pytest_zacperf.cli.benching import PEAK_MEMORY, RUNTIME, Bench
from pytest_zacperf.cli.common import (
    EXIT_FAILED,
    EXIT_INCONCLUSIVE,
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
from pytest_zacperf.cli.recording import workloads_of
from pytest_zacperf.cli.tables import print_table
from pytest_zacperf.comparison import Rules
from pytest_zacperf.perf_report import SHORT_REVISION, PerfReport
from pytest_zacperf.records import ParameterValue, Workload
from pytest_zacperf.render import message_lines
from pytest_zacperf.render.bench import bench_table, noise_lines, noise_table
from pytest_zacperf.rounds import ComparedSide
from pytest_zacperf.schedule import Schedule
from pytest_zacperf.settings import STORE_FOLDER, WORKTREES_FOLDER
from pytest_zacperf.verdict import Outcome

NOISE_ROUNDS = 12
LIMIT = click.FloatRange(min=0, min_open=True)


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
@click.option("--limit", type=LIMIT, default=1.10, show_default=True, help="Of the runtime.")
@click.option("--memory-limit", type=LIMIT, default=1.10, show_default=True, help="Of the memory.")
@click.option("--rounds", type=click.IntRange(min=2), metavar="N", help="Pairs at most.")
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
    and rounds that follow from it. Exit code 0 for PASS, 1 for FAIL, 3 when it is not certain.
    """
    if aa == (against is not None):
        raise click.UsageError("give either --against REV or --aa")
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


def _bench_revision(project: Project, against: str, asked: Sequence[Workload], wish: Wish) -> None:
    revision = worktree.resolve(project.root, against)
    reports: list[PerfReport] = []
    folder = project.root / STORE_FOLDER / WORKTREES_FOLDER
    with open_session(project) as session, worktree.checked_out(revision, folder) as sources:
        ours = _bench(project, session, wish)
        for workload in asked:
            window = workload.window.id
            subject = Subject(
                test="",
                candidate=window,
                baseline=f"{window} at {revision.commit[:SHORT_REVISION]}",
                origin=f"--against {against}",
                blames=wish.blames,
            )
            reports += ours.judge(
                ComparedSide(workload=workload, sources=sources),
                ComparedSide(workload=workload),
                subject,
                [(RUNTIME, wish.limit), (PEAK_MEMORY, wish.memory_limit)],
            )
    print_table(bench_table(reports))
    for report in reports:
        if report.verdict.outcome is not Outcome.PASS:
            click.echo()
            click.echo("\n".join(message_lines(report)))
    _leave([report.verdict.outcome for report in reports])


def _bench_noise(project: Project, workload: Workload, wish: Wish) -> None:
    pairs = wish.rounds or NOISE_ROUNDS
    side = ComparedSide(workload=workload)
    with open_session(project) as session:
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
