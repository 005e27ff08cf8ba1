"""Sharpe ratios as evidence: published values, and what bad samples get."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from engine.statistics import sharpe
from engine.statistics.samples import SampleError
from engine.statistics.sharpe import Moments


def annual(value: float, per_year: int, bars: int, skew: float = 0, kurtosis: float = 3) -> Moments:
    return Moments(sharpe=value / per_year**0.5, bars=bars, skew=skew, kurtosis=kurtosis)


@pytest.mark.parametrize(
    ("trials", "skew", "kurtosis", "expected"),
    [(100, -3, 10, 0.90039683), (46, -3, 10, 0.9505), (88, 0, 3, 0.9505)],
    ids=["DSR-1", "DSR-2", "DSR-3"],
)
def test_the_deflated_sharpe_of_the_paper(
    trials: int, skew: float, kurtosis: float, expected: float
) -> None:
    sample = annual(2.5, 250, 1250, skew, kurtosis)
    result = sharpe.deflated(sample, trials=trials, variance=0.5 / 250)
    assert result.probability == pytest.approx(expected, abs=5e-5)
    if trials == 100:
        assert result.benchmark == pytest.approx(0.1132, abs=5e-5)
        assert result.probability == pytest.approx(expected, abs=5e-9)


def test_the_deflated_sharpe_of_mlfinlab_dsr_4_and_5() -> None:
    sample = Moments(sharpe=1.14, bars=250)
    known = sharpe.deflated(sample, trials=100, variance=0.4**2)
    assert known.benchmark == pytest.approx(1.012241, abs=5e-7)
    assert known.probability == pytest.approx(0.941740, abs=5e-7)
    trials = [3.5, 1.01, 1.02]
    found = sharpe.deflated(sample, trials=3, variance=sharpe.across(trials))
    assert found.probability == pytest.approx(0.958366, abs=5e-7)


def test_without_trials_variance_the_null_of_the_window_is_used() -> None:
    assert sharpe.of_nothing(1261) == pytest.approx(1 / 1260)
    sample = annual(2, 252, 1261)
    result = sharpe.deflated(sample, trials=1000, variance=sharpe.of_nothing(1261))
    assert result.benchmark * math.sqrt(1260) == pytest.approx(3.2551, abs=5e-5)


@pytest.mark.parametrize(
    ("trials", "approximate", "exact"),
    [
        (10, 1.5746, 1.5388),
        (1e2, 2.5306, 2.5076),
        (1e3, 3.2551, 3.2414),
        (1e4, 3.8607, 3.8516),
        (1e5, 4.3908, 4.3843),
        (1e6, 4.8679, 4.8629),
    ],
)
def test_the_expected_maximum(trials: float, approximate: float, exact: float) -> None:
    assert sharpe.expected_maximum(trials) == pytest.approx(approximate, abs=5e-5)
    assert sharpe.expected_maximum_exact(trials) == pytest.approx(exact, abs=5e-5)


def test_the_expected_maximum_of_one_and_two_trials_is_known_in_closed_form() -> None:
    assert sharpe.expected_maximum(1) == 0
    assert sharpe.expected_maximum_exact(1) == pytest.approx(0, abs=1e-12)
    assert sharpe.expected_maximum_exact(2) == pytest.approx(1 / math.sqrt(math.pi), abs=1e-10)


@pytest.mark.parametrize(
    ("trials", "years"), [(45, 4.9981), (1e3, 10.6), (1e4, 14.9), (1e5, 19.3), (1e6, 23.7)]
)
def test_the_minimum_backtest_length(trials: float, years: float) -> None:
    places = 5e-5 if trials == 45 else 0.05
    assert sharpe.minimum_backtest(trials, 1.0) == pytest.approx(years, abs=places)


def test_45_trials_reach_a_sharpe_of_one_in_five_years() -> None:
    assert sharpe.expected_maximum(45) / math.sqrt(5) == pytest.approx(0.9998, abs=5e-5)


@pytest.mark.parametrize(
    ("sample", "against", "expected", "places"),
    [
        (Moments(sharpe=1.14, bars=250), 1.0, 0.9572779, 5e-8),
        (Moments(sharpe=0.458, bars=24), 0.0, 0.9817, 5e-5),
        (Moments(sharpe=0.458, bars=24, skew=-2.448, kurtosis=10.164), 0.0, 0.9134, 5e-5),
    ],
    ids=["PSR-1", "PSR-2 normal", "PSR-2"],
)
def test_the_probabilistic_sharpe(
    sample: Moments, against: float, expected: float, places: float
) -> None:
    assert sharpe.probabilistic(sample, against) == pytest.approx(expected, abs=places)


def test_the_minimum_track_record_of_mlfinlab_trl_1() -> None:
    found = sharpe.minimum_track_record(Moments(sharpe=1.14, bars=250), 1.0)
    assert found == pytest.approx(228.73498, abs=5e-6)


@pytest.mark.parametrize(("per_year", "years"), [(252, 2.731), (52, 2.829), (12, 3.240)])
def test_the_minimum_track_record_of_sharpe_2_against_1_trl_2(per_year: int, years: float) -> None:
    bars = sharpe.minimum_track_record(annual(2, per_year, 1000), 1 / per_year**0.5)
    assert bars / per_year == pytest.approx(years, abs=6e-4)


def test_skew_and_fat_tails_lengthen_the_track_record_trl_3() -> None:
    months = sharpe.minimum_track_record(annual(2, 12, 60, -0.72, 5.78), 1 / 12**0.5)
    assert months == pytest.approx(59.895, abs=5e-4)


def test_a_sharpe_below_its_benchmark_never_has_a_record_long_enough() -> None:
    assert sharpe.minimum_track_record(Moments(sharpe=0.05, bars=100), 0.05) == math.inf


@pytest.mark.parametrize(
    ("years", "one", "ten"), [(3, 1.44, 1.97), (5, 1.11, 1.53), (8, 0.88, 1.21), (10, 0.79, 1.08)]
)
def test_the_smallest_sharpe_that_a_window_detects(years: float, one: float, ten: float) -> None:
    assert sharpe.detectable(years) == pytest.approx(one, abs=5e-3)
    assert sharpe.detectable(years, tests=10) == pytest.approx(ten, abs=5e-3)


def test_a_window_detects_that_sharpe_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    means = sharpe.detectable(250) + rng.standard_normal((4000, 250))
    t = np.sqrt(250) * means.mean(axis=1) / means.std(axis=1, ddof=1)
    assert (t > stats.norm.ppf(0.95)).mean() == pytest.approx(0.8, abs=0.02)


def test_moments_are_those_of_scipy() -> None:
    returns = np.random.default_rng(0).standard_t(5, 500) * 0.01 + 0.001
    found = sharpe.moments(returns)
    assert found.bars == 500
    assert found.sharpe == pytest.approx(returns.mean() / returns.std(ddof=1))
    assert found.skew == pytest.approx(stats.skew(returns))
    assert found.kurtosis == pytest.approx(stats.kurtosis(returns, fisher=False))


@pytest.mark.parametrize(
    ("returns", "said"),
    [
        ([0.1, 0.2], "got 2 bars; needs at least 3"),
        ([0.1, math.nan, 0.2], r"got nan at \[1\]; needs finite numbers"),
        ([0.01] * 9, "got a constant path; needs returns that vary"),
        (np.ones((3, 2)), r"got shape \(3, 2\); needs one path"),
    ],
)
def test_a_sample_without_a_sharpe_says_what_it_needs(returns: object, said: str) -> None:
    with pytest.raises(SampleError, match=said):
        sharpe.moments(returns)  # pyright: ignore[reportArgumentType]


def test_arguments_out_of_range_say_what_is_needed() -> None:
    sample = Moments(sharpe=1.0, bars=250)
    with pytest.raises(SampleError, match="pass kurtosis, not its excess"):
        sharpe.probabilistic(Moments(sharpe=3.0, bars=250, skew=0, kurtosis=0))
    with pytest.raises(SampleError, match="trials: got 0; needs a number >= 1"):
        sharpe.deflated(sample, trials=0, variance=1)
    with pytest.raises(SampleError, match="variance: got -1"):
        sharpe.deflated(sample, trials=5, variance=-1)
    with pytest.raises(SampleError, match="sharpe: got 0; needs a Sharpe ratio above 0"):
        sharpe.minimum_backtest(5, 0)
    with pytest.raises(SampleError, match="level: got 5"):
        sharpe.detectable(5, level=5)
