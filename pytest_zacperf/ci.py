"""Whether a machine runs on its own, as CI does."""

from __future__ import annotations

import os


def is_under_ci() -> bool:
    """Return whether the variable ``CI`` says that nobody sits before this machine."""
    return os.environ.get("CI", "").lower() not in {"", "0", "false"}
