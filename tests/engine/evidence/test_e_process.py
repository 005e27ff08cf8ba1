"""The e-process may be looked at after every bar, and promotes the useless as rarely as it says."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from engine.evidence.statistics import e_process
from engine.evidence.statistics.e_process import EProcess
from engine.evidence.statistics.samples import SampleError


def differences(seed: int, bars: int, sharpe: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 0.01 * (rng.standard_t(5, bars) / math.sqrt(5 / 3) + sharpe / math.sqrt(252))


def test_it_is_the_mean_of_products_of_bets() -> None:
    path = differences(0, 300, 1.0)
    wealth = np.ones(len(e_process.LAMBDAS))
    for i in range(e_process.WARM_UP, 300):
        x = path[i] / (e_process.WIDTH * path[:i].std(ddof=1))
        wealth *= 1 + np.array(e_process.LAMBDAS) * np.clip(x, -2, 1)
    assert e_process.start().after(path).value == pytest.approx(wealth.mean())


def test_bars_one_by_one_or_at_once_give_the_same_state() -> None:
    path = differences(1, 200, 2.0)
    state = e_process.start()
    for bar in path:
        state = state.after([bar])
    assert state == e_process.start().after(path)


def test_the_scale_is_known_before_the_bet_and_unit_free() -> None:
    path = differences(2, 200)
    before = e_process.start().after(path)
    crash = before.after([-1.0])
    assert crash.value < before.value
    assert e_process.start().after(path * 64).value == pytest.approx(before.value)


def test_a_promotion_looks_at_the_peak_which_never_falls() -> None:
    state, last = e_process.start(), 1.0
    for bar in np.concatenate([differences(3, 300, 3.0), differences(4, 300, -6.0)]):
        state = state.after([bar])
        assert state.peak >= max(last, state.value)
        last = state.peak
    assert state.value < state.peak


def test_its_state_survives_json() -> None:
    state = e_process.start().after(differences(5, 100))
    assert EProcess.read(json.loads(json.dumps(state.record()))) == state
    ruined = state.after([-9.0])
    assert min(ruined.log_wealth) == -math.inf
    assert EProcess.read(json.loads(json.dumps(ruined.record()))) == ruined
    assert ruined.after(differences(6, 50)).value > 0


def test_identical_strategies_are_never_promoted() -> None:
    assert e_process.start().after(np.zeros(500)).peak == 1


def promoted(sharpe: float, runs: int, years: int, first: int = 0) -> float:
    peaks = [
        e_process.start().after(differences(seed, 252 * years, sharpe)).peak
        for seed in range(first, first + runs)
    ]
    return float(np.mean(np.array(peaks) >= 20))


def test_a_better_challenger_is_promoted_and_a_useless_one_is_not() -> None:
    assert promoted(3.0, 20, 5) >= 0.9
    assert promoted(0.0, 40, 5) <= 0.1


@pytest.mark.slow
def test_the_rates_over_many_forward_tests() -> None:
    """Reference A4: 2.2% of the useless; 76.5, 100, 100% of Sharpe difference 1, 2, 3; 10 years."""
    assert promoted(0.0, 1000, 10, 10_000) <= 0.05
    assert promoted(1.0, 200, 10, 20_000) == pytest.approx(0.765, abs=0.1)
    assert promoted(2.0, 100, 10, 30_000) >= 0.98


@pytest.mark.slow
def test_rare_crashes_do_not_buy_a_promotion() -> None:
    """Mean 0, skew -9: a cut at -1 would forgive most of each crash and promote half of them."""
    peaks = []
    for seed in range(500):
        rng = np.random.default_rng(seed)
        path = np.where(rng.random(2520) < 0.01, -0.0990, 0.0010)
        peaks.append(e_process.start().after(path + 0.01 * rng.standard_normal(2520)).peak)
    assert np.mean(np.array(peaks) >= 20) <= 0.05


def test_time_to_a_promotion_is_counted_in_years() -> None:
    assert e_process.expected_years(1.0) == pytest.approx(2 * math.log(20))


def test_bad_arguments_say_what_is_needed() -> None:
    with pytest.raises(SampleError, match=r"lambdas: got .*; needs shares above 0, at most 1"):
        e_process.start((0.5, 1.5))
    with pytest.raises(SampleError, match=r"differences: got nan at \[0\]"):
        e_process.start().after([math.nan])
    with pytest.raises(SampleError, match="use what EProcess"):
        EProcess.read({})
    with pytest.raises(SampleError, match="sharpe_difference: got 0"):
        e_process.expected_years(0)
