"""The five entry conditions: when each arms, its direction, and the distance gate they share.

Whether an armed condition leads to an order is the strategy's business.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pytest_zacperf.zacqc.parameters import TradingParameters
from pytest_zacperf.zacqc.reading import Reading

Direction = Literal[1, -1]
MaxDown = Callable[[], float]
Arms = Callable[[Reading, TradingParameters, MaxDown], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One way into the market.

    Attributes:
        name: As it stands in tags, such as ``cond1``.
        direction: 1 buys, -1 sells short.
        arms: Whether a reading arms it.
        needs_rally: Whether it waits for a rally before it fires.

    """

    name: str
    direction: Direction
    arms: Arms
    needs_rally: bool = True


def _falls_from_open(reading: Reading, parameters: TradingParameters, _: MaxDown) -> bool:
    return reading.from_open <= -parameters.arm_from_open_ratio * reading.mean_range


def _rises_from_open(reading: Reading, parameters: TradingParameters, _: MaxDown) -> bool:
    return reading.from_open >= parameters.arm_from_open_ratio * reading.mean_range


def _breaks_low(reading: Reading, parameters: TradingParameters, _: MaxDown) -> bool:
    if reading.previous_low is None or reading.older_low is None:
        return False
    is_wide = reading.range_of_open >= parameters.arm_range_ratio * reading.mean_range
    return is_wide and reading.previous_low < reading.older_low


def _breaks_high(reading: Reading, parameters: TradingParameters, _: MaxDown) -> bool:
    if reading.previous_high is None or reading.older_high is None:
        return False
    is_wide = reading.range_of_open >= parameters.arm_range_ratio * reading.mean_range
    return is_wide and reading.previous_high > reading.older_high


def _drops_sharply(reading: Reading, parameters: TradingParameters, down: MaxDown) -> bool:
    return down() / reading.mean_range <= -parameters.arm_max_down_ratio


CONDITIONS = {
    condition.name: condition
    for condition in (
        Condition(name="cond1", direction=1, arms=_falls_from_open),
        Condition(name="cond2", direction=1, arms=_breaks_low),
        # Off by default. The plain reading of "no rally": it fires in the bar after arming.
        Condition(name="cond3", direction=1, arms=_drops_sharply, needs_rally=False),
        Condition(name="cond4", direction=-1, arms=_rises_from_open),
        Condition(name="cond5", direction=-1, arms=_breaks_high),
    )
}


def is_beyond_gate(reading: Reading, direction: int, ratio: float) -> bool:
    """Return whether the price is far enough from the open for an order of that direction.

    Args:
        reading: The symbol's metrics.
        direction: 1 for a buy, which needs a price below the open; -1 for a short sale.
        ratio: Distance in mean daily ranges, inclusive.

    """
    # The mean range is positive, so that a price on the wrong side is never beyond the gate.
    return -reading.price_from_open * direction >= ratio * reading.mean_range
