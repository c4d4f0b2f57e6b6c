"""What yappi saw of a session that has ended, before anything is named or left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# What a function calls, as yappi has it: index, calls, actual calls, total and own time in s.
Child = tuple[int, int, int, float, float]


@dataclass(slots=True, kw_only=True)
class Row:
    """One function in one thread, as yappi has it.

    Attributes:
        thread: The thread's number in yappi.
        index: Of the function, in all threads of the session.
        file: Where its code is; the module's name for a builtin.
        name: Its name, with the class that defines it.
        line: Where it begins.
        is_builtin: Whether it is written in C.
        calls: How often it was called.
        actual_calls: The same without the calls by which it called itself.
        own_s: Time within it, without what it called.
        total_s: Time, with what it called.
        children: What it called.
        code: The function's code; None for a builtin.

    """

    thread: int
    index: int
    file: str
    name: str
    line: int
    is_builtin: bool
    calls: int
    actual_calls: int
    own_s: float
    total_s: float
    children: list[Child]
    code: object = None


def rows_of(yappi: Any) -> list[Row]:  # noqa: ANN401 - yappi has no types
    """Return every function of a session that has ended, for each of its threads.

    Not by ``get_func_stats(ctx_id=0)``, which returns all threads together.
    """
    rows: list[Row] = []
    # yappi names a method by the class of its first object, and not by the one that defines it.
    codes: Mapping[str, object] = getattr(yappi, "_fn_descriptor_dict", {})

    def note(stat: Any) -> bool:  # noqa: ANN401 - yappi has no types
        code = codes.get(stat.full_name)
        name = getattr(code, "co_qualname", stat.name)
        rows.append(
            Row(
                thread=stat.ctx_id,
                index=stat.index,
                file=stat.module,
                name=name,
                line=stat.lineno,
                is_builtin=stat.builtin,
                calls=stat.ncall,
                actual_calls=stat.nactualcall,
                own_s=stat.tsub,
                total_s=stat.ttot,
                children=stat.children,
                code=code,
            )
        )
        # yappi has nothing to keep, to merge by name and to sort, which takes it three times as
        # long. It also sets the code of the next function of the same name only after this one.
        return False

    yappi.get_func_stats(filter_callback=note)
    return rows
