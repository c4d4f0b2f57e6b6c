"""What a LumiBot run finds around it and leaves behind: variables, folders, signals, logging."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

from pytest_zacperf.errors import EngineError

CACHE = "LUMIBOT_CACHE_FOLDER"
TRADING_DAYS = "LUMIBOT_TRADING_DAYS_CACHE_DIR"
# LumiBot reads them and takes their word over that of its arguments; credentials are not among
# them.
OVERRIDING = (
    *("BACKTESTING_", "LUMIBOT_", "SHOW_", "SAVE_LOGFILE", "HIDE_", "BOTSPOT_", "LOG_BACKTEST_"),
    *("LOG_ERRORS_TO_CSV", "IS_BACKTESTING", "STRATEGY_NAME", "MARKET", "LIVE_CONFIG"),
    *("TRADING_BROKER", "DATA_SOURCE", "DB_CONNECTION_STR", "ACCOUNT_HISTORY_DB_CONNECTION_STR"),
    *("DISCORD_WEBHOOK_URL", "RUNNING_ON_SERVER"),
)
OURS = {
    "LUMIBOT_DISABLE_DOTENV": "1",  # a .env somewhere above would set what was just removed
    "LUMIBOT_LOG_LEVEL": "WARNING",
    "LUMIBOT_HIDE_BOTSPOT_TIP": "1",
}


def scrub_variables(cache_folder: Path) -> None:
    """Remove what would change a backtest behind its back, and give LumiBot folders of ours.

    Call it before LumiBot is imported: it reads most of them then.

    Raises:
        EngineError: LumiBot has been imported already, with another cache.

    """
    folders = {CACHE: cache_folder / "lumibot", TRADING_DAYS: cache_folder / "lumibot-trading-days"}
    constants = sys.modules.get("lumibot.constants")
    read = getattr(constants, CACHE, None)
    if read is not None and Path(read) != folders[CACHE]:
        raise EngineError(
            f"LumiBot was imported before its cache could be set: it uses {read}",
            "name the engine in a module that imports neither lumibot nor the strategy",
        )
    for name in list(os.environ):
        if name.startswith(OVERRIDING):
            del os.environ[name]
    os.environ.update(OURS)
    for variable, folder in folders.items():
        folder.mkdir(parents=True, exist_ok=True)
        os.environ[variable] = str(folder)


@contextlib.contextmanager
def restored(working_folder: Path) -> Iterator[None]:
    """Run the block in a folder of its own; put back what LumiBot changes and does not put back."""
    folder = Path.cwd()
    variables = dict(os.environ)
    is_main = threading.current_thread() is threading.main_thread()
    on_interrupt = signal.getsignal(signal.SIGINT)
    levels = {name: logger.level for name, logger in _loggers()}
    handlers = list(logging.getLogger().handlers)
    os.chdir(working_folder)
    try:
        with warnings.catch_warnings():
            yield
    finally:
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(variables)
        if is_main:
            signal.signal(signal.SIGINT, on_interrupt)
        for name, logger in _loggers():
            logger.setLevel(levels.get(name, logger.level))
        logging.getLogger().handlers[:] = handlers


def _loggers() -> list[tuple[str, logging.Logger]]:
    named = [
        (name, logger)
        for name, logger in list(logging.Logger.manager.loggerDict.items())
        if isinstance(logger, logging.Logger)
    ]
    return [("", logging.getLogger()), *named]
