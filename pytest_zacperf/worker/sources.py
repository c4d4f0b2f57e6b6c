"""Where the code of a run comes from: the working tree, or a revision checked out beside it."""

from __future__ import annotations

import itertools
import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

from pytest_zacperf import environment
from pytest_zacperf.errors import EngineError
from pytest_zacperf.records import SourceTree

CHECKOUTS = (".zacperf", "worktrees")
OWN_FOLDER = Path(__file__).resolve().parents[1]
FROM_ELSEWHERE = (
    "an import hook of an editable install does that: pip install --config-settings "
    "editable_mode=compat -e . or put the code's folder under pytest's pythonpath"
)


def mapped(path: Path, sources: SourceTree | None) -> Path:
    """Return where a path of the working tree is in the revision that is measured.

    Args:
        path: Any path; what is installed, or in a virtual environment, belongs to no revision.
        sources: The revision; None for the working tree itself.

    Returns:
        The same path below the checkout, or *path* when it is no code of the repository.

    """
    if sources is None:
        return path
    # As it is written first, for a link belongs to the revision; then for a link to the project.
    for form in (Path(os.path.abspath(path)), path.resolve()):  # noqa: PTH100 - links stay
        if _is_of_working_tree(form, sources):
            return Path(sources.checkout) / form.relative_to(sources.top)
    return path


def map_sys_path(sources: SourceTree | None) -> None:
    """Let imports come from the revision that is measured.

    Every entry of ``sys.path`` keeps its place, also those of PYTHONPATH and of editable installs.
    A Python that the engine starts with ``subprocess`` is not told.

    Args:
        sources: The revision; None leaves everything as it is.

    """
    if sources is None:
        return
    sys.path[:] = [_mapped_entry(entry, sources) for entry in sys.path]
    sys.path_importer_cache.clear()


def require_own_sources(
    root: Path, sources: SourceTree | None, measured_modules: Iterable[str] = ()
) -> None:
    """Stop when a module of the project was loaded from another tree than the one measured.

    Args:
        root: The project, in the working tree.
        sources: The revision that is measured; None for the working tree.
        measured_modules: Modules, with their submodules, that count although they are the
            plugin's; all others of the plugin measure both sides and are never refused.

    Raises:
        EngineError: A module comes from elsewhere.

    """
    measured = tuple(measured_modules)
    if sources is None:
        _refuse_checkouts(root, measured)
        return
    if mapped(root, sources) == root:
        raise EngineError(
            f"{root} cannot be measured at revision {sources.revision[:12]}: it is installed, or "
            f"a virtual environment, or not below {sources.top}",
            "keep pyvenv.cfg in a folder of its own, such as .venv",
        )
    for name, file in _project_modules(measured):
        if _is_of_working_tree(file, sources):
            raise EngineError(
                f"module {name} was loaded from {file}, which is not revision "
                f"{sources.revision[:12]}",
                _own_hint(name) if file.is_relative_to(OWN_FOLDER) else FROM_ELSEWHERE,
            )


def _refuse_checkouts(root: Path, measured: tuple[str, ...]) -> None:
    root = root.resolve()
    for name, file in _project_modules(measured):
        parts = (file.relative_to(root) if environment.is_within(file, root) else file).parts
        if CHECKOUTS in itertools.pairwise(parts):
            raise EngineError(
                f"module {name} was loaded from {file}, a checkout of another revision than the "
                "working tree",
                "take that folder out of PYTHONPATH, and out of what changes sys.path",
            )


def _own_hint(name: str) -> str:
    return (
        f"the installed plugin measures both sides, so its own {name} has one revision; copy what "
        "is measured to a module of the project"
    )


def _project_modules(measured: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    # Packages before their modules.
    for name, file in sorted(environment.module_files()):
        is_ours = environment.is_within(file, OWN_FOLDER)
        if not is_ours or any(f"{name}.".startswith(f"{one}.") for one in measured):
            yield name, file


def _mapped_entry(entry: str, sources: SourceTree) -> str:
    path = Path(entry)
    # Some entries are no paths: what they say is meant for a hook of an editable install.
    if not path.is_absolute() and not path.exists():
        return entry
    found = mapped(path, sources)
    return entry if found == path else str(found)


def _is_of_working_tree(path: Path, sources: SourceTree) -> bool:
    top = Path(sources.top)
    if not path.is_relative_to(top) or path.is_relative_to(sources.checkout):
        return False
    if environment.INSTALLED & set(path.relative_to(top).parts):
        return False
    # A Python within the repository, as conda and venv make them; not one that holds it.
    pythons = [Path(p) for p in (sys.prefix, sys.base_prefix, sysconfig.get_path("stdlib"))]
    below_top = [folder for folder in (path, *path.parents) if top in folder.parents]
    return not any(folder in pythons or (folder / "pyvenv.cfg").is_file() for folder in below_top)
