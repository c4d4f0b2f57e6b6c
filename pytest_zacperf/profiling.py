"""Where the time of a block goes, function by function: yappi by wall clock, in all threads.

A profiled block takes several times as long as it does alone. Its times say where to look, and are
never a measurement.
"""

from __future__ import annotations

import functools
import sys
import sysconfig
import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any, Self

from pytest_zacperf.errors import EngineError
from pytest_zacperf.records import FunctionProfile
from pytest_zacperf.units import NS_PER_S

CLOCK = "wall"
# They wrap the run, and nobody who looks for a slow backtest can change them.
OWN_FRAMES = ("pytest_zacperf/worker/", "pytest_zacperf/stages.py", "pytest_zacperf/profiling.py")
PACKAGE_FOLDERS = ("site-packages", "dist-packages")
STANDARD_LIBRARY = tuple(Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib"))


class Profiler:
    """Profiles the block of a ``with``; ``functions()`` has the result afterwards.

    What a builtin takes is own time of the function that called it: whoever looks for a cause can
    change the caller of ``sum``, and not ``sum``. Each time a generator goes on counts as a call.

    Args:
        root: Folder of the project's code, in the working tree or in a checkout of it.

    Raises:
        EngineError: The process is being profiled already, or the block ended the profiler.

    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._clock = CLOCK
        self._functions: tuple[FunctionProfile, ...] = ()

    def __enter__(self) -> Self:
        import yappi  # noqa: PLC0415 - only a profiled run needs it

        _refuse_another(yappi)
        self._clock = yappi.get_clock_type()
        yappi.set_clock_type(CLOCK)
        # With builtins: without, their time would belong to no function at all.
        yappi.start(builtins=True)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        import yappi  # noqa: PLC0415

        _mark_end()
        yappi.stop()
        try:
            stats = [stat for stat in yappi.get_func_stats() if not stat.builtin]
        finally:
            yappi.clear_stats()
            yappi.set_clock_type(self._clock)
        if exc_type is None:
            _require_end(stats)
            # By their code: yappi has the class of the first object, and not of the method.
            codes = getattr(yappi, "_fn_descriptor_dict", {})
            self._functions = _functions(stats, codes, self._root)

    def functions(self) -> tuple[FunctionProfile, ...]:
        """Return the functions that were called, the longest own time first; none if it failed."""
        return self._functions


def module_path(file: str, root: Path) -> str:
    """Return the path of a source file without what differs between two checkouts of it.

    Args:
        file: As the code has it; ``<string>`` and the like stay as they are.
        root: Folder of the project's code.

    Returns:
        The path below the packages' folder, the standard library or the root; for any other file
        its path from its outermost package on.

    """
    if file.startswith("<"):
        return file
    path = Path(file).absolute()
    # Before the root: a virtual environment may lie below it, and serves both sides.
    installed = _below_packages(path)
    if installed is not None:
        return installed
    resolved = path.resolve()
    for folder in (*STANDARD_LIBRARY, root, root.resolve()):
        for place in (path, resolved):
            if place.is_relative_to(folder):
                return place.relative_to(folder).as_posix()
    return _from_outermost_package(path)


def _below_packages(path: Path) -> str | None:
    below: list[str] = []
    for part in reversed(path.parts):
        if part in PACKAGE_FOLDERS:
            return str(PurePosixPath(*reversed(below)))
        below.append(part)
    return None


def _from_outermost_package(path: Path) -> str:
    folder = path.parent
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    return path.relative_to(folder).as_posix()


def _refuse_another(yappi: Any) -> None:  # noqa: ANN401 - yappi has no types
    # There is room for one in a process: to start ours is to end theirs.
    watcher = sys.getprofile() or threading.getprofile()
    if yappi.is_running() or not yappi.get_func_stats().empty():
        name = "yappi"
    elif watcher is not None:
        name = getattr(watcher, "__module__", None) or type(watcher).__module__
    else:
        return
    raise EngineError(
        f"the run cannot be profiled: {name} profiles this process already",
        "end it before run(), and clear it, or leave the profile out with --zacperf-no-blame",
    )


def _mark_end() -> None:
    """Be seen by the profiler, if it still sees anything in this thread."""


def _require_end(stats: Iterable[Any]) -> None:
    code = _mark_end.__code__
    end = (code.co_filename, code.co_firstlineno)
    if not any((stat.module, stat.lineno) == end for stat in stats):
        raise EngineError(
            "the run ended its profiler: it uses yappi or sys.setprofile itself",
            "let the engine profile nothing, or leave the profile out with --zacperf-no-blame",
        )


def _functions(
    stats: Iterable[Any], codes: Mapping[str, object], root: Path
) -> tuple[FunctionProfile, ...]:
    module_of = functools.cache(functools.partial(module_path, root=root))
    # One key has several figures where threads met a method in objects of different classes.
    found: defaultdict[tuple[str, str, int], _Figures] = defaultdict(_Figures)
    for stat in stats:
        module = module_of(stat.module)
        if not module.startswith(OWN_FRAMES):
            name = getattr(codes.get(stat.full_name), "co_qualname", stat.name)
            found[module, name, stat.lineno].add(stat)
    functions = [figures.profile(*key) for key, figures in found.items()]
    return tuple(sorted(functions, key=lambda f: (-f.own_ns, f.module, f.name, f.line)))


@dataclass(slots=True)
class _Figures:
    calls: int = 0
    own_s: float = 0.0
    total_s: float = 0.0

    def add(self, stat: Any) -> None:  # noqa: ANN401 - yappi has no types
        self.calls += stat.ncall
        self.own_s += stat.tsub + sum(child.tsub for child in stat.children if child.builtin)
        self.total_s += stat.ttot

    def profile(self, module: str, name: str, line: int) -> FunctionProfile:
        return FunctionProfile(
            module=module,
            name=name,
            line=line,
            calls=self.calls,
            own_ns=round(self.own_s * NS_PER_S),
            total_ns=round(self.total_s * NS_PER_S),
        )
