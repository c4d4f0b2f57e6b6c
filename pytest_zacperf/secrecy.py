"""Names that stand for secrets: parameters are written down with every run, and these must not."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pytest_zacperf.errors import SettingsError

SECRET = re.compile(
    r"(^|[._-])((api|access|secret)[_-]?key|access[_-]?token|password|passwd|secret)$",
    re.IGNORECASE,
)


def require_no_secret(names: Iterable[str]) -> None:
    """Refuse parameters whose name says that their value is a secret.

    Raises:
        SettingsError: It names the parameter, and not its value.

    """
    for name in names:
        if SECRET.search(name):
            raise SettingsError(
                f"parameter {name!r} is a secret, and parameters are written down with every run",
                "let the backtest read it from an environment variable",
            )
