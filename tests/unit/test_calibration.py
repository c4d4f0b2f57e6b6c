import dataclasses
import math

import numpy as np
import pytest

from pytest_zacperf import calibration, sampling, stats
from pytest_zacperf.calibration import FAMILIES, Family, Rates, StoredCase
from pytest_zacperf.sampling import (
    ALTERNATE_CPU,
    ALTERNATE_WALL,
    DUET,
    MEMORY,
    STORED,
    Design,
    StoredDesign,
)

TRIALS = 10_000
# Other random numbers than those the levels were found with.
SEED = 7
LIMIT = math.log(1.10)
# An error of 1 % is seen within three standard errors of these trials; both directions count.
MARGIN = 3 * math.sqrt(0.01 * 0.99 / (2 * TRIALS))
# Stored looks err far more rarely.
STORED_TRIALS = 40_000
STORED_LOOKS = [
    pytest.param(STORED.first_look(), id="first look"),
    pytest.param(STORED, id="second look"),
]


def rates(design: Design, ratio: float, family: Family = "normal", scale: float = 1.0) -> Rates:
    return calibration.simulate(
        design,
        family,
        scale=scale,
        trials=2_000,
        seed=SEED,
        true_log_ratio=math.log(ratio),
        limit_log_ratio=LIMIT,
    )


def critical_values(design: Design, levels: tuple[float, ...]) -> list[float]:
    return [
        stats.critical_value(level, design.prior_df + look - 1)
        for look, level in zip(design.looks, levels, strict=True)
    ]


@pytest.mark.parametrize("design", [DUET, ALTERNATE_CPU, MEMORY])
def test_the_stored_levels_are_what_the_calibration_gives(design: Design) -> None:
    found = calibration.calibrated_levels(design, design.looks, trials=TRIALS, seed=SEED)
    # The first looks spend most and are seen best: half the level would be 8 % off or more.
    expected = critical_values(design, design.levels)
    assert critical_values(design, found)[:2] == pytest.approx(expected[:2], rel=0.05)
    assert critical_values(design, found)[2:] == pytest.approx(expected[2:], rel=0.15)


def test_wall_and_cpu_time_in_turn_share_their_levels() -> None:
    # Levels do not depend on prior_sd, which is all that differs.
    assert dataclasses.replace(ALTERNATE_WALL, prior_sd=ALTERNATE_CPU.prior_sd) == ALTERNATE_CPU


@pytest.mark.parametrize("design", [DUET, ALTERNATE_CPU, MEMORY])
def test_the_whole_procedure_errs_in_at_most_one_percent_and_not_in_far_less(
    design: Design,
) -> None:
    worst = calibration.worst_error(design, trials=TRIALS, seed=SEED)
    assert 0.007 < worst < 0.01 + MARGIN


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("design", [DUET, ALTERNATE_CPU, ALTERNATE_WALL, MEMORY])
def test_neither_direction_errs_in_more_than_one_percent(design: Design, family: Family) -> None:
    margin = 3 * math.sqrt(0.01 * 0.99 / TRIALS)
    for scale in calibration.scales_of(design)[-2:]:
        found = calibration.simulate(design, family, scale=scale, trials=TRIALS, seed=SEED)
        assert found.passed < 0.01 + margin
        assert found.failed < 0.01 + margin


def test_a_level_ten_times_as_high_would_be_noticed() -> None:
    wrong = dataclasses.replace(DUET, levels=tuple(10 * level for level in DUET.levels))
    assert calibration.worst_error(wrong, trials=TRIALS, seed=SEED) > 0.01 + MARGIN


def test_a_machine_noisier_than_the_design_errs_more() -> None:
    # What highest_scale says: duets four times as noisy as measured need a prior_sd of their own.
    beyond = calibration.simulate(DUET, "normal", scale=4.0, trials=TRIALS, seed=SEED)
    own = dataclasses.replace(DUET, prior_sd=2 * DUET.prior_sd)
    within = calibration.simulate(own, "normal", scale=2.0, trials=TRIALS, seed=SEED)
    assert beyond.passed > 0.02
    assert within.passed < 0.01


