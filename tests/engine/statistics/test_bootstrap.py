"""The stationary bootstrap and its intervals."""

from __future__ import annotations

import numpy as np
import pytest

from engine.statistics import bootstrap
from engine.statistics.samples import SampleError


def samples(bars: int, block: float, draws: int, seed: int = 0) -> np.ndarray:
    return np.concatenate([*bootstrap.indices(bars, block=block, draws=draws, seed=seed)])


def test_blocks_run_on_around_the_circle_and_have_the_mean_length() -> None:
    drawn = samples(500, 10, 400)
    assert drawn.shape == (400, 500)
    assert drawn.min() == 0
    assert drawn.max() == 499
    runs_on = (drawn[:, 1:] - drawn[:, :-1]) % 500 == 1
    assert runs_on.mean() == pytest.approx(1 - 1 / 10 + 1 / 10 / 500, abs=0.002)


def test_every_bar_is_drawn_as_often_as_every_other_at_every_place() -> None:
    drawn = samples(20, 5, 20_000)
    shares = np.array([np.bincount(column, minlength=20) for column in drawn.T]) / 20_000
    assert shares == pytest.approx(0.05, abs=0.008)


def test_blocks_of_one_bar_are_independent_draws() -> None:
    drawn = samples(100, 1, 500)
    assert (np.diff(drawn, axis=1) == 1).mean() == pytest.approx(0.01, abs=0.003)


def test_the_seed_alone_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    assert np.array_equal(samples(50, 4, 30, 1), samples(50, 4, 30, 1))
    assert not np.array_equal(samples(50, 4, 30, 1), samples(50, 4, 30, 2))
    monkeypatch.setattr(bootstrap, "_CHUNK", 500)
    assert [chunk.shape for chunk in bootstrap.indices(50, block=4, draws=25, seed=0)] == [
        (10, 50),
        (10, 50),
        (5, 50),
    ]


def test_the_variance_of_a_mean_is_that_of_arch() -> None:
    from arch.bootstrap import StationaryBootstrap

    rng = np.random.default_rng(0)
    path = np.convolve(rng.standard_normal(600), np.ones(6) / 6, "valid")
    ours = path[samples(path.size, 15, 4000)].mean(axis=1)
    theirs = StationaryBootstrap(15, path, seed=1).apply(np.mean, 4000)
    assert ours.std() == pytest.approx(theirs.std(), rel=0.06)
    assert ours.std() > 1.8 * path.std() / path.size**0.5


def test_the_block_grows_with_memory_and_constant_columns_do_not_count() -> None:
    rng = np.random.default_rng(0)
    shocks = rng.standard_normal(2000)
    smooth = np.convolve(shocks, np.ones(20) / 20, "same")
    assert bootstrap.block_length(shocks) < 8
    assert bootstrap.block_length(smooth) > 20
    both = np.column_stack([shocks, smooth, np.zeros(2000)])
    assert bootstrap.block_length(both) == bootstrap.block_length(smooth)
    assert bootstrap.block_length(np.zeros(100)) == 1
    assert bootstrap.block_length(smooth * 2.0**-700) == bootstrap.block_length(smooth)


def test_the_values_are_those_of_the_path() -> None:
    returns = np.array([0.1, -0.2, 0.05, 0.0] * 10)
    found = bootstrap.intervals(returns, bars_per_year=40, seed=0, block=2, draws=50)
    wealth = np.cumprod(1 + returns)
    assert found.annual_return.value == pytest.approx(wealth[-1] - 1)
    assert found.max_drawdown.value == pytest.approx(
        1 - (wealth / np.maximum.accumulate(wealth)).min()
    )
    assert found.hit_rate.value == pytest.approx(2 / 3)
    assert found.sharpe.value == pytest.approx(returns.mean() / returns.std(ddof=1) * np.sqrt(40))


def test_a_first_loss_is_a_drawdown() -> None:
    assert bootstrap.drawdown(np.array([-0.3, 0.1])) == pytest.approx(0.3)
    assert bootstrap.drawdown(np.array([[0.1, 0.1], [0.5, -0.5]])).tolist() == [0.0, 0.5]


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    """90% intervals on 500 bars of annual Sharpe 1, hit rate Phi(1 / sqrt(252))."""
    rng = np.random.default_rng(3)
    runs, sharpe, hits = 150, 0, 0
    for seed in range(runs):
        returns = 0.01 * (rng.standard_normal(500) + 1 / np.sqrt(252))
        found = bootstrap.intervals(returns, bars_per_year=252, seed=seed, block=1, draws=300)
        sharpe += found.sharpe.low <= 1 <= found.sharpe.high
        hits += found.hit_rate.low <= 0.5251 <= found.hit_rate.high
    assert 0.83 <= sharpe / runs <= 0.96
    assert 0.83 <= hits / runs <= 0.96


def test_a_level_nearer_one_is_wider() -> None:
    returns = np.random.default_rng(0).standard_normal(300) * 0.01
    narrow = bootstrap.intervals(returns, bars_per_year=252, seed=0, block=3, level=0.5)
    wide = bootstrap.intervals(returns, bars_per_year=252, seed=0, block=3, level=0.99)
    for name in ("sharpe", "annual_return", "max_drawdown", "hit_rate"):
        assert getattr(wide, name).low < getattr(narrow, name).low
        assert getattr(narrow, name).high < getattr(wide, name).high


def test_bad_arguments_say_what_is_needed() -> None:
    returns = np.random.default_rng(0).standard_normal(30) * 0.01
    with pytest.raises(SampleError, match="constant path"):
        bootstrap.intervals(np.zeros(30), bars_per_year=252, seed=0)
    with pytest.raises(SampleError, match=r"got -1\.0; needs simple returns above -1"):
        bootstrap.intervals(np.append(returns, -1.0), bars_per_year=252, seed=0)
    with pytest.raises(SampleError, match="block: got 40; needs 1 to 30 bars"):
        bootstrap.intervals(returns, bars_per_year=252, seed=0, block=40)
    with pytest.raises(SampleError, match="level: got 90"):
        bootstrap.intervals(returns, bars_per_year=252, seed=0, level=90)
    with pytest.raises(SampleError, match="got 10 bars; needs at least 20"):
        bootstrap.block_length(returns[:10])
