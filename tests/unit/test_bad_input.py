"""Everything that an engine, a plan, a setting or the disk may do wrong, and what is said of it."""

from __future__ import annotations

import fnmatch
import functools
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from support.bad_input import PLAN, Inner, Row, left_by, run_pytest, shown_frames, write_project

from pytest_zacperf.plan import EXAMPLE
from pytest_zacperf.records import Run
from pytest_zacperf.sentences import LONGEST_REASON

if TYPE_CHECKING:  # pytest loads it, and nobody can import it
    from _pytest.mark import ParameterSet

    from conftest import Project

OUTPUT_HINT = "(hint: see pytest_zacperf.engines.BacktestOutput)"
EVENT_HINT = "(hint: build it as pytest_zacperf.records.OrderEvent says)"
LONG_HINT = " (hint: roll it)"
LONG_DAY = ", on simulated day 2025-01-26"
ENGINE_CLASS = """
class {name}:
    name, version, volatile, parameters = "mine", "1", frozenset(), {{}}
    from pytest_zacperf.engines import Capabilities
    capabilities = Capabilities()
    def with_parameters(self, overrides): return self
    def prepare(self, window, context): pass
    def run(self, context): pass
    def collect(self, context): return BacktestOutput()
    {changes}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Rows that one inner pytest runs."""

    rows: tuple[Row, ...]
    arguments: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()


def engine_class(name: str, changes: str) -> str:
    return ENGINE_CLASS.format(name=name, changes=changes)


