import math

import numpy as np
import pytest

from pytest_zacperf import stats
from pytest_zacperf.sampling import ALTERNATE_CPU, DUET, MEMORY, STORED, Design, Interval
from pytest_zacperf.stats import interval

QUIET = [(100.0, 101.0), (102.0, 101.0), (100.0, 99.0), (99.0, 100.0), (101.0, 101.5)]


def scaled(pairs: list[tuple[float, float]], factor: float) -> list[tuple[float, float]]:
    return [(baseline, candidate * factor) for baseline, candidate in pairs]


def stored_interval(
    baseline: list[float], candidate: list[float], level: float = STORED.level
) -> Interval:
    return stats.unpaired_interval(
        baseline, candidate, prior_sd=STORED.prior_sd, prior_df=STORED.prior_df, level=level
    )


def test_the_ratio_is_taken_within_each_pair() -> None:
    # The machine became ten times slower after the second pair; every pair says 1.5 or close.
    pairs = [(10, 15), (20, 28), (100, 160), (200, 300), (300, 450)]
    assert math.isclose(interval(pairs, ALTERNATE_CPU).ratio, 1.5, rel_tol=0.01)


def test_no_pair_has_no_ratio() -> None:
    with pytest.raises(ValueError, match="at least one pair of runs, got none"):
        interval([], DUET)


@pytest.mark.parametrize("pair", [(0, 1), (1, 0), (-1, 1), (math.nan, 1), (1, math.inf)])
def test_a_value_that_is_not_positive_has_no_ratio(pair: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="a ratio needs positive values, got "):
        interval([pair], DUET)


def test_two_quiet_pairs_settle_a_duet() -> None:
    same = interval([(100, 101), (100, 99.5)], DUET)
    slower = interval([(100, 126), (100, 125)], DUET)
    assert same.low < 1 < same.high < 1.10 < slower.low < 1.25 < slower.high


def test_the_interval_is_the_hand_computed_one_while_no_pair_is_far_out() -> None:
    logs = np.array([0.01, -0.02, 0.03])
    found = stats.log_ratio_interval(logs, prior_sd=0.02, prior_df=3.0, level=0.001)
    variance = (3 * 0.02**2 + float(np.sum((logs - logs.mean()) ** 2))) / 5
    # Quantile 0.999 of Student's t with five degrees of freedom, from a printed table.
    reach = 5.893 * math.sqrt(variance / 3)
    assert math.isclose(float(found.value), logs.mean())
    assert math.isclose(float(found.high), logs.mean() + reach, rel_tol=1e-4)
    assert math.isclose(float(found.low), logs.mean() - reach, rel_tol=1e-4)


@pytest.mark.parametrize("design", [DUET, ALTERNATE_CPU, MEMORY])
def test_equal_pairs_do_not_make_a_certain_interval(design: Design) -> None:
    found = interval([(100.0, 100.0)] * design.looks[0], design)
    assert found.ratio == 1
    assert found.low < 0.999
    assert found.high > 1.001


@pytest.mark.parametrize("design", [DUET, ALTERNATE_CPU, MEMORY])
def test_before_the_first_look_nothing_is_settled(design: Design) -> None:
    for count in range(1, design.looks[0]):
        found = interval([(100.0, 200.0)] * count, design)
        assert math.isclose(found.ratio, 2)
        assert math.isclose(found.low, 0.002)
        assert math.isclose(found.high, 2_000)


def test_both_directions_are_treated_alike() -> None:
    found = interval(scaled(QUIET, 1.2), ALTERNATE_CPU)
    swapped = interval([(b, a) for a, b in scaled(QUIET, 1.2)], ALTERNATE_CPU)
    assert math.isclose(found.low, 1 / swapped.high)
    assert math.isclose(found.high, 1 / swapped.low)


def test_units_do_not_matter() -> None:
    a = interval(QUIET, DUET)
    b = interval([(x * 1e9, y * 1e9) for x, y in QUIET], DUET)
    assert math.isclose(a.low, b.low)
    assert math.isclose(a.high, b.high)


def test_a_slower_candidate_moves_the_interval_as_a_whole() -> None:
    a = interval(QUIET, DUET)
    b = interval(scaled(QUIET, 1.1), DUET)
    assert math.isclose(b.low / a.low, 1.1)
    assert math.isclose(b.high / a.high, 1.1)


def test_more_agreeing_pairs_make_the_interval_narrower() -> None:
    widths = [
        (found.high - found.low)
        for count in (1, 2, 4)
        for found in [
            stats.log_ratio_interval(
                np.tile([0.01, -0.01], count), prior_sd=0.02, prior_df=3.0, level=0.001
            )
        ]
    ]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 1.5 * widths[-1]


