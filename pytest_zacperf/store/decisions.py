"""``snapshots/decisions.md``: what was accepted, by whom and why; nothing in it is ever changed."""

from __future__ import annotations

import datetime as dt
import getpass
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from pytest_zacperf.sentences import escape
from pytest_zacperf.settings import STORE_FOLDER
from pytest_zacperf.store import locks
from pytest_zacperf.store.files import write_atomically
from pytest_zacperf.store.folder import create_lock_folder
from pytest_zacperf.store.locks import Claim

DECISIONS_FILE = "snapshots/decisions.md"
HEADING = "# Decisions\n\nWhat was accepted, by whom and why. pytest-zacperf adds to the end.\n"
NOBODY = "unknown"
GIT_TIMEOUT_S = 10.0
# What begins anything in the middle of a line of Markdown; a name such as lookback_days does not.
MARKDOWN = re.compile(r"[\\`*\[<~$#|]|&(?=#?[A-Za-z0-9]+;)|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Something was accepted or dropped on purpose; texts may hold anything.

    Attributes:
        kind: What was done, such as ``baseline recorded``.
        subject: To what, such as ``wk-1, gold:engine lookback=20``.
        reason: Why, in the words of whoever did it.
        author: Who did it.
        revision: Of the project, with a mark when tracked files differ from it.
        changes: How large each change is.
        at_utc: When.

    """

    kind: str
    subject: str
    reason: str
    author: str
    revision: str
    changes: tuple[str, ...]
    at_utc: dt.datetime


def append_decision(root: Path, decision: Decision) -> Path:
    """Add a decision to the end of ``snapshots/decisions.md``; return that file.

    What is there stays as it is, byte by byte. Processes that add at once lose nothing, and a
    reader never sees a part.

    Args:
        root: The project.
        decision: What is added.

    """
    named = root / DECISIONS_FILE
    named.parent.mkdir(parents=True, exist_ok=True)
    path = named.resolve()  # so that a link stays one
    lock = create_lock_folder(root / STORE_FOLDER) / "decisions.lock"
    with locks.exclusive(lock, Claim(note=f"process {os.getpid()} has {DECISIONS_FILE}")):
        before = path.read_bytes() if path.exists() else b""
        if not before.strip():
            before += HEADING.encode()
        elif not before.endswith(b"\n"):
            before += b"\n"
        write_atomically(path, before + _section(decision).encode())
    return path


def current_author(root: Path) -> str:
    """Return who works here: ``Name <mail>`` as git knows them, or the name of the login."""
    name, mail = (_git_setting(root, f"user.{key}") for key in ("name", "email"))
    if name and mail:
        return f"{name} <{mail}>"
    return name or mail or _login()


def _section(decision: Decision) -> str:
    at_utc = decision.at_utc.astimezone(dt.UTC)
    pairs = (
        ("reason", decision.reason),
        *(("change", change) for change in decision.changes),
        ("revision", decision.revision),
        ("author", decision.author),
    )
    title = f"{at_utc:%Y-%m-%d %H:%M:%S} UTC: {_plain(decision.kind)}: {_plain(decision.subject)}"
    lines = [f"- {name}: {_plain(text)}" for name, text in pairs]
    return "\n".join(["", f"## {title}", "", *lines, ""])


def _plain(text: str) -> str:
    # On one line, and with nothing in it that Markdown takes for more than text.
    return MARKDOWN.sub(lambda match: f"\\{match[0]}", escape(" ".join(text.split())))


def _git_setting(root: Path, name: str) -> str:
    # A git hook that runs us sets GIT_DIR and others, which would name another repository.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command and the project's own path
            ["git", "-C", str(root), "config", "--get", name],  # noqa: S607 - whichever git it is
            capture_output=True,
            check=False,
            env=environment,
            errors="replace",
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=GIT_TIMEOUT_S,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def _login() -> str:
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):  # a container without an entry for its user
        return NOBODY
