"""What a list of trades says of its edge and of the drawdowns it might have had."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.statistics import trades
from engine.statistics.proportion import clopper_pearson
from engine.statistics.samples import SampleError

LIST = [0.02, -0.01, 0.03, -0.01, 0.0, 0.01, -0.02, 0.04]


def test_the_edge_is_that_of_the_list() -> None:
    found = trades.edge(LIST, seed=0)
    assert found.trades == 8
    assert found.mean.value == pytest.approx(0.0075)
    assert found.mean.low < 0.0075 < found.mean.high
    assert found.t == pytest.approx(0.0075 / (np.std(LIST, ddof=1) / math.sqrt(8)))
    assert found.hits == clopper_pearson(4, 8, 0.9)
    assert found.profit_factor == pytest.approx(0.10 / 0.04)
    assert found.payoff == pytest.approx(0.025 / (0.04 / 3))
    assert found.break_even == pytest.approx(1 / (1 + found.payoff))


def test_a_list_without_losses_or_without_gains_has_no_ratio() -> None:
    winners = trades.edge([0.01, 0.02], seed=0)
    assert (winners.payoff, winners.profit_factor, winners.break_even) == (math.inf, math.inf, 0)
    losers = trades.edge([-0.01, -0.02], seed=0)
    assert math.isnan(losers.payoff)
    assert losers.profit_factor == 0
    idle = trades.edge([0.0, 0.0], seed=0)
    assert math.isnan(idle.t)
    assert math.isnan(idle.profit_factor)


def test_the_interval_of_the_mean_holds_it_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    found = [trades.edge(rng.exponential(0.01, 100), seed=s, draws=300).mean for s in range(200)]
    assert 0.83 <= np.mean([each.low <= 0.01 <= each.high for each in found]) <= 0.96


def test_only_draws_with_replacement_change_the_total() -> None:
    sample = np.random.default_rng(1).standard_normal(80) * 0.02 + 0.002
    found = trades.monte_carlo(sample, seed=0)
    assert found.total_return.value == pytest.approx(np.prod(1 + sample) - 1)
    assert found.total_return.low < found.total_return.value < found.total_return.high
    assert 0.3 < found.loss < 0.5
    wealth = np.concatenate([[1], np.cumprod(1 + sample)])
    fall = 1 - (wealth / np.maximum.accumulate(wealth)).min()
    assert found.max_drawdown.value == found.shuffled_drawdown.value == pytest.approx(fall)


def test_gains_first_and_losses_last_is_an_unlucky_order() -> None:
    ordered = np.sort(np.random.default_rng(1).standard_normal(80) * 0.02 + 0.004)[::-1]
    found = trades.monte_carlo(ordered, seed=0, level=0.99)
    assert found.shuffled_drawdown.high < found.shuffled_drawdown.value


def test_one_winner_of_many_is_seen_in_the_share_that_loses() -> None:
    sample = np.append(np.full(49, -0.001), 0.10)
    found = trades.monte_carlo(sample, seed=0)
    assert found.total_return.value > 0
    assert found.loss == pytest.approx((1 - 1 / 50) ** 50, abs=0.04)


def test_the_seed_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    assert trades.monte_carlo(LIST, seed=1) == trades.monte_carlo(LIST, seed=1)
    assert trades.monte_carlo(LIST, seed=1) != trades.monte_carlo(LIST, seed=2)
    monkeypatch.setattr(trades, "_PIECE", 64)
    assert (
        sum(
            len(piece)
            for piece in trades._redrawn(
                np.array(LIST), 20, np.random.default_rng(0), replace=False
            )
        )
        == 20
    )


def test_bad_lists_say_what_is_needed() -> None:
    with pytest.raises(SampleError, match="trades: got 1 bars; needs at least 2"):
        trades.edge([0.1], seed=0)
    with pytest.raises(SampleError, match=r"trades: got -1\.0; needs returns on the whole account"):
        trades.monte_carlo([0.1, -1.0], seed=0)
    with pytest.raises(SampleError, match="draws: got 0"):
        trades.edge(LIST, seed=0, draws=0)
    with pytest.raises(SampleError, match="level: got 90"):
        trades.edge(LIST, seed=0, level=90)
