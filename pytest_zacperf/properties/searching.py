"""Has hypothesis draw streams until one fails, and remembers it by the test that asked."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from typing import Any

from hypothesis import Phase, currently_in_test_context, given, settings
from hypothesis.strategies import SearchStrategy


class IncrementalMismatch(AssertionError):  # noqa: N818 - a failed assertion, as pytest has it
    """An incremental value is further from the full one than the tolerance allows."""


def search(check: Callable[[Any], None], data: SearchStrategy[Any], *, key: str) -> None:
    """Check as many streams as hypothesis' settings say.

    Args:
        check: Raises on a stream that fails.
        data: What is drawn.
        key: What tells this search from others of the same test.

    Raises:
        IncrementalMismatch: One fails; the simplest is a note of the error.
        TypeError: This is inside a test that hypothesis draws for already.

    """
    __tracebackhide__ = True
    if currently_in_test_context():
        raise TypeError(
            "@given has drawn a stream already: hand it over, data=stream, and not a strategy"
        )
    # One mismatch is enough, and a stream of many bars may take its time. An explanation would name
    # lines of this package, and a blob belongs above a test that has @given.
    phases = [phase for phase in settings().phases if phase is not Phase.explain]
    chosen = settings(report_multiple_bugs=False, deadline=None, phases=phases, print_blob=False)
    try:
        chosen(given(stream=data)(_named(check, key)))()
    except IncrementalMismatch as e:
        # The frames are those of hypothesis and ours; what they say is in the message.
        raise e.with_traceback(None) from None


def _named(check: Callable[[Any], None], key: str) -> Callable[[Any], None]:
    """Return the check with a signature of its own.

    hypothesis keeps failing examples by a function's source and signature: by the source alone
    all searches would find those of each other.
    """

    def check_(stream: Any) -> None:  # noqa: ANN401 - what is drawn
        __tracebackhide__ = True
        check(stream)

    # pytest says which test runs; parameters of a test are part of its name.
    test, _, _ = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")
    stream = inspect.Parameter(
        "stream", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=f"{test} {key}"
    )
    check_.__signature__ = inspect.Signature([stream])  # type: ignore[attr-defined]
    check_.__name__ = check_.__qualname__ = "check_incremental"
    return check_
