"""Names that no two sessions share."""

from __future__ import annotations

import datetime as dt
import secrets


def new_session_id() -> str:
    """Return the id of a session that begins now; ids sort by time."""
    return f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
