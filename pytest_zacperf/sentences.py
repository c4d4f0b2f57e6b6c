"""Text that others wrote, made fit for a sentence: printable, on one line, not too long."""

from __future__ import annotations

LONGEST_REASON = 500


def escape(text: str) -> str:
    """Return *text* with control and format characters written as escapes."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def cut(text: str, longest: int) -> str:
    """Return *text*, or its beginning and "..." when it is longer than *longest*."""
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def one_line(text: str, longest: int = LONGEST_REASON) -> str:
    """Return the first line of *text* that is not empty, escaped and cut; empty if there is none.

    Args:
        text: Whatever an engine, a library or a log says, however long.
        longest: Characters that may be returned.

    """
    # An escape is never shorter than its character, so no more than this is ever shown.
    lines = text.lstrip()[: longest + 1].splitlines()
    return cut(escape(lines[0].rstrip() if lines else ""), longest)


def error_sentence(error: BaseException) -> str:
    """Return the type of an error and the first line of its text."""
    kind = one_line(type(error).__name__)
    try:
        text = one_line(str(error))
    except Exception as e:  # noqa: BLE001 - its own __str__ may raise anything
        text = f"its text cannot be shown ({type(e).__name__})"
    return one_line(f"{kind}: {text}" if text else kind)


def with_hint(problem: str, hint: str) -> str:
    """Return a problem and what to do about it as one sentence; a long problem is cut first."""
    ending = f" (hint: {one_line(hint, LONGEST_REASON // 2)})"
    return one_line(problem, LONGEST_REASON - len(ending)) + ending


def without_hint(sentence: str) -> tuple[str, str]:
    """Return the problem and the hint of a sentence that ``with_hint`` made."""
    problem, _, hint = sentence.partition(" (hint: ")
    return problem, hint.removesuffix(")")
