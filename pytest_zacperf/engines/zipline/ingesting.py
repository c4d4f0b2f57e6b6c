"""Data that are written into zipline's own files before a run, once, and kept for later ones."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from pytest_zacperf.digest import digest_of
from pytest_zacperf.engines.zipline.backtest import ZiplineBacktest
from pytest_zacperf.records import ParameterValue, Window

ROOT = "ZIPLINE_ROOT"


def ingested(
    built: ZiplineBacktest,
    window: Window,
    parameters: Mapping[str, ParameterValue],
    version: str,
    cache_folder: Path,
) -> Path:
    """Return the root in which the data of a backtest are; write them unless that has been done.

    What depends on anything else than these and the text of the module of ``ingest`` has to say so
    by ``data_key``.

    Args:
        built: Names the bundle and the function that writes it.
        window: Whose data.
        parameters: Of the backtest.
        version: Of zipline, whose formats change.
        cache_folder: Outlives runs.

    """
    from zipline.data import bundles  # noqa: PLC0415 - an extra

    bundles.register(built.bundle, built.ingest, calendar_name=built.calendar)
    folder = cache_folder / "zipline"
    root = folder / digest_of([
        *(version, built.bundle, built.calendar, window.start, window.end),
        *(_deciding(built, parameters), built.data_key, _source_of(built.ingest)),
    ])
    if not root.exists():
        folder.mkdir(exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=folder))
        try:
            bundles.ingest(built.bundle, {**os.environ, ROOT: str(made)}, show_progress=False)
            _keep(made, root)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    return root


def _deciding(
    built: ZiplineBacktest, parameters: Mapping[str, ParameterValue]
) -> dict[str, ParameterValue]:
    names = built.data_parameters
    return {name: parameters[name] for name in parameters if names is None or name in names}


def _keep(made: Path, root: Path) -> None:
    try:
        made.rename(root)
    except OSError:
        if not root.exists():  # another process was faster, and its data are the same
            raise


def _source_of(function: Callable[..., None] | None) -> str:
    """Return the text of the module in which a function is: other code, other data."""
    path = Path(getattr(getattr(function, "__code__", None), "co_filename", ""))
    if path.is_file():
        return path.read_text(encoding="utf-8")
    return f"{type(function).__module__}.{type(function).__qualname__}"
