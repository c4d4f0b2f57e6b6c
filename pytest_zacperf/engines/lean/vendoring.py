"""The stage timer as one file for a Lean project: its text, and what is in its place already.

Writes nothing.
"""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Literal, TypeAlias

from pytest_zacperf.digest import digest_of_bytes
from pytest_zacperf.errors import SettingsError

STAGES_FILE = "perf_stages.py"
PACKAGE = "pytest_zacperf"
TIMER, REPORT = "stages.py", "engines/lean/stage_report.py"
# The digest behind it tells an older file of ours from one that somebody has changed.
MARK = "# By zacperf lean add-stages; do not edit. Digest of the rest: "
EXAMPLE = re.compile(r"^    .+^    [^\n]+$", re.MULTILINE | re.DOTALL)

State: TypeAlias = Literal["missing", "older", "current"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A module, taken apart.

    Attributes:
        docstring: With its quotes.
        imports: All of them stand before the body.
        body: What follows.

    """

    docstring: str
    imports: Sequence[ast.Import | ast.ImportFrom]
    body: str


def require_algorithm(project: Path) -> None:
    """Refuse what is no Lean project whose algorithm is Python.

    Raises:
        SettingsError: It says what there is instead.

    """
    if not project.exists():
        raise SettingsError(f"there is no {project}", "name the folder that holds main.py")
    if not project.is_dir():
        folder = shlex.quote(str(project.parent))
        raise SettingsError(
            f"{project} is a file, not the folder of a Lean project",
            f"run: zacperf lean add-stages {folder}",
        )
    if (project / "main.py").is_file():
        return
    if (project / "Main.cs").is_file():
        raise SettingsError(
            f"{project} is a C# project, and stages are for Python algorithms",
            "name a project with main.py",
        )
    raise SettingsError(f"{project} holds no main.py", "name the folder of a Lean project")


def state_of(file: Path) -> State:
    """Return what is where the vendored file belongs.

    Raises:
        SettingsError: Something that is not ours, or that somebody has changed.

    """
    again = f"zacperf lean add-stages {shlex.quote(str(file.parent))}"
    try:
        content = b"" if file.is_dir() else file.read_bytes()
    except FileNotFoundError:
        return "missing"
    # Git may have changed the ends of its lines.
    first, _, rest = content.replace(b"\r\n", b"\n").partition(b"\n")
    if not first.startswith(MARK.encode()):
        raise SettingsError(
            f"{file} exists and is not from zacperf", f"rename it, then run: {again}"
        )
    if first != _first_line(rest):
        raise SettingsError(
            f"{file} was changed after zacperf wrote it",
            f"move your changes elsewhere and delete it, then run: {again}",
        )
    return "current" if first + b"\n" + rest == stages_text().encode() else "older"


def stages_text() -> str:
    """Return the vendored file: the stage timer and what reports it, with the docstring of that."""
    timer, report = _part(TIMER), _part(REPORT)
    imports = "\n".join(_merged((*timer.imports, *report.imports)))
    rest = (
        f"{report.docstring}\n\nfrom __future__ import annotations\n\n{imports}\n\n"
        f"{timer.body}\n\n\n{report.body}\n"
    )
    return f"{_first_line(rest.encode()).decode()}\n{rest}"


def example_text() -> str:
    """Return what to add to ``main.py``, indented by four blanks."""
    found = EXAMPLE.search(_part(REPORT).docstring)
    return found[0] if found else ""


def _first_line(rest: bytes) -> bytes:
    return f"{MARK}{digest_of_bytes(rest)}".encode()


def _part(name: str) -> Part:
    source = resources.files(PACKAGE).joinpath(*name.split("/")).read_text(encoding="utf-8")
    docstring, *statements = ast.parse(source).body
    imports = [node for node in statements if isinstance(node, ast.Import | ast.ImportFrom)]
    lines = source.splitlines()
    return Part(
        docstring="\n".join(lines[: docstring.end_lineno]),
        imports=imports,
        body="\n".join(lines[imports[-1].end_lineno :]).strip("\n"),
    )


def _merged(imports: Iterable[ast.Import | ast.ImportFrom]) -> Iterator[str]:
    modules: set[str] = set()
    names: dict[str, set[str]] = {}
    for node in imports:
        found = {ast.unparse(alias) for alias in node.names}
        if isinstance(node, ast.Import):
            modules |= found
        else:
            names.setdefault(str(node.module), set()).update(found)
    yield from (f"import {module}" for module in sorted(modules))
    for module, found in sorted(names.items()):
        # The one stands above them all, and of ours there is nothing in the container.
        if module != "__future__" and module.partition(".")[0] != PACKAGE:
            yield f"from {module} import {', '.join(sorted(found))}"
