"""A stand-in of DataBento's gateway that runs, and a LumiBot project that downloads from it."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from support.databento_gateway_key import KEY

TESTS = Path(__file__).parents[1]
CERTIFICATE, WISH, REQUESTS = "certificate.pem", "wish.json", "requests.jsonl"
SETTINGS = '[tool.zacperf]\nengine = "backtest:engine"\nplan = "plan.json"\n'
ENGINE = """
import os
from pytest_zacperf.engines.lumibot import LumibotEngine

engine = LumibotEngine(
    "swing:Swing",
    datasource="lumibot.backtesting:DataBentoDataBacktesting",
    parameters={"lookback": 20},
    databento_gateway=os.environ["GATEWAY"],
)
"""
STRATEGY = """
from lumibot.entities import Asset
from lumibot.strategies import Strategy


class Swing(Strategy):
    parameters = {"lookback": 20}

    def initialize(self):
        self.sleeptime = "30M"
        self.set_market("us_futures")
        self.asset = Asset("MES", asset_type=Asset.AssetType.CONT_FUTURE)

    def on_trading_iteration(self):
        bars = self.get_historical_prices(self.asset, self.parameters["lookback"], "minute")
        if bars is None or len(bars.df) < self.parameters["lookback"]:
            return
        close = bars.df["close"]
        position = self.get_position(self.asset)
        is_long = position is not None and position.quantity > 0
        is_above = float(close.iloc[-1]) > float(close.mean())
        if is_above and not is_long:
            self.submit_order(self.create_order(self.asset, 1, "buy"))
        if is_long and not is_above:
            self.submit_order(self.create_order(self.asset, 1, "sell"))
"""


@dataclass(frozen=True, slots=True)
class Gateway:
    """The stand-in, as long as it runs.

    Attributes:
        folder: Its certificate, and what it is told and was asked.
        url: Its address.

    """

    folder: Path
    url: str

    def wish(self, **wish: object) -> None:
        """Say what the next answers shall be: nothing for good ones."""
        (self.folder / WISH).write_text(json.dumps(wish))

    def requests(self) -> list[dict[str, str]]:
        """Return what has been asked for so far."""
        file = self.folder / REQUESTS
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    @property
    def variables(self) -> dict[str, str]:
        """What a user sets who has such a gateway, and the key."""
        certificate = str(self.folder / CERTIFICATE)
        return {
            "GATEWAY": self.url,
            "REQUESTS_CA_BUNDLE": certificate,
            "DATABENTO_API_KEY": KEY,
        }


@contextlib.contextmanager
def gateway(folder: Path) -> Iterator[Gateway]:
    """Run the stand-in in a process of its own."""
    folder.mkdir(exist_ok=True)
    _make_certificate(folder)
    (folder / WISH).write_text("{}")
    with subprocess.Popen(  # noqa: S603 - a fixed command
        [sys.executable, "-m", "support.databento_gateway", str(folder)],
        cwd=TESTS,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        assert port, "the stand-in has not started"
        try:
            yield Gateway(folder, f"https://localhost:{port}")
        finally:
            process.kill()


def write_project(root: Path) -> None:
    """Write a LumiBot project."""
    (root / "pyproject.toml").write_text(SETTINGS)
    (root / "backtest.py").write_text(ENGINE)
    (root / "swing.py").write_text(STRATEGY)


def _make_certificate(folder: Path) -> None:
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / CERTIFICATE)]
    subprocess.run(  # noqa: S603 - a fixed command
        [*command, *files, "-subj", "/CN=localhost", "-addext", names],
        check=True,
        capture_output=True,
    )
