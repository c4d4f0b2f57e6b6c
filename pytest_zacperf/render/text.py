"""Plain text: tables, values that are cut or escaped; knows none of our records."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def table_lines(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: Collection[int]
) -> list[str]:
    """Return a table with aligned columns; those whose index is in *numbers* end at the right."""
    cells = [header, *rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    return [
        "  ".join(
            text.rjust(width) if column in numbers else text.ljust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]


def escape(text: str) -> str:
    """Return *text* with control and format characters written as escapes."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def cut(text: str, longest: int) -> str:
    """Return *text*, or its beginning and "..." when it is longer than *longest*."""
    return text if len(text) <= longest else f"{text[: longest - 3]}..."
