"""QuantConnect Lean: its results, and three ways to run it; loads no Docker before it is needed."""

from pytest_zacperf.engines.lean.docker import DockerLean
from pytest_zacperf.engines.lean.dotnet import DotnetLean
from pytest_zacperf.engines.lean.engine import LeanEngine
from pytest_zacperf.engines.lean.reading.records import LeanRun
from pytest_zacperf.engines.lean.reading.results import read_results
from pytest_zacperf.engines.lean.recorded import LeanResults

__all__ = ["DockerLean", "DotnetLean", "LeanEngine", "LeanResults", "LeanRun", "read_results"]
