"""The e-process may be looked at after every bar, and promotes the useless as rarely as it says."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from engine.statistics import e_process
from engine.statistics.e_process import EProcess
from engine.statistics.samples import SampleError
from tests.engine.statistics.null_paths import LAWS


def differences(seed: int, bars: int, sharpe: float = 0.0, law: str = "fat") -> np.ndarray:
    path = LAWS[law](np.random.default_rng([9, seed]), bars, 1)[:, 0]
    return 0.01 * (path / path.std() + sharpe / math.sqrt(252)) if sharpe else 0.01 * path


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


def promoted(sharpe: float, runs: int, years: int, law: str = "fat") -> float:
    """Share of challengers promoted at 5% within some years of daily bars."""
    found = 0
    for seed in range(runs):
        path = differences(seed, 252 * years, sharpe, law)
        found += e_process.start().after(path).peak >= 20
    return found / runs


def test_a_better_challenger_is_promoted_and_a_useless_one_is_not() -> None:
    assert promoted(3.0, 20, 5) >= 0.9
    assert promoted(0.0, 40, 5) <= 0.1


@pytest.mark.slow
@pytest.mark.parametrize("law", LAWS)
def test_the_useless_are_promoted_as_rarely_as_said(law: str) -> None:
    """Within 10 years; persistent returns are not: a bet on them knows their last bar's sign."""
    assert promoted(0.0, 600, 10, law) <= 0.06


@pytest.mark.slow
def test_the_power_over_many_forward_tests() -> None:
    """Reference A4: 76.5, 100, 100% of Sharpe difference 1, 2, 3 within 10 years."""
    assert promoted(1.0, 200, 10) == pytest.approx(0.72, abs=0.1)
    assert promoted(2.0, 100, 10) >= 0.98


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
