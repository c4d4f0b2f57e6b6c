"""``[tool.zacperf]`` at the end of a ``pyproject.toml``; reads and writes no file."""

from __future__ import annotations

import tomllib

from pytest_zacperf.errors import SettingsError


def with_table(content: bytes, table: str) -> bytes:
    """Return the content of a ``pyproject.toml`` with our table behind it.

    Args:
        content: The file as it is, TOML without that table; empty when there is none.
        table: The table as TOML.

    Raises:
        SettingsError: It cannot be added at the end, such as to ``tool = { ... }``.

    """
    newline = b"\r\n" if b"\r\n" in content else b"\n"
    gap = b"" if not content else newline if content.endswith(b"\n") else 2 * newline
    extended = content + gap + table.encode().replace(b"\n", newline)
    if not _is_extended(content, extended, table):
        raise SettingsError(
            "[tool.zacperf] cannot be added at the end of pyproject.toml",
            f"write it there yourself, then run zacperf init again:\n{table}",
        )
    return extended


def _is_extended(content: bytes, extended: bytes, table: str) -> bool:
    expected = tomllib.loads(content.decode())
    tool = expected.setdefault("tool", {})
    if not isinstance(tool, dict):
        return False
    tool.update(tomllib.loads(table)["tool"])
    try:
        return tomllib.loads(extended.decode()) == expected
    except tomllib.TOMLDecodeError:
        return False
