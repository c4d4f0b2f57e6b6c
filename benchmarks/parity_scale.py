"""Print what recording and comparing order events costs, beside the usual snapshot tools.

456 real events, and 10 000 to 1 000 000 that repeat them with new order numbers and times: write a
recording, compare an equal run, compare one with a changed fill in the middle, report included.
Every figure is of a process of its own: from when the events are in memory (as this tool takes
them) to when the report is there, and by how much the peak of resident memory grew meanwhile. A
tool that takes more than three minutes is ended.

Asserts nothing. Run: ``python benchmarks/parity_scale.py [EVENTS ...]``; pytest-regressions is
measured where it is installed.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from pytest_zacperf import render, store
from pytest_zacperf.foreign_events import order_events_of
from pytest_zacperf.parity import (
    OrderEvents,
    canonical,
    decode_events,
    difference,
    encode_events,
)
from pytest_zacperf.parity_report import report_of
from pytest_zacperf.records import OrderEvent
from pytest_zacperf.store import FileContent
from pytest_zacperf.units import format_bytes

SIZES = (456, 10_000, 100_000, 1_000_000)
ACTIONS = ("write", "equal", "different")
LIMIT_S = 180.0
ROOT = Path(__file__).parents[1]
LEAN = ROOT.parent / "shared" / "zacqc" / "recorded" / "20251016T1514" / "order-events.json"
DAY_NS = 86_400_000_000_000
BYTES_PER_KB = 1024

Rows: TypeAlias = list[dict[str, Any]]


def main() -> None:
    """Measure every tool in a process of its own, and print a table for each size."""
    if len(sys.argv) > 2 and sys.argv[1] == "--one":  # noqa: PLR2004 - a child
        one(*sys.argv[2:])
        return
    sizes = [int(text) for text in sys.argv[1:]] or SIZES
    for size in sizes:
        print(f"\n## {size:,} order events\n")
        print("| tool | write | equal | one changed fill, with report |")
        print("|---|---|---|---|", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            write_inputs(Path(folder), size)
            for name in TOOLS:
                cells = [measured(name, action, Path(folder)) for action in ACTIONS]
                print(f"| {name} | {' | '.join(cells)} |", flush=True)


def write_inputs(folder: Path, size: int) -> None:
    """Write the run, and the one with a changed fill in the middle."""
    events = list(repeated(base_events(), size))
    (folder / "run.jsonl").write_bytes(encode_events(events))
    fills = [at for at, event in enumerate(events) if event.fill_price is not None]
    at = min(fills, key=lambda place: abs(place - size // 2))
    events[at] = msgspec.structs.replace(events[at], fill_price=(events[at].fill_price or 0) + 0.01)
    (folder / "changed.jsonl").write_bytes(encode_events(events))


def base_events() -> list[OrderEvent]:
    """Return the events of a real run of Lean, or of the embedded backtest where there is none."""
    if LEAN.is_file():
        return canonical(order_events_of(store.read_rows(LEAN)), ())
    recorded = next((ROOT / "snapshots").rglob("*.order_events.jsonl"))
    return decode_events(recorded.read_bytes())


def repeated(base: Sequence[OrderEvent], size: int) -> Iterator[OrderEvent]:
    """Yield so many events: those of the base again and again, on later days, as new orders."""
    orders = max(event.order_id for event in base)
    for number in range(size):
        again, at = divmod(number, len(base))
        event = base[at]
        yield msgspec.structs.replace(
            event,
            order_id=event.order_id + again * orders,
            ts_event_ns=event.ts_event_ns + again * DAY_NS,
        )


def measured(tool: str, action: str, folder: Path) -> str:
    """Return seconds and memory of one action, measured in a process of its own."""
    command = [sys.executable, str(Path(__file__)), "--one", tool, action, str(folder)]
    try:
        done = subprocess.run(  # noqa: S603 - our own command
            command, capture_output=True, check=False, text=True, timeout=LIMIT_S
        )
    except subprocess.TimeoutExpired:
        return f"> {LIMIT_S:.0f} s"
    return done.stdout.strip() if done.returncode == 0 else done.stderr.strip().splitlines()[-1]


def one(tool: str, action: str, folder_name: str) -> None:
    """Print what one action costs in this process."""
    folder = Path(folder_name)
    load, act = TOOLS[tool]
    name = "changed.jsonl" if action == "different" else "run.jsonl"
    content = load(folder / name)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before_bytes, began_s = peak_bytes(), time.perf_counter()
    said = act(action, content, folder)
    took_s = time.perf_counter() - began_s
    grown = format_bytes(max(0, peak_bytes() - before_bytes))
    if bool(said) is not (action == "different"):
        raise SystemExit(f"{tool} said of {action}: {said!r}")
    print(f"{took_s:.2f} s / {grown}")


def peak_bytes() -> int:
    """Return the highest resident memory since it was reset."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * BYTES_PER_KB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * BYTES_PER_KB