RAISES = (
    Row(
        name="raises",
        source="raise KeyError('GC')",
        reason="KeyError: 'GC'",
        log="in raises\n",
    ),
    Row(
        name="raises_on_a_day",
        source="context.progress(end)\nraise ValueError('no bars')",
        reason="ValueError: no bars, on simulated day 2025-01-26",
    ),
    Row(name="raises_without_text", source="raise ValueError", reason="ValueError"),
    Row(
        name="raises_many_lines",
        source=r"raise ValueError('\n\nno bars\nof GC\n')",
        reason="ValueError: no bars",
    ),
    Row(
        name="raises_control_characters",
        source=r"raise ValueError('\x1b[31mred\x07\u202e \udcff')",
        reason=r"ValueError: \x1b[31mred\x07\u202e \udcff",
    ),
    Row(
        name="raises_a_long_text",
        source="context.progress(end)\nraise ValueError('x' * 1_000_000)",
        reason=f"ValueError: {'x' * (LONGEST_REASON - len(LONG_DAY) - 15)}...{LONG_DAY}",
    ),
    Row(
        name="raises_what_has_no_text",
        source="class Odd(Exception):\n    def __str__(self): raise KeyError\nraise Odd",
        reason="Odd: its text cannot be shown (KeyError)",
    ),
    Row(
        name="raises_our_error_with_a_long_text",
        source=r"raise EngineError('x' * 1_000, 'roll it\nand more')",
        reason=f"{'x' * (LONGEST_REASON - len(LONG_HINT) - 3)}...{LONG_HINT}",
    ),
    Row(name="raises_system_exit", source="raise SystemExit", reason="SystemExit"),
    Row(
        name="raises_keyboard_interrupt",
        source="raise KeyboardInterrupt",
        reason="KeyboardInterrupt",
    ),
    Row(
        name="raises_without_output",
        source="sys.stdout.close(); sys.stderr.close(); raise KeyError('GC')",
        reason="KeyError: 'GC'",
    ),
    Row(name="calls_sys_exit", source="sys.exit(0)", reason="SystemExit: 0"),
)
ENDS = (
    Row(
        name="leaves_without_output",
        source="os._exit(0)",
        reason="worker ended without a result, though with exit status 0",
    ),
    Row(
        name="aborts",
        source="os.abort()",
        reason="worker was ended by SIGABRT: Fatal Python error: Aborted",
        log="in aborts\n",
    ),
    Row(
        name="crashes",
        source="ctypes.string_at(0)",
        reason="worker was ended by SIGSEGV: Fatal Python error: Segmentation fault",
        log="in crashes\n",
    ),
    Row(
        name="kills_itself",
        source="os.kill(os.getpid(), signal.SIGKILL)",
        reason="worker was ended by SIGKILL",
    ),
    Row(
        name="terminates_itself",
        source="os.kill(os.getpid(), signal.SIGTERM)\ntime.sleep(60)",
        reason="worker was ended by SIGTERM",
    ),
    Row(
        name="dies_with_odd_words",
        source=r"os.write(2, b'\x1b[31mred\xff\n\nand more\n'); os._exit(3)",
        reason="worker ended with exit status 3: \\x1b[31mred\ufffd / and more",
    ),
    Row(
        name="dies_while_it_writes",
        source="""
            (context.run_folder / '.worker.json.0123456789abcdef.tmp').write_text('{')
            (context.run_folder / 'order_events.jsonl').write_text('{')
            os.kill(os.getpid(), signal.SIGKILL)
        """,
        reason="worker was ended by SIGKILL",
    ),
    Row(
        name="goes_on_in_a_fork",
        source="if os.fork(): os._exit(0)\nreturn BacktestOutput(order_events=[event()])",
        reason="worker ended without a result, though with exit status 0",
    ),
)
COUNTS_ALL_THE_SAME = (
    Row(
        name="forks_and_both_return",
        source="os.fork()\nreturn BacktestOutput(order_events=[event(7), event(9)])",
        reason=None,
        events=2,
    ),
    Row(
        name="forks_while_it_is_read",
        source="""
            def events():
                yield event()
                os.fork()
            return BacktestOutput(order_events=events())
        """,
        reason=None,
        events=1,
    ),
    Row(
        name="prints_100_megabytes",
        source="for _ in range(100): print('x' * 999_999)",
        reason=None,
        warning="stdout.log had 100 MB; only its first and last 5.00 MB were kept",
    ),
    Row(
        name="prints_what_is_no_text",
        source=r"os.write(1, b'\xff\xfe\x00'); os.write(2, b'\xff\xfe\x00')",
        reason=None,
    ),
    Row(
        name="closes_its_output",
        source="sys.stdout.close(); sys.stderr.close(); os.closerange(1, 3)",
        reason=None,
    ),
)
RETURNS = (
    Row(
        name="returns_a_dict",
        source="return {}",
        reason="'rows:run' returned dict "
        "(hint: return a pytest_zacperf.engines.BacktestOutput, or None)",
    ),
    Row(
        name="returns_a_list",
        source="return [event()]",
        reason="'rows:run' returned list "
        "(hint: return a pytest_zacperf.engines.BacktestOutput, or None)",
    ),
    Row(
        name="CollectsNone",
        source=engine_class("CollectsNone", "def collect(self, context): pass"),
        reason="collect() of mine returned NoneType "
        "(hint: return a pytest_zacperf.engines.BacktestOutput)",
    ),
    Row(
        name="Incomplete",
        source="class Incomplete: pass",
        reason="what with_parameters() of function rows:run returned is no engine but Incomplete: "
        "it lacks name, version, capabilities, volatile, parameters, with_parameters, prepare, "
        "run, collect "
        "(hint: see pytest_zacperf.engines.Engine, or wrap a function in FunctionEngine)",
    ),
    Row(
        name="ParametersTurnBad",
        source=engine_class(
            "ParametersTurnBad", "def run(self, context): self.parameters = {'days': [1]}"
        ),
        reason="parameters of mine['days'] = [1]: a list cannot be stored "
        "(hint: let the engine give text, numbers or None)",
    ),
    Row(
        name="ParametersFail",
        source=engine_class(
            "ParametersFail", "def prepare(self, window, context): del self.__class__.parameters"
        ),
        reason="AttributeError: 'ParametersFail' object has no attribute 'parameters'",
    ),
    Row(
        name="order_events_are_a_number",
        source="return BacktestOutput(order_events=5)",
        reason=f"order_events = 5 is no list {OUTPUT_HINT}",
    ),
    Row(
        name="order_events_are_text",
        source="return BacktestOutput(order_events='none')",
        reason=f"order_events = 'none' is no list {OUTPUT_HINT}",
    ),
    Row(
        name="order_events_are_dicts",
        source="return BacktestOutput(order_events=[event(), {'symbol': 'V'}])",
        reason="order event 2 is a dict; build it with pytest_zacperf.records.OrderEvent "
        f"{EVENT_HINT}",
    ),
    Row(
        name="price_is_nan",
        source="return BacktestOutput(order_events=[event(), event(4, fill_price=math.nan)])",
        reason=f"order 4, event 1: fill_price = nan is not a finite number {EVENT_HINT}",
    ),
    Row(
        name="quantity_is_text",
        source="return BacktestOutput(order_events=[event(quantity='10')])",
        reason=f"order 1, event 1: quantity = '10' is not a finite number {EVENT_HINT}",
    ),
    Row(
        name="extra_is_a_list",
        source="return BacktestOutput(order_events=[event(extra=[1])])",
        reason=f"order 1, event 1: extra = [1] is no mapping of names to values {EVENT_HINT}",
    ),
    Row(
        name="symbol_is_no_unicode",
        source=r"return BacktestOutput(order_events=[event(symbol='\udcff')])",
        reason=r"an order event holds text that is no Unicode: '\udcff' "
        "(hint: decode the engine's text before it is put into an order event)",
    ),
    Row(
        name="statistic_is_an_object",
        source="return BacktestOutput(statistics={'engine': dict})",
        reason="statistics['engine'] = <class 'dict'>: a type cannot be stored "
        "(hint: let the engine give text, numbers or None)",
    ),
    Row(
        name="statistic_is_nan",
        source="return BacktestOutput(statistics={'Sharpe': math.nan})",
        reason="statistics['Sharpe'] = nan is not a finite number "
        "(hint: leave it out, or let it be None)",
    ),
    Row(
        name="statistic_has_no_name",
        source="return BacktestOutput(statistics={3: 1.5})",
        reason="statistics has the key 3 (hint: let every key be text)",
    ),
    Row(
        name="statistics_are_a_list",
        source="return BacktestOutput(statistics=[1.5])",
        reason="statistics = [1.5] is no mapping (hint: give a mapping of names to values)",
    ),
    Row(
        name="data_points_are_negative",
        source="return BacktestOutput(data_points=-5)",
        reason="data_points = -5 is no number of bars or ticks "
        "(hint: count from 0, or leave it out)",
    ),
    Row(
        name="data_points_are_text",
        source="return BacktestOutput(data_points='many')",
        reason="data_points = 'many' is no number of bars or ticks "
        "(hint: count from 0, or leave it out)",
    ),
    Row(
        name="equity_is_numbers",
        source="return BacktestOutput(equity=[1.0, 2.0])",
        reason="equity point 1 is a float (hint: build it with pytest_zacperf.records.EquityPoint)",
    ),
    Row(
        name="equity_is_nan",
        source="return BacktestOutput(equity=[EquityPoint(ts_ns=1, equity=math.nan)])",
        reason="equity point 1 has equity=nan "
        "(hint: let the engine return finite numbers; JSON has no others)",
    ),
    Row(
        name="coverage_is_a_mapping",
        source="return BacktestOutput(coverage={'V': 5})",
        reason=f"coverage = {{'V': 5}} is no list {OUTPUT_HINT}",
    ),
    Row(
        name="coverage_is_tuples",
        source="return BacktestOutput(coverage=[('V', 5)])",
        reason="coverage row 1 is a tuple (hint: build it with pytest_zacperf.records.Coverage)",
    ),
    Row(
        name="coverage_counts_with_text",
        source="return BacktestOutput(coverage=[Coverage(symbol='V', day=end, real_bars='5')])",
        reason="coverage row 1 (V) has real_bars='5': expected `int`, got `str` "
        "(hint: build it as pytest_zacperf.records.Coverage says)",
    ),
    Row(
        name="trade_is_a_dict",
        source="return BacktestOutput(trades=[{}])",
        reason="trade 1 is a dict (hint: build it with pytest_zacperf.records.Trade)",
    ),
    Row(
        name="trade_is_nan",
        source="return BacktestOutput(trades=[trade(), trade(profit_loss=math.nan)])",
        reason="trade 2 (V) has profit_loss=nan "
        "(hint: let the engine return finite numbers; JSON has no others)",
    ),
    Row(
        name="warnings_are_one_text",
        source="return BacktestOutput(warnings='half a day')",
        reason=f"warnings = 'half a day' is no list {OUTPUT_HINT}",
    ),
    Row(
        name="warning_is_a_number",
        source="return BacktestOutput(warnings=['half a day', 3])",
        reason=f"warning 2 = 3 is no text {OUTPUT_HINT}",
    ),
    Row(
        name="fingerprint_is_bytes",
        source="return BacktestOutput(data_fingerprint=b'd')",
        reason=f"data_fingerprint = b'd' is no text {OUTPUT_HINT}",
    ),
)
TIME_LIMIT = "time limit of 1 s reached; timeout under [tool.zacperf] sets it"
TAKES_SECONDS = (
    Row(name="hangs", source="time.sleep(60)", reason=TIME_LIMIT, log="in hangs\n"),
    Row(
        name="hangs_in_a_child",
        source="subprocess.run(['sleep', '60'])",
        reason=TIME_LIMIT,
    ),
    Row(
        name="hangs_and_ignores_the_request",
        source="signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)",
        reason=TIME_LIMIT,
    ),
    Row(
        name="hangs_in_c_code",
        source="re.match('(a+)+$', 'a' * 60 + 'b')",
        reason=TIME_LIMIT,
        log="in hangs_in_c_code\n",
    ),
    Row(
        name="leaves_a_thread",
        source="threading.Thread(target=time.sleep, args=(60,), name='feed').start()",
        reason=None,
    ),
    Row(
        name="leaves_a_daemon",
        source="""
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    time.sleep(60)
                os._exit(0)
        """,
        reason=None,
    ),
)
SESSIONS = {
    "alone": Session(rows=(*RAISES, *ENDS, *COUNTS_ALL_THE_SAME, *RETURNS)),
    "xdist": Session(
        rows=(RAISES[0], RAISES[-1], ENDS[0], COUNTS_ALL_THE_SAME[0], RETURNS[0], RETURNS[-1]),
        arguments=("-n", "2"),
    ),
    "seconds": Session(rows=TAKES_SECONDS, settings=('timeout = "1s"',)),
}


