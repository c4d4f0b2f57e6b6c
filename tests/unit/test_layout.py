from __future__ import annotations

import os
import resource
import sys
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from pytest_zacperf.process import Command, layout, run_process

pytestmark = pytest.mark.skipif(
    not layout.can_be_shared(), reason="this system lets nobody choose a memory layout"
)
SEEN = """
import ctypes, json, os, resource, sys
if "forget" in sys.argv:
    from pytest_zacperf.process import layout
    layout.forget()
library = ctypes.CDLL(None)
attributes, size = ctypes.create_string_buffer(256), ctypes.c_size_t()
library.pthread_getattr_default_np(attributes)
library.pthread_attr_getstacksize(attributes, ctypes.byref(size))
print(json.dumps({
    "address": ctypes.cast(library.printf, ctypes.c_void_p).value,
    "stack": int(open("/proc/self/stat").read().rpartition(")")[2].split()[25]),
    "is_random": not library.personality(ctypes.c_ulong(0xFFFFFFFF)) & layout_bit,
    "stack_limits": resource.getrlimit(resource.RLIMIT_STACK),
    "thread_bytes": size.value,
    "variables": [name for name in os.environ if "STACK" in name],
}))
""".replace("layout_bit", str(layout.ADDRESSES_NOT_RANDOM))


class Seen(msgspec.Struct, frozen=True):
    address: int
    stack: int
    is_random: bool
    stack_limits: tuple[int, int]
    thread_bytes: int
    variables: list[str]


def seen(folder: Path, number: int | None, *arguments: str) -> Seen:
    """Return what a process says of its layout."""
    command = Command(
        arguments=(sys.executable, "-c", SEEN, *arguments),
        cwd=Path(__file__).parents[2],
        variables=os.environ,
        marker=str(folder),
        stdout=folder / "stdout",
        stderr=folder / "stderr",
        layout=number,
    )
    ended = run_process(command, timeout_s=30, on_tick=lambda _: None)
    assert ended.exit_status == 0, (folder / "stderr").read_text()
    return msgspec.json.decode((folder / "stdout").read_bytes(), type=Seen)


def test_processes_with_one_number_have_libraries_and_stack_at_one_address(tmp_path: Path) -> None:
    found = [seen(tmp_path, 7) for _ in range(3)]
    assert len({(one.address, one.stack) for one in found}) == 1


def test_another_number_is_another_address_of_both(tmp_path: Path) -> None:
    found = [seen(tmp_path, number) for number in range(8)]
    assert len({one.address for one in found}) > 4
    assert len({one.stack for one in found}) > 4


def test_without_a_number_the_kernel_draws_the_address(tmp_path: Path) -> None:
    found = [seen(tmp_path, None) for _ in range(3)]
    assert len({one.address for one in found}) == 3
    assert all(one.is_random for one in found)


def test_a_process_forgets_its_layout_so_that_children_and_threads_are_as_usual(
    tmp_path: Path,
) -> None:
    usual, kept, forgotten = (
        seen(tmp_path, None),
        seen(tmp_path, 7),
        seen(tmp_path, 7, "forget"),
    )
    assert (kept.is_random, forgotten.is_random) == (False, True)
    assert kept.address == forgotten.address
    assert kept.stack_limits[0] > layout.LEAST_STACK_BYTES
    assert forgotten.stack_limits == usual.stack_limits
    assert kept.thread_bytes > layout.LEAST_STACK_BYTES / 2
    assert forgotten.thread_bytes == usual.thread_bytes
    assert not forgotten.variables


def test_a_process_whose_layout_was_left_to_chance_forgets_nothing(tmp_path: Path) -> None:
    assert replace(seen(tmp_path, None, "forget"), address=0, stack=0) == replace(
        seen(tmp_path, None), address=0, stack=0
    )


def test_this_process_is_left_as_it_was() -> None:
    def own() -> tuple[str, tuple[int, int]]:
        return (
            Path("/proc/thread-self/personality").read_text(),
            resource.getrlimit(resource.RLIMIT_STACK),
        )

    before = own()
    with layout.laid_out(7):
        assert own() != before
    assert own() == before


def test_where_the_system_refuses_nothing_is_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "_personality", lambda _: -1)
    layout.can_be_shared.cache_clear()
    try:
        assert not layout.can_be_shared()
        assert seen(tmp_path, 7).is_random
    finally:
        layout.can_be_shared.cache_clear()


@pytest.mark.parametrize("content", ["1\n", None], ids=["legacy", "not known"])
def test_a_layout_that_does_not_follow_the_stack_limit_is_a_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "legacy").write_text(content)
    monkeypatch.setattr(layout, "LEGACY_LAYOUT", tmp_path / "legacy")
    layout.can_be_shared.cache_clear()
    try:
        assert not layout.can_be_shared()
    finally:
        layout.can_be_shared.cache_clear()


def test_an_error_in_the_block_leaves_this_process_as_it_was() -> None:
    before = resource.getrlimit(resource.RLIMIT_STACK)
    with pytest.raises(OSError, match="no such program"), layout.laid_out(7):
        raise OSError("no such program")
    assert resource.getrlimit(resource.RLIMIT_STACK) == before


def test_a_hard_limit_of_the_stack_that_leaves_no_room_is_a_refusal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (8 << 20, 8 << 20))
    layout.can_be_shared.cache_clear()
    try:
        assert not layout.can_be_shared()
    finally:
        layout.can_be_shared.cache_clear()
