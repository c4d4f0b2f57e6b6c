"""LEAN without Docker: its launcher under dotnet, as a machine in CI can have it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Unpack

from pytest_zacperf.engines import Context
from pytest_zacperf.engines.lean.attempt import AlgorithmOptions, Finished, Prepared
from pytest_zacperf.engines.lean.base import ALGORITHM_ID, LeanBacktest
from pytest_zacperf.engines.lean.checks import Ending
from pytest_zacperf.engines.lean.costs import PROCESS_RUSAGE, RUSAGE_FILE
from pytest_zacperf.engines.lean.launcher_config import LauncherConfig
from pytest_zacperf.engines.lean.starting import HOOK_FOLDER, wait_for
from pytest_zacperf.errors import EngineError

LAUNCHER = "QuantConnect.Lean.Launcher.dll"
WRAPPER = "zacperf_window.py"
LAUNCHER_LOG = "launcher.log"


class DotnetLean(LeanBacktest):
    """Runs ``dotnet QuantConnect.Lean.Launcher.dll``.

    Args:
        project: Folder of a Python project.
        launcher: The DLL, or the folder it is in.
        dotnet: Name or path of dotnet.
        python_library: The ``libpython`` that LEAN loads; None leaves ``PYTHONNET_PYDLL`` as it is.
        options: See ``AlgorithmOptions``.

    """

    def __init__(
        self,
        project: str | Path,
        *,
        launcher: str | Path,
        dotnet: str = "dotnet",
        python_library: str | Path | None = None,
        **options: Unpack[AlgorithmOptions],
    ) -> None:
        super().__init__(project, **options)
        found = Path(launcher).resolve()
        self.launcher = found / LAUNCHER if found.is_dir() else found
        if python_library is not None:
            self.environment.setdefault("PYTHONNET_PYDLL", str(python_library))
        self._dotnet = dotnet

    def look_around(self, prepared: Prepared) -> None:
        """Look for dotnet and the launcher.

        Raises:
            EngineError: One is missing, or the project is no Python.

        """
        prepared.project.require_python("DotnetLean")
        found = shutil.which(self._dotnet)
        if found is None:
            raise EngineError(
                f"there is no {self._dotnet!r} on PATH",
                "install the .NET runtime that LEAN was built for",
            )
        self._dotnet = os.path.abspath(found)  # noqa: PTH100 - links stay; it runs elsewhere
        if not self.launcher.is_file():
            raise EngineError(
                f"there is no launcher at {self.launcher}",
                f"build LEAN and name {LAUNCHER} in Launcher/bin/Release",
            )

    def version_parts(self) -> Iterable[str]:
        """Return where the launcher is."""
        yield str(self.launcher)

    def execute(self, prepared: Prepared, context: Context) -> Finished:
        """Run the launcher under the counter that runs inside containers elsewhere."""
        output, storage = context.working_folder / "lean", context.working_folder / "storage"
        output.mkdir()
        storage.mkdir()
        algorithm = prepared.project.algorithm
        if prepared.setting.wrapper is not None:
            algorithm = context.working_folder / WRAPPER
            algorithm.write_text(prepared.setting.wrapper, encoding="utf-8")
        config = context.working_folder / "config.json"
        LauncherConfig(
            algorithm=str(algorithm),
            type_name=algorithm.stem,
            language=prepared.project.language,
            data=str(prepared.workspace.data.resolve()),
            results=str(output),
            storage=str(storage),
            algorithm_id=ALGORITHM_ID,
            parameters=self.lean_parameters(prepared) or prepared.project.parameters,
            python_paths=(str(prepared.project.folder),),
        ).write(config)
        log = context.working_folder / LAUNCHER_LOG
        status = wait_for(
            [
                *(sys.executable, "-I", "-S", str(HOOK_FOLDER / "rusage.py")),
                *(self._dotnet, str(self.launcher)),
                *("--config", str(config), "--close-automatically", "true"),
            ],
            self.launcher.parent,
            log,
            {**self.lean_environment(prepared, context), "PERF_OUT": str(output / RUSAGE_FILE)},
        )
        said = log.read_text(encoding="utf-8", errors="replace")
        return Finished(
            ending=Ending(exit_status=status, said=said, folder=output, log=log),
            source=PROCESS_RUSAGE,
        )