def parameters(*, rows: bool) -> list[ParameterSet]:
    return [
        pytest.param(
            *((name, row) if row else (name,)),
            id=f"{name}-{row.name}" if row else name,
            marks=[pytest.mark.slow] if name == "seconds" else [],
        )
        for name, session in SESSIONS.items()
        for row in (session.rows if rows else [None])
    ]


every_row = pytest.mark.parametrize(("name", "row"), parameters(rows=True))
every_session = pytest.mark.parametrize("name", parameters(rows=False))


@pytest.fixture(scope="module")
def session_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Inner]:
    @functools.cache
    def session_of_(name: str) -> Inner:
        root = tmp_path_factory.mktemp(name)
        session = SESSIONS[name]
        write_project(root, session.rows, *session.settings)
        return run_pytest(root, *session.arguments)

    return session_of_


@every_row
def test_the_report_says_in_one_sentence_what_an_engine_did(
    session_of: Callable[[str], Inner], name: str, row: Row
) -> None:
    inner = session_of(name)
    run, folder = inner.runs[row.name]
    assert inner.reasons(row.name) == ([row.reason] if row.reason else [])
    assert run.reason == row.reason
    assert row.log in (folder / "stderr.log").read_text(errors="replace")
    assert not row.warning or f"warning: wk-1: {row.warning}" in inner.lines