def test_a_duet_settles_the_same_and_a_quarter_slower_in_two_pairs() -> None:
    same, slower = rates(DUET, 1.0), rates(DUET, 1.25)
    assert (same.passed > 0.95, same.failed, same.median_pairs) == (True, 0, 2)
    assert (slower.failed > 0.98, slower.passed, slower.median_pairs) == (True, 0, 2)


def test_runs_in_turn_settle_the_same_and_a_quarter_slower_in_eight_pairs() -> None:
    same, slower = rates(ALTERNATE_CPU, 1.0), rates(ALTERNATE_CPU, 1.25)
    assert same.passed > 0.90
    assert same.median_pairs <= 8
    assert slower.failed > 0.98
    assert slower.median_pairs <= 8
    assert same.failed == slower.passed == 0


def test_peak_memory_is_settled_in_two_pairs() -> None:
    assert rates(MEMORY, 1.0).mean_pairs == 2
    assert rates(MEMORY, 1.25).mean_pairs == 2


def test_a_ratio_at_the_limit_stays_open() -> None:
    found = rates(DUET, 1.10)
    assert found.inconclusive > 0.99
    assert found.median_pairs == DUET.looks[-1]


def test_every_procedure_ends_in_one_way() -> None:
    found = rates(ALTERNATE_CPU, 1.05, "t3", 2.0)
    assert math.isclose(found.passed + found.failed + found.inconclusive, 1)


def test_less_noise_settles_earlier() -> None:
    means = [rates(ALTERNATE_CPU, 1.0, scale=scale).mean_pairs for scale in (0.5, 1.0, 2.0)]
    assert means == sorted(means)


@pytest.mark.parametrize("ratio", [1.0, 1.25])
@pytest.mark.parametrize("disturbance", [math.log(2), -math.log(2)])
@pytest.mark.parametrize("design", [DUET, ALTERNATE_CPU])
def test_a_wild_pair_among_the_first_five_never_turns_the_outcome(
    design: Design, disturbance: float, ratio: float
) -> None:
    looks = (*(look for look in design.looks if look < 11), 11)
    levels = tuple(design.level_at(look) for look in looks)
    generator = np.random.default_rng(SEED)
    logs = math.log(ratio) + design.prior_sd * generator.standard_normal((1_000, 11))
    logs[np.arange(1_000), generator.integers(0, 5, 1_000)] += disturbance
    settled = np.zeros(1_000, dtype=np.bool_)
    for look, level in zip(looks, levels, strict=True):
        found = stats.log_ratio_interval(
            logs[:, :look], prior_sd=design.prior_sd, prior_df=design.prior_df, level=level
        )
        passes, fails = found.high < LIMIT, found.low > LIMIT
        assert not np.any(fails if ratio < 1.1 else passes)
        settled |= passes | fails
    # Without the wild pair 85 % of A/A comparisons in turn are settled by then.
    assert np.mean(settled) > 0.7


@pytest.mark.parametrize("family", FAMILIES)
def test_noise_has_the_standard_deviation_of_the_prior(family: Family) -> None:
    values = calibration.noise(family, (40_000, 8), np.random.default_rng(SEED))
    assert values.shape == (40_000, 8)
    assert math.isclose(float(np.std(values)), 1, rel_tol=0.05)


def test_only_autocorrelated_noise_correlates_with_its_neighbor() -> None:
    def correlation(family: Family) -> float:
        generator = np.random.default_rng(SEED)
        values = calibration.noise(family, (20_000, 3), generator, correlation=0.2)
        return float(np.corrcoef(values[:, 1], values[:, 2])[0, 1])

    assert math.isclose(correlation("autocorrelated"), 0.2, abs_tol=0.03)
    assert math.isclose(correlation("normal"), 0, abs_tol=0.03)


