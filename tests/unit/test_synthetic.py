from __future__ import annotations

import ast
import datetime as dt
import hashlib
import inspect
import itertools
from dataclasses import fields
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_zacperf.errors import MarketDataError
from pytest_zacperf.zacqc.bars import SecondBars
from pytest_zacperf.zacqc.market import Market
from pytest_zacperf.zacqc.sessions import OPEN_SECOND, Session
from pytest_zacperf.zacqc.synthetic import SyntheticMarket, days, seconds
from pytest_zacperf.zacqc.synthetic.days import DayKind, DayModel
from pytest_zacperf.zacqc.synthetic.philox import Dice

DAY = dt.date(2025, 10, 1)
EARLY_CLOSE = dt.date(2025, 11, 28)
# The market of the read-only tests: the calendar is slow to build and the same for all.
MARKET = SyntheticMarket(None)

sessions = st.integers(0, 10_000).map(lambda n: _sessions()[n % len(_sessions())])
tickers = st.from_regex(r"[A-Z]{1,4}(\.[AB])?", fullmatch=True)


def _sessions() -> list[Session]:
    return list(MARKET.sessions(dt.date(2023, 1, 1), dt.date(2026, 12, 31)))


def _digest(bars: SecondBars) -> str:
    columns = (getattr(bars, field.name).astype("<i8").tobytes() for field in fields(bars))
    return hashlib.blake2b(b"".join(columns), digest_size=8).hexdigest()


def _regular(bars: SecondBars, session: Session) -> SecondBars:
    first, last = np.searchsorted(bars.start_second, (session.open_second, session.close_second))
    return SecondBars(**{f.name: getattr(bars, f.name)[first:last] for f in fields(bars)})


@pytest.mark.parametrize(
    ("ticker", "day", "expected"),
    [
        pytest.param("AAPL", DAY, "9723f5ebbf3ef7e8", id="plain day"),
        pytest.param("AAPL", EARLY_CLOSE, "ddb7b147ab7abebf", id="early close"),
        pytest.param("BRK.B", dt.date(2024, 1, 2), "8408afcb6c11d840", id="first day of a year"),
        pytest.param("TSLA", dt.date(2020, 3, 16), "7d06e643161c327f", id="years ago"),
    ],
)
def test_a_day_has_the_same_bytes_everywhere(ticker: str, day: dt.date, expected: str) -> None:
    assert _digest(MARKET.second_bars(ticker, day)) == expected


@pytest.mark.parametrize("module", [days, seconds])
def test_the_generator_computes_without_floats(module: ModuleType) -> None:
    nodes = list(ast.walk(ast.parse(inspect.getsource(module))))
    assert not [n for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, float)]
    assert not [n for n in nodes if isinstance(n, ast.Div)]


def test_the_order_of_generation_does_not_matter() -> None:
    items = [("AAPL", DAY), ("AAPL", dt.date(2025, 10, 2)), ("MCD", DAY)]
    runs = []
    for order in itertools.permutations(items):
        market = SyntheticMarket(None)
        market.daily_bars(order[0][0], before=order[0][1], count=3)
        runs.append({item: _digest(market.second_bars(*item)) for item in order})
    assert all(run == runs[0] for run in runs)


def test_daily_bars_do_not_depend_on_the_days_asked_for() -> None:
    many = MARKET.daily_bars("AAPL", before=DAY, count=300)
    assert len(many) == 300
    assert list(SyntheticMarket(None).daily_bars("AAPL", before=DAY, count=5)) == many[-5:]


def test_daily_bars_end_with_the_session_before() -> None:
    bars = MARKET.daily_bars("AAPL", before=dt.date(2025, 12, 1), count=2)
    assert [bar.day for bar in bars] == [dt.date(2025, 11, 26), EARLY_CLOSE]


@given(ticker=tickers, session=sessions)
@settings(max_examples=25)
def test_the_seconds_add_up_to_the_daily_bar(ticker: str, session: Session) -> None:
    bars = _regular(MARKET.second_bars(ticker, session.day), session)
    after = session.day + dt.timedelta(days=1)
    (daily,) = MARKET.daily_bars(ticker, before=after, count=1)
    assert daily.day == session.day
    seconds = (bars.open[0], bars.high.max(), bars.low.min(), bars.close[-1])
    expected = (daily.open, daily.high, daily.low, daily.close)
    assert [price / 10_000 for price in seconds] == list(expected)
    assert bars.volume.sum() == daily.volume


