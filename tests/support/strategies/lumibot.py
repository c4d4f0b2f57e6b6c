"""For LumiBot: a short sale, a limit order that is canceled, a bracket, nothing at all."""

import time

from lumibot.entities import Asset, Data
from lumibot.strategies import Strategy

from pytest_zacperf.examples.bars import frame_of


class Odd(Strategy):
    parameters = {"trade": True}

    def initialize(self):
        self.sleeptime = "1M"
        self.asset = Asset("GLD")
        self.number = 0

    def on_trading_iteration(self):
        self.number += 1
        if not self.parameters["trade"]:
            return
        if self.number == 5:
            self.submit_order(self.create_order(self.asset, 10, "sell"))
        if self.number == 10:
            self.waits = self.create_order(self.asset, 10, "buy", limit_price=1.0)
            self.submit_order(self.waits)
        if self.number == 20:
            self.cancel_order(self.waits)
        if self.number == 25:
            self.submit_order(self.create_order(self.asset, 10, "buy"))
        if self.number == 30:
            price = self.get_last_price(self.asset)
            self.submit_order(
                self.create_order(
                    self.asset,
                    10,
                    "buy",
                    order_class="bracket",
                    secondary_limit_price=price + 0.3,
                    secondary_stop_price=price - 0.3,
                )
            )


class Surroundings(Strategy):
    """Notes what it finds around it."""

    def initialize(self):
        import os

        self.sleeptime = "1D"
        found = {name for name in os.environ if name.startswith(("BACKTESTING_PR", "LUMIBOT_"))}
        with open("seen", "w") as file:
            file.write("\n".join([*sorted(found), os.getcwd()]))

    def on_trading_iteration(self):
        pass


def bars(start, end):
    asset = Asset("GLD")
    return {asset: Data(asset, frame_of("GLD", start, end), timestep="minute")}


class Changing(Strategy):
    """Changes a limit order, and asks for a stop limit and a trailing stop."""

    calls = 0

    def initialize(self):
        self.sleeptime = "1M"
        self.asset = Asset("GLD")
        self.number = 0

    def on_trading_iteration(self):
        self.number += 1
        Changing.calls += 1
        if self.number == 5:
            self.waits = self.create_order(self.asset, 10, "buy", limit_price=1.0)
            self.submit_order(self.waits)
        if self.number == 10:
            self.modify_order(self.waits, limit_price=2.0)
        if self.number == 15:
            self.cancel_order(self.waits)
        if self.number == 20:
            stop = {"stop_price": 900.0, "stop_limit_price": 901.0}
            self.submit_order(self.create_order(self.asset, 10, "buy", **stop))
        if self.number == 25:
            self.submit_order(self.create_order(self.asset, 10, "buy"))
            self.submit_order(self.create_order(self.asset, 10, "sell", trail_price=500.0))


class Endless(Strategy):
    """Notes how far it has come, slowly."""

    def initialize(self):
        self.sleeptime = "1M"

    def on_trading_iteration(self):
        time.sleep(0.05)
        with open("far", "a") as file:
            file.write("x")


class LiveOnly(Strategy):
    """Says that it cannot be backtested."""

    IS_BACKTESTABLE = False
