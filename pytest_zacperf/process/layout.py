"""Where a program's libraries lie in memory: chosen by number, so that two processes share it.

The kernel draws it anew for each process, and with it which branches and cache lines collide: the
same bars then cost more in one process than in the other, for all of its life. Processes with the
same number get their libraries at the same addresses; different numbers spread these, so that no
program profits from a place that suits it, and its stack with them. The program itself and its heap
then begin at fixed addresses.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import random
import resource
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

ADDRESSES_NOT_RANDOM = 0x0040000  # ADDR_NO_RANDOMIZE, see personality(2)
ASK_ONLY = 0xFFFFFFFF
USUAL = "ZACPERF_USUAL_STACK_AND_PERSONALITY"  # tells a process what to go back to
# Without randomness the kernel maps libraries below the space that the stack may grow to, of which
# it leaves at least this much (mmap_base() in arch/x86/mm/mmap.c); large libraries are aligned to
# 2 MiB, so that there are some hundred places in the range.
LEAST_STACK_BYTES = 128 << 20
RANGE_BYTES = 1 << 30
PAGE_BYTES = 4096
UNLIMITED_THREAD_BYTES = 2 << 20  # of glibc on x86-64
THREAD_ATTRIBUTES_BYTES = 256  # more than any pthread_attr_t

LEGACY_LAYOUT = Path("/proc/sys/vm/legacy_va_layout")

ONE_AT_A_TIME = threading.Lock()


@functools.cache
def can_be_shared() -> bool:
    """Return whether this system lets us choose; a container's rules may forbid it."""
    if not sys.platform.startswith("linux"):
        return False
    _, hard = resource.getrlimit(resource.RLIMIT_STACK)
    if hard != resource.RLIM_INFINITY and hard < LEAST_STACK_BYTES + RANGE_BYTES:
        return False
    if not _depends_on_stack_limit():
        return False
    before = _personality(ASK_ONLY)
    if _personality(before | ADDRESSES_NOT_RANDOM) < 0:
        return False
    _personality(before)
    return True


@contextlib.contextmanager
def laid_out(number: int | None) -> Iterator[Mapping[str, str]]:
    """Give what is started in the block the layout of a number; None, and it is left to chance.

    The block must start processes only: the kernel decides by this thread's state at that moment.
    What another thread starts meanwhile gets the stack limit, which belongs to the whole process.

    Yields:
        Variables that such a process needs for ``forget``.

    """
    if number is None or not can_be_shared():
        yield {}
        return
    with ONE_AT_A_TIME:
        limits = resource.getrlimit(resource.RLIMIT_STACK)
        before = _personality(ASK_ONLY)
        try:
            draw = random.Random(number)  # noqa: S311 - no secret
            stack_bytes = LEAST_STACK_BYTES + draw.randrange(0, RANGE_BYTES, PAGE_BYTES)
            resource.setrlimit(resource.RLIMIT_STACK, (stack_bytes, limits[1]))
            _personality(before | ADDRESSES_NOT_RANDOM)
            # Only the process itself can have them back: the kernel sets the limit of one that is
            # being started a second time, after it looks started to us.
            # The stack begins below the variables, so it is moved by what is appended here.
            yield {USUAL: f"{limits[0]} {before}" + " " * draw.randrange(PAGE_BYTES)}
        finally:
            _personality(before)
            resource.setrlimit(resource.RLIMIT_STACK, limits)


def forget() -> None:
    """Let children and threads of this process be as if its layout had been left to chance."""
    usual = os.environ.pop(USUAL, None)
    if usual is None:
        return
    soft, personality = map(int, usual.split())
    resource.setrlimit(resource.RLIMIT_STACK, (soft, resource.getrlimit(resource.RLIMIT_STACK)[1]))
    _personality(personality)
    # glibc took the size of a thread's stack from the limit when the process began.
    library = ctypes.CDLL(None)
    if hasattr(library, "gnu_get_libc_version"):
        usual_bytes = UNLIMITED_THREAD_BYTES if soft == resource.RLIM_INFINITY else soft
        attributes = ctypes.create_string_buffer(THREAD_ATTRIBUTES_BYTES)
        library.pthread_attr_init(attributes)
        library.pthread_attr_setstacksize(attributes, ctypes.c_size_t(usual_bytes))
        library.pthread_setattr_default_np(attributes)
        library.pthread_attr_destroy(attributes)


def _depends_on_stack_limit() -> bool:
    # In the legacy layout libraries have one address whatever the limit is.
    try:
        return LEGACY_LAYOUT.read_text(encoding="ascii").strip() == "0"
    except OSError:
        return False


def _personality(persona: int) -> int:
    # Of this thread alone; there is no wrapper in Python.
    return int(ctypes.CDLL(None).personality(ctypes.c_ulong(persona)))
