"""The files that a profile is written to, as bytes; one module for each format, none writes."""

from __future__ import annotations

from pytest_zacperf.profile_files.function_table import functions_csv
from pytest_zacperf.profile_files.pstats_file import pstat
from pytest_zacperf.profile_files.speedscope_file import speedscope
from pytest_zacperf.profile_files.thread_table import threads_csv

__all__ = ["functions_csv", "pstat", "speedscope", "threads_csv"]
