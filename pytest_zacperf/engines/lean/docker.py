"""LEAN in a plain Docker container: no client, no login, and real limits on what it may use."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Unpack

from pytest_zacperf.engines import Context
from pytest_zacperf.engines.lean import docker_client
from pytest_zacperf.engines.lean.attempt import AlgorithmOptions, Finished, Prepared
from pytest_zacperf.engines.lean.base import ALGORITHM_ID
from pytest_zacperf.engines.lean.checks import Ending
from pytest_zacperf.engines.lean.costs import CONTAINER_RUSAGE
from pytest_zacperf.engines.lean.guarding import LeftOver, guarded
from pytest_zacperf.engines.lean.imaged import ImagedLean
from pytest_zacperf.engines.lean.launcher_config import LauncherConfig
from pytest_zacperf.engines.lean.starting import HOOK_PLACE, bound_processors, hook_folder, owner
from pytest_zacperf.engines.lean.watching import ContainerWatch

PROJECT, WRAPPERS, RESULTS, DATA = "/LeanCLI", "/zacperf", "/Results", "/Lean/Data"
LAUNCHER_FOLDER = "/Lean/Launcher/bin/Debug"
STORAGE = "/Storage"
LAUNCHER = "QuantConnect.Lean.Launcher.dll"
WRAPPER = "zacperf_window.py"
CONTAINER_LOG = "container.log"


class DockerLean(ImagedLean):
    """Runs LEAN's image itself, as ``docker run`` does; project and data are mounted read only.

    Args:
        project: Folder of a Python project.
        image: Of the engine, with a tag or a digest that does not move; it must be there.
        cpus: How many processors it may use, such as 1.5; None for all.
        memory_bytes: How much memory it may use; None for all.
        options: See ``AlgorithmOptions``.

    """

    def __init__(
        self,
        project: str | Path,
        *,
        image: str,
        cpus: float | None = None,
        memory_bytes: int | None = None,
        **options: Unpack[AlgorithmOptions],
    ) -> None:
        super().__init__(project, image=image, **options)
        self.cpus = cpus
        self.memory_bytes = memory_bytes

    def look_around(self, prepared: Prepared) -> None:
        """Look for Docker and the image.

        Raises:
            EngineError: One is missing, or the project is no Python.

        """
        prepared.project.require_python("DockerLean")
        self.look_for_image()

    def version_parts(self) -> Iterable[str]:
        """Return the digest of the image, and the limits."""
        yield from super().version_parts()
        if self.cpus is not None:
            yield f"{self.cpus:g} processors"
        if self.memory_bytes is not None:
            yield f"{self.memory_bytes} bytes"

    def execute(self, prepared: Prepared, context: Context) -> Finished:
        """Run one container to its end and remove it."""
        output = context.working_folder / "lean"
        output.mkdir()
        with docker_client.closing(docker_client.connected()) as client:
            watch = ContainerWatch(client, prepared.container)
            with (
                guarded(LeftOver(container=prepared.container)),
                docker_client.container_removed(client, prepared.container),
                watch.watching(),
            ):
                container = docker_client.started(
                    client, **self._options(prepared, context, output)
                )
                status = int(container.wait(timeout=None)["StatusCode"])
                said = container.logs().decode(errors="replace")
        log = context.working_folder / CONTAINER_LOG
        log.write_text(said, encoding="utf-8")
        return Finished(
            ending=Ending(exit_status=status, said=said, folder=output, log=log),
            source=CONTAINER_RUSAGE,
            seen=(watch.stats, watch.proc),
            warnings=(*docker_client.moving_image(self.image), *watch.problems),
        )

    def _options(self, prepared: Prepared, context: Context, output: Path) -> dict[str, object]:
        return {
            "image": self.image,
            "name": prepared.container,
            "labels": {"tool": "pytest-zacperf"},
            "entrypoint": ["python", f"{HOOK_PLACE}/rusage.py", "dotnet", LAUNCHER],
            "environment": {
                **self.lean_environment(prepared, context),
                **owner(),
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            "volumes": {
                str(host): {"bind": place, "mode": "rw" if host == output else "ro"}
                for host, place in self._mounts(prepared, context, output).items()
            },
            "nano_cpus": None if self.cpus is None else round(self.cpus * 1e9),
            "mem_limit": self.memory_bytes,
            "cpuset_cpus": ",".join(map(str, bound_processors())) or None,
        }

    def _mounts(self, prepared: Prepared, context: Context, output: Path) -> dict[Path, str]:
        wrappers = context.working_folder / "window"
        wrappers.mkdir()
        if prepared.setting.wrapper is not None:
            (wrappers / WRAPPER).write_text(prepared.setting.wrapper, encoding="utf-8")
        config = context.working_folder / "config.json"
        self._config(prepared).write(config)
        return {
            prepared.project.folder: PROJECT,
            prepared.workspace.data.resolve(): DATA,
            wrappers: WRAPPERS,
            hook_folder(context): HOOK_PLACE,
            output: RESULTS,
            config: f"{LAUNCHER_FOLDER}/config.json",
        }

    def _config(self, prepared: Prepared) -> LauncherConfig:
        own = f"{PROJECT}/{prepared.project.algorithm.name}"
        algorithm = own if prepared.setting.wrapper is None else f"{WRAPPERS}/{WRAPPER}"
        return LauncherConfig(
            algorithm=algorithm,
            type_name=Path(algorithm).stem,
            language=prepared.project.language,
            data=DATA,
            results=RESULTS,
            storage=STORAGE,
            algorithm_id=ALGORITHM_ID,
            parameters=self.lean_parameters(prepared) or prepared.project.parameters,
            python_paths=(PROJECT,),
        )
