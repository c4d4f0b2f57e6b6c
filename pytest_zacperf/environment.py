"""Where a run was measured and what code ran: an allow-list, never environment variables."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import os
import platform
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from traceback import walk_tb
from types import TracebackType

from pytest_zacperf.digest import DIGEST_BYTES, digest_of
from pytest_zacperf.records import Environment, ParameterValue, Workload

# What can influence a run or its measurement; only those that are installed are listed.
PACKAGES = (
    "backtesting",
    "backtrader",
    "databento",
    "databento-dbn",
    "exchange_calendars",
    "lean",
    "lumibot",
    "msgspec",
    "nautilus_trader",
    "numba",
    "numpy",
    "pandas",
    "polars",
    "psutil",
    "pyarrow",
    "pytest",
    "pytest-zacperf",
    "scipy",
    "vectorbt",
    "zipline-reloaded",
)
OWN_PACKAGE = "pytest_zacperf"
INSTALLED = {"site-packages", "dist-packages"}
GIT_TIMEOUT_S = 10.0

# What sets the number of threads of the numeric libraries; all of them read it when they load.
THREAD_VARIABLES = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"),
    *("NUMEXPR_NUM_THREADS", "NUMEXPR_MAX_THREADS", "NUMBA_NUM_THREADS"),
    *("POLARS_MAX_THREADS", "RAYON_NUM_THREADS", "TBB_NUM_THREADS"),
)
# The only environment variables that are ever stored; none of them holds a secret.
STORED_VARIABLES = (
    *THREAD_VARIABLES,
    *("PYTHONHASHSEED", "PYTHONOPTIMIZE", "PYTHONMALLOC", "MALLOC_ARENA_MAX", "TZ"),
)


def current_environment(root: Path, not_sources: Iterable[str] = ()) -> Environment:
    """Describe this process, this machine and the project's revision.

    Args:
        root: The project; files of it that git does not track do not make it dirty.
        not_sources: Paths, relative to the root, that do not make it dirty either.

    """
    top, _, revision = (_git(root, "rev-parse", "--show-toplevel", "HEAD") or "").partition("\n")
    paths = [(root / path).resolve() for path in not_sources]
    # Git refuses a path that leads out of the repository, and all of it is no part of it.
    inside = [path for path in paths if path != Path(top) and path.is_relative_to(top)]
    left_out = [f":(exclude,literal){path}" for path in inside]
    changes = _git(root, "status", "--porcelain", "--untracked-files=no", "--", ":/", *left_out)
    return Environment(
        python=f"{platform.python_implementation()} {platform.python_version()}",
        platform=f"{platform.system()} {platform.release()}",
        machine=f"{platform.machine()} {_cpu_model()}".strip(),
        cpus=_cpus(),
        variables={name: os.environ[name] for name in STORED_VARIABLES if name in os.environ},
        packages=dict(_installed_packages()),
        git_revision=revision or None,
        git_dirty=bool(changes) if revision and changes is not None else None,
    )


def code_fingerprint(sources: Mapping[str, bytes]) -> str:
    """Hash what ``loaded_sources`` returned: where each module is, and its content."""
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for name, content_hash in sorted(sources.items()):
        digest.update(name.encode() + b"\0" + content_hash)
    return digest.hexdigest()


def loaded_sources(root: Path, extra_package_dirs: Iterable[Path] = ()) -> dict[str, bytes]:
    """Return the loaded modules of the project: where they are below the root, to their hash.

    Ask when they have just been loaded: a file that somebody edits later is not what ran.

    Args:
        root: The project; what is installed in a virtual environment below it is left out.
        extra_package_dirs: Packages, or single modules, that count although they lie elsewhere.

    """
    files: dict[str, Path] = {}
    root = root.resolve()
    extras = [extra.resolve() for extra in extra_package_dirs]
    for _, path in module_files():
        if is_within(path, root) and _is_own(path, root):
            files[path.relative_to(root).as_posix()] = path
            continue
        for extra in extras:
            if is_within(path, extra):
                files[path.relative_to(extra.parent).as_posix()] = path
    return {
        name: hashlib.blake2b(path.read_bytes()).digest()
        for name, path in files.items()
        if path.is_file()
    }


def hashed_files(root: Path, files: Iterable[Path]) -> dict[str, bytes]:
    """Return files of code: where they are below the root, to their hash.

    Args:
        root: The project.
        files: Those that are gone by now are left out; one elsewhere counts by its whole path.

    """
    root = root.resolve()
    paths = [path.resolve() for path in files]
    return {
        (path.relative_to(root) if is_within(path, root) else path).as_posix(): hashlib.blake2b(
            path.read_bytes()
        ).digest()
        for path in paths
        if path.is_file()
    }


def own_line(traceback: TracebackType | None, root: Path) -> str | None:
    """Return the last line of the project on the way to an error, such as ``gold.py:16``, or None.

    Args:
        traceback: Of the error.
        root: The project; what is installed below it is not its own.

    """
    root = root.resolve()
    found = None
    for frame, line in walk_tb(traceback):
        path = _resolved(frame.f_code.co_filename)
        if is_within(path, root) and _is_own(path, root):
            found = f"{path.relative_to(root).as_posix()}:{line}"
    return found


def package_dirs(module_names: Iterable[str]) -> tuple[Path, ...]:
    """Return the folders of the loaded top-level packages that modules belong to.

    Of this package only the subpackage counts: a change of our reports changes no backtest.
    """
    found: dict[Path, None] = {}
    for module_name in module_names:
        parts = module_name.split(".")
        depth = 2 if parts[0] == OWN_PACKAGE else 1
        file = getattr(sys.modules.get(".".join(parts[:depth])), "__file__", None)
        if file is not None:
            path = Path(file)
            found[path.parent if path.stem == "__init__" else path] = None
    return tuple(found)


def parameters_fingerprint(parameters: Mapping[str, ParameterValue]) -> str:
    """Hash parameters as canonical JSON, so that their order says nothing."""
    return digest_of(dict(parameters))


def workload_fingerprint(
    code: str, data: str | None, workload: Workload, environment: Environment
) -> str:
    """Hash everything that decides a result, so that equal hashes promise equal order events."""
    return digest_of([
        *(workload.engine_name, workload.engine_version, workload.parameters),
        *(workload.window.start, workload.window.end),
        *(code, data, environment.python, environment.packages),
    ])


def module_files() -> Iterator[tuple[str, Path]]:
    """Yield the name of each loaded module that says so, and its file, links resolved."""
    # A copy, for another thread may import meanwhile; and anything may stand there.
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str):
            yield name, _resolved(file)


def is_within(path: Path, folder: Path) -> bool:
    """Return whether a path is a folder, or below it; both have their links resolved.

    As ``is_relative_to`` does, in a twentieth of its time: a run asks for thousands.
    """
    return path == folder or str(path).startswith(f"{str(folder).rstrip(os.sep)}{os.sep}")


# Asked for several times in each run, for hundreds of modules.
@functools.cache
def _resolved(file: str) -> Path:
    return Path(file).resolve()


def _is_own(path: Path, root: Path) -> bool:
    if INSTALLED & set(path.relative_to(root).parts):
        return False
    return not path.is_relative_to(sysconfig.get_path("stdlib"))


def _installed_packages() -> Iterator[tuple[str, str]]:
    for name in PACKAGES:
        try:
            yield name, importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue


def _cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    except OSError:
        pass
    return platform.processor()


def _cpus() -> tuple[int, ...]:
    if hasattr(os, "sched_getaffinity"):
        return tuple(sorted(os.sched_getaffinity(0)))
    return tuple(range(os.cpu_count() or 1))  # macOS


def _git(root: Path, *arguments: str) -> str | None:
    # A git hook that runs the tests sets GIT_DIR and others, which would name another repository.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    command = ["git", "-C", str(root), "--no-optional-locks", *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command and the project's own path
            command,
            capture_output=True,
            check=True,
            env=environment,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=GIT_TIMEOUT_S,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
