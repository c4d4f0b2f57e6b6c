"""Two sides, measured side by side until the answer is certain; knows no pytest, no terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from pytest_zacperf import estimates, measure, sampling, schedule, verdict, work
from pytest_zacperf.errors import ComparisonError, SettingsError
from pytest_zacperf.estimates import Pair, Quantity, Question
from pytest_zacperf.rounds import SIDES, ComparedSide, Rounds
from pytest_zacperf.sampling import Design
from pytest_zacperf.schedule import Capacity, Choice, Clock, Expectation, Schedule
from pytest_zacperf.units import format_seconds
from pytest_zacperf.verdict import Operator, Outcome, Verdict

OVERRUN = 1.5  # of the budget: runs may take longer than the warm-up let expect
RAISE_BUDGET = "set a larger budget under [tool.zacperf], or --zacperf-budget"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How a comparison is measured; see ``Settings``.

    Attributes:
        schedule: ``auto``, ``duet`` or ``alternate``.
        clock: ``auto``, ``wall`` or ``CPU``.
        budget_s: Seconds; None for what the length of a run asks for.
        duet_looks: Numbers of pairs after which a duet, or peak memory, is judged.
        alternate_looks: Numbers of pairs after which rounds in turn are judged.
        allow_different_work: Whether costs of different work are compared all the same.

    """

    schedule: str
    clock: str
    budget_s: float | None
    duet_looks: tuple[int, ...]
    alternate_looks: tuple[int, ...]
    allow_different_work: bool = False


@dataclass(slots=True, kw_only=True)
class Comparison:
    """Baseline against candidate: its rounds serve every question that is asked about them.

    Attributes:
        rounds: Of the two sides.
        warm_up: A run of either side, which does not count.
        rules: How it is measured.
        tell: Told in a sentence how long it will take, before the first round.
        on_pair: Called after each pair that was run.
        pairs: By schedule, those that were measured.

    """

    rounds: Rounds
    warm_up: Pair
    rules: Rules
    tell: Callable[[str], None] = lambda _: None
    on_pair: Callable[[], None] = lambda: None
    pairs: dict[Schedule, list[Pair]] = field(default_factory=dict)
    _spent_s: float = 0.0
    _choice: Choice | None = None
    _told: set[Schedule] = field(default_factory=set)

    def judge(self, question: Question, op: Operator, limit: float) -> Verdict:
        """Return the verdict; run as many pairs as it needs, unless they have been run.

        Raises:
            ComparisonError: The two sides did different work, or have different memory sources.
            RunError: A round failed; the reason is the run's.
            SettingsError: The schedule that a setting asks for cannot be kept.
            ValueError: The limit is none, or a side has no such stage.

        """
        verdict.check_limit(limit)
        self.check(question, self.warm_up)
        choice = self.choice_for(question)
        design = self.design_for(question, choice.schedule, choice.clock)
        expected = schedule.expect(
            self.warm_up,
            design.looks,
            budget_s=self.rules.budget_s,
            runs_per_side=choice.runs_per_side,
        )
        found: estimates.Estimate | None = None
        why = _why_none(expected, design) if not expected.looks else None
        for look in expected.looks:
            if not self._measure(look, choice, expected, question):
                why = f"the budget of {format_seconds(expected.budget_s)} is spent; {RAISE_BUDGET}"
                break
            pairs = self.pairs[choice.schedule][: look * choice.runs_per_side]
            found = estimates.estimate(question, pairs, design, choice)
            outcome = verdict.outcome_of(found, op, limit)
            if outcome is not Outcome.INCONCLUSIVE:
                return Verdict(
                    question=question, estimate=found, op=op, limit=limit, outcome=outcome
                )
        return Verdict(
            question=question,
            estimate=found,
            op=op,
            limit=limit,
            outcome=Outcome.INCONCLUSIVE,
            why=why or _why_uncertain(expected, design),
        )

    def check(self, question: Question, pair: Pair) -> None:
        """Refuse to compare what cannot be compared.

        Raises:
            ComparisonError: It says what differs.

        """
        for name, run, first in zip(SIDES, pair, self.warm_up, strict=True):
            changed = work.changed_inputs(name, run, first)
            if changed:
                raise ComparisonError(*changed)
        if not self.rules.allow_different_work:
            different = work.different_work(*pair)
            if different:
                raise ComparisonError(*different)
        is_memory = question.quantity is Quantity.PEAK_MEMORY
        different = (work.different_memory_source if is_memory else work.different_clocks)(*pair)
        if different:
            raise ComparisonError(*different)

    def choice_for(self, question: Question) -> Choice:
        """Return schedule and clock for a question; those of a stage are in turn.

        Raises:
            SettingsError: The schedule that a setting asks for cannot be kept.

        """
        if self._choice is None:
            capacity = Capacity(
                processors=measure.pinnable_processors(self.rounds.runner.cpus),
                free_memory_bytes=measure.free_memory_bytes(),
            )
            rules = self.rules
            try:
                self._choice = schedule.choose(
                    *self.warm_up, capacity, schedule=rules.schedule, clock=rules.clock
                )
            except ValueError as e:
                problem, _, hint = str(e).partition("; ")
                raise SettingsError(problem, hint) from e
        if question.quantity is Quantity.STAGE_RUNTIME:
            # Where one side of a duet ends first, the other's later stages run at twice the speed.
            return schedule.in_turn(self._choice, self.warm_up, "stages are not timed so")
        if question.quantity is Quantity.PEAK_MEMORY:
            # Others do not add to it.
            return replace(self._choice, runs_per_side=1)
        return self._choice

    def measured_for(self, found: Verdict) -> Sequence[Pair]:
        """Return the runs that a verdict rests on."""
        one = found.estimate
        if one is None or one.schedule is None:
            return ()
        return self.pairs[one.schedule][: one.pairs * one.runs_per_side]

    def design_for(self, question: Question, laid_out: Schedule, clock: Clock) -> Design:
        """Return the looks for a question, and how wide the interval is at each."""
        if question.quantity is Quantity.PEAK_MEMORY:
            return _with_looks(sampling.MEMORY, self.rules.duet_looks)
        if laid_out is Schedule.DUET:
            return _with_looks(sampling.DUET, self.rules.duet_looks)
        by_clock = {"CPU": sampling.ALTERNATE_CPU, "wall": sampling.ALTERNATE_WALL}
        return _with_looks(by_clock[clock], self.rules.alternate_looks)

    def _measure(
        self, look: int, choice: Choice, expected: Expectation, question: Question
    ) -> bool:
        found = self.pairs.setdefault(choice.schedule, [])
        runs_per_side = choice.runs_per_side
        needed = look * runs_per_side
        if len(found) >= needed:
            return True
        if choice.schedule not in self._told:
            self._told.add(choice.schedule)
            self.tell(_expectation(self.rounds.candidate, choice, expected))
        with self.rounds.alone():
            while len(found) < needed:
                run_s = expected.pair_s / runs_per_side
                if self._spent_s + run_s > expected.budget_s * OVERRUN:
                    break
                found.append(self._pair(choice, len(found) + 1))
                self.check(question, found[-1])
                if len(found) % runs_per_side == 0:
                    self.on_pair()
        return len(found) >= needed

    def _pair(self, choice: Choice, number: int) -> Pair:
        begun_s = time.monotonic()
        pair = self.rounds.pair(choice.schedule, number, one_processor=choice.one_processor)
        # Waiting for others is not this comparison's time, and neither is a pair's that was run
        # before.
        self._spent_s += min(time.monotonic() - begun_s, _span_s(pair, choice))
        return pair


