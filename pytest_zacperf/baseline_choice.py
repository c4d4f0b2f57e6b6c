"""Which baseline the fixture ``baseline`` gives: a revision, a setting, or what is stored."""

from __future__ import annotations

import pytest

from pytest_zacperf import worktree
from pytest_zacperf.backtest import Backtest
from pytest_zacperf.baselines import baseline_key, record_command
from pytest_zacperf.errors import SettingsError
from pytest_zacperf.records import Baseline, Workload
from pytest_zacperf.session import SESSION, Session
from pytest_zacperf.settings import STORE_FOLDER
from pytest_zacperf.store import BaselineStore
from pytest_zacperf.stored_side import StoredSide
from pytest_zacperf.worktree import Revision


def choose(request: pytest.FixtureRequest, workload: Workload) -> Backtest | StoredSide:
    """Return the baseline of a test, or skip the test with the command that records one.

    Args:
        request: Of the test.
        workload: What the test's backtest runs.

    """
    session, item = request.config.stash[SESSION], request.node
    settings = session.settings
    if settings.against is not None:
        revision = _resolved(session, settings.against)
        origin = f"--zacperf-against {settings.against}"
        return Backtest(workload, session=session, item=item, origin=origin, revision=revision)
    if settings.baseline:
        changed = Workload(
            engine=workload.engine, window=workload.window, parameters=settings.baseline
        )
        origin = "baseline under [tool.zacperf]"
        return Backtest(changed, session=session, item=item, origin=origin)
    entries = _stored(session, workload)
    if not entries:
        pytest.skip(_how_to_get_one(workload, request.config.getoption("--zacperf-engine")))

    def live(revision: Revision, origin: str) -> Backtest:
        return Backtest(workload, session=session, item=item, origin=origin, revision=revision)

    return StoredSide(entries, root=session.root, make_live=live)


def _resolved(session: Session, name: str) -> Revision:
    try:
        return worktree.resolve(session.root, name)
    except SettingsError as e:
        raise pytest.fail.Exception(f"--zacperf-against: {e}", pytrace=False) from None


def _stored(session: Session, workload: Workload) -> list[Baseline]:
    found = list(BaselineStore(session.root / STORE_FOLDER).all(baseline_key(workload)))
    for entry in found:
        if entry.problem is not None:
            session.say(f"{entry.problem}: skipped")
    entries = [entry.baseline for entry in found if entry.baseline is not None]
    return sorted(entries, key=lambda entry: entry.recorded_utc, reverse=True)


def _how_to_get_one(workload: Workload, engine: str | None) -> str:
    command = record_command([workload.window.id], engine=engine)
    return (
        f"no baseline for {workload.window.id}: record one with: {command}; or compare with a "
        'git revision: --zacperf-against REV, or set baseline = { parameter = "value" } under '
        "[tool.zacperf]"
    )
