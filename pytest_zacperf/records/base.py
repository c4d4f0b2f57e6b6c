"""What all records share: strictness, and the kinds of values that may stand in them."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

ParameterValue: TypeAlias = str | int | float | bool | None
StatisticValue: TypeAlias = str | int | float | None
InvariantValue: TypeAlias = str | int | float | bool | None


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every stored type; a field that nobody knows is an error, not a surprise."""
