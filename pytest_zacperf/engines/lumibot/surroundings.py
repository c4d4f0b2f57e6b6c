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
# them, and neither is a variable of the user's that begins like one.
OVERRIDING_PREFIXES = ("BACKTESTING_", "LUMIBOT_", "BOTSPOT_")
OVERRIDING = frozenset({
    *("SHOW_PLOT", "SHOW_INDICATORS", "SHOW_TEARSHEET", "SAVE_LOGFILE", "HIDE_TRADES"),
    *("HIDE_POSITIONS", "LOG_BACKTEST_PROGRESS_TO_FILE", "LOG_ERRORS_TO_CSV", "IS_BACKTESTING"),
    *("STRATEGY_NAME", "MARKET", "LIVE_CONFIG", "TRADING_BROKER", "DATA_SOURCE"),
    *("DATA_SOURCE_DELAY", "DB_CONNECTION_STR", "ACCOUNT_HISTORY_DB_CONNECTION_STR"),
    *("DISCORD_WEBHOOK_URL", "RUNNING_ON_SERVER"),
})
OURS = {
    "LUMIBOT_DISABLE_DOTENV": "1",  # a .env somewhere above would set what was just removed
    "LUMIBOT_LOG_LEVEL": "WARNING",
    "LUMIBOT_HIDE_BOTSPOT_TIP": "1",
}


def scrub_variables(cache_folder: Path) -> None:
    """Remove what would change a backtest behind its back, and give LumiBot folders of ours.

    Call it before LumiBot is imported: it reads most of them then.

    Raises:
        EngineError: LumiBot has been imported already.

    """
    folders = {CACHE: cache_folder / "lumibot", TRADING_DAYS: cache_folder / "lumibot-trading-days"}
    if "lumibot" in sys.modules and os.environ.get(CACHE) != str(folders[CACHE]):
        raise EngineError(
            "LumiBot was imported before its cache and its environment could be set",
            "name the engine in a module that imports neither lumibot nor the strategy",
        )
    for name in list(os.environ):
        if name in OVERRIDING or name.startswith(OVERRIDING_PREFIXES):
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
