"""LEAN by its command line client: ``lean backtest`` in Docker, as its users run it."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Unpack

from pytest_zacperf.engines import Context
from pytest_zacperf.engines.lean import docker_client
from pytest_zacperf.engines.lean.attempt import AlgorithmOptions, Finished, Prepared
from pytest_zacperf.engines.lean.base import ALGORITHM_ID, IMAGE, LeanBacktest
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
from pytest_zacperf.engines.lean.starting import (
    HOOK_PLACE,
    bound_processors,
    hook_folder,
    owner,
    wait_for,
)
from pytest_zacperf.engines.lean.watching import ContainerWatch
from pytest_zacperf.engines.lean.workspace import owned_name
from pytest_zacperf.errors import EngineError

CLIENT_LOG = "lean-cli.log"
# What a run cannot be without, or would be another one with.
OURS = frozenset({
    *("--output", "--image", "--lean-config", "--extra-config", "--extra-docker-config"),
    *("--parameter", "--detach", "-d", "--update", "--no-update"),
})


class LeanEngine(LeanBacktest):
    """Runs ``lean backtest PROJECT`` and reports what LEAN itself did and used.

    ``lean.json`` and the data folder stay as they are; the results lie in the run's own folder.

    Args:
        project: Folder of the project.
        image: Of the engine, with a tag or a digest that does not move; it must be there.
        lean: Name or path of the client.
        arguments: Further options of ``lean backtest``, such as ``--release``.
        options: See ``AlgorithmOptions``.

    """

    own_parameters = frozenset({IMAGE})

    def __init__(
        self,
        project: str | Path,
        *,
        image: str,
        lean: str = "lean",
        arguments: Sequence[str] = (),
        **options: Unpack[AlgorithmOptions],
    ) -> None:
        super().__init__(project, **options)
        for word in arguments:
            name = word.partition("=")[0]
            if name in OURS:
                raise EngineError(f"{name} cannot be given in arguments", "LeanEngine sets it")
        self.parameters = {IMAGE: image, **self.parameters}
        self._lean = lean
        self._arguments = tuple(arguments)
        self._cli: LeanCli | None = None
        self._digest = ""

    @property
    def image(self) -> str:
        """Of the engine."""
        return str(self.parameters[IMAGE])

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
        with docker_client.closing(docker_client.connected()) as client:
            self._digest = docker_client.image_digest(client, self.image)

    def version_parts(self) -> Iterable[str]:
        """Return the digest of the image, and the client's version."""
        yield self._digest[:19]
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
                folders=(temporary, *_elsewhere(order.output, context)),
                restored={prepared.project.config: prepared.project.config_text()},
            )
            watch = ContainerWatch(client, prepared.container, bound_processors())
            with (
                guarded(left),
                _temporary(temporary),
                prepared.workspace.copy_of_config(files.config),
                files.written_wrapper(prepared.setting.wrapper),
                prepared.project.unchanged_config(),
                docker_client.container_removed(client, prepared.container),
                watch.watching(),
            ):
                variables = {**WIDE, "TMPDIR": str(temporary)}
                status = wait_for(cli.command(order), prepared.workspace.root, log, variables)
        said = log.read_text(encoding="utf-8", errors="replace")
        folder = _moved(order.output, context.working_folder / "lean")
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
            output=_output_folder(prepared, context),
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


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFiles:
    """The two files that one run needs in folders of the user.

    Attributes:
        wrapper: In the project.
        config: Beside ``lean.json``.

    """

    wrapper: Path
    config: Path

    @classmethod
    def of(cls, prepared: Prepared) -> RunFiles:
        """Return where they are; their names say whose they are."""
        return cls(
            wrapper=prepared.project.folder / owned_name("", prepared.token, ".py"),
            config=prepared.workspace.root / owned_name("lean.", prepared.token, ".json"),
        )

    @contextlib.contextmanager
    def written_wrapper(self, text: str | None) -> Iterator[None]:
        """Keep the wrapper in the project while the block runs; None writes none."""
        if text is None:
            yield
            return
        try:
            self.wrapper.write_text(text, encoding="utf-8")
            yield
        finally:
            self.wrapper.unlink(missing_ok=True)


@contextlib.contextmanager
def _temporary(folder: Path) -> Iterator[None]:
    folder.mkdir(mode=0o700)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _elsewhere(output: Path, context: Context) -> tuple[Path, ...]:
    return () if output.is_relative_to(context.working_folder) else (output,)


def _moved(output: Path, own: Path) -> Path:
    if output == own or not output.is_dir():
        return own
    try:
        shutil.move(output, own)
    except OSError as e:
        raise EngineError(
            f"the results in {output} cannot be moved to {own}: {e.strerror}",
            "run with a folder for runs below lean.json",
        ) from e
    return own


def _warnings(cli: LeanCli, image: str) -> Iterator[str]:
    if not cli.has_environment:
        yield (
            f"lean {version_text(cli.version)} cannot count inside the container, "
            f"{version_text(CONTAINER_ENVIRONMENT)} can: CPU time and memory were seen from "
            "outside, stages were off, and files of the container are root's"
        )
    yield from docker_client.moving_image(image)


def _output_folder(prepared: Prepared, context: Context) -> Path:
    """Return where results go: in the run's own folder when that lies below ``lean.json``."""
    own = context.working_folder / "lean"
    if own.resolve().is_relative_to(prepared.workspace.root.resolve()):
        return own
    ignored = prepared.workspace.root / ".zacperf"
    folder = ignored / "lean" / f"{os.getpid()}-{prepared.token}"
    folder.mkdir(parents=True)
    if not (ignored / ".gitignore").exists():
        (ignored / ".gitignore").write_text("*\n", encoding="utf-8")
    return folder
