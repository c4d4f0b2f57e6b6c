"""The life of a worker process: how it begins, what ends it, with which exit status."""

from __future__ import annotations

import contextlib
import faulthandler
import io
import os
import signal
import sys
import threading
import time
import traceback
from pathlib import Path

import msgspec

from pytest_zacperf import process, store
from pytest_zacperf.errors import EngineError, InvariantError, MarketDataError, SettingsError
from pytest_zacperf.records import RunRequest
from pytest_zacperf.worker import (
    EXIT_BAD_INPUT,
    EXIT_FAILED,
    EXIT_NOT_KEPT,
    EXIT_NOT_WRITTEN,
    conditions,
)
from pytest_zacperf.worker.context import WorkerContext
from pytest_zacperf.worker.sources import map_sys_path, mapped
from pytest_zacperf.worker.workload import reason_of, run_workload

LONGEST_END_S = 3.0  # for threads, and for what is registered with the module atexit


def main(arguments: list[str]) -> int:
    """Run the request in the file that the only argument names; return the exit status."""
    process.layout.forget()  # before a thread is started: its stack would be huge
    request = msgspec.json.decode(Path(arguments[0]).read_bytes(), type=RunRequest)
    may_go_on = threading.Semaphore(0)
    _end_with_parent(may_go_on)
    # Where the engine was when it crashed goes to stderr.log; at the time limit the parent sends
    # TERM.
    faulthandler.enable()
    faulthandler.register(signal.SIGTERM, chain=True)
    # As on a terminal, so that what was printed is there when the worker is killed.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
    context = WorkerContext.of(request)
    try:
        conditions.keep_to(request.cpus)
        _enter_project(request)
        run_workload(request, context, may_go_on)
    # SystemExit too: a strategy that calls sys.exit() has not finished its backtest. And Ctrl-C
    # reaches the parent alone: here KeyboardInterrupt is an error of the engine.
    except BaseException as e:  # noqa: BLE001 - whatever it was, it is recorded
        return _failed(e, context, mapped(Path(request.root), request.sources))
    return 0


def _failed(error: BaseException, context: WorkerContext, root: Path) -> int:
    with contextlib.suppress(Exception):  # the engine may have closed its stderr
        traceback.print_exception(error)
    try:
        store.write_worker_error(context.run_folder, reason_of(error, context.day, root))
    except OSError:
        return EXIT_NOT_WRITTEN
    if isinstance(error, InvariantError):
        return EXIT_NOT_KEPT
    is_refused = isinstance(error, EngineError | SettingsError) and not context.has_started
    # Market data may be read inside run(); they are input all the same.
    is_bad_input = is_refused or isinstance(error, MarketDataError)
    return EXIT_BAD_INPUT if is_bad_input else EXIT_FAILED


def _end_with_parent(may_go_on: threading.Semaphore) -> None:
    # The parent holds the other end of stdin; the engine gets an empty stdin of its own.
    pipe = os.dup(0)
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    threading.Thread(target=_wait_for_end, args=(pipe, may_go_on), daemon=True).start()


def _wait_for_end(pipe: int, may_go_on: threading.Semaphore) -> None:
    while os.read(pipe, 1):  # process.START, for a run that waits at a gate
        may_go_on.release()
    marker = os.environ.get(process.MARKER)
    if marker:  # so the runner starts a worker: take along whatever it has started
        with contextlib.suppress(Exception):
            process.kill_marked(marker, spare=os.getpid())
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(EXIT_FAILED)


def _enter_project(request: RunRequest) -> None:
    # As pytest has it: python -m has put the folder of the start first, which is not the project.
    if sys.path[0] == str(Path.cwd()):
        del sys.path[0]
    first = [*request.python_path, request.root]
    sys.path[:] = [*first, *(entry for entry in sys.path if entry not in first)]
    package_parent = str(Path(__file__).resolve().parents[2])
    if package_parent not in sys.path:
        sys.path.append(package_parent)
    # Data keep their relative paths: the working folder stays in the working tree.
    os.chdir(request.root)
    map_sys_path(request.sources)


def _leave(exit_status: int) -> None:
    # Python waits for threads that are no daemons, some of which never end.
    threading.Thread(target=_end_anyway, args=(exit_status,), daemon=True).start()
    sys.exit(exit_status)


def _end_anyway(exit_status: int) -> None:
    time.sleep(LONGEST_END_S)
    main_thread = threading.main_thread()
    with contextlib.suppress(Exception):
        left = [t.name for t in threading.enumerate() if not t.daemon and t is not main_thread]
        sys.stderr.write(f"the engine left threads running: {', '.join(left)}\n")
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(exit_status)


if __name__ == "__main__":
    _leave(main(sys.argv[1:]))