@given(ticker=tickers, session=sessions)
@settings(max_examples=25)
def test_every_bar_is_a_valid_trade_bar(ticker: str, session: Session) -> None:
    bars = MARKET.second_bars(ticker, session.day)
    assert (np.diff(bars.start_second) > 0).all()
    assert (bars.low > 0).all()
    assert (bars.low <= np.minimum(bars.open, bars.close)).all()
    assert (bars.high >= np.maximum(bars.open, bars.close)).all()
    assert (bars.volume > 0).all()
    for prices in (bars.open, bars.high, bars.low, bars.close):
        assert (prices % 100 == 0).all()
    assert {getattr(bars, field.name).dtype for field in fields(bars)} == {np.dtype(np.int64)}


@given(ticker=tickers, session=sessions)
@settings(max_examples=25)
def test_trading_starts_and_ends_with_the_session(ticker: str, session: Session) -> None:
    bars = MARKET.second_bars(ticker, session.day)
    regular = _regular(bars, session)
    assert regular.start_second[0] == OPEN_SECOND
    assert regular.start_second[-1] == session.close_second - 1
    assert bars.start_second[0] >= 4 * 3600
    assert bars.start_second[-1] < 20 * 3600
    share = regular.start_second.size / (session.close_second - session.open_second)
    assert 0.2 < share < 0.8


def test_an_early_close_ends_regular_hours_at_13() -> None:
    (session,) = MARKET.sessions(EARLY_CLOSE, EARLY_CLOSE)
    assert session.close_second == 13 * 3600
    bars = MARKET.second_bars("AAPL", EARLY_CLOSE)
    (daily,) = MARKET.daily_bars("AAPL", before=dt.date(2025, 12, 1), count=1)
    assert bars.close[bars.start_second == 13 * 3600 - 1] == round(daily.close * 10_000)
    after = bars.start_second >= 13 * 3600
    assert 0 < after.sum() < 100


def test_pre_market_leads_from_the_close_to_the_open() -> None:
    before, today = MARKET.daily_bars("AAPL", before=dt.date(2025, 10, 2), count=2)
    bars = MARKET.second_bars("AAPL", DAY)
    prices = bars.close[bars.start_second < OPEN_SECOND] / 10_000
    assert 20 < prices.size < 200
    assert prices[0] == pytest.approx(before.close, rel=0.01)
    assert prices[-1] == pytest.approx(today.open, rel=0.01)


def test_daily_ranges_and_gaps_are_like_those_of_shares() -> None:
    for ticker in ("AAPL", "MCD", "TSLA", "V"):
        bars = MARKET.daily_bars(ticker, before=DAY, count=500)
        ranges = np.array([(bar.high - bar.low) / bar.open for bar in bars])
        gaps = np.array([abs(b.open / a.close - 1) for a, b in itertools.pairwise(bars)])
        moves = np.array([abs(b.close / a.close - 1) for a, b in itertools.pairwise(bars)])
        assert 0.01 < ranges.mean() < 0.04
        assert ranges.min() / ranges.mean() * 1.5 > 0.3
        assert 0.15 < np.median(gaps) / ranges.mean() < 0.5
        # Above that the strategy stands aside.
        assert np.mean(moves > 0.9 * ranges.mean()) < 0.3


def test_prices_stay_near_their_base() -> None:
    for ticker in ("AAPL", "MCD", "TSLA", "V"):
        closes = [bar.close for bar in MARKET.daily_bars(ticker, before=DAY, count=2_000)]
        assert min(closes) > 10
        assert max(closes) < 900
        assert max(closes) / min(closes) < 4


@pytest.mark.parametrize("is_up", [True, False])
def test_a_fifth_of_the_days_go_far_in_each_direction(is_up: bool) -> None:
    bars = MARKET.daily_bars("AAPL", before=DAY, count=500)
    mean = np.mean([bar.high - bar.low for bar in bars])
    far = [(bar.high - bar.open if is_up else bar.open - bar.low) > 1.2 * mean for bar in bars]
    assert 0.12 < np.mean(far) < 0.28


