"""Which windows of a plan tests see, by label or by id."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from pytest_zacperf.errors import SettingsError
from pytest_zacperf.plan.records import CACHE_PROBE, Plan
from pytest_zacperf.records import Window
from pytest_zacperf.values import nearest


def select_windows(
    plan: Plan, *, labels: Sequence[str] = (), ids: Sequence[str] = ()
) -> tuple[Window, ...]:
    """Return the windows that tests see, in the order of the plan.

    Args:
        plan: Where they come from.
        labels: The groups asked for; not looked at when there are ids.
        ids: The windows asked for by name.

    Raises:
        SettingsError: An id or label that the plan does not have, or a cache probe.

    """
    windows = plan.test_windows
    if ids:
        _refuse_cache_probes(plan, ids)
        _refuse_unknown(ids, [window.id for window in windows], f"{plan.name} has no window")
        return tuple(window for window in windows if window.id in ids)
    known = list(dict.fromkeys(window.label for window in windows if window.label))
    for label in labels:
        if label not in known:
            raise SettingsError(
                f"{plan.name} has no window for tests with the label {label!r}",
                _label_hint(label, known),
            )
    return tuple(window for window in windows if window.label in labels)


def _label_hint(label: str, known: Sequence[str]) -> str:
    if not known:
        return f'give a run of the plan "label": {json.dumps(label)}'
    return (
        f"{nearest(label, known)} (test_labels under [tool.zacperf] chooses labels, "
        '"label" in the plan gives a window one)'
    )


def _refuse_unknown(asked: Iterable[str], known: Sequence[str], problem: str) -> None:
    for name in asked:
        if name not in known:
            raise SettingsError(f"{problem} {name!r}", nearest(name, known))


def _refuse_cache_probes(plan: Plan, ids: Sequence[str]) -> None:
    for window in plan.windows:
        if window.id in ids and window.label.startswith(CACHE_PROBE):
            raise SettingsError(
                f"{window.id!r} of {plan.name} is a cache probe ({window.label}), never a window "
                f"for tests",
                "name another window",
            )
