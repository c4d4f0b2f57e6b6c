"""The Lean folder reader: what it reads, and that every defect names file and row."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path

import pytest

from pytest_zacperf.errors import MarketDataError
from pytest_zacperf.zacqc.market import LeanFolder

DAY = dt.date(2025, 10, 1)
ROWS = "34200000,1000000,1000500,999900,1000100,300\n34203000,1000100,1000200,1000000,1000000,10\n"


def _write_zip(path: Path, *contents: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for number, content in enumerate(contents):
            archive.writestr(f"{number}.csv", content)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    equity = tmp_path / "equity" / "usa"
    daily = "20250929 00:00,10000,30000,10000,20000,7\n20250930 00:00,20000,40000,20000,30000,8\n"
    _write_zip(equity / "daily" / "v.zip", daily)
    _write_zip(equity / "second" / "v" / "20251001_trade.zip", ROWS)
    return tmp_path


def _second_file(folder: Path) -> Path:
    return folder / "equity" / "usa" / "second" / "v" / "20251001_trade.zip"


def _problem(folder: Path) -> str:
    with pytest.raises(MarketDataError) as caught:
        LeanFolder(folder).second_bars("V", DAY)
    assert caught.value.hint
    return caught.value.problem


def test_rows_become_seconds_and_ticks(folder: Path) -> None:
    bars = LeanFolder(folder).second_bars("V", DAY)
    assert bars.start_second.tolist() == [34200, 34203]
    assert bars.high.tolist() == [1000500, 1000200]
    assert bars.volume.tolist() == [300, 10]


def test_daily_bars_are_the_last_ones_before_the_day(folder: Path) -> None:
    market = LeanFolder(folder)
    assert [bar.day.day for bar in market.daily_bars("V", before=DAY, count=50)] == [29, 30]
    (newest,) = market.daily_bars("V", before=DAY, count=1)
    assert (newest.open, newest.high, newest.close, newest.volume) == (2.0, 4.0, 3.0, 8)


def test_an_empty_file_is_a_day_without_bars(folder: Path) -> None:
    _write_zip(_second_file(folder), "")
    assert len(LeanFolder(folder).second_bars("V", DAY).start_second) == 0


def test_a_folder_without_equity_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MarketDataError, match="is no Lean data folder: it has no equity/usa"):
        LeanFolder(tmp_path)


def test_an_unknown_ticker_is_named_with_the_known_ones(folder: Path) -> None:
    with pytest.raises(MarketDataError, match="unknown ticker 'XYZ'") as caught:
        LeanFolder(folder).second_bars("XYZ", DAY)
    assert caught.value.hint == "known tickers here: V"


def test_a_missing_day_names_the_file(folder: Path) -> None:
    with pytest.raises(MarketDataError, match=r"no data of V for a trading day: .*20251002_trade"):
        LeanFolder(folder).second_bars("V", dt.date(2025, 10, 2))


def test_no_earlier_daily_bar_is_an_error(folder: Path) -> None:
    with pytest.raises(MarketDataError, match="no daily bar of V before 2025-09-29"):
        LeanFolder(folder).daily_bars("V", before=dt.date(2025, 9, 29), count=5)


def test_a_date_that_does_not_exist_is_named(folder: Path) -> None:
    path = folder / "equity" / "usa" / "daily" / "v.zip"
    _write_zip(path, "20250929 00:00,1,1,1,1,1\n20250931 00:00,1,1,1,1,1\n")
    with pytest.raises(MarketDataError, match=r"v\.zip, row 2 has no date: 20250931"):
        LeanFolder(folder).daily_bars("V", before=DAY, count=5)


def test_a_corrupt_zip_names_the_file(folder: Path) -> None:
    _second_file(folder).write_bytes(b"no zip at all")
    assert "20251001_trade.zip is no readable zip file" in _problem(folder)


def test_a_truncated_zip_names_the_file(folder: Path) -> None:
    whole = _second_file(folder).read_bytes()
    _second_file(folder).write_bytes(whole[: len(whole) // 2])
    assert "20251001_trade.zip is no readable zip file" in _problem(folder)


def test_damaged_bytes_inside_a_zip_name_the_file(folder: Path) -> None:
    raw = bytearray(_second_file(folder).read_bytes())
    raw[45] ^= 0xFF
    _second_file(folder).write_bytes(raw)
    assert "20251001_trade.zip is no readable zip file" in _problem(folder)


@pytest.mark.parametrize("method", [12, 14, 99], ids=["bzip2", "lzma", "unknown"])
def test_a_wrong_compression_method_names_the_file(folder: Path, method: int) -> None:
    raw = bytearray(_second_file(folder).read_bytes())
    central = raw.index(b"PK\x01\x02")
    raw[8] = raw[central + 10] = method
    _second_file(folder).write_bytes(raw)
    assert "20251001_trade.zip is no readable zip file" in _problem(folder)


def test_an_encrypted_zip_names_the_file(folder: Path) -> None:
    raw = bytearray(_second_file(folder).read_bytes())
    central = raw.index(b"PK\x01\x02")
    raw[6] |= 1
    raw[central + 8] |= 1
    _second_file(folder).write_bytes(raw)
    assert "20251001_trade.zip is no readable zip file" in _problem(folder)


def test_a_zip_with_two_files_is_refused(folder: Path) -> None:
    _write_zip(_second_file(folder), ROWS, ROWS)
    assert "holds 2 files instead of one" in _problem(folder)


def test_an_unreadable_file_is_named(folder: Path) -> None:
    _second_file(folder).unlink()
    _second_file(folder).mkdir()
    assert "20251001_trade.zip cannot be read: Is a directory" in _problem(folder)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param(ROWS + "x,1,1,1,1,1\n", "row 3 is not six integers", id="no number"),
        pytest.param(ROWS + "34204000,1,1,1\n", "row 3 is not six integers", id="short row"),
        pytest.param(
            ROWS + f"34204000,1,1,1,1,{10**30}\n", "row 3 is not six integers", id="too large"
        ),
        pytest.param(ROWS + "\n34204000,1,1,1,1,1\n", "row 3 is empty", id="empty line"),
        pytest.param("1,2,3\n", "row 1 has 3 columns instead of 6", id="three columns"),
        pytest.param(
            ROWS + "34203000,1,1,1,1,1\n",
            "row 3 is not later than the row before: 34203000",
            id="duplicate second",
        ),
        pytest.param(
            ROWS + "34201000,1,1,1,1,1\n",
            "row 3 is not later than the row before: 34201000",
            id="out of order",
        ),
        pytest.param(
            ROWS + "34204500,1,1,1,1,1\n",
            "row 3 has no time of a one-second bar: 34204500 ms",
            id="half a second",
        ),
        pytest.param(
            ROWS + "86400000,1,1,1,1,1\n",
            "row 3 has no time of a one-second bar: 86400000 ms",
            id="after midnight",
        ),
        pytest.param(
            ROWS + "34204000,10,9,8,8,1\n",
            "row 3 is no bar (low <= open, close <= high)",
            id="open above high",
        ),
        pytest.param(ROWS + "34204000,0,0,0,0,1\n", "row 3 is no bar", id="no price"),
        pytest.param(ROWS + "34204000,5,5,5,5,-1\n", "row 3 is no bar", id="negative volume"),
    ],
)
def test_a_bad_row_is_named(folder: Path, rows: str, expected: str) -> None:
    _write_zip(_second_file(folder), rows)
    problem = _problem(folder)
    assert "20251001_trade.zip" in problem
    assert expected in problem


def test_the_fingerprint_is_of_content_and_not_of_the_order_of_reading(folder: Path) -> None:
    first, second = LeanFolder(folder), LeanFolder(folder)
    first.second_bars("V", DAY)
    first.daily_bars("V", before=DAY, count=1)
    second.daily_bars("V", before=DAY, count=1)
    second.second_bars("V", DAY)
    assert first.fingerprint() == second.fingerprint()
    _write_zip(_second_file(folder), ROWS.replace(",300", ",301"))
    second.second_bars("V", DAY)
    assert first.fingerprint() != second.fingerprint()
