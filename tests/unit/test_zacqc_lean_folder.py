"""Runs on a Lean data folder, written from synthetic days: the same orders, and gaps that show."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from pytest_zacperf.cli import main
from pytest_zacperf.stages import StageTimer
from pytest_zacperf.zacqc.bars import TICKS_PER_DOLLAR, DailyBar, SecondBars
from pytest_zacperf.zacqc.feed import HISTORY_DAYS
from pytest_zacperf.zacqc.market import LeanFolder, Market
from pytest_zacperf.zacqc.parameters import TradingParameters
from pytest_zacperf.zacqc.replay import Replay, ReplayResult
from pytest_zacperf.zacqc.sessions import OPEN_SECOND
from pytest_zacperf.zacqc.synthetic import SyntheticMarket

DAY = dt.date(2025, 3, 10)
SYMBOLS = ("HAL", "SHOP", "AMD")


def _write_zip(path: Path, name: str, lines: Sequence[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, "\n".join(lines))


def _daily_line(bar: DailyBar) -> str:
    prices = (round(p * TICKS_PER_DOLLAR) for p in (bar.open, bar.high, bar.low, bar.close))
    return f"{bar.day:%Y%m%d} 00:00,{','.join(map(str, prices))},{bar.volume}"


def _second_lines(bars: SecondBars) -> list[str]:
    columns = (bars.start_second * 1000, bars.open, bars.high, bars.low, bars.close, bars.volume)
    return [",".join(map(str, row)) for row in np.stack(columns, axis=1).tolist()]


def _write_day(folder: Path, symbol: str, lines: Sequence[str]) -> None:
    path = folder / "equity" / "usa" / "second" / symbol.lower() / f"{DAY:%Y%m%d}_trade.zip"
    _write_zip(path, f"{symbol}.csv", lines)


@pytest.fixture(scope="module")
def synthetic() -> SyntheticMarket:
    return SyntheticMarket(None)


@pytest.fixture
def folder(tmp_path: Path, synthetic: SyntheticMarket) -> Path:
    for symbol in SYMBOLS:
        history = synthetic.daily_bars(symbol, before=DAY, count=HISTORY_DAYS)
        path = tmp_path / "equity" / "usa" / "daily" / f"{symbol.lower()}.zip"
        _write_zip(path, f"{symbol}.csv", [_daily_line(bar) for bar in history])
        _write_day(tmp_path, symbol, _second_lines(synthetic.second_bars(symbol, DAY)))
    return tmp_path


def _replay(market: Market) -> ReplayResult:
    stages = StageTimer(enabled=False)
    parameters = TradingParameters(symbols=SYMBOLS)
    replay = Replay(market, parameters, metrics="incremental", stages=stages)
    return replay.run(market.sessions(DAY, DAY))


def _backtest(folder: Path) -> str:
    arguments = ["backtest", "--engine", "zacqc", "--start", str(DAY), "--end", str(DAY)]
    arguments += ["--set", f"data={folder}", "--set", f"symbols={','.join(SYMBOLS)}"]
    arguments += ["--output", str(folder / "run"), "--root", str(folder)]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code in (0, 2), result.output
    return result.output


def test_a_lean_folder_of_the_same_bars_gives_the_same_orders(
    folder: Path, synthetic: SyntheticMarket
) -> None:
    result = _replay(LeanFolder(folder))
    assert result.order_events
    assert result == _replay(synthetic)


def test_a_day_without_real_bars_is_in_the_coverage_and_is_shown(
    folder: Path, synthetic: SyntheticMarket
) -> None:
    bars = synthetic.second_bars("SHOP", DAY)
    before_open = int(np.searchsorted(bars.start_second, OPEN_SECOND))
    _write_day(folder, "SHOP", _second_lines(bars)[:before_open])
    output = _backtest(folder)
    assert f"warning: no real bar of SHOP on {DAY}" in output
    assert '"symbol": "SHOP"' in (folder / "run" / "coverage.json").read_text(encoding="utf-8")


def test_complete_data_give_no_warning(folder: Path) -> None:
    assert "warning" not in _backtest(folder)


def test_a_damaged_file_ends_the_run_with_file_and_row(folder: Path) -> None:
    _write_day(folder, "HAL", ["34200000,1,1,1,1,1", "34100000,1,1,1,1,1"])
    output = _backtest(folder)
    assert output.startswith("Error: ")
    assert f"{DAY:%Y%m%d}_trade.zip, row 2 is not later than the row before: 34100000" in output
    assert "Traceback" not in output