def _span_s(pair: Pair, choice: Choice) -> float:
    each_s = [(run.end_utc - run.start_utc).total_seconds() for run in pair]
    return max(each_s) if choice.schedule is Schedule.DUET else sum(each_s)


def _with_looks(design: Design, looks: tuple[int, ...]) -> Design:
    if looks == design.looks:
        return design
    from pytest_zacperf import calibration  # noqa: PLC0415 - loads scipy, and takes up to a second

    return calibration.with_looks(design, looks)


def _expectation(side: ComparedSide, choice: Choice, expected: Expectation) -> str:
    how = "both sides at once" if choice.schedule is Schedule.DUET else "in turn"
    first, last = (format_seconds(expected.looks[i] * expected.pair_s) for i in (0, -1))
    runs = f" of {choice.runs_per_side} runs a side" if choice.runs_per_side > 1 else ""
    return (
        f"timing {side.workload.window.id} {how} ({choice.schedule}, {choice.clock} clock): "
        f"{expected.looks[0]} to {expected.looks[-1]} pairs{runs}, about {first} to {last}"
    )


def _why_none(expected: Expectation, design: Design) -> str:
    return (
        f"the budget of {format_seconds(expected.budget_s)} is too short for "
        f"{design.looks[0]} pairs of about {format_seconds(expected.pair_s)}; {RAISE_BUDGET}"
    )


def _why_uncertain(expected: Expectation, design: Design) -> str:
    if expected.looks != design.looks:
        return (
            f"the budget of {format_seconds(expected.budget_s)} allows {expected.looks[-1]} pairs "
            f"of about {format_seconds(expected.pair_s)}; {RAISE_BUDGET}"
        )
    return "the interval still holds the limit; widen the limit, or measure on a quieter machine"
