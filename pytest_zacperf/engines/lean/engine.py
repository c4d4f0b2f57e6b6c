"""LEAN by its command line client: ``lean backtest`` in Docker, as its users run it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Unpack

from pytest_zacperf.engines import Context
from pytest_zacperf.engines.lean import docker_client
from pytest_zacperf.engines.lean.attempt import AlgorithmOptions, Finished, Prepared
from pytest_zacperf.engines.lean.base import ALGORITHM_ID
from pytest_zacperf.engines.lean.checks import Ending
from pytest_zacperf.engines.lean.cli import (
    CONTAINER_ENVIRONMENT,
    WIDE,
    LeanCli,
    RunOrder,
    version_text,
)
from pytest_zacperf.engines.lean.costs import CONTAINER_RUSAGE
from pytest_zacperf.engines.lean.guarding import LeftOver, guarded
from pytest_zacperf.engines.lean.imaged import ImagedLean
from pytest_zacperf.engines.lean.run_files import (
    RunFiles,
    elsewhere,
    moved,
    output_folder,
    temporary_folder,
)
from pytest_zacperf.engines.lean.starting import (
    HOOK_PLACE,
    bound_processors,
    hook_folder,
    owner,
    wait_for,
)
from pytest_zacperf.engines.lean.watching import ContainerWatch
from pytest_zacperf.errors import EngineError

CLIENT_LOG = "lean-cli.log"
# What a run cannot be without, or would be another one with.
OURS = frozenset({
    *("--output", "--image", "--lean-config", "--extra-config", "--extra-docker-config"),
    *("--parameter", "--detach", "-d", "--update", "--no-update"),
})


class LeanEngine(ImagedLean):
    """Runs ``lean backtest PROJECT`` and reports what LEAN itself did and used.

    ``lean.json`` and the data folder stay as they are; the results lie in the run's own folder.

    Args:
        project: Folder of the project.
        image: Of the engine, with a tag or a digest that does not move; it must be there.
        lean: Name or path of the client.
        arguments: Further options of ``lean backtest``, such as ``--release``.
        options: See ``AlgorithmOptions``.

    """

    def __init__(
        self,
        project: str | Path,
        *,
        image: str,
        lean: str = "lean",
        arguments: Sequence[str] = (),
        **options: Unpack[AlgorithmOptions],
    ) -> None:
        super().__init__(project, image=image, **options)
        for word in arguments:
            name = word.partition("=")[0]
            if name in OURS:
                raise EngineError(f"{name} cannot be given in arguments", "LeanEngine sets it")
        self._lean = lean
        self._arguments = tuple(arguments)
        self._cli: LeanCli | None = None

    def look_around(self, prepared: Prepared) -> None:
        """Look for the client, Docker and the image.

        Raises:
            EngineError: One is missing, or the client is too old for what is asked of it.

        """
        prepared.workspace.require_organization()
        self._cli = LeanCli.found(self._lean)
        self._cli.require(
            environment=bool(self.environment or prepared.setting.environment),
            parameters=bool(self.lean_parameters(prepared)),
        )
        self.look_for_image()

    def version_parts(self) -> Iterable[str]:
        """Return the digest of the image, and the client's version."""
        yield from super().version_parts()
        if self._cli is not None:
            yield f"lean {version_text(self._cli.version)}"

    def execute(self, prepared: Prepared, context: Context) -> Finished:
        """Run the client and wait until its container is gone."""
        cli, files = self._require_cli(), RunFiles.of(prepared)
        order = self._order(prepared, context, files)
        log = context.working_folder / CLIENT_LOG
        # A client that is killed leaves its temporary files, with all that lean.json holds.
        temporary = context.working_folder / "tmp"
        with prepared.project.alone(), docker_client.closing(docker_client.connected()) as client:
            left = LeftOver(
                container=prepared.container,
                files=(files.wrapper, files.config),
                folders=(temporary, *elsewhere(order.output, context)),
                restored={prepared.project.config: prepared.project.config_text()},
            )
            watch = ContainerWatch(client, prepared.container, bound_processors())
            with (
                guarded(left),
                temporary_folder(temporary),
                prepared.workspace.copy_of_config(files.config),
                files.written_wrapper(prepared.setting.wrapper),
                prepared.project.unchanged_config(),
                docker_client.container_removed(client, prepared.container),
                watch.watching(),
            ):
                variables = {**WIDE, "TMPDIR": str(temporary)}
                status = wait_for(cli.command(order), prepared.workspace.root, log, variables)
        said = log.read_text(encoding="utf-8", errors="replace")
        folder = moved(order.output, context.working_folder / "lean")
        return Finished(
            ending=Ending(exit_status=status, said=said, folder=folder, log=log),
            source=CONTAINER_RUSAGE,
            seen=(watch.stats, watch.proc),
            added=(files.wrapper.name,),
            warnings=(*_warnings(cli, self.image), *watch.problems),
        )

    def _order(self, prepared: Prepared, context: Context, files: RunFiles) -> RunOrder:
        return RunOrder(
            algorithm=files.wrapper if prepared.setting.wrapper else prepared.project.folder,
            image=self.image,
            output=output_folder(prepared, context),
            config=files.config,
            algorithm_id=ALGORITHM_ID,
            container=prepared.container,
            parameters=self.lean_parameters(prepared),
            environment={
                **self.lean_environment(prepared, context),
                **owner(),
                "BASH_ENV": f"{HOOK_PLACE}/hook.sh",
                # The start script compiles the whole project, as root, into the project.
                "PYTHONPYCACHEPREFIX": "/tmp/pycache",  # noqa: S108 - the container's
            },
            volumes={hook_folder(context): HOOK_PLACE},
            arguments=self._arguments,
        )

    def _require_cli(self) -> LeanCli:
        if self._cli is None:
            raise EngineError(f"{self.name} is not prepared", "call prepare() before run()")
        return self._cli


def _warnings(cli: LeanCli, image: str) -> Iterator[str]:
    if not cli.has_environment:
        yield (
            f"lean {version_text(cli.version)} cannot count inside the container, "
            f"{version_text(CONTAINER_ENVIRONMENT)} can: CPU time and memory were seen from "
            "outside, stages were off, and files of the container are root's"
        )
    yield from docker_client.moving_image(image)