def load_nothing(path: Path) -> Path:
    """Return the path: a run's order events are a file."""
    return path


def load_rows(path: Path) -> Rows:
    """Return the events as plain values, as other tools take them."""
    return [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]


def ours(action: str, run: Path, folder: Path) -> str:
    """Record, or compare with a recording, as the fixture order_events_snapshot does."""
    recording = folder / "ours.jsonl"
    actual = OrderEvents(FileContent(run))
    if action == "write":
        store.write_atomically(recording, actual.blocks())
        return ""
    expected = OrderEvents(FileContent(recording))
    if expected == actual:
        return ""
    found = difference(expected, actual)
    if found is None:
        return ""
    report = report_of(found, test="bench", expected=None, actual=None)
    lines = [*render.difference_lines(found), *render.parity_report_lines(report, found)]
    store.write_parity_report(folder / "report", "\n".join(lines), report)
    return "\n".join(lines)


def ours_from_memory(action: str, events: list[OrderEvent], folder: Path) -> str:
    """Do the same with events that are in memory and in no file."""
    run = folder / "memory.jsonl"
    run.write_bytes(encode_events(events))
    return ours(action, run, folder)


def syrupy(extension_path: str) -> Callable[[str, Rows, Path], str]:
    """Return what an extension of syrupy does with the events."""

    def act(action: str, rows: Rows, folder: Path) -> str:
        module, _, name = extension_path.rpartition(".")
        extension = getattr(importlib.import_module(module), name)()
        path = folder / f"{name}.snapshot"
        received = extension.serialize(rows)
        if action == "write":
            path.write_text(received, encoding="utf-8")
            return ""
        recorded = path.read_text(encoding="utf-8")
        if extension.matches(serialized_data=received, snapshot_data=recorded):
            return ""
        return "\n".join(extension.diff_lines(received, recorded))

    return act


def json_and_difflib(action: str, rows: Rows, folder: Path) -> str:
    """Do what a script of its own would do."""
    path = folder / "plain.json"
    received = json.dumps(rows, indent=2)
    if action == "write":
        path.write_text(received, encoding="utf-8")
        return ""
    recorded = path.read_text(encoding="utf-8")
    if received == recorded:
        return ""
    return "\n".join(difflib.unified_diff(recorded.splitlines(), received.splitlines(), n=3))


def regressions(action: str, rows: Rows, folder: Path) -> str:
    """Do what data_regression of pytest-regressions does: YAML, compared as text."""
    yaml = importlib.import_module("yaml")
    dumper = importlib.import_module("pytest_regressions.data_regression").RegressionYamlDumper
    common = importlib.import_module("pytest_regressions.common")
    received = folder / "received.yml"
    received.write_text(
        yaml.dump(rows, Dumper=dumper, default_flow_style=False, allow_unicode=True, indent=2),
        encoding="utf-8",
    )
    path = folder / "data_regression.yml"
    if action == "write":
        received.replace(path)
        return ""
    try:
        common.check_text_files(received, path, encoding="UTF-8")
    except AssertionError as e:
        return str(e)
    return ""


def load_events(path: Path) -> list[OrderEvent]:
    """Return the events as ours."""
    return decode_events(path.read_bytes())


TOOLS: dict[str, tuple[Callable[[Path], Any], Callable[[str, Any, Path], str]]] = {
    "zacperf, a run's file": (load_nothing, ours),
    "zacperf, events in memory": (load_events, ours_from_memory),
    "syrupy amber": (load_rows, syrupy("syrupy.extensions.amber.AmberSnapshotExtension")),
    "syrupy JSON": (load_rows, syrupy("syrupy.extensions.json.JSONSnapshotExtension")),
    "json + difflib": (load_rows, json_and_difflib),
}
if importlib.util.find_spec("pytest_regressions"):
    TOOLS["pytest-regressions data_regression"] = (load_rows, regressions)


if __name__ == "__main__":
    main()
