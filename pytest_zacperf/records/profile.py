"""What a profiled run leaves: a function, how often it was called and how long it took."""

from __future__ import annotations

from pytest_zacperf.records.base import Record


class FunctionProfile(Record, frozen=True, kw_only=True):
    """One function of a profiled run; profiled times are no measurement.

    Attributes:
        module: Path of its file below the project or below the package's folder.
        name: Its name, with the class where there is one.
        line: Where it begins.
        calls: How often it was called.
        own_ns: Wall time within the function itself and the builtins it called.
        total_ns: Wall time, with what it called.

    """

    module: str
    name: str
    line: int
    calls: int
    own_ns: int
    total_ns: int
