"""Sharpe ratios as evidence: how probable, how long a record, how good by chance, how small.

A Sharpe ratio is mean / deviation per bar (ddof 1), never annualised inside; multiply by sqrt(bars
per year) for the annual one. Sources: Bailey & Lopez de Prado 2012 (PSR, minimum track record) and
2014 (DSR); Bailey, Borwein, Lopez de Prado & Zhu 2014 (minimum backtest length).

    moments(returns) -> Moments                     per bar
    probabilistic(moments, benchmark=0) -> float     PSR, a probability
    deflated(moments, trials=, variance=) -> Deflated
    minimum_track_record(moments, benchmark=0, level=0.05) -> bars
    expected_maximum(trials), expected_maximum_exact(trials) -> standard deviations
    minimum_backtest(trials, sharpe) -> years (sharpe annual) or bars (sharpe per bar)
    detectable(length, level=0.05, power=0.8, tests=1) -> Sharpe per sqrt(unit of length)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from engine.statistics.samples import (
    SampleError,
    count,
    not_constant,
    path,
    probability,
)

_EULER = 0.5772156649015329


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """What a Sharpe ratio's error depends on.

    Attributes:
        sharpe: Mean / deviation, per bar.
        bars: Bars in the sample, >= 2.
        skew: Third standardised moment; 0 for a normal.
        kurtosis: Fourth standardised moment, not in excess; 3 for a normal.
    """

    sharpe: float
    bars: int
    skew: float = 0.0
    kurtosis: float = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Deflated:
    """A deflated Sharpe ratio.

    Attributes:
        benchmark: The Sharpe, per bar, that the best of as many useless trials is expected to show.
        probability: That the true Sharpe exceeds it (PSR against it).
    """

    benchmark: float
    probability: float


def moments(returns: ArrayLike) -> Moments:
    """Sharpe, skew and kurtosis of a path of returns, (bars,), at least 3.

    Raises:
        SampleError: Too few bars, a value that is not finite, or a constant path.
    """
    sample = not_constant(path(returns, at_least=3))
    mean = float(sample.mean())
    centred = sample - mean
    second = float((centred**2).mean())
    return Moments(
        sharpe=mean / float(sample.std(ddof=1)),
        bars=sample.size,
        skew=float((centred**3).mean()) / second**1.5,
        kurtosis=float((centred**4).mean()) / second**2,
    )


def probabilistic(sample: Moments, benchmark: float = 0.0) -> float:
    """The probability that the true Sharpe exceeds `benchmark`, both per bar (PSR).

    A report line, never a gate: over rarely active strategies its far tail is too thin
    (reference/statistics.md, section 0: 12% false discoveries instead of 5%).

    Raises:
        SampleError: Fewer than 2 bars, or moments that no sample can have.
    """
    count(sample.bars, "bars", at_least=2)
    deviation = math.sqrt(_variance(sample))
    return _cdf((sample.sharpe - benchmark) * math.sqrt(sample.bars - 1) / deviation)


def minimum_track_record(sample: Moments, benchmark: float = 0.0, level: float = 0.05) -> float:
    """Bars after which this Sharpe, if it lasts, is above `benchmark` at `level`, one-sided.

    Returns:
        Bars, not rounded; +inf where the Sharpe does not exceed the benchmark.
    """
    probability(level, "level")
    ahead = sample.sharpe - benchmark
    if ahead <= 0:
        return math.inf
    return 1 + _variance(sample) * (_upper(level) / ahead) ** 2


def deflated(sample: Moments, *, trials: float, variance: float, mean: float = 0.0) -> Deflated:
    """The probability that the Sharpe exceeds the best of `trials` useless ones (DSR).

    Args:
        sample: The best trial's moments.
        trials: How many trials there were, raw, with an empirical variance; >= 1.
        variance: Of the trials' Sharpe ratios, per bar: `across(sharpes)`, as published, which real
            signal among the trials inflates until the test has no power; or `of_nothing(bars)`.
        mean: Of the trials' Sharpe ratios, per bar.

    Raises:
        SampleError: Fewer than one trial, or a negative variance.
    """
    if not variance >= 0:
        raise SampleError(f"variance: got {variance}; needs that of the trials' Sharpe, >= 0")
    benchmark = mean + math.sqrt(variance) * expected_maximum(trials)
    return Deflated(benchmark=benchmark, probability=probabilistic(sample, benchmark))


def across(sharpes: ArrayLike) -> float:
    """Variance of trials' Sharpe ratios, (trials,), with ddof 0, as published code has it."""
    return float(path(sharpes, name="trials' Sharpe ratios").var())


def of_nothing(bars: int) -> float:
    """Variance of the Sharpe, per bar, of a strategy without edge: 1 / (bars - 1)."""
    return 1 / (count(bars, "bars", at_least=2) - 1)


def expected_maximum(trials: float) -> float:
    """Expected maximum of `trials` independent standard normals, by extreme value theory.

    The published approximation, which is high by 2% at 10 trials and 0.1% at a million. For fewer
    than 2 trials it is 0 or more, and 0 for one.
    """
    count(trials, "trials")
    upper = (1 - _EULER) * _upper(1 / trials)
    return max(0.0, upper + _EULER * _upper(1 / (trials * math.e)))


def expected_maximum_exact(trials: float) -> float:
    """Expected maximum of `trials` independent standard normals, by quadrature; `trials` >= 1."""
    from scipy.special import log_ndtr

    count(trials, "trials")
    # E max = b - integral of F^n from -40 to b; the integrand is smooth: the trapezium is exact
    # to rounding. Beyond b = 12 lies less than 1e-32 of one normal.
    grid = np.linspace(-40.0, 12.0, 26_001)
    below = np.exp(trials * log_ndtr(grid))
    return float(12.0 - np.trapezoid(below, grid))


def minimum_backtest(trials: float, sharpe: float) -> float:
    """Length of backtest in which `trials` useless trials are expected to show at best `sharpe`.

    Returns:
        Years for an annual Sharpe, bars for one per bar: (E[max] / sharpe)^2.
    """
    if not sharpe > 0:
        raise SampleError(f"sharpe: got {sharpe}; needs a Sharpe ratio above 0")
    return (expected_maximum(trials) / sharpe) ** 2


def detectable(length: float, *, level: float = 0.05, power: float = 0.8, tests: int = 1) -> float:
    """The smallest true Sharpe that a window finds with probability `power`, one-sided (MDE).

    Args:
        length: Of the window: in years for the annual Sharpe, in bars for the one per bar.
        level: Of the test.
        power: Probability of finding it.
        tests: Finalists that share the level (Bonferroni).
    """
    if not length > 0:
        raise SampleError(f"length: got {length}; needs a window longer than 0")
    probability(level, "level")
    probability(power, "power")
    return (_upper(level / count(tests, "tests")) + _upper(1 - power)) / math.sqrt(length)


def _variance(sample: Moments) -> float:
    value = 1 - sample.skew * sample.sharpe + (sample.kurtosis - 1) / 4 * sample.sharpe**2
    if not value > 0:
        raise SampleError(
            f"moments: got sharpe {sample.sharpe}, skew {sample.skew}, kurtosis {sample.kurtosis}; "
            "needs kurtosis >= 1 + skew^2, as every sample has: pass kurtosis, not its excess"
        )
    return value


def _cdf(z: float) -> float:
    from scipy.special import ndtr

    return float(ndtr(z))


def _upper(p: float) -> float:
    """The z above which a normal lies with probability p; exact for small p."""
    from scipy.special import ndtri

    return -float(ndtri(p))
