"""PBO by CSCV: values that three implementations agree on, and its band on noise."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from engine.statistics.overfitting import pbo
from engine.statistics.samples import SampleError


def slow_pbo(returns: np.ndarray, blocks: int) -> float:
    pieces = np.split(returns, blocks)
    low = []
    for half in itertools.combinations(range(blocks), blocks // 2):
        trained = np.concatenate([pieces[b] for b in half])
        tested = np.concatenate([pieces[b] for b in range(blocks) if b not in half])
        best = (trained.mean(0) / trained.std(0)).argmax()
        sharpe = tested.mean(0) / tested.std(0)
        rank = (sharpe <= sharpe[best]).sum()
        low.append(rank / (returns.shape[1] + 1) <= 0.5)
    return float(np.mean(low))


def test_four_matrices_of_noise_pbo_1() -> None:
    rng = np.random.default_rng(1)
    found = [pbo(rng.standard_normal((1600, 50)) * 0.01, blocks=8) for _ in range(4)]
    expected = [0.442857, 0.957143, 0.457143, 0.842857]
    assert [each.probability for each in found] == pytest.approx(expected, abs=5e-7)
    assert {each.logits.size for each in found} == {70}


def test_sixteen_blocks_make_12870_splits() -> None:
    found = pbo(np.random.default_rng(0).standard_normal((64, 3)))
    assert found.logits.size == 12_870


@pytest.mark.parametrize("offset", [0.0, 5.0])
def test_it_is_the_slow_obvious_count(offset: float) -> None:
    returns = np.random.default_rng(2).standard_normal((120, 9)) + offset
    assert pbo(returns, blocks=6).probability == slow_pbo(returns, 6)


def test_the_oldest_bars_that_fill_no_block_are_left_out() -> None:
    returns = np.random.default_rng(3).standard_normal((125, 9))
    found = pbo(returns, blocks=6)
    assert found.bars == 120
    assert found.probability == pbo(returns[5:], blocks=6).probability


def planted(seed: int, configurations: int, sharpe: float, good: int) -> np.ndarray:
    returns = np.random.default_rng(seed).standard_normal((1000, configurations))
    returns[:, :good] += sharpe / np.sqrt(252)
    return returns


def test_noise_has_a_wide_band_and_a_planted_edge_none_pbo_2() -> None:
    noise = [pbo(planted(s, 200, 0, 0)).probability for s in range(6)]
    edge = [pbo(planted(s, 200, 2.38, 20)).probability for s in range(3)]
    assert 0.2 < np.mean(noise) < 0.75
    assert max(edge) < 0.05


@pytest.mark.slow
def test_the_published_means_over_60_matrices_pbo_2_and_3() -> None:
    noise = [pbo(planted(s, 200, 0, 0)).probability for s in range(60)]
    edge = [pbo(planted(s, 200, 2.38, 20)).probability for s in range(60)]
    assert np.mean(noise) == pytest.approx(0.476, abs=0.06)
    assert np.std(noise) == pytest.approx(0.137, abs=0.04)
    assert np.mean(edge) == pytest.approx(0.001, abs=0.004)
    ten = [pbo(planted(s, 100, 0, 0), blocks=10).probability for s in range(60)]
    assert np.mean(ten) == pytest.approx(0.501, abs=0.06)
    assert np.std(ten) == pytest.approx(0.149, abs=0.04)
    assert np.quantile(ten, [0.05, 0.95]) == pytest.approx([0.226, 0.738], abs=0.09)
    for sharpe, expected in ((1, 0.443), (2, 0.182)):
        one = [pbo(planted(s, 100, sharpe, 1), blocks=10).probability for s in range(60)]
        assert np.mean(one) == pytest.approx(expected, abs=0.07)


def test_a_strategy_that_rests_in_a_half_has_sharpe_zero_there() -> None:
    returns = np.random.default_rng(4).standard_normal((80, 4)) - 1
    returns[:, 0] = 0
    found = pbo(returns, blocks=4)
    assert found.probability == 0
    assert found.loss == 0


def test_bad_matrices_say_what_is_needed() -> None:
    returns = np.random.default_rng(0).standard_normal((160, 50))
    with pytest.raises(SampleError, match=r"got shape \(50, 160\), more configurations than bars"):
        pbo(returns.T, blocks=8)
    assert pbo(returns.T, blocks=8, wide=True).blocks == 8
    with pytest.raises(SampleError, match="blocks: got 7; needs an even number"):
        pbo(returns, blocks=7)
    with pytest.raises(SampleError, match="got 30 bars; needs at least 32"):
        pbo(returns[:30, :5])
    with pytest.raises(SampleError, match="got 1 configuration; needs 2 or more"):
        pbo(returns[:, :1])