@every_row
def test_a_run_is_done_or_failed_and_never_half(
    session_of: Callable[[str], Inner], name: str, row: Row
) -> None:
    run, folder = session_of(name).runs[row.name]
    order_events = folder / "order_events.jsonl"
    if row.reason is None:
        assert run.work is not None
        assert run.work.order_events == len(order_events.read_bytes().splitlines()) == row.events
    else:
        assert (run.work, run.costs, order_events.exists()) == (None, None, False)


@every_session
def test_the_rest_of_the_session_goes_on(session_of: Callable[[str], Inner], name: str) -> None:
    failed = [row.name for row in SESSIONS[name].rows if row.reason]
    lines = session_of(name).lines
    assert "PASSED test_rows.py::test_other" in lines
    assert sum(line.startswith("FAILED test_rows.py::test_row") for line in lines) == len(failed)


@every_session
def test_no_frame_of_ours_is_shown(session_of: Callable[[str], Inner], name: str) -> None:
    assert shown_frames(session_of(name).lines) == []


@every_session
def test_nothing_half_written_and_no_process_is_left(
    session_of: Callable[[str], Inner], name: str
) -> None:
    assert left_by(session_of(name).root) == []


def test_what_an_engine_prints_takes_neither_memory_nor_much_of_the_disk(
    session_of: Callable[[str], Inner],
) -> None:
    inner = session_of("alone")
    _, folder = inner.runs["prints_100_megabytes"]
    assert (folder / "stdout.log").stat().st_size < 10_100_000
    assert int((inner.root / "peak_kilobytes").read_text()) < 100_000


