"""The functions of a profile, all threads together; who can change what takes the time."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pytest_zacperf.function_names import FunctionKey
from pytest_zacperf.records import (
    GARBAGE_COLLECTOR,
    FunctionProfile,
    Profile,
    ProfiledFunction,
)

# A library that calls itself in a circle comes nearer to its share with every step.
LEAST_CHANGE = 0.001


def functions_of(profile: Profile) -> tuple[FunctionProfile, ...]:
    """Return the functions of a profile, the longest own time first.

    What a builtin takes is own time of the function that called it: whoever looks for a cause can
    change the caller of ``sum``, and not ``sum``. In the same way a function of the project has the
    time of the libraries it called, up to where these call the project again: what runs a strategy
    within an engine does not have the strategy's time.

    Returns:
        One for each module, name and line; builtins are left out. Equal times are in that order.

    """
    functions = profile.functions
    shares = _project_shares(functions)
    charged_to = _charged_to(functions)
    found: defaultdict[tuple[str, str, int], _Figures] = defaultdict(_Figures)
    for function, project_function in zip(functions, charged_to, strict=True):
        if not function.is_builtin:
            key = (function.module, function.name, function.line)
            found[key].add(function, functions, shares)
            found[key].charge(function, project_function)
    listed = [figures.profile(*key) for key, figures in found.items()]
    return tuple(sorted(listed, key=lambda f: (-f.own_ns, f.module, f.name, f.line)))


def _project_shares(functions: Sequence[ProfiledFunction]) -> list[float]:
    """Return for each function which part of its time is spent below the project's functions.

    1 for these themselves. A profile says who called whom and not from where, so that all callers
    of a library's function have the same share in what it called: the way of gprof, see Graham,
    Kessler, McKusick, "gprof: a call graph execution profiler", 1982.
    """
    # The collector works for the whole program, and for no library.
    shares = [
        1.0 if function.is_project or function.module == GARBAGE_COLLECTOR else 0.0
        for function in functions
    ]
    callers: defaultdict[int, list[tuple[int, float]]] = defaultdict(list)
    for number, function in enumerate(functions):
        if not function.is_project and function.total_ns:
            for callee in function.callees:
                if callee.function != number:
                    part = callee.total_ns / function.total_ns
                    callers[callee.function].append((number, part))
    told = [0.0] * len(functions)
    changed = deque(number for number, share in enumerate(shares) if share)
    # Shares only grow, so that this ends.
    while changed:
        number = changed.popleft()
        rise = shares[number] - told[number]
        if rise >= LEAST_CHANGE:
            told[number] = shares[number]
            for caller, part in callers[number]:
                shares[caller] = min(1.0, shares[caller] + rise * part)
                changed.append(caller)
    return shares


def _charged_to(functions: Sequence[ProfiledFunction]) -> list[FunctionKey | None]:
    """Return for each function the project's one that it works for: up the heaviest callers."""
    heaviest: dict[int, tuple[int, int]] = {}
    for number, function in enumerate(functions):
        for callee in function.callees:
            before_ns, _ = heaviest.get(callee.function, (-1, -1))
            if callee.function != number and callee.total_ns > before_ns:
                heaviest[callee.function] = (callee.total_ns, number)
    return [_first_of_project(functions, number, heaviest) for number in range(len(functions))]


def _first_of_project(
    functions: Sequence[ProfiledFunction], number: int, heaviest: Mapping[int, tuple[int, int]]
) -> FunctionKey | None:
    if functions[number].module == GARBAGE_COLLECTOR:
        return None
    met = {number}
    while not functions[number].is_project:
        _, number = heaviest.get(number, (0, -1))
        if number < 0 or number in met:  # a thread's beginning, or libraries that call each other
            return None
        met.add(number)
    return functions[number].module, functions[number].name


@dataclass(slots=True)
class _Figures:
    calls: int = 0
    own_ns: int = 0
    total_ns: int = 0
    is_project: bool = False
    with_library_ns: int = 0
    charged_to: FunctionKey | None = None
    charged_ns: int = -1

    def charge(self, function: ProfiledFunction, to: FunctionKey | None) -> None:
        # In several threads it may work for several; the one with most of it counts.
        if not function.is_project and function.total_ns > self.charged_ns:
            self.charged_to, self.charged_ns = to, function.total_ns

    def add(
        self,
        function: ProfiledFunction,
        functions: Sequence[ProfiledFunction],
        shares: Sequence[float],
    ) -> None:
        builtins = [one for one in function.callees if functions[one.function].is_builtin]
        own_ns = function.own_ns + sum(one.own_ns for one in builtins)
        self.calls += function.calls
        self.own_ns += own_ns
        self.total_ns += function.total_ns
        self.is_project |= function.is_project
        self.with_library_ns += own_ns
        if function.is_project:
            # From below, and not as the total without the project's callees: of a function that
            # calls itself by way of others, the total has what it does in the inner calls as well.
            below_ns = sum(one.total_ns * (1 - shares[one.function]) for one in function.callees)
            self.with_library_ns += max(0, round(below_ns) + function.own_ns - own_ns)

    def profile(self, module: str, name: str, line: int) -> FunctionProfile:
        return FunctionProfile(
            module=module,
            name=name,
            line=line,
            calls=self.calls,
            own_ns=self.own_ns,
            total_ns=self.total_ns,
            is_project=self.is_project,
            with_library_ns=self.with_library_ns,
            charged_to=self.charged_to,
        )
