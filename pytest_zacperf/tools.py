"""Programs of this machine that a user of backtests may want: which are there, and do they work."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_zacperf.sentences import cut, one_line

ANSWER_S = 10.0
LONGEST_ANSWER = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A program, and what it says of itself.

    Attributes:
        name: Of the program.
        use: What it is for.
        version: As it says; None when it is not there or does not work.
        problem: Why it cannot be used; None when it can.

    """

    name: str
    use: str
    version: str | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """What a program is asked, and a part of its answer that says that it does not work."""

    use: str
    arguments: Sequence[str]
    refusals: Sequence[str] = ()
    silence: str = "it does not answer"


QUESTIONS = {
    "git": _Question(use="baselines of other revisions", arguments=("--version",)),
    "docker": _Question(
        use="Lean in a container",
        arguments=("version", "--format", "{{.Server.Version}}"),
        silence="its engine does not answer",
    ),
    "lean": _Question(use="Lean's own client", arguments=("--version",)),
    "perf": _Question(
        use="hardware counters",
        # Counters may be there for nobody: in most virtual machines.
        arguments=("stat", "-x", ",", "-e", "instructions:u", "true"),
        refusals=("<not supported>", "<not counted>", "Permission", "No permission"),
        silence="it may not count here",
    ),
    "valgrind": _Question(use="counted instructions", arguments=("--version",)),
}


def find_tools() -> Iterator[Tool]:
    """Yield each tool, asked whether it works; none may take longer than 10 s to answer."""
    for name, question in QUESTIONS.items():
        path = shutil.which(name) or _beside_python(name)
        if path is None:
            yield Tool(name=name, use=question.use, problem="not installed")
        else:
            yield _asked(name, path, question)


def _beside_python(name: str) -> str | None:
    """Return a program of this environment, which need not be active."""
    path = Path(sys.executable).with_name(name)
    return str(path) if path.is_file() else None


def _asked(name: str, path: str, question: _Question) -> Tool:
    try:
        done = subprocess.run(  # noqa: S603 - a fixed question to a program on PATH
            [path, *question.arguments],
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            timeout=ANSWER_S,
        )
    except (OSError, subprocess.SubprocessError):
        return Tool(name=name, use=question.use, problem=question.silence)
    said = f"{done.stdout}{done.stderr}"
    if done.returncode != 0 or any(refusal in said for refusal in question.refusals):
        return Tool(name=name, use=question.use, problem=question.silence)
    answer = "it counts" if question.refusals else cut(one_line(said), LONGEST_ANSWER)
    return Tool(name=name, use=question.use, version=answer)
