"""The stages that two runs have in common, with what each took; judges nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_zacperf.records import Run, StageTiming


@dataclass(frozen=True, slots=True, kw_only=True)
class StageSides:
    """What a stage took in two runs."""

    first: StageTiming
    second: StageTiming

    @property
    def name(self) -> str:
        """Of the stage."""
        return self.first.name

    @property
    def has_same_count(self) -> bool:
        """Whether it was entered as often; if not, the means are of different things."""
        return self.first.count == self.second.count


def stage_sides(first: Run | None, second: Run | None) -> tuple[StageSides, ...]:
    """Return the stages that both runs have, in the order of the first."""
    other = {stage.name: stage for stage in _stages(second)}
    return tuple(
        StageSides(first=stage, second=other[stage.name])
        for stage in _stages(first)
        if stage.name in other
    )


def _stages(run: Run | None) -> Sequence[StageTiming]:
    return run.costs.stages if run and run.costs else ()