# The engine of the settings, the file that it lies in and its content, what the report says.
RUN_PYTHON = "in the project's root shows the whole error"
NEW_HOME = "(hint: move it to a module of the project, such as strategies/gold.py)"
IN_TEST = "lies in a test module, which a worker cannot import afresh"
SEE_ENGINE = "(hint: see pytest_zacperf.engines.Engine, or wrap a function in FunctionEngine)"
FUNCTION_ENGINE = "from pytest_zacperf.engines.function import FunctionEngine as F\n"
LOADS = (
    pytest.param(
        *("zacq", "gold.py", ""),
        "no engine is named 'zacq' (hint: write module:object, or the name of an installed engine; "
        "did you mean 'zacqc'?)",
        id="unknown name",
    ),
    pytest.param(
        *("gold:", "gold.py", ""),
        "'gold:' is not module:object (hint: write it like strategies.gold:engine)",
        id="no object",
    ),
    pytest.param(
        *("strategies.gold:engine", "gold.py", ""),
        "'strategies.gold:engine' cannot be imported: ModuleNotFoundError: No module named "
        f"'strategies' (hint: python -c 'import strategies.gold' {RUN_PYTHON})",
        id="unknown module",
    ),
    pytest.param(
        *("gold:engine", "gold.py", "raise RuntimeError('no license')"),
        "'gold:engine' cannot be imported: RuntimeError: no license "
        f"(hint: python -c 'import gold' {RUN_PYTHON})",
        id="module that raises",
    ),
    pytest.param(
        *("gold:engine", "gold.py", "import os, sys\nsys.exit('no license')"),
        "'gold:engine' cannot be imported: SystemExit: no license "
        f"(hint: python -c 'import gold' {RUN_PYTHON})",
        id="module that exits",
    ),
    pytest.param(
        *("gold:engine", "gold.py", "def engine(:\n"),
        "'gold:engine' cannot be imported: SyntaxError: invalid syntax (gold.py, line 1) "
        f"(hint: python -c 'import gold' {RUN_PYTHON})",
        id="module that is no Python",
    ),
    pytest.param(
        *("gold:engin", "gold.py", "engine = 1"),
        "'gold:engin' does not exist: gold has no 'engin' (hint: did you mean engine?)",
        id="unknown object",
    ),
    pytest.param(
        *("gold:engine", "gold.py", "engine = 1"),
        "engine 'gold:engine' is no engine but int: it lacks name, version, capabilities, "
        f"volatile, parameters, with_parameters, prepare, run, collect {SEE_ENGINE}",
        id="no engine",
    ),
    pytest.param(
        *("gold:Gold", "gold.py", engine_class("Gold", "capabilities = property(lambda s: 1 / 0)")),
        "engine 'gold:Gold' is no engine but Gold: its capabilities raises ZeroDivisionError: "
        f"division by zero {SEE_ENGINE}",
        id="capabilities that raise",
    ),
    pytest.param(
        *("gold:Gold", "gold.py", engine_class("Gold", "parameters = property(lambda s: 1 / 0)")),
        "engine 'gold:Gold' is no engine but Gold: its parameters raises ZeroDivisionError: "
        f"division by zero {SEE_ENGINE}",
        id="parameters that raise",
    ),
    pytest.param(
        *("gold:Gold", "gold.py", "class Gold:\n    def __init__(self): raise OSError('no key')"),
        "engine 'gold:Gold' cannot be made: OSError: no key "
        "(hint: Gold() must return an engine without arguments)",
        id="class that raises",
    ),
    pytest.param(
        *("gold:engine", "gold.py", f"{FUNCTION_ENGINE}engine = F('gold:rnu')\ndef run(*w): ..."),
        "'gold:rnu' does not exist: gold has no 'rnu' (hint: did you mean run?)",
        id="unknown target",
    ),
    pytest.param(
        *("gold:engine", "gold.py", f"{FUNCTION_ENGINE}engine = F('gold:F')\n"),
        "'gold:F' cannot be called with (start, end, **parameters): "
        "too many positional arguments (hint: its signature is (target: 'str', *, parameters: "
        "'Mapping[str, ParameterValue] | None' = None, capabilities: 'Capabilities | None' = None, "
        "volatile: 'frozenset[str]' = frozenset()) -> 'None')",
        id="target that takes no window",
    ),
    pytest.param(
        *("test_gold:engine", "test_gold.py", ""),
        f"'test_gold:engine' {IN_TEST} {NEW_HOME}",
        id="test module",
    ),
    pytest.param(
        *("gold_test:engine", "gold_test.py", ""),
        f"'gold_test:engine' {IN_TEST} {NEW_HOME}",
        id="test module, other name",
    ),
    pytest.param(
        *("conftest:engine", "conftest.py", ""),
        f"'conftest:engine' {IN_TEST} {NEW_HOME}",
        id="conftest",
    ),
    pytest.param(
        *("tests.parity.test_x:engine", "tests/parity/test_x.py", ""),
        f"'tests.parity.test_x:engine' {IN_TEST} {NEW_HOME}",
        id="test module in a package",
    ),
    pytest.param(
        *("gold:engine", "gold.py", f"{FUNCTION_ENGINE}engine = F('test_gold:run')"),
        f"'test_gold:run' {IN_TEST} {NEW_HOME}",
        id="target in a test module",
    ),
    pytest.param(
        *("gold:engine", "gold.py", f"{FUNCTION_ENGINE}engine = F('__main__:run')"),
        "'__main__:run' lies in the script or notebook that was started; in a worker that is the "
        f"worker itself {NEW_HOME}",
        id="target in a script",
    ),
    pytest.param(
        *("__main__:engine", "gold.py", ""),
        "'__main__:engine' lies in the script or notebook that was started; in a worker that is "
        f"the worker itself {NEW_HOME}",
        id="script",
    ),
    pytest.param(
        *("notebooks/gold.ipynb:engine", "notebooks/gold.ipynb", "{}"),
        "'notebooks/gold.ipynb:engine' lies in a notebook, which a worker cannot import "
        f"{NEW_HOME}",
        id="notebook",
    ),
    pytest.param(
        *("strategies/gold.py:engine", "strategies/gold.py", ""),
        "'strategies/gold.py:engine' names a file, not a module "
        "(hint: write strategies.gold:engine)",
        id="file",
    ),
    pytest.param(
        *("zacqc", "plan.json", PLAN.replace("2025-01-20", "2025-01-25")),
        "window 'wk-1' has no XNYS trading day between 2025-01-25 and 2025-01-26 "
        "(hint: choose a window with at least one trading day)",
        id="no trading day",
    ),
    pytest.param(
        *("zacqc", "plan.json", PLAN.replace("2025-01", "0025-01")),
        "window 'wk-1' from 0025-01-20 to 0025-01-26 is beyond the calendar "
        "(hint: correct the year)",
        id="year that is none",
    ),
)
BOTH = """
import pytest

@pytest.mark.window("wk-1")
def test_backtest(backtest):
    backtest.order_events

def test_other():
    pass
"""


