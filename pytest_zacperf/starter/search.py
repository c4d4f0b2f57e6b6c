"""Where a project has its backtest: its modules are read, never imported."""

from __future__ import annotations

import ast
import os
import warnings
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ENGINE_SUFFIX = "Engine"
SKIPPED_FOLDERS = frozenset({
    "build",
    "dist",
    "env",
    "node_modules",
    "site-packages",
    "snapshots",
    "test",
    "tests",
    "venv",
})
SKIPPED_FILES = frozenset({"conftest.py", "noxfile.py", "setup.py"})
# The one of a virtual environment, and that of another project inside this one.
FOREIGN_MARKS = ("pyvenv.cfg", "pyproject.toml")
WINDOW_ARGUMENTS = ("start", "end")
CONTEXT = "context"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A backtest of the project.

    Attributes:
        reference: ``module:object``.
        is_function: Whether it is a function of a start and an end, and no engine.
        base: The folder that must be on ``sys.path`` for the module's name; None if unknown.

    """

    reference: str
    is_function: bool
    base: Path | None


def find_candidates(
    root: Path, *, bases: Sequence[Path], skipped: Collection[Path] = ()
) -> tuple[Candidate, ...]:
    """Return what looks like a backtest in the modules of a project.

    Args:
        root: The project.
        bases: Folders below which a path is a module's name; the longest that fits decides.
        skipped: More folders that are not looked into.

    Returns:
        Engines and functions, sorted by path and in the order of each file.

    """
    by_length = sorted(bases, key=lambda base: len(base.parts), reverse=True)
    return tuple(
        candidate
        for path in _python_files(root, skipped)
        for base, module in _module(path, by_length)
        for candidate in _candidates(path, base, module)
    )


def _python_files(root: Path, skipped: Collection[Path]) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        folders[:] = sorted(name for name in folders if _is_own(here / name, skipped))
        yield from (here / name for name in sorted(files) if _is_source(name))


def _is_own(folder: Path, skipped: Collection[Path]) -> bool:
    if folder.name.startswith(".") or folder.name in SKIPPED_FOLDERS or folder in skipped:
        return False
    return not any((folder / mark).exists() for mark in FOREIGN_MARKS)


def _is_source(name: str) -> bool:
    if not name.endswith(".py") or name in SKIPPED_FILES:
        return False
    return not name.startswith("test_") and not name.endswith("_test.py")


def _module(path: Path, bases: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    for base in bases:
        if path.is_relative_to(base):
            parts = path.relative_to(base).with_suffix("").parts
            parts = parts[:-1] if parts[-1] == "__init__" else parts
            if parts and all(part.isidentifier() for part in parts):
                yield base, ".".join(parts)
            return


def _candidates(path: Path, base: Path, module: str) -> Iterator[Candidate]:
    for name, is_function in _names(_parse(path)):
        if not name.startswith("_"):
            yield Candidate(reference=f"{module}:{name}", is_function=is_function, base=base)


def _parse(path: Path) -> ast.Module:
    try:
        with warnings.catch_warnings():  # about their code, which is not what was asked
            warnings.simplefilter("ignore")
            return ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return ast.Module(body=[], type_ignores=[])


def _names(tree: ast.Module) -> Iterator[tuple[str, bool]]:
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and _makes_engine(node.value):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from ((name.id, False) for name in targets if isinstance(name, ast.Name))
        elif isinstance(node, ast.FunctionDef) and _returns_engine(node):
            yield node.name, False
        elif isinstance(node, ast.FunctionDef) and _takes_window(node):
            yield node.name, True


def _makes_engine(value: ast.expr | None) -> bool:
    # Also behind a package's name, and where a method such as with_parameters() follows.
    while isinstance(value, ast.Call):
        if _name(value.func).endswith(ENGINE_SUFFIX):
            return True
        value = value.func.value if isinstance(value.func, ast.Attribute) else None
    return False


def _returns_engine(function: ast.FunctionDef) -> bool:
    return not _required(function.args) and _name(function.returns).endswith(ENGINE_SUFFIX)


def _takes_window(function: ast.FunctionDef) -> bool:
    arguments = [*function.args.posonlyargs, *function.args.args]
    if len(arguments) < len(WINDOW_ARGUMENTS):
        return False
    named = zip(arguments, WINDOW_ARGUMENTS, strict=False)
    if not all(argument.arg.startswith(name) for argument, name in named):
        return False
    window = {argument.arg for argument in arguments[: len(WINDOW_ARGUMENTS)]}
    return set(_required(function.args)) <= window | {CONTEXT}


def _required(arguments: ast.arguments) -> list[str]:
    positional = [*arguments.posonlyargs, *arguments.args]
    keywords = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return [
        *(argument.arg for argument in positional[: len(positional) - len(arguments.defaults)]),
        *(argument.arg for argument, default in keywords if default is None),
    ]


def _name(node: ast.expr | None) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Constant):  # an annotation in quotes
        return str(node.value)
    return node.attr if isinstance(node, ast.Attribute) else ""
