"""Timing is told from exposure."""

from __future__ import annotations

import numpy as np
import pytest

from engine.statistics.luck import timing
from engine.statistics.samples import SampleError


def market(seed: int, drift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Positions of ten bars each in two assets, and their returns."""
    rng = np.random.default_rng(seed)
    returns = rng.standard_t(5, (600, 2)) * 0.01 + drift
    held = np.repeat(rng.integers(0, 2, (60, 2)), 10, axis=0).astype(float)
    return held, returns


def test_exposure_to_a_drift_is_luck_and_timing_is_skill() -> None:
    held, returns = market(0, 0.003)
    exposed = timing(held, returns, seed=0, apart=10)
    assert exposed.sharpe > 0.15
    assert exposed.luck == pytest.approx(exposed.sharpe, abs=0.06)
    assert exposed.p > 0.05
    timed = timing(held, returns + 0.004 * (held - 0.5), seed=0, apart=10)
    assert timed.p < 0.02
    assert timed.skill > 0.1
    assert timed.sharpe > timed.luck_high


def test_useless_timing_is_called_skill_as_rarely_as_said() -> None:
    p = [timing(*market(seed, 0.001), seed=seed, apart=10, draws=99).p for seed in range(200)]
    assert 0.01 <= np.mean(np.array(p) <= 0.1) <= 0.17


def test_positions_move_as_a_whole_around_the_circle() -> None:
    held, returns = market(1)
    found = timing(held, returns, seed=0)
    paths = [(np.roll(held, k, axis=0) * returns).sum(axis=1) for k in range(600)]
    sharpes = [path.mean() / path.std(ddof=1) for path in paths]
    assert found.placements == 599
    assert found.sharpe == pytest.approx(sharpes[0])
    assert found.luck == pytest.approx(np.mean(sharpes[1:]))
    assert found.p == pytest.approx(np.mean(np.array(sharpes) >= sharpes[0]))


def test_near_placements_are_left_out_and_few_are_drawn_by_the_seed() -> None:
    held, returns = market(2)
    assert timing(held, returns, seed=0, apart=100).placements == 401
    some = timing(held, returns, seed=1, draws=50)
    assert some.placements == 50
    assert some == timing(held, returns, seed=1, draws=50)
    assert some != timing(held, returns, seed=2, draws=50)


def test_always_long_has_no_skill() -> None:
    _, returns = market(3, 0.003)
    found = timing(np.ones((600, 2)), returns, seed=0)
    assert found.skill == pytest.approx(0, abs=1e-12)
    assert found.p > 0.3


def test_bad_positions_say_what_is_needed() -> None:
    held, returns = market(0)
    with pytest.raises(SampleError, match="positions that earn the same in every bar"):
        timing(held * 0, returns, seed=0)
    with pytest.raises(
        SampleError, match=r"weights \(600, 2\), returns \(500, 2\): needs the same"
    ):
        timing(held, returns[100:], seed=0)
    with pytest.raises(SampleError, match="apart: got 295 bars of 600; leaves 11 other times"):
        timing(held, returns, seed=0, apart=295)
    with pytest.raises(SampleError, match=r"weights: got nan at \[0, 0\]"):
        timing(np.where(np.arange(600)[:, None] == 0, np.nan, held), returns, seed=0)
