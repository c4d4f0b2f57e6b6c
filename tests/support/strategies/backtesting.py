"""For backtesting.py: a short sale, half of a position closed, commission."""

from backtesting import Backtest, Strategy

from pytest_zacperf.examples.bars import frame_of


class Odd(Strategy):
    trade = True

    def init(self):
        pass

    def next(self):
        number = len(self.data)
        if not self.trade:
            return
        if number == 5:
            self.sell(size=10)
        if number == 10:
            self.position.close(0.5)
        if number == 20:
            self.position.close()
        if number == 30:
            self.buy(size=7, tag="late")


def mixed(start, end):
    """Two symbols, of which one has times without a zone."""
    Odd.trade = False
    frame = frame_of("GLD", start, end).rename(columns=str.capitalize)
    frames = {"GLD": frame, "SLV": frame.tz_localize(None)}
    return {name: Backtest(one, Odd, cash=10_000) for name, one in frames.items()}


def build(start, end, trade=True):
    Odd.trade = trade
    frame = frame_of("GLD", start, end).rename(columns=str.capitalize)
    return {"GLD": Backtest(frame, Odd, cash=10_000, commission=0.001, finalize_trades=True)}