@pytest.mark.parametrize(("engine", "path", "source", "reason"), LOADS)
def test_an_engine_that_cannot_be_used_fails_its_test_alone(
    project: Project, engine: str, path: str, source: str, reason: str
) -> None:
    project.configure(f'engine = "{engine}"')
    project.write(path, source)
    project.write("test_it.py", BOTH)
    result = project.pytester.runpytest("test_it.py")
    result.assert_outcomes(failed=1, passed=1)
    assert result.outlines.count(f"the backtest of wk-1 has no result: {reason}") == 1
    assert shown_frames([*result.outlines, *result.errlines]) == []
    assert left_by(project.root) == []


def test_a_module_that_cannot_be_imported_leaves_its_own_traceback(project: Project) -> None:
    project.write("strategy.py", "def license():\n    raise RuntimeError('no license')\nlicense()")
    project.write("test_it.py", BOTH)
    project.pytester.runpytest("test_it.py")
    (log,) = project.root.glob(".zacperf/runs/*/stderr.log")
    assert f'File "{project.root}/strategy.py", line 2, in license\n' in log.read_text()


def test_a_parameter_that_no_record_holds_fails_its_test_alone(project: Project) -> None:
    source = BOTH.replace("backtest)", "baseline_for)").replace(
        "backtest.order_events", "baseline_for(price=float('nan'))"
    )
    project.write("test_it.py", source)
    result = project.pytester.runpytest()
    result.assert_outcomes(failed=1, passed=1)
    place = result.outlines.index("baseline_for(): price = nan is not a finite number")
    assert result.outlines[place + 1] == "  hint: write another one"
    assert shown_frames(result.outlines) == []


