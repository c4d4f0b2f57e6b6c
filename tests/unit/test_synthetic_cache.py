from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pytest_zacperf.zacqc import synthetic
from pytest_zacperf.zacqc.bars import SecondBars
from pytest_zacperf.zacqc.synthetic import SyntheticMarket

DAY = dt.date(2025, 10, 1)
TICKERS = ("AAPL", "MCD", "V", "AMD", "GS", "TSLA")


@pytest.fixture(scope="module")
def market() -> SyntheticMarket:
    return SyntheticMarket(None)


def _same(one: SecondBars, other: SecondBars) -> bool:
    names = [field.name for field in fields(SecondBars)]
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        and getattr(one, name).dtype == getattr(other, name).dtype
        for name in names
    )


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _refuse_to_generate(*_: object) -> SecondBars:
    raise AssertionError("generated instead of read")


def _damage_nothing(path: Path) -> None:
    path.touch()


def _delete(path: Path) -> None:
    path.unlink()


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def _flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _replace_by_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    "damage",
    [_damage_nothing, _delete, _empty, _truncate, _flip_a_bit, _replace_by_a_folder],
)
def test_the_cache_changes_nothing(
    market: SyntheticMarket, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    expected = market.second_bars("AAPL", DAY)
    assert _same(SyntheticMarket(tmp_path).second_bars("AAPL", DAY), expected)
    (path,) = _files(tmp_path)
    damage(path)
    again = SyntheticMarket(tmp_path)
    assert _same(again.second_bars("AAPL", DAY), expected)
    assert again.fingerprint() == market.fingerprint()


def test_a_damaged_file_is_replaced_by_a_good_one(tmp_path: Path) -> None:
    SyntheticMarket(tmp_path).second_bars("AAPL", DAY)
    (path,) = _files(tmp_path)
    good = path.read_bytes()
    _flip_a_bit(path)
    SyntheticMarket(tmp_path).second_bars("AAPL", DAY)
    assert path.read_bytes() == good


def test_a_cached_day_is_not_generated_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    SyntheticMarket(tmp_path).second_bars("AAPL", DAY)
    monkeypatch.setattr(synthetic, "second_bars", _refuse_to_generate)
    assert SyntheticMarket(tmp_path).second_bars("AAPL", DAY).open.size > 5_000


def test_a_file_is_an_arrow_stream_in_the_folder_of_its_version(tmp_path: Path) -> None:
    bars = SyntheticMarket(tmp_path).second_bars("AAPL", DAY)
    path = tmp_path / "synthetic-v1" / "AAPL-2025-10-01.arrow"
    assert _files(tmp_path) == [path]
    assert pl.read_ipc_stream(path)["close"].to_list() == bars.close.tolist()


def test_without_a_folder_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    SyntheticMarket(None).second_bars("AAPL", DAY)
    assert _files(tmp_path) == []


def test_the_cache_keeps_its_limit_and_the_days_used_last(tmp_path: Path) -> None:
    limit = 500_000
    market = SyntheticMarket(tmp_path, cache_limit_bytes=limit)
    for second, ticker in enumerate(TICKERS):
        market.second_bars(ticker, DAY)
        files = _files(tmp_path)
        assert sum(path.stat().st_size for path in files) <= limit
        # File systems with a coarse clock would else not know which came first.
        os.utime(files[[path.name[:-17] for path in files].index(ticker)], (second, second))
    kept = {path.name for path in _files(tmp_path)}
    assert f"{TICKERS[0]}-{DAY}.arrow" not in kept
    assert f"{TICKERS[-1]}-{DAY}.arrow" in kept


def test_reading_a_day_counts_as_using_it(tmp_path: Path) -> None:
    SyntheticMarket(tmp_path).second_bars("AAPL", DAY)
    (path,) = _files(tmp_path)
    os.utime(path, (0, 0))
    SyntheticMarket(tmp_path).second_bars("AAPL", DAY)
    assert path.stat().st_mtime > 0


def test_a_limit_below_one_day_caches_nothing(market: SyntheticMarket, tmp_path: Path) -> None:
    small = SyntheticMarket(tmp_path, cache_limit_bytes=1)
    assert _same(small.second_bars("AAPL", DAY), market.second_bars("AAPL", DAY))
    assert _files(tmp_path) == []


def test_files_of_other_processes_count_at_the_first_write(tmp_path: Path) -> None:
    SyntheticMarket(tmp_path).second_bars("AAPL", DAY)
    (path,) = _files(tmp_path)
    os.utime(path, (0, 0))
    SyntheticMarket(tmp_path, cache_limit_bytes=200_000).second_bars("NVDA", DAY)
    assert path not in _files(tmp_path)


def test_a_failed_write_leaves_no_temporary_file(
    market: SyntheticMarket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path, target: Path) -> Path:
        raise OSError(f"no space left for {target}")

    monkeypatch.setattr(Path, "replace", refuse)
    bars = SyntheticMarket(tmp_path).second_bars("AAPL", DAY)
    assert _same(bars, market.second_bars("AAPL", DAY))
    assert _files(tmp_path) == []


def test_a_cache_that_cannot_be_written_costs_only_time(
    market: SyntheticMarket, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_text("in the way of the folder")
    bars = SyntheticMarket(file).second_bars("AAPL", DAY)
    assert _same(bars, market.second_bars("AAPL", DAY))
