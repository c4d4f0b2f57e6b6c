"""The ZacQC adapter: its parameters, its steps, what it collects."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pytest_zacperf.engines import Engine
from pytest_zacperf.engines.lookup import load_engine
from pytest_zacperf.engines.zacqc import ZacQCEngine
from pytest_zacperf.errors import EngineError, MarketDataError
from pytest_zacperf.records import Window
from pytest_zacperf.stages import StageContext, StageTimer
from pytest_zacperf.zacqc import engine
from pytest_zacperf.zacqc.parameters import REFERENCE_SYMBOLS

DAY = dt.date(2025, 3, 10)
WINDOW = Window(id="day", start=DAY, end=DAY)


@dataclass
class FakeContext:
    """What a worker gives an engine, for one process."""

    cache_folder: Path
    working_folder: Path
    stages: StageTimer = field(default_factory=StageTimer)
    days: list[dt.date] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def code_path(self, path: Path) -> Path:
        return path

    def stage(self, name: str) -> StageContext:
        return self.stages.stage(name)

    def progress(self, day: dt.date) -> None:
        self.days.append(day)

    def count(self, name: str, n: int) -> None:
        self.counts[name] = self.counts.get(name, 0) + n


@pytest.fixture
def context(tmp_path: Path) -> FakeContext:
    return FakeContext(cache_folder=tmp_path, working_folder=tmp_path)


@pytest.mark.parametrize("reference", ["pytest_zacperf.zacqc:engine", "zacqc"])
def test_it_is_found_by_reference_and_by_name(reference: str) -> None:
    assert load_engine(reference).name == "zacqc"


def test_it_keeps_the_protocol() -> None:
    assert isinstance(engine(), Engine)


def test_a_run_gives_everything_it_declares(context: FakeContext) -> None:
    zacqc = engine()
    zacqc.prepare(WINDOW, context)
    zacqc.run(context)
    output = zacqc.collect(context)
    assert output.data_points == 15 * 23_400
    assert output.order_events
    assert output.equity
    assert output.statistics["Total Orders"] == len({e.order_id for e in output.order_events})
    assert output.statistics["End Equity"] == output.equity[-1].equity
    assert [row.symbol for row in output.coverage] == list(REFERENCE_SYMBOLS)
    assert output.data_fingerprint
    assert (context.days, context.counts["sessions"]) == ([DAY], 1)


def test_a_made_up_day_counts_as_a_download_until_the_cache_has_it(context: FakeContext) -> None:
    for requests in (15, 0):
        zacqc = engine()
        zacqc.prepare(WINDOW, context)
        context.counts.clear()
        zacqc.run(context)
        assert context.counts["download_requests"] == requests
        assert (context.counts["download_bytes"] > 0) is (requests > 0)


def test_the_engine_says_what_it_trades_and_where_the_data_come_from() -> None:
    assert engine().symbols == REFERENCE_SYMBOLS
    assert engine().data_provider == "synthetic"
    other = engine().with_parameters({"data": "lean", "symbols": "AAPL, V"})
    assert (other.symbols, other.data_provider) == (("AAPL", "V"), "Lean data folder lean")


@pytest.mark.parametrize(
    ("name", "value", "problem", "hint"),
    [
        pytest.param(
            "metric",
            "full",
            "zacqc has no parameter 'metric'",
            "did you mean 'metrics'?",
            id="unknown name",
        ),
        pytest.param(
            "xyzzy",
            "1",
            "zacqc has no parameter 'xyzzy'",
            "known are 'data', 'guard', 'metrics', 'symbols'",
            id="nothing near",
        ),
        pytest.param(
            "guard", "yes", "guard='yes' is not possible", "use one of: on, off", id="unknown value"
        ),
        pytest.param(
            "symbols",
            " , ",
            "symbols is empty",
            "name at least one ticker: symbols=AAPL,NVDA",
            id="no symbols",
        ),
        pytest.param(
            "symbols",
            "V, V",
            "symbols='V, V' names a ticker twice",
            "name each ticker once",
            id="a symbol twice",
        ),
    ],
)
def test_a_parameter_that_cannot_be_used_is_named(
    name: str, value: str, problem: str, hint: str
) -> None:
    with pytest.raises(EngineError) as caught:
        engine().with_parameters({name: value})
    assert (caught.value.problem, caught.value.hint) == (problem, hint)


def test_changed_parameters_leave_the_engine_as_it_was() -> None:
    zacqc = engine()
    assert zacqc.with_parameters({"guard": "off"}).parameters["guard"] == "off"
    assert zacqc.parameters["guard"] == "on"


def test_a_window_without_a_trading_day_is_refused(context: FakeContext) -> None:
    weekend = Window(id="weekend", start=dt.date(2025, 10, 4), end=dt.date(2025, 10, 5))
    with pytest.raises(EngineError, match="window 'weekend' has no XNYS trading day"):
        engine().prepare(weekend, context)


def test_a_folder_without_data_is_refused(context: FakeContext, tmp_path: Path) -> None:
    zacqc = engine().with_parameters({"data": str(tmp_path)})
    with pytest.raises(MarketDataError, match="is no Lean data folder"):
        zacqc.prepare(WINDOW, context)


def test_symbols_are_chosen_by_a_parameter(context: FakeContext) -> None:
    zacqc = engine().with_parameters({"symbols": "V, AAPL"})
    zacqc.prepare(WINDOW, context)
    zacqc.run(context)
    assert [row.symbol for row in zacqc.collect(context).coverage] == ["V", "AAPL"]


def test_steps_out_of_order_are_named(context: FakeContext) -> None:
    with pytest.raises(EngineError, match=r"run\(\) was called before prepare\(\)"):
        ZacQCEngine().run(context)
    zacqc = ZacQCEngine()
    zacqc.prepare(WINDOW, context)
    with pytest.raises(EngineError, match=r"collect\(\) was called before run\(\)"):
        zacqc.collect(context)


def test_missing_libraries_are_named_with_the_extra() -> None:
    # None in sys.modules makes the import fail as if the library were not installed.
    code = "import sys; sys.modules['polars'] = None; import pytest_zacperf.zacqc as z; z.engine()"
    ended = subprocess.run(  # noqa: S603 - Python itself
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    problem, hint = ended.stderr.splitlines()[-2:]
    assert problem.endswith(
        "EngineError: the embedded backtest needs polars, which is not installed"
    )
    assert hint == '  hint: pip install "pytest-zacperf[zacqc]"'
