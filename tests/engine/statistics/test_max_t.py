"""Max-T: adjusted p-values hold their level over all finalists, whatever their joint law."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from engine.statistics import bootstrap, max_t
from engine.statistics.samples import SampleError
from tests.engine.statistics.null_paths import LAWS


def noise(bars: int, columns: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_t(5, (bars, columns)) * 0.01


def slow_step_down(returns: np.ndarray, *, seed: int, block: float, draws: int) -> np.ndarray:
    """The obvious twin: one sample after the other, one hypothesis after the other."""
    bars, finalists = returns.shape
    t = returns.mean(0) / returns.std(0) * np.sqrt(bars)
    samples = np.concatenate([*bootstrap.indices(bars, block=block, draws=draws, seed=seed)])
    drawn = np.array(
        [
            (returns[i].mean(0) - returns.mean(0))
            / np.minimum(returns[i].std(0), returns.std(0))
            * np.sqrt(bars)
            for i in samples
        ]
    )
    left, adjusted, floor = list(range(finalists)), np.ones(finalists), 0.0
    while left:
        best = max(left, key=lambda k: t[k])
        beyond = sum(row[left].max() >= t[best] for row in drawn)
        floor = adjusted[best] = max(floor, (1 + beyond) / (1 + draws))
        left.remove(best)
    return adjusted


def test_it_is_the_slow_obvious_step_down() -> None:
    returns = noise(300, 6) + np.linspace(0, 0.0025, 6)
    found = max_t.step_down(returns, seed=3, block=7, draws=400)
    slow = slow_step_down(returns, seed=3, block=7, draws=400)
    assert np.array_equal(found.adjusted, slow)
    assert len(set(slow)) > 3


def test_one_finalist_on_independent_bars_has_the_p_value_of_the_t_test() -> None:
    returns = np.random.default_rng(1).standard_normal((1000, 1)) + 0.05
    found = max_t.step_down(returns, seed=0, block=1, draws=20_000)
    expected = stats.ttest_1samp(returns[:, 0], 0, alternative="greater").pvalue
    assert found.adjusted[0] == pytest.approx(expected, abs=0.01)
    assert found.adjusted[0] == found.alone[0]


def test_copies_of_a_finalist_cost_nothing_and_independent_ones_do() -> None:
    returns = noise(1000, 12)
    returns[:, 0] += 0.0008
    one = max_t.step_down(returns[:, :1], seed=0, block=5).adjusted[0]
    copies = max_t.step_down(returns[:, [0] * 12], seed=0, block=5).adjusted
    assert np.array_equal(copies, np.full(12, one))
    assert max_t.step_down(returns, seed=0, block=5).adjusted[0] > 3 * one


def test_adjusted_p_values_are_at_least_those_alone_and_fall_with_the_statistic() -> None:
    found = max_t.step_down(noise(500, 8) + np.linspace(-0.001, 0.002, 8), seed=0, block=3)
    assert (found.adjusted >= found.alone).all()
    order = np.argsort(found.statistics)
    assert (np.diff(found.adjusted[order]) <= 0).all()
    assert found.adjusted.min() >= 1 / 2001


def test_what_stepped_down_rejects_more_than_a_single_step_would() -> None:
    returns = noise(1000, 10)
    returns[:, :8] += 0.003
    found = max_t.step_down(returns, seed=0, block=1, draws=4000)
    single = max_t.step_down(returns, seed=0, block=1, draws=4000).statistics
    assert (found.adjusted[:8] < 0.01).all()
    two = max_t.step_down(returns[:, 8:], seed=0, block=1, draws=4000)
    assert two.adjusted == pytest.approx(found.adjusted[8:], abs=0.02)
    assert single[:8].min() > single[8:].max()


def test_the_answer_does_not_depend_on_scale_but_on_the_seed_alone() -> None:
    returns = noise(400, 4)
    first = max_t.step_down(returns, seed=1, block=4)
    again = max_t.step_down(returns * [1, 2, 64, 2.0**-700], seed=1, block=4)
    assert np.array_equal(first.adjusted, again.adjusted)
    assert not np.array_equal(first.adjusted, max_t.step_down(returns, seed=2, block=4).adjusted)


def test_a_finalist_that_never_traded_is_no_discovery_and_costs_the_others_nothing() -> None:
    returns = noise(500, 3)
    idle = np.column_stack([returns[:, :2], np.zeros(500), returns[:, 2]])
    found = max_t.step_down(idle, seed=0, block=2)
    assert found.adjusted[2] == found.alone[2] == 1
    assert np.array_equal(
        found.adjusted[[0, 1, 3]], max_t.step_down(returns, seed=0, block=2).adjusted
    )
    assert (max_t.step_down(np.zeros((50, 2)), seed=0, block=2).adjusted == 1).all()


def test_few_trades_are_weak_evidence() -> None:
    """Two lucky days in 1000 are a t of 1.4 and nothing else."""
    returns = np.zeros((1000, 1))
    returns[[100, 700]] = 0.05
    assert max_t.step_down(returns, seed=0, block=1).adjusted[0] > 0.05


def test_where_no_block_is_given_that_of_arch_is_used() -> None:
    smooth = np.apply_along_axis(np.convolve, 0, noise(800, 2), np.ones(8) / 8, "valid")
    assert max_t.step_down(smooth, seed=0, draws=50).block == bootstrap.block_length(smooth) > 8


def size(law: str, runs: int, block: float) -> float:
    """Share of null families of ten finalists, three years long, with a rejection at 5%."""
    found = 0
    for seed in range(runs):
        returns = LAWS[law](np.random.default_rng([8, seed]), 756, 10)
        answer = max_t.step_down(returns, seed=seed, block=block, draws=300)
        found += bool(answer.adjusted.min() <= 0.05)
    return found / runs


@pytest.mark.parametrize("law", ["fat", "crashes"])
def test_false_discoveries_among_ten_are_as_rare_as_said(law: str) -> None:
    assert size(law, 50, 5) <= 0.14


@pytest.mark.slow
@pytest.mark.parametrize("law", LAWS)
def test_the_size_over_many_null_families(law: str) -> None:
    assert size(law, 600, 10) <= 0.07


def test_bad_samples_say_what_is_needed() -> None:
    with pytest.raises(SampleError, match=r"got shape \(10, 500\), more configurations than bars"):
        max_t.step_down(noise(500, 10).T, seed=0)
    with pytest.raises(SampleError, match="got 19 bars; needs at least 20: use a longer window"):
        max_t.step_down(noise(19, 2), seed=0)
    with pytest.raises(SampleError, match=r"got nan at \[3, 1\]"):
        bad = noise(50, 2)
        bad[3, 1] = np.nan
        max_t.step_down(bad, seed=0)
    with pytest.raises(SampleError, match=r"block: got 0\.5; needs 1 to 50 bars"):
        max_t.step_down(noise(50, 2), seed=0, block=0.5)
    with pytest.raises(SampleError, match="draws: got 0; needs at least 1, and 2000"):
        max_t.step_down(noise(50, 2), seed=0, block=2, draws=0)
