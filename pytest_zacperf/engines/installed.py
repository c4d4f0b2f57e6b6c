"""The libraries that adapters run, loaded when a backtest needs them and not before."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
from dataclasses import dataclass
from types import ModuleType

from pytest_zacperf.errors import EngineError
from pytest_zacperf.sentences import error_sentence

NOT_INSTALLED = "not installed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """A library that an extra of this package installs.

    Attributes:
        module: What is imported.
        distribution: What is installed, as the package index names it.
        extra: Of this package.

    """

    module: str
    distribution: str
    extra: str

    @property
    def version(self) -> str:
        """The installed version, or that there is none."""
        try:
            return importlib.metadata.version(self.distribution)
        except importlib.metadata.PackageNotFoundError:
            return NOT_INSTALLED

    def load(self) -> ModuleType:
        """Import the library.

        Raises:
            EngineError: It is not installed, or its import fails.

        """
        if importlib.util.find_spec(self.module) is None:
            raise EngineError(
                f"{self.distribution} is not installed",
                f'pip install "pytest-zacperf[{self.extra}]" into the environment of pytest',
            )
        try:
            return importlib.import_module(self.module)
        except Exception as e:
            raise EngineError(
                f"{self.distribution} {self.version} cannot be imported: {error_sentence(e)}",
                f"python -c 'import {self.module}' shows the whole error",
            ) from e
