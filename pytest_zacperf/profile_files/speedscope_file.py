"""A profile as https://www.speedscope.app opens it: a picture of who called whom.

The format is that of https://www.speedscope.app/file-format-schema.json.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import msgspec

from pytest_zacperf.profile_files.call_paths import call_paths
from pytest_zacperf.profile_files.text import builtin_name, thread_names
from pytest_zacperf.profile_files.thread_table import waiting_ns
from pytest_zacperf.records import Profile, ProfiledFunction

SCHEMA = "https://www.speedscope.app/file-format-schema.json"
RECONSTRUCTED = "stacks reconstructed from callers and callees"


def speedscope(profile: Profile, name: str) -> bytes:
    """Return a profile for speedscope, with one of its profiles for each thread that did anything.

    The profiler has a call graph and no stacks, so these are reconstructed, see ``call_paths``; the
    name says so. Their order is no order in time. The thread that worked longest is shown first.

    Args:
        profile: What the profiler saw.
        name: What it is a profile of.

    """
    frames = _Frames()
    members: defaultdict[int, list[int]] = defaultdict(list)
    for number, function in enumerate(profile.functions):
        members[function.thread].append(number)
    names, waited = thread_names(profile), waiting_ns(profile)
    profiles: list[_SampledProfile] = []
    worked: list[int] = []
    for thread in profile.threads:
        samples = sorted(_samples(profile.functions, members[thread.id], frames))
        if samples:
            profiles.append(_profile(names[thread.id], samples))
            worked.append(thread.total_ns - waited[thread.id])
    return msgspec.json.encode(
        _File(
            schema=SCHEMA,
            exporter=f"pytest-zacperf ({RECONSTRUCTED})",
            name=f"{name} ({RECONSTRUCTED})",
            activeProfileIndex=worked.index(max(worked)) if worked else 0,
            shared=_Shared(frames=frames.listed),
            profiles=profiles,
        )
    )


class _Frame(msgspec.Struct, omit_defaults=True):
    name: str
    file: str | None = None
    line: int | None = None


class _Shared(msgspec.Struct):
    frames: list[_Frame]


class _SampledProfile(msgspec.Struct, tag_field="type", tag="sampled", rename="camel"):
    name: str
    unit: str
    start_value: int
    end_value: int
    samples: list[tuple[int, ...]]
    weights: list[int]


class _File(msgspec.Struct, rename={"schema": "$schema"}):
    schema: str
    exporter: str
    name: str
    activeProfileIndex: int  # noqa: N815 - the format's name
    shared: _Shared
    profiles: list[_SampledProfile]


class _Frames:
    """The frames of all threads; one is there once, in the order in which they are needed."""

    def __init__(self) -> None:
        self.listed: list[_Frame] = []
        self._numbers: dict[tuple[str, int, str], int] = {}

    def number(self, function: ProfiledFunction) -> int:
        key = (function.module, function.line, function.name)
        if key not in self._numbers:
            self._numbers[key] = len(self.listed)
            self.listed.append(_frame(function))
        return self._numbers[key]


def _frame(function: ProfiledFunction) -> _Frame:
    if function.is_builtin:
        return _Frame(name=builtin_name(function))
    return _Frame(name=function.name, file=function.module, line=function.line)


def _samples(
    functions: Sequence[ProfiledFunction], members: Sequence[int], frames: _Frames
) -> Iterator[tuple[tuple[int, ...], int]]:
    numbers = {}
    for path in call_paths(functions, members):
        weight_ns = round(path.own_ns)
        if weight_ns:
            for function in path.functions:
                if function not in numbers:
                    numbers[function] = frames.number(functions[function])
            yield tuple(numbers[function] for function in path.functions), weight_ns


def _profile(name: str, samples: Sequence[tuple[tuple[int, ...], int]]) -> _SampledProfile:
    weights = [weight_ns for _, weight_ns in samples]
    return _SampledProfile(
        name=name,
        unit="nanoseconds",
        start_value=0,
        end_value=sum(weights),
        samples=[stack for stack, _ in samples],
        weights=weights,
    )
