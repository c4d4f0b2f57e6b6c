"""For LumiBot: a short sale, a limit order that is canceled, a bracket, nothing at all."""

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
