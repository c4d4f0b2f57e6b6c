"""A child's end is known at once, whichever it is, and also where the system says nothing."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_zacperf.process.waiting import wait_for_any

LONG_S = 60.0


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-I", "-S", "-c", f"import time; time.sleep({LONG_S})"]
    with subprocess.Popen(command) as process:  # noqa: S603 - a fixed command
        yield process
        process.kill()


def short_lived() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-I", "-S", "-c", ""])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says when any child ends")
def test_the_end_of_any_child_ends_the_wait(sleeper: subprocess.Popen[bytes]) -> None:
    with short_lived() as other:
        began_s = time.monotonic()
        wait_for_any([sleeper, other], LONG_S)
        assert time.monotonic() - began_s < LONG_S / 2
        assert other.poll() == 0
        assert sleeper.poll() is None


def test_where_nothing_ends_the_wait_ends_with_its_time(sleeper: subprocess.Popen[bytes]) -> None:
    began_s = time.monotonic()
    wait_for_any([sleeper], 0.2)
    assert time.monotonic() - began_s >= 0.2
    assert sleeper.poll() is None


def test_a_child_that_ended_before_is_not_waited_for(sleeper: subprocess.Popen[bytes]) -> None:
    sleeper.kill()
    began_s = time.monotonic()
    wait_for_any([sleeper], LONG_S)
    assert time.monotonic() - began_s < LONG_S / 2


@pytest.mark.skipif(sys.platform != "linux", reason="what is refused exists on Linux only")
def test_where_the_system_refuses_to_say_so_the_child_is_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_: int) -> int:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "pidfd_open", refuse)
    with short_lived() as child:
        wait_for_any([child], LONG_S)
        assert child.poll() == 0


def test_no_file_is_left_open(sleeper: subprocess.Popen[bytes]) -> None:
    folder = Path("/dev/fd")
    before = len(list(folder.iterdir()))
    wait_for_any([sleeper], 0.01)
    assert len(list(folder.iterdir())) == before
