from __future__ import annotations

import datetime as dt
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_zacperf.store import DECISIONS_FILE, Decision, append_decision, current_author
from pytest_zacperf.store.decisions import HEADING

DECISION = Decision(
    kind="baseline recorded",
    subject="wk-1, gold:engine lookback_days=20",
    reason="the first one",
    author="T <t@example.com>",
    revision="0123 (dirty)",
    changes=("runtime 1.02 of the previous baseline", "memory 1.00"),
    at_utc=dt.datetime(2025, 11, 1, 11, 10, tzinfo=dt.timezone(dt.timedelta(hours=1))),
)
SECTION = r"""
## 2025-11-01 10:10:00 UTC: baseline recorded: wk-1, gold:engine lookback_days=20

- reason: the first one
- change: runtime 1.02 of the previous baseline
- change: memory 1.00
- revision: 0123 (dirty)
- author: T \<t@example.com>
"""
APPEND = """
import datetime as dt, sys
from pathlib import Path
from pytest_zacperf.store import Decision, append_decision
for number in range(10):
    append_decision(Path(sys.argv[1]), Decision(
        kind="k", subject="s", reason=f"{sys.argv[2]}-{number};", author="a", revision="r",
        changes=("c",), at_utc=dt.datetime.now(dt.UTC),
    ))
"""


def written(root: Path) -> str:
    return (root / DECISIONS_FILE).read_text()


def test_the_first_decision_creates_the_file(tmp_path: Path) -> None:
    assert append_decision(tmp_path, DECISION) == tmp_path / "snapshots" / "decisions.md"
    assert written(tmp_path) == HEADING + SECTION


def test_a_further_decision_goes_to_the_end(tmp_path: Path) -> None:
    for _ in range(2):
        append_decision(tmp_path, DECISION)
    assert written(tmp_path) == HEADING + SECTION + SECTION


@pytest.mark.parametrize(
    ("before", "between"),
    [
        pytest.param(b"# Ours\r\n\r\nnotes \xff\r\n", b"", id="another line ending and encoding"),
        pytest.param(b"notes", b"\n", id="no line end"),
        pytest.param(b"", HEADING.encode(), id="empty"),
    ],
)
def test_what_is_there_stays_byte_by_byte(tmp_path: Path, before: bytes, between: bytes) -> None:
    path = tmp_path / DECISIONS_FILE
    path.parent.mkdir()
    path.write_bytes(before)
    append_decision(tmp_path, DECISION)
    assert path.read_bytes() == before + between + SECTION.encode()


def test_nothing_but_the_file_is_left_beside_the_recordings(tmp_path: Path) -> None:
    append_decision(tmp_path, DECISION)
    assert [path.name for path in (tmp_path / "snapshots").iterdir()] == ["decisions.md"]
    assert (tmp_path / ".zacperf" / ".gitignore").read_text() == "*\n"


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "snapshots").mkdir()
    (tmp_path / "docs.md").touch()
    (tmp_path / DECISIONS_FILE).symlink_to(tmp_path / "docs.md")
    append_decision(tmp_path, DECISION)
    assert (tmp_path / DECISIONS_FILE).is_symlink()
    assert (tmp_path / "docs.md").read_text() == HEADING + SECTION


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        pytest.param("one\n\n## two\r\n- three", r"one \#\# two - three", id="lines"),
        pytest.param("  a\tb  ", "a b", id="space"),
        pytest.param("<!-- <b>x</b>", r"\<!-- \<b>x\</b>", id="HTML"),
        pytest.param(
            *("`a` *b* [c](d) ~e~ $f$ |g|", r"\`a\` \*b\* \[c](d) \~e\~ \$f\$ \|g\|"),
            id="marks",
        ),
        pytest.param("_a_ b_c _", r"\_a\_ b_c \_", id="underscores"),
        pytest.param("AT&T &lt; &#60; a & b", r"AT&T \&lt; \&\#60; a & b", id="entities"),
        pytest.param("\\ \x1b[31m\u202e\udcff", r"\\ \\x1b\[31m\\u202e\\udcff", id="hidden"),
        pytest.param("größer 日本", "größer 日本", id="other letters"),
    ],
)
def test_a_text_cannot_break_the_structure(tmp_path: Path, reason: str, shown: str) -> None:
    append_decision(tmp_path, replace(DECISION, reason=reason))
    line = next(line for line in written(tmp_path).splitlines() if line.startswith("- reason: "))
    assert line == f"- reason: {shown}"


@settings(max_examples=30)  # each is a file
@given(text=st.text(), subject=st.text())
def test_every_decision_has_the_same_lines_whatever_is_in_it(
    tmp_path_factory: pytest.TempPathFactory, text: str, subject: str
) -> None:
    root = tmp_path_factory.mktemp("decisions")
    decision = replace(DECISION, subject=subject, reason=text, author=text, changes=(text,))
    append_decision(root, decision)
    lines = written(root).removeprefix(HEADING).split("\n")
    starts = ["", "## ", "", "- reason:", "- change:", "- revision:", "- author:", ""]
    assert len(lines) == len(starts)
    assert all(line.startswith(start) for line, start in zip(lines, starts, strict=True))


def test_processes_that_add_at_once_lose_nothing(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen([sys.executable, "-c", APPEND, str(tmp_path), name])  # noqa: S603 - fixed
        for name in "abc"
    ]
    assert [process.wait(timeout=60) for process in processes] == [0, 0, 0]
    text = written(tmp_path)
    assert text.startswith(HEADING)
    assert text.count("\n## ") == 30
    assert all(f"- reason: {name}-{number};\n" in text for name in "abc" for number in range(10))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("LOGNAME", "trader")
    # The folder above may be a repository with an identity of its own.
    subprocess.run(["git", "init", "-q", str(tmp_path / "project")], check=True)  # noqa: S603, S607
    return tmp_path


@pytest.mark.parametrize(
    ("identity", "author"),
    [
        pytest.param("name = T\nemail = t@example.com", "T <t@example.com>", id="both"),
        pytest.param("name = T", "T", id="name"),
        pytest.param("email = t@example.com", "t@example.com", id="mail"),
        pytest.param("", "trader", id="neither"),
    ],
)
def test_the_author_is_whom_git_knows_or_who_is_logged_in(
    home: Path, identity: str, author: str
) -> None:
    (home / ".gitconfig").write_text(f"[user]\n{identity}\n")
    assert current_author(home / "project") == author


def test_without_git_the_author_is_who_is_logged_in(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / ".gitconfig").write_text("[user]\nname = T\n")
    monkeypatch.setenv("PATH", str(home))
    assert current_author(home / "project") == "trader"


def test_without_a_login_the_author_is_unknown(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_entry() -> str:
        raise KeyError("uid")

    monkeypatch.setattr("getpass.getuser", no_entry)
    assert current_author(home / "project") == "unknown"