# More settings, the plan, flags; what pytest says and what it proposes.
ENGINE = 'engine = "strategy:engine"'
TEST = "test_it.py::test_backtest: "
USAGE = (
    pytest.param(
        *(['engin = "a:b"'], PLAN, []),
        *("[tool.zacperf] has an unknown key 'engin'", "did you mean 'engine'?"),
        id="unknown key",
    ),
    pytest.param(
        *([ENGINE, 'rounds = "3"'], PLAN, []),
        "[tool.zacperf] rounds: '3' is not a count",
        "write a whole number from 1, such as 5",
        id="text for a number",
    ),
    pytest.param(
        *([ENGINE, "timeout = 10"], PLAN, []),
        "[tool.zacperf] timeout: 10 is not a duration",
        "write a positive number and a unit, such as '10m'",
        id="number for a duration",
    ),
    pytest.param(
        *(["engine = 3"], PLAN, []),
        *("[tool.zacperf] engine: 3 is not a text", "write a string that is not empty"),
        id="number for a text",
    ),
    pytest.param(
        *([ENGINE, "test_labels = [1]"], PLAN, []),
        "[tool.zacperf] test_labels: [1] is not a list of names",
        "write for example ['week', 'month']",
        id="numbers for names",
    ),
    pytest.param(
        *([ENGINE, "baseline = { days = [1] }"], PLAN, []),
        "[tool.zacperf] baseline: days = [1] is not a parameter",
        "write a text, a number or a boolean",
        id="list for a parameter",
    ),
    pytest.param(
        *([ENGINE, "cpus = -1"], PLAN, []),
        "[tool.zacperf] cpus: -1 names no processors",
        "write for example 1, [0, 1] or '0-1'",
        id="negative processor",
    ),
    pytest.param(
        *([ENGINE], PLAN, ["--zacperf-rounds=many"]),
        *("--zacperf-rounds: 'many' is not a count", "write a whole number from 1, such as 5"),
        id="bad flag",
    ),
    pytest.param(
        *([ENGINE], PLAN, ["--zacperf-window=wk-9"]),
        *(f"{TEST}plan.json has no window 'wk-9'", "did you mean 'wk-1'?"),
        id="unknown window",
    ),
    pytest.param(
        *([ENGINE], PLAN, ["--zacperf-test-labels=weak"]),
        f"{TEST}plan.json has no window for tests with the label 'weak'",
        "did you mean 'week'? (test_labels under [tool.zacperf] chooses labels, "
        '"label" in the plan gives a window one)',
        id="unknown label",
    ),
    pytest.param(
        *([ENGINE], '{"runs": [,]}', []),
        f"{TEST}plan.json is not JSON: Expecting value at line 1, column 11",
        "correct that place; a comma after the last element is the usual cause",
        id="plan that is no JSON",
    ),
    pytest.param(
        *([ENGINE], "[" * 100_000, []),
        *(f"{TEST}plan.json is nested too deeply", 'begin it with {"runs": ['),
        id="plan that is endless",
    ),
    pytest.param(
        *([ENGINE], PLAN.replace("runs", "run"), []),
        *(f"{TEST}plan.json has no list 'runs', though it has 'run'", f'write "runs": [{EXAMPLE}]'),
        id="plan without runs",
    ),
    pytest.param(
        *([ENGINE], PLAN.replace("start", "strat"), []),
        f"{TEST}plan.json, run 1 ('wk-1'): object missing required field `start`, "
        "though it has 'strat'",
        f"write it as {EXAMPLE}",
        id="plan with an unknown key",
    ),
    pytest.param(
        *([ENGINE], PLAN.replace('"week"', "3"), []),
        f"{TEST}plan.json, run 1 ('wk-1'): key 'label': 3: expected `str`, got `int`",
        f"write it as {EXAMPLE}",
        id="plan with a number for a text",
    ),
    pytest.param(
        *([ENGINE], PLAN.replace("2025-01-20", "2025-01-32"), []),
        f"{TEST}plan.json, run 1 ('wk-1'): key 'start': '2025-01-32' is not a date such as "
        "2025-01-20",
        f"write it as {EXAMPLE}",
        id="day that does not exist",
    ),
    pytest.param(
        *([ENGINE], PLAN.replace("2025-01-20", "2025-01-27"), []),
        f"{TEST}plan.json, run 1 ('wk-1'): key 'end': 2025-01-26 is before 'start', 2025-01-27",
        "both days are part of the window; exchange them",
        id="end before start",
    ),
)


@pytest.mark.parametrize(("settings", "plan", "flags", "problem", "hint"), USAGE)
def test_a_setting_or_a_plan_that_cannot_be_used_stops_pytest_with_the_next_step(  # noqa: PLR0913, PLR0917 - a row
    project: Project,
    settings: list[str],
    plan: str,
    flags: list[str],
    problem: str,
    hint: str,
) -> None:
    project.configure(*settings)
    project.write("plan.json", plan)
    project.write("test_it.py", BOTH.replace('@pytest.mark.window("wk-1")', ""))
    require_usage_error(project.pytester.runpytest(*flags), problem, hint)


@pytest.mark.parametrize(
    ("settings", "plan", "flags", "problem", "hint"), [USAGE[0], USAGE[8], USAGE[-1]]
)
def test_it_stops_the_workers_of_xdist_as_well(  # noqa: PLR0913, PLR0917 - a row
    project: Project,
    settings: list[str],
    plan: str,
    flags: list[str],
    problem: str,
    hint: str,
) -> None:
    project.configure(*settings)
    project.write("plan.json", plan)
    project.write("test_it.py", BOTH.replace('@pytest.mark.window("wk-1")', ""))
    require_usage_error(project.run("-n", "2", *flags), problem, hint)


def require_usage_error(result: pytest.RunResult, problem: str, hint: str) -> None:
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.errlines.count(f"ERROR: {problem}") == 1
    assert result.errlines[result.errlines.index(f"ERROR: {problem}") + 1] == f"  hint: {hint}"
    assert shown_frames([*result.outlines, *result.errlines]) == []


