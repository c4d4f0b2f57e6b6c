"""The adapter of lumibot on our example strategy."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest
from support.engine_tests import require
from support.in_process import ONE_DAY, context_in, events_of, output_of, told
from support.two_days import TwoDays

from pytest_zacperf.engines.lumibot import LumibotEngine
from pytest_zacperf.engines.lumibot.downloads import watched_downloads
from pytest_zacperf.errors import EngineError
from pytest_zacperf.worker.queued import TimeLimitReached, time_limit

require("lumibot", "lumibot")

from databento import Historical  # noqa: E402 - after it is known to be there
from databento.common.http import BentoHttpAPI  # noqa: E402

# Of the library, where it runs in this process.
pytestmark = pytest.mark.filterwarnings("ignore")

STRATEGIES = "support.strategies.lumibot"
BARS = f"{STRATEGIES}:bars"
# What is imported while a backtest runs is timed: nothing of LumiBot must be left by then.
LATE_IMPORTS = """
import sys
from pathlib import Path
from support.in_process import ONE_DAY, context_in
from pytest_zacperf.engines.lumibot import LumibotEngine

odd = "support.strategies.lumibot"
engine = LumibotEngine(f"{odd}:Odd", datasource=f"{odd}:bars")
context = context_in(Path(sys.argv[1]))
engine.prepare(ONE_DAY, context)
before = set(sys.modules)
engine.run(context)
LATE = ("lumibot", "databento", "apscheduler", "zstandard", "requests")
print(sorted(name for name in set(sys.modules) - before if name.startswith(LATE)))
"""


class TestLumibot(TwoDays):
    engine = "lumibot"
    parameters = {"symbols": "AAPL,AMD"}
    raising = "support.raising:lumibot"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all tests of this process: LumiBot takes its cache once, when it is imported."""
    return tmp_path_factory.mktemp("lumibot")


def engine() -> LumibotEngine:
    return LumibotEngine(f"{STRATEGIES}:Odd", datasource=BARS)


def test_short_sales_limits_cancels_and_children_of_brackets_are_events(folder: Path) -> None:
    output = output_of(engine(), folder)
    events = events_of(engine(), output)
    assert told(events) == [
        *("1 submitted market sell 10", "1 filled market sell 10"),
        *("2 submitted limit buy 10", "2 canceled limit buy 10"),
        *("3 submitted market buy 10", "3 filled market buy 10"),
        *("4 submitted market buy 10", "4 filled market buy 10"),
        # The bracket: one child is filled, and the other one canceled with it.
        *("5 canceled limit sell 10", "6 filled stop_market sell 10"),
    ]
    assert events[-1].extra == {"side": "sell_to_close"}
    assert events[2].limit_price == 1.0


def test_trades_add_up_to_the_equity_of_the_last_iteration(folder: Path) -> None:
    output = output_of(engine().with_parameters({"switch.budget": 50_000}), folder)
    assert output.equity is not None
    profit = sum(trade.profit_loss for trade in output.trades)
    assert output.equity[-1].equity == pytest.approx(50_000 + profit)
    assert len(output.equity) > 380
    assert output.data_points == 390
    assert output.statistics["total_return"] == pytest.approx(profit / 50_000, abs=1e-6)


def test_a_run_without_a_trade_has_none(folder: Path) -> None:
    output = output_of(engine().with_parameters({"trade": False}), folder)
    assert (output.order_events, output.trades, output.data_points) == ([], [], 390)


def test_the_process_is_as_it_was_after_a_run(folder: Path) -> None:
    handler, filters = signal.getsignal(signal.SIGINT), list(warnings.filters)
    here, variables = Path.cwd(), dict(os.environ)
    running = engine()
    context = context_in(folder)
    running.prepare(ONE_DAY, context)
    entries = sorted(here.iterdir())
    scrubbed = dict(os.environ)
    running.run(context)
    assert signal.getsignal(signal.SIGINT) is handler
    assert list(warnings.filters) == filters
    assert Path.cwd() == here
    assert sorted(here.iterdir()) == entries
    assert dict(os.environ) == scrubbed
    assert set(variables) - set(scrubbed) == set()


def test_a_strategy_sees_no_variable_that_overrides_and_a_folder_of_its_own(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKTESTING_PROFILE", "yappi")
    monkeypatch.setenv("BACKTESTING_DATA_SOURCE", "yahoo")
    output_of(LumibotEngine(f"{STRATEGIES}:Surroundings", datasource=BARS), folder)
    *seen, where = (folder / "work" / "seen").read_text().splitlines()
    assert seen == [
        "LUMIBOT_CACHE_FOLDER",
        "LUMIBOT_DISABLE_DOTENV",
        "LUMIBOT_HIDE_BOTSPOT_TIP",
        "LUMIBOT_LOG_LEVEL",
        "LUMIBOT_TRADING_DAYS_CACHE_DIR",
    ]
    assert where == str(folder / "work")


def test_nothing_of_lumibot_is_imported_while_a_backtest_is_timed(tmp_path: Path) -> None:
    done = subprocess.run(  # noqa: S603 - a fixed script
        [sys.executable, "-c", LATE_IMPORTS, str(tmp_path)],
        capture_output=True,
        check=False,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    assert done.stdout.splitlines()[-1:] == ["[]"], done.stdout + done.stderr


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (
            LumibotEngine(f"{STRATEGIES}:Odd", datasource=BARS, plot_price=True),
            "has no switch 'plot_price', and would pass over it",
        ),
        (
            LumibotEngine(f"{STRATEGIES}:Odd", datasource=BARS, parameters={"tarde": True}),
            "Odd has no parameter 'tarde'",
        ),
        (
            LumibotEngine(BARS, datasource=BARS),
            f"'{BARS}' is no strategy of LumiBot",
        ),
        (
            LumibotEngine(f"{STRATEGIES}:Odd", datasource="support.engine_tests:TESTS"),
            "'support.engine_tests:TESTS' is not callable, it is PosixPath",
        ),
    ],
    ids=["switch", "parameter", "strategy", "data source"],
)
def test_a_wrong_name_is_refused_before_the_run(
    folder: Path, wrong: LumibotEngine, problem: str
) -> None:
    with pytest.raises(EngineError) as caught:
        wrong.prepare(ONE_DAY, context_in(folder))
    assert problem in caught.value.problem


