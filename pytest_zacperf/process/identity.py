"""Which process this is, so that another one can tell later whether it still lives."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass

import psutil

# The start of a process is known from that of the machine, which a corrected clock moves.
SAME_START_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A process: its machine, its number there, and when it was started (s since 1970 UTC)."""

    host: str
    pid: int
    started_s: float


def own_identity() -> Identity:
    """Return the identity of this process."""
    return Identity(host=platform.node(), pid=os.getpid(), started_s=psutil.Process().create_time())


def may_be_alive(identity: Identity) -> bool:
    """Return whether a process lives; one of another machine may, for nobody here can tell."""
    if identity.host != platform.node():
        return True
    try:
        process = psutil.Process(identity.pid)
        is_same = abs(process.create_time() - identity.started_s) < SAME_START_S
        return is_same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True
