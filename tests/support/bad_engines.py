"""The table of everything that an engine may do wrong, and what is said of it.

References that name no engine are in ``test_bad_references.py``, settings and plans in
``test_bad_settings.py``, disks in ``test_bad_disks.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.bad_input import (
    Row,
)

from pytest_zacperf.sentences import LONGEST_REASON

if TYPE_CHECKING:  # pytest loads it, and nobody can import it
    pass

OUTPUT_HINT = "(hint: see pytest_zacperf.engines.BacktestOutput)"
EVENT_HINT = "(hint: build it as pytest_zacperf.records.OrderEvent says)"
LONG_HINT = " (hint: roll it)"
LONG_DAY = ", on simulated day 2025-01-26"
PLACE = ", at rows.py:46"  # any line of two digits
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
        # The place is part of the ending; the test takes it out.
        reason=f"ValueError: {'x' * (LONGEST_REASON - len(PLACE + LONG_DAY) - 15)}...{LONG_DAY}",
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
        name="statistic_is_nan",
        source="return BacktestOutput(statistics={'Sharpe': math.nan})",
        reason=None,
        warning="statistic Sharpe is no finite number; it is stored as none",
    ),
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
        name="ParametersTurnNan",
        source=engine_class(
            "ParametersTurnNan", "def run(self, context): self.parameters = {'days': math.nan}"
        ),
        reason="parameters of mine['days'] = nan is not a finite number "
        "(hint: leave it out, or let it be None)",
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