def test_text_for_a_parameter_is_converted_to_the_type_of_its_default(folder: Path) -> None:
    given = engine().with_parameters({"trade": "false"})
    assert output_of(given, folder).order_events == []
    assert given.parameters["trade"] is False


def test_prices_are_those_that_an_order_had_then(folder: Path) -> None:
    changing = LumibotEngine(f"{STRATEGIES}:Changing", datasource=BARS)
    events = events_of(changing, output_of(changing, folder))
    limits = [(event.status, event.limit_price) for event in events if event.order_id == 1]
    assert limits == [("submitted", 1.0), ("updated", 2.0), ("canceled", 2.0)]
    (stop_limit,) = (event for event in events if event.type == "stop_limit")
    assert (stop_limit.stop_price, stop_limit.limit_price) == (900.0, 901.0)
    trailing = next(event for event in events if event.type == "trailing_stop")
    assert trailing.extra is not None
    assert trailing.extra["trail_price"] == 500.0


def test_iterations_are_calls_of_the_strategy(folder: Path) -> None:
    changing = LumibotEngine(f"{STRATEGIES}:Changing", datasource=BARS)
    context = context_in(folder)
    strategy = importlib.import_module(STRATEGIES).Changing
    strategy.calls = 0
    changing.prepare(ONE_DAY, context)
    changing.run(context)
    changing.collect(context)
    assert context.counts["iterations"] == strategy.calls > 300
    assert context.day == ONE_DAY.start


def test_a_strategy_ends_with_its_run_at_a_time_limit(folder: Path) -> None:
    endless = LumibotEngine(f"{STRATEGIES}:Endless", datasource=BARS)
    context = context_in(folder)
    endless.prepare(ONE_DAY, context)
    with pytest.raises(TimeLimitReached), time_limit(1.0):
        endless.run(context)
    far = folder / "work" / "far"
    size = far.stat().st_size
    assert size > 0
    time.sleep(0.3)
    assert far.stat().st_size == size
    assert not Path("far").exists()


def test_a_strategy_that_cannot_be_backtested_is_an_error(folder: Path) -> None:
    with pytest.raises(EngineError, match="LiveOnly cannot be backtested, LumiBot says"):
        output_of(LumibotEngine(f"{STRATEGIES}:LiveOnly", datasource=BARS), folder)


def test_results_before_the_run_are_refused(folder: Path) -> None:
    early, context = engine(), context_in(folder)
    early.prepare(ONE_DAY, context)
    with pytest.raises(EngineError, match=r"collect\(\) was called before run\(\)"):
        early.collect(context)


def ask_twice(folder: Path) -> None:
    client = BentoHttpAPI("key", "https://localhost")
    with watched_downloads(context_in(folder), None):
        with pytest.raises(ConnectionError):
            client._get("https://localhost/range")
        with pytest.raises(EngineError, match="not tried: range: ConnectionError: gone"):
            client._get("https://localhost/again")


def test_nothing_is_asked_for_after_a_failure(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def fail(_: object, url: str) -> None:
        asked.append(url)
        raise ConnectionError("gone")

    monkeypatch.setattr(BentoHttpAPI, "_get", fail)
    with pytest.raises(EngineError, match="a download failed: range: ConnectionError: gone"):
        ask_twice(folder)
    assert asked == ["https://localhost/range"]


def test_a_failure_counts_in_a_run_that_its_time_limit_ended(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object, url: str) -> None:
        raise ConnectionError(url)

    def ask_until_stopped() -> None:
        with watched_downloads(context_in(folder), None):
            with pytest.raises(ConnectionError):
                BentoHttpAPI("key", "https://localhost")._get("https://localhost/range")
            raise TimeLimitReached

    monkeypatch.setattr(BentoHttpAPI, "_get", fail)
    with pytest.raises(EngineError, match="a download failed: range: ConnectionError"):
        ask_until_stopped()


@pytest.mark.parametrize("gateway", [None, "https://localhost:2"])
def test_a_client_goes_where_it_is_told_to(folder: Path, gateway: str | None) -> None:
    with watched_downloads(context_in(folder), gateway):
        client = Historical("key", "https://localhost:1")
    assert client.gateway == (gateway or "https://localhost:1")


def test_a_client_that_asks_in_another_way_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(BentoHttpAPI, "_stream")
    with (
        pytest.raises(EngineError, match="this version of databento has no _stream"),
        watched_downloads(context_in(folder), None),
    ):
        pass
