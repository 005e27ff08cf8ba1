"""A factor that orders what comes is told from one that does not, by asset or by bar."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from engine.statistics import factors
from engine.statistics.samples import SampleError


def market(bars: int, assets: int, edge: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A factor, and returns that follow it a bar later."""
    rng = np.random.default_rng(seed)
    factor = rng.standard_normal((bars, assets))
    returns = rng.standard_normal((bars, assets)) * 0.01
    returns[1:] += edge * 0.01 * factor[:-1]
    return factor, returns


def test_across_assets_it_is_the_mean_rank_correlation_of_the_bars() -> None:
    factor, returns = market(60, 8, 0.3)
    expected = np.mean([stats.spearmanr(factor[t], returns[t + 1])[0] for t in range(59)])
    found = factors.information_coefficient(factor, returns)
    assert found.value == pytest.approx(expected)
    assert found.value > 0.1


def test_across_bars_it_is_the_mean_rank_correlation_of_the_assets() -> None:
    factor, returns = market(300, 2, 0.3)
    ahead = [(1 + returns[t + 1]) * (1 + returns[t + 2]) - 1 for t in range(298)]
    expected = np.mean(
        [stats.spearmanr(factor[:298, a], np.array(ahead)[:, a])[0] for a in range(2)]
    )
    found = factors.information_coefficient(factor, returns, across="bars", horizon=2)
    assert found.value == pytest.approx(expected)


def test_missing_bars_and_unknown_factors_are_left_out() -> None:
    factor, returns = market(200, 6, 0.3)
    holes = np.random.default_rng(9).random((2, 200, 6)) < 0.2
    factor[holes[0]] = np.nan
    returns[holes[1]] = np.nan
    rows = []
    for t in range(199):
        both = ~np.isnan(factor[t]) & ~np.isnan(returns[t + 1])
        if both.sum() >= 3:
            rows.append(stats.spearmanr(factor[t, both], returns[t + 1, both])[0])
    found = factors.information_coefficient(factor, returns)
    assert found.value == pytest.approx(np.mean(rows))


def test_ties_share_a_rank() -> None:
    factor, returns = market(80, 9, 0.3)
    factor = np.round(factor)
    rows = [stats.spearmanr(factor[t], returns[t + 1])[0] for t in range(79)]
    assert factors.information_coefficient(factor, returns).value == pytest.approx(np.mean(rows))


def test_a_lasting_edge_is_stable_and_one_that_turned_is_not() -> None:
    factor, returns = market(600, 10, 0.3)
    steady = factors.information_coefficient(factor, returns)
    assert steady.same_sign == 1
    assert steady.t > 5
    turned = factor.copy()
    turned[:280] *= -1
    unsteady = factors.information_coefficient(turned, returns)
    assert unsteady.same_sign < 1
    assert abs(unsteady.t) < 2
    assert unsteady.deviation > 3 * steady.deviation
    assert unsteady.folds[0] < 0 < unsteady.folds[-1]


def test_noise_has_a_t_beyond_two_as_rarely_as_students_t() -> None:
    t = [factors.information_coefficient(*market(240, 6, 0.0, seed)).t for seed in range(200)]
    beyond = np.mean(np.abs(t) > stats.t.ppf(0.975, 5))
    assert 0.01 <= beyond <= 0.10


def test_decay_shows_how_long_an_edge_lasts() -> None:
    factor, returns = market(800, 10, 0.5)
    found = factors.decay(factor, returns, horizons=(1, 4, 16))
    assert [each.horizon for each in found] == [1, 4, 16]
    values = [each.value for each in found]
    assert values[0] > 1.5 * values[1] > 2 * values[2] > 0
    assert values[1] == pytest.approx(
        factors.information_coefficient(factor, returns, horizon=4).value
    )


def test_forward_returns_end_with_the_sample_and_at_gaps() -> None:
    returns = np.array([[0.1], [0.2], [np.nan], [0.5], [0.1]])
    assert factors.forward(returns, 1)[:, 0] == pytest.approx(
        [0.2, np.nan, 0.5, 0.1, np.nan], nan_ok=True
    )
    assert factors.forward(returns, 2)[:, 0] == pytest.approx(
        [np.nan, np.nan, 0.65, np.nan, np.nan], nan_ok=True
    )


@pytest.mark.parametrize("across", ["assets", "bars"])
def test_buckets_of_an_edge_rise(across: factors.Across) -> None:
    factor, returns = market(800, 10, 0.5)
    found = factors.monotonicity(factor, returns, seed=0, across=across, draws=400)
    assert found.rising == 1
    assert found.p < 0.02
    assert found.counts.sum() == 799 * 10
    assert found.spread == pytest.approx(found.means[-1] - found.means[0])
    top = factor[:-1] >= np.quantile(factor[:-1], 0.8)
    assert found.means[-1] == pytest.approx(returns[1:][top].mean(), abs=0.0015)


def test_buckets_of_a_hump_do_not_rise() -> None:
    factor, returns = market(800, 10, 0.0)
    returns[1:] -= 0.01 * np.abs(factor[:-1])
    found = factors.monotonicity(factor, returns, seed=0, draws=400)
    assert 0 < found.rising < 1
    assert found.p > 0.5


def test_noise_is_called_monotonic_as_rarely_as_said() -> None:
    p = [
        factors.monotonicity(*market(150, 6, 0.0, seed), seed=seed, quantiles=3, draws=100).p
        for seed in range(150)
    ]
    assert np.mean(np.array(p) <= 0.1) <= 0.15


def test_the_seed_decides_the_p_value_alone() -> None:
    factor, returns = market(150, 6, 0.1)
    one, again, other = (
        factors.monotonicity(factor, returns, seed=seed, draws=200) for seed in (1, 1, 2)
    )
    assert one.p == again.p != other.p
    assert one.means.tolist() == other.means.tolist()


def test_persistence_is_the_rank_correlation_from_bar_to_bar() -> None:
    factor, _ = market(400, 8, 0)
    assert abs(factors.persistence(factor)) < 0.05
    slow = np.cumsum(factor, axis=0)
    assert factors.persistence(slow) > 0.9
    assert factors.persistence(slow[:, :1], across="bars") > 0.9


def test_bad_tables_say_what_is_needed() -> None:
    factor, returns = market(100, 2, 0)
    with pytest.raises(SampleError, match=r'no bar has 3 pairs .* pass across="bars"'):
        factors.information_coefficient(factor, returns)
    with pytest.raises(SampleError, match=r"factor \(100, 2\), returns \(99, 2\): needs the same"):
        factors.information_coefficient(factor, returns[1:])
    with pytest.raises(SampleError, match=r"got shape \(2, 100\), more assets than bars"):
        factors.information_coefficient(factor.T, returns.T)
    with pytest.raises(SampleError, match="horizon: got 100; needs 1 to 99 bars"):
        factors.information_coefficient(factor, returns, horizon=100, across="bars")
    with pytest.raises(SampleError, match="folds: got 1; needs 2 to 100"):
        factors.information_coefficient(factor, returns, folds=1, across="bars")
    with pytest.raises(SampleError, match="bucket 1 of 5 is empty at horizon 1"):
        factors.monotonicity(factor, returns, seed=0)
    with pytest.raises(SampleError, match="too few pairs of a bar and the next"):
        factors.persistence(factor)
    factor[5, 1] = np.inf
    with pytest.raises(SampleError, match=r"factor: got inf at \[5, 1\]"):
        factors.persistence(factor)