@pytest.mark.parametrize("is_up", [True, False])
def test_a_trend_day_has_made_most_of_its_way_by_half_past_twelve(is_up: bool) -> None:
    model = DayModel("AAPL")
    trends = [
        session
        for session in MARKET.sessions(dt.date(2025, 1, 1), dt.date(2025, 10, 31))
        if (shape := model.shape(session.day)).kind is DayKind.TREND and shape.is_up is is_up
    ]
    assert len(trends) > 5
    for session in trends:
        bars = _regular(MARKET.second_bars("AAPL", session.day), session)
        noon = bars.close[np.searchsorted(bars.start_second, 45_000)]
        way = (noon - bars.open[0]) / (bars.high.max() - bars.low.min())
        assert (way if is_up else -way) > 0.55


def test_a_reversal_day_returns_toward_its_open() -> None:
    model = DayModel("AAPL")
    shapes = [model.shape(session.day) for session in _sessions()]
    reversals = [shape for shape in shapes if shape.kind is DayKind.REVERSAL]
    assert len(reversals) > 50
    for shape in reversals:
        move = abs(shape.close_cents - shape.open_cents)
        assert move <= 0.36 * (shape.high_cents - shape.low_cents)


def test_volume_and_trades_are_u_shaped() -> None:
    (session,) = MARKET.sessions(DAY, DAY)
    bars = _regular(MARKET.second_bars("AAPL", DAY), session)
    half_hour = (bars.start_second - OPEN_SECOND) // 1_800
    for weights in (None, bars.volume[:-1]):
        # Without the last trade, which is the closing auction.
        profile = np.bincount(half_hour[:-1], weights=weights)
        assert profile[0] > 1.5 * profile[6]
        assert profile[-1] > 1.5 * profile[6]
        assert profile[0] > profile[2] > profile[5]


def test_most_tickers_are_liquid_and_a_few_are_not() -> None:
    turnovers = [days.ticker_traits(f"T{n}").turnover_millions for n in range(300)]
    illiquid = np.mean(np.array(turnovers) < 257)
    assert 0.02 < illiquid < 0.15


@pytest.mark.parametrize("ticker", ["", "aapl", "A/B", "../X", ".A", "A B", "Ä", "A" * 17])
def test_a_bad_ticker_is_named(ticker: str) -> None:
    with pytest.raises(MarketDataError) as caught:
        MARKET.second_bars(ticker, DAY)
    assert str(caught.value) == (
        f"{ticker!r} is no ticker\n"
        "  hint: write 1 to 16 uppercase letters, digits, dots or dashes, such as 'BRK.B'"
    )


@pytest.mark.parametrize(
    "day",
    [
        pytest.param(dt.date(2025, 10, 4), id="Saturday"),
        pytest.param(dt.date(2025, 12, 25), id="holiday"),
    ],
)
def test_a_day_without_trading_is_named(day: dt.date) -> None:
    with pytest.raises(MarketDataError, match=f"{day} is no trading day"):
        MARKET.second_bars("AAPL", day)


def test_the_synthetic_market_is_a_market() -> None:
    market: Market = MARKET
    assert [s.day.day for s in market.sessions(dt.date(2025, 10, 3), dt.date(2025, 10, 6))] == [
        3,
        6,
    ]


def test_bands_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(ValueError, match="do not add up to 100"):
        Dice("test", "AAPL").from_bands(((0, 1, 2),))


def test_the_fingerprint_does_not_depend_on_the_order_of_reading() -> None:
    one, other = SyntheticMarket(None), SyntheticMarket(None)
    one.second_bars("AAPL", DAY)
    one.daily_bars("MCD", before=DAY, count=2)
    other.daily_bars("MCD", before=DAY, count=1)
    other.daily_bars("MCD", before=DAY, count=2)
    other.second_bars("AAPL", DAY)
    other.second_bars("AAPL", DAY)
    assert one.fingerprint() == other.fingerprint()
    assert len(one.fingerprint()) == 32


def test_the_fingerprint_tells_what_was_read() -> None:
    market = SyntheticMarket(None)
    seen = {market.fingerprint()}
    market.second_bars("AAPL", DAY)
    seen.add(market.fingerprint())
    market.daily_bars("AAPL", before=DAY, count=1)
    seen.add(market.fingerprint())
    market.daily_bars("AAPL", before=DAY, count=2)
    seen.add(market.fingerprint())
    assert len(seen) == 4