NO_SPACE = "No space left on device"
MAKE_WRITABLE = "make that folder writable, or copy the project to one that is"
FREE_SPACE = "free some space there, then run again"
MANY_EVENTS = """
from pytest_zacperf.engines import BacktestOutput
from pytest_zacperf.engines.function import FunctionEngine
from pytest_zacperf.records import OrderEvent

def run(start, end):
    event = OrderEvent(ts_event_ns=1, symbol="V", order_id=1, event_id=1, status="submitted",
                       type="market", side="buy", quantity=1.0)
    return BacktestOutput(order_events=[event] * 10_000)

engine = FunctionEngine("strategy:run")
"""
PRINTS = """
from pytest_zacperf.engines.function import FunctionEngine
def run(start, end): print("x" * 1_000_000, flush=True)
engine = FunctionEngine("strategy:run")
"""
DELETES = """
import shutil
from pytest_zacperf.engines.function import FunctionEngine
def run(start, end): shutil.rmtree(".zacperf/runs")
engine = FunctionEngine("strategy:run")
"""


@pytest.fixture
def disk(project: Project) -> Iterator[Path]:
    folder = project.root / ".zacperf"
    folder.mkdir()
    mounted = mount("-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder))
    if mounted.returncode:
        pytest.skip(f"no small disk can be made here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)  # noqa: S603, S607 - what was mounted


def mount(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)  # noqa: S603, S607


def fill(disk: Path, *, all_but: int) -> None:
    usage = os.statvfs(disk)
    (disk / "filler").write_bytes(b"x" * (usage.f_bavail * usage.f_frsize - all_but))


def require_sentence(project: Project, sentence: str, hint: str, *arguments: str) -> None:
    project.write("test_it.py", BOTH)
    result = project.run("-rfEp", *arguments)
    result.assert_outcomes(failed=1, passed=1)
    found = [n for n, line in enumerate(result.outlines) if fnmatch.fnmatch(line, sentence)]
    assert len(found) == 1, result.outlines
    assert result.outlines[found[0] + 1].startswith(f"  hint: {hint}")
    assert shown_frames(result.outlines) == []
    assert left_by(project.root) == []


@pytest.mark.parametrize("arguments", [(), ("-n", "2")], ids=["alone", "xdist"])
@pytest.mark.parametrize(
    ("room", "file"),
    [
        pytest.param(0, ".gitignore", id="full"),
        pytest.param(4_096, "new/*/request.json", id="room for the store"),
    ],
)
def test_a_disk_without_room_for_the_request_is_told(
    project: Project, disk: Path, room: int, file: str, arguments: tuple[str, ...]
) -> None:
    fill(disk, all_but=room)
    sentence = f"runs cannot be stored: {disk}/{file}: {NO_SPACE}"
    require_sentence(project, sentence, FREE_SPACE, *arguments)
    assert list(disk.glob("runs/*")) == list(disk.glob("new/*")) == []


def test_a_disk_without_room_for_the_order_events_is_told(project: Project, disk: Path) -> None:
    project.write("strategy.py", MANY_EVENTS)
    require_sentence(
        project,
        f"the backtest of wk-1 has no result: runs cannot be stored: "
        f"{disk}/runs/*/order_events.jsonl: {NO_SPACE} (hint: {FREE_SPACE})",
        "its traceback, if it left one, is in ",
    )
    (folder,) = disk.glob("runs/*")
    assert not (folder / "order_events.jsonl").exists()
    assert msgspec.json.decode((folder / "run.json").read_bytes(), type=Run).status == "error"


def test_a_disk_that_the_engine_has_filled_is_told(project: Project, disk: Path) -> None:
    project.write("strategy.py", PRINTS)
    sentence = f"runs cannot be stored: {disk}/runs/*/run.json: {NO_SPACE}"
    require_sentence(project, sentence, FREE_SPACE)
    assert list(disk.glob("runs/*")) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a disk again")
def test_a_disk_that_is_read_only_is_told(project: Project, disk: Path) -> None:
    mount("-o", "remount,ro", str(disk))
    sentence = f"runs cannot be stored: {disk}/.gitignore: Read-only file system"
    require_sentence(project, sentence, MAKE_WRITABLE)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_read_only_is_told(project: Project) -> None:
    folder = project.root / ".zacperf"
    folder.mkdir(mode=0o500)
    sentence = f"runs cannot be stored: {folder}/.gitignore: Permission denied"
    require_sentence(project, sentence, MAKE_WRITABLE)


def test_a_folder_that_the_engine_has_deleted_is_told(project: Project) -> None:
    project.write("strategy.py", DELETES)
    require_sentence(
        project,
        f"runs cannot be stored: {project.root}/.zacperf/runs/*: No such file or directory",
        "let nothing delete that folder while a backtest runs",
    )
