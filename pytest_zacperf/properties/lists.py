"""Lists that shrink well, whatever their elements are."""

from __future__ import annotations

from typing import TypeVar

from hypothesis import strategies as st

Element = TypeVar("Element")


def lists_of(
    elements: st.SearchStrategy[Element], *, usual_size: int = 1, max_size: int
) -> st.SearchStrategy[tuple[Element, ...]]:
    """Return a strategy of up to so many elements, of which each can shrink away.

    The usual size is a hint: there are about twice as many, and an example shrinks to none.
    hypothesis takes a list apart choice by choice, and an element of many choices stays. Here an
    element may be nothing, which is the first alternative and so what it shrinks to.
    """
    # Mapped, for hypothesis takes the same strategy twice for one; two of three are something.
    maybe = st.one_of(st.none(), elements, elements.map(_itself))
    return st.lists(maybe, min_size=usual_size, max_size=max_size).map(
        lambda drawn: tuple(element for element in drawn if element is not None)
    )


def _itself(element: Element) -> Element:
    return element
