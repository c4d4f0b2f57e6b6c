"""Names that no two sessions share."""

from __future__ import annotations

import datetime as dt
import secrets


def new_session_id() -> str:
    """Return the id of a session that begins now; ids sort by time, down to the millisecond."""
    now = dt.datetime.now(dt.UTC)
    return f"{now:%Y%m%dT%H%M%S}{now.microsecond // 1_000:03}-{secrets.token_hex(3)}"