def test_a_lower_level_and_more_noise_make_the_interval_wider() -> None:
    def width(logs: list[float], level: float) -> float:
        found = stats.log_ratio_interval(np.array(logs), prior_sd=0.02, prior_df=3.0, level=level)
        return float(found.high - found.low)

    quiet, noisy = [0.01, -0.01, 0.0], [0.05, -0.05, 0.0]
    assert width(quiet, 0.001) < width(quiet, 0.0001)
    assert width(quiet, 0.001) < width(noisy, 0.001)


@pytest.mark.parametrize("position", range(5))
@pytest.mark.parametrize("disturbance", [2.0, 0.5])
@pytest.mark.parametrize("design", [DUET, ALTERNATE_CPU])
def test_a_wild_pair_among_five_changes_neither_ratio_nor_outcome(
    position: int, disturbance: float, design: Design
) -> None:
    pairs = list(QUIET)
    pairs[position] = (100.0, 100.0 * disturbance)
    assert math.isclose(interval(pairs, design).ratio, 1.0, abs_tol=0.01)
    for count in range(1, 6):
        assert interval(pairs[:count], design).low < 1.10
        assert interval(scaled(pairs, 1.25)[:count], design).high > 1.10


def test_a_wild_pair_counts_nothing() -> None:
    # Further out is not worse.
    near, far = (interval([*QUIET, (100.0, wild)], ALTERNATE_CPU) for wild in (200.0, 1000.0))
    assert near == far


def test_arrays_give_what_single_calls_give() -> None:
    rows = np.random.default_rng(1).standard_normal((3, 4, 6)) * 0.05
    rows[0, 0, 2] += 0.7
    all_at_once = stats.log_ratio_interval(rows, prior_sd=0.02, prior_df=3.0, level=0.001)
    for index in np.ndindex(3, 4):
        alone = stats.log_ratio_interval(rows[index], prior_sd=0.02, prior_df=3.0, level=0.001)
        assert math.isclose(float(all_at_once.low[index]), float(alone.low))
        assert math.isclose(float(all_at_once.high[index]), float(alone.high))


def test_the_interval_of_pairs_is_the_one_that_was_simulated() -> None:
    found = interval(QUIET, DUET)
    logs = np.log([candidate / baseline for baseline, candidate in QUIET])
    simulated = stats.log_ratio_interval(
        logs, prior_sd=DUET.prior_sd, prior_df=DUET.prior_df, level=DUET.levels[3]
    )
    assert math.isclose(math.log(found.low), float(simulated.low))
    assert math.isclose(math.log(found.high), float(simulated.high))


def test_stored_samples_give_the_ratio_of_medians() -> None:
    found = stored_interval([98, 99, 100, 101, 300], [119, 120, 125])
    assert math.isclose(found.ratio, 1.2)
    assert found.low < 1.2 < found.high


def test_any_number_of_stored_samples_leaves_what_the_time_of_day_does() -> None:
    many = [99.9, 100.0, 100.1] * 100
    found = stored_interval(many, many)
    normal = 2.54  # quantile of the level that is kept
    assert math.log(found.high) > normal * math.sqrt(2) * 0.0297


def test_a_single_new_sample_settles_little() -> None:
    baseline = [99.0, 99.5, 100.0, 100.5, 101.0]
    one = stored_interval(baseline, [100.0])
    five = stored_interval(baseline, [99.0, 99.5, 100.0, 100.5, 101.0])
    assert one.low < five.low < 1 < five.high < one.high


def test_an_outlier_of_a_stored_side_does_not_carry_the_interval_away() -> None:
    baseline = [98.0, 99.0, 100.0, 101.0, 102.0, 103.0]
    clean = stored_interval(baseline, [100.0, 101.0, 102.0])
    wild = stored_interval([*baseline, 250.0], [100.0, 101.0, 102.0])
    assert math.isclose(clean.low, wild.low, rel_tol=0.02)
    assert math.isclose(clean.high, wild.high, rel_tol=0.02)


def test_too_few_stored_samples_are_refused() -> None:
    with pytest.raises(
        ValueError, match="a stored baseline needs 5 samples, has 4; record it again with more"
    ):
        stored_interval([1, 1, 1, 1], [1])


def test_no_new_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one sample of the candidate, got none"):
        stored_interval([1, 1, 1, 1, 1], [])


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_a_stored_or_new_value_that_is_not_positive_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match=f"a ratio needs positive values, got {value}"):
        stored_interval([1, 1, 1, 1, value], [1])
    with pytest.raises(ValueError, match=f"a ratio needs positive values, got {value}"):
        stored_interval([1, 1, 1, 1, 1], [value])


def test_a_machine_with_two_speeds_leaves_the_ratio_open() -> None:
    pairs = [(100, 140), (140, 100), (100, 140), (140, 100), (100, 140)]
    found = interval(pairs, ALTERNATE_CPU)
    assert found.low < 1 < found.high
