"""What a profiled run leaves: threads, functions, who called whom; its times measure nothing."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pytest_zacperf.records.base import Record

ProfileClock: TypeAlias = Literal["wall", "cpu"]


# The module of what is no function of the program, and takes its time all the same.
GARBAGE_COLLECTOR = "<garbage collector>"


class FunctionProfile(Record, frozen=True, kw_only=True):
    """One function of a profiled run, all threads together; profiled times are no measurement.

    Attributes:
        module: Path of its file below the project or below the package's folder.
        name: Its name, with the class where there is one.
        line: Where it begins.
        calls: How often it was called.
        own_ns: Time within the function itself and the builtins it called.
        total_ns: Time, with what it called.
        is_project: Whether its file is the project's, and no installed package's.
        with_library_ns: Time within it and all that is not the project's and that it called; the
            own time where it is not the project's itself.
        charged_to: Module and name of the project's function that it worked for most of its time;
            None for one of the project, and where no function of the project is behind it.

    """

    module: str
    name: str
    line: int
    calls: int
    own_ns: int
    total_ns: int
    is_project: bool = False
    with_library_ns: int = 0
    charged_to: tuple[str, str] | None = None

    @property
    def place(self) -> str:
        """Where it is and what it is called: ``gold.py:7 on_bar``."""
        return f"{self.module}:{self.line} {self.name}"


class Callee(Record, frozen=True, kw_only=True):
    """What one function spent in another one that it called.

    Attributes:
        function: Index of the callee in ``Profile.functions``.
        calls: How often this caller called it.
        actual_calls: The same without the calls by which it called itself.
        own_ns: Own time of the callee in these calls.
        total_ns: Time of these calls, with what they called.

    """

    function: int
    calls: int
    actual_calls: int
    own_ns: int
    total_ns: int


class ProfiledFunction(Record, frozen=True, kw_only=True):
    """One function in one thread, as the profiler has it.

    Attributes:
        thread: Id of its thread, see ``ThreadProfile``.
        module: Path of its file below the project or below the package's folder; the module's name
            for a builtin.
        name: Its name, with the class where there is one.
        line: Where it begins; 0 for a builtin.
        is_builtin: Whether it is written in C.
        is_project: Whether its file is the project's, and no installed package's.
        calls: How often it was called.
        actual_calls: The same without the calls by which it called itself.
        own_ns: Time within it, without what it called.
        total_ns: Time, with what it called.
        callees: What it called.

    """

    thread: int
    module: str
    name: str
    line: int
    is_builtin: bool
    is_project: bool
    calls: int
    actual_calls: int
    own_ns: int
    total_ns: int
    callees: tuple[Callee, ...] = ()


class ThreadProfile(Record, frozen=True, kw_only=True):
    """One thread of a profiled run.

    Attributes:
        id: Number that the profiler gave it; 0 is the thread that ran the engine.
        name: The thread's own name.
        total_ns: Time it took by the profile's clock; waiting counts by wall clock.
        schedules: How often it was scheduled.

    """

    id: int
    name: str
    total_ns: int
    schedules: int


class Profile(Record, frozen=True, kw_only=True):
    """All that a profiler saw of a run.

    Attributes:
        clock: ``wall`` or ``cpu``.
        threads: In the order of their ids.
        functions: Of all threads; a function has one entry for each thread that called it.

    """

    clock: ProfileClock
    threads: tuple[ThreadProfile, ...]
    functions: tuple[ProfiledFunction, ...]
