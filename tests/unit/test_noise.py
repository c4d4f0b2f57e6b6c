"""How far pairs of the same program differ, and which limit that allows."""

from __future__ import annotations

import math

import pytest

from pytest_zacperf import noise, sampling, stats

SPREAD = [(1.0, ratio) for ratio in (0.9, 1.0, 1.0, 1.1, 1.2)]
SAME = [(1.0, 1.0)] * 4


def test_noise_is_the_middle_the_spread_and_the_farthest_pair() -> None:
    found = noise.noise_of("duet (CPU)", SPREAD, sampling.DUET)
    assert (found.name, found.pairs) == ("duet (CPU)", 5)
    assert found.ratio == pytest.approx(1.0)
    # The logarithms lie 0.105, 0, 0, 0.095 and 0.182 from their median.
    assert found.sd == pytest.approx(1.4826 * math.log(1.1))
    assert found.largest == pytest.approx(1.2)


def test_the_farthest_pair_may_be_a_faster_one() -> None:
    found = noise.noise_of("duet", [*SPREAD, (1.0, 0.5)], sampling.DUET)
    assert found.largest == pytest.approx(0.5)


def test_one_wild_pair_hardly_changes_the_spread() -> None:
    quiet = noise.noise_of("duet", SPREAD, sampling.DUET)
    wild = noise.noise_of("duet", [*SPREAD[:-1], (1.0, 50.0)], sampling.DUET)
    assert wild.sd == pytest.approx(quiet.sd)


def test_there_is_a_recommendation_for_each_look() -> None:
    found = noise.noise_of("duet", SPREAD, sampling.DUET)
    assert tuple(one.pairs for one in found.recommendations) == sampling.DUET.looks


def test_too_few_pairs_are_refused_with_what_to_ask_for() -> None:
    with pytest.raises(ValueError, match="noise needs 4 pairs, got 3; give --rounds 12"):
        noise.noise_of("duet", SPREAD[:3], sampling.DUET)


def test_more_noise_asks_for_a_higher_limit() -> None:
    limits = [noise.passing_limit(sd, 8, sampling.DUET) for sd in (0.0, 0.02, 0.05, 0.1)]
    assert limits == sorted(limits)
    assert 1.0 < limits[0] < limits[-1]


@pytest.mark.parametrize("sd", [0.01, 0.03, 0.08])
@pytest.mark.parametrize("pairs", sampling.ALTERNATE_CPU.looks)
def test_pairs_that_spread_like_this_around_one_pass_the_limit(sd: float, pairs: int) -> None:
    half = [sd * math.sqrt((pairs - 1) / (pairs // 2 * 2))] * (pairs // 2)
    logs = [*half, *(-log for log in half), *[0.0] * (pairs % 2)]
    found = stats.interval([(1.0, math.exp(log)) for log in logs], sampling.ALTERNATE_CPU)
    assert found.high < noise.passing_limit(sd, pairs, sampling.ALTERNATE_CPU)


def test_a_limit_needs_the_fewest_pairs_that_allow_it() -> None:
    found = noise.noise_of("duet", SAME, sampling.DUET)
    third = found.recommendations[2]
    assert found.pairs_for(third.limit) == third.pairs
    assert found.pairs_for(third.limit + 1e-6) == third.pairs


def test_a_limit_that_no_number_of_pairs_allows_has_none() -> None:
    assert noise.noise_of("duet", SPREAD, sampling.DUET).pairs_for(1.001) is None