def test_the_allowed_error_is_spent_look_by_look_and_at_the_end_all_of_it() -> None:
    spent = calibration.spending(0.5, 3)
    assert spent == pytest.approx((0.5 * 0.009, 0.8 * 0.009, 0.009))
    assert calibration.spending(0.2, 1) == (0.009,)


def test_the_default_looks_need_no_simulation() -> None:
    assert calibration.with_looks(DUET, DUET.looks) is DUET


def test_other_looks_get_levels_that_keep_the_promise() -> None:
    design = calibration.with_looks(DUET, (3, 5))
    assert (design.looks, len(design.levels)) == ((3, 5), 2)
    assert calibration.worst_error(design, trials=TRIALS, seed=SEED) < 0.01 + MARGIN


def test_a_single_look_may_spend_everything() -> None:
    design = calibration.with_looks(ALTERNATE_CPU, (6,))
    assert 0.007 < calibration.worst_error(design, trials=TRIALS, seed=SEED) < 0.01 + MARGIN


def test_other_looks_are_calibrated_once() -> None:
    first = calibration.with_looks(MEMORY, (2, 4))
    hits = calibration.calibrated_levels.cache_info().hits
    assert calibration.with_looks(MEMORY, (2, 4)) == first
    assert calibration.calibrated_levels.cache_info().hits == hits + 1


def test_looks_that_are_no_schedule_get_no_levels() -> None:
    with pytest.raises(ValueError, match="a look at 3 pairs cannot follow one at 5; write"):
        calibration.with_looks(DUET, (5, 3))


@pytest.mark.parametrize("design", STORED_LOOKS)
def test_the_levels_of_stored_looks_are_what_the_calibration_gives(design: StoredDesign) -> None:
    found = calibration.calibrated_stored_level(design, trials=STORED_TRIALS, seed=SEED)
    df = design.prior_df + 10
    expected = stats.critical_value(design.level, df)
    # Heavy tails: the level for a single run differs a lot between random numbers.
    assert stats.critical_value(found, df) == pytest.approx(expected, rel=0.15)


@pytest.mark.parametrize("design", STORED_LOOKS)
def test_a_look_at_stored_samples_errs_as_rarely_as_it_may(design: StoredDesign) -> None:
    worst = calibration.worst_stored_error(design, trials=STORED_TRIALS, seed=SEED)
    margin = 3 * math.sqrt(design.error / (2 * STORED_TRIALS))
    assert design.error / 2 < worst < design.error + margin


@pytest.mark.parametrize("design", STORED_LOOKS)
def test_a_stored_level_a_hundred_times_as_high_would_be_noticed(design: StoredDesign) -> None:
    wrong = dataclasses.replace(design, level=100 * design.level)
    worst = calibration.worst_stored_error(wrong, trials=STORED_TRIALS, seed=SEED)
    assert worst > design.error + 3 * math.sqrt(design.error / (2 * STORED_TRIALS))


def test_both_stored_looks_leave_a_comparison_the_error_that_it_spends() -> None:
    both = STORED.first_look().error + STORED.error
    assert both + calibration.spending(0.5, 1)[-1] < 0.01


@pytest.mark.parametrize("design", [sampling.STORED_WALL, sampling.STORED_MEMORY])
def test_all_stored_designs_share_the_level(design: StoredDesign) -> None:
    assert dataclasses.replace(design, prior_sd=STORED.prior_sd) == STORED


def test_stored_samples_pass_what_is_much_faster_and_not_what_is_at_the_limit() -> None:
    case = StoredCase(family="normal", scale=1.0, stored=10, new=STORED.runs)
    faster, same, limit = (
        calibration.simulate_stored(
            STORED,
            case,
            trials=2_000,
            seed=SEED,
            true_log_ratio=math.log(ratio),
            limit_log_ratio=LIMIT,
        )
        for ratio in (0.7, 1.0, 1.10)
    )
    assert faster.passed > 0.95
    assert same.passed < 0.05
    assert limit.passed < 0.001
    assert same.mean_pairs == STORED.runs
