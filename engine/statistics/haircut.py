"""The haircut that a Sharpe ratio needs after many tests, and the profit that passes all the same.

    haircut(sharpe, years=, tests=, method="bonferroni") -> Haircut
    simulated(sharpe, years=, tests=, seed=, ...) -> Simulated     Holm, BHY among simulated tests
    profit_hurdle(tests=, bars=, seed=, ...) -> Hurdle
    autocorrelation_factor(rho, periods) -> what an annual Sharpe is multiplied by
    adjust(p, method) -> adjusted p-values                          of tests that were all recorded
    needed(years=, tests=) -> the annual Sharpe that passes

Sharpe ratios are annual here, as in the source: Harvey & Liu 2015, "Backtesting"; the law of the
simulated tests is that of Harvey, Liu & Zhu 2016. Lo 2002 has the autocorrelation factor.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.statistics.samples import F64, SampleError, count, p_values, probability

Single = Literal["bonferroni", "sidak"]
Joint = Literal["bonferroni", "holm", "bh", "by"]

# Harvey, Liu & Zhu 2016: correlation of the tests; share of tests without an effect; mean monthly
# effect of the others. One test: 240 months at 15% per year.
_CORRELATION = np.array([0.0, 0.2, 0.4, 0.6, 0.8])
_NULL_SHARE = np.array([0.39660, 0.44589, 0.48604, 0.59902, 0.83901])
_MEAN_EFFECT = np.array([5.4995e-3, 5.5508e-3, 5.5413e-3, 5.5512e-3, 5.5956e-3])
_ERROR = 0.15 / math.sqrt(12) / math.sqrt(240)
_MOST_SIMULATED = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Haircut:
    """A Sharpe ratio before and after.

    Attributes:
        t: Sharpe times sqrt(years).
        p: Two-sided p-value of one test.
        adjusted_p: The same after all tests.
        sharpe: The annual Sharpe that would have this p-value in one test.
        share: What the adjustment took away, 0 to 1.
    """

    t: float
    p: float
    adjusted_p: float
    sharpe: float
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """Haircuts by three methods, and by the mean of their p-values."""

    bonferroni: Haircut
    holm: Haircut
    bhy: Haircut
    average: Haircut


@dataclass(frozen=True, slots=True, kw_only=True)
class Hurdle:
    """Mean return per bar that is significant after all tests, in the unit of the deviation."""

    single: float
    bonferroni: float
    holm: float
    bhy: float

    @property
    def average(self) -> float:
        """Of the three adjusted hurdles."""
        return (self.bonferroni + self.holm + self.bhy) / 3


def autocorrelation_factor(rho: float, periods: int) -> float:
    """What to multiply the annual Sharpe by, if bars have autocorrelation `rho` of first order.

    Args:
        rho: -1 < rho < 1.
        periods: Bars per year.
    """
    if not -1 < rho < 1:
        raise SampleError(f"rho: got {rho}; needs a correlation above -1 and below 1")
    count(periods, "periods")
    inner = (1 - rho**periods) / (periods * (1 - rho))
    return (1 + 2 * rho / (1 - rho) * (1 - inner)) ** -0.5


def haircut(sharpe: float, *, years: float, tests: int, method: Single = "bonferroni") -> Haircut:
    """The Sharpe that is left after `tests` tests, by the normal law.

    Args:
        sharpe: Annual, above 0, already multiplied by any autocorrelation factor.
        years: Length of the sample.
        tests: How many were made, >= 1.
        method: "bonferroni", N p; or "sidak", 1 - (1 - p)^N, for independent tests.
    """
    t = _t(sharpe, years)
    p = float(_two_sided(np.asarray(t)))
    count(tests, "tests")
    adjusted = (
        min(1.0, tests * p) if method == "bonferroni" else -math.expm1(tests * math.log1p(-p))
    )
    return _cut(sharpe, years, p, adjusted, None)


def needed(*, years: float, tests: int, level: float = 0.05) -> float:
    """The annual Sharpe that is significant at `level`, two-sided, after `tests` (Bonferroni)."""
    probability(level, "level")
    return _upper(level / (2 * count(tests, "tests"))) / math.sqrt(_years(years))


def adjust(p: Sequence[float] | F64, method: Joint) -> F64:
    """Adjusted p-values of tests whose p-values are all known, (tests,), in their order.

    Args:
        p: One per test.
        method: "bonferroni" and "holm" hold the family-wise error rate, "bh" the false discovery
            rate of independent tests, "by" that of any tests.
    """
    from statsmodels.stats.multitest import multipletests

    names = {"bonferroni": "bonferroni", "holm": "holm", "bh": "fdr_bh", "by": "fdr_by"}
    return np.asarray(multipletests(p_values(p), method=names[method])[1], dtype=np.float64)


def simulated(
    sharpe: float,
    *,
    years: float,
    tests: int,
    seed: int,
    periods: int = 12,
    correlation: float = 0.2,
    draws: int = 2000,
) -> Simulated:
    """Haircuts where the other tests are unknown: the median over simulated ones.

    One test's p-value is by Student's t with years * periods - 1 degrees of freedom.

    Args:
        sharpe: Annual, above 0, already multiplied by any autocorrelation factor.
        years: Length of the sample.
        tests: How many other tests there were, 1 to 100,000.
        seed: Of the simulation.
        periods: Bars per year.
        correlation: Of the tests, 0 to 0.8.
        draws: Simulations.

    Raises:
        SampleError: An argument out of its range.
    """
    from scipy.special import stdtr

    t, freedom = _t(sharpe, years), years * periods - 1
    count(freedom, "years * periods - 1")
    p = 2 * float(stdtr(freedom, -t))
    harmonic = float((1 / np.arange(1, tests + 2)).sum())
    holm, bhy = np.empty(draws), np.empty(draws)
    ranks = np.arange(1, tests + 2)
    for draw, others in enumerate(_other_tests(tests, correlation, draws, seed)):
        place = int(np.searchsorted(others, p))
        both = np.insert(others, place, p)
        holm[draw] = ((tests + 2 - ranks[: place + 1]) * both[: place + 1]).max()
        bhy[draw] = ((tests + 1) * harmonic / ranks[place:] * both[place:]).min()
    adjusted = [
        min(1.0, value) for value in (tests * p, float(np.median(holm)), float(np.median(bhy)))
    ]
    cuts = [_cut(sharpe, years, p, value, freedom) for value in (*adjusted, sum(adjusted) / 3)]
    return Simulated(bonferroni=cuts[0], holm=cuts[1], bhy=cuts[2], average=cuts[3])


def profit_hurdle(
    *,
    tests: int,
    bars: int,
    deviation: float,
    seed: int,
    correlation: float = 0.2,
    level: float = 0.05,
    draws: int = 2000,
) -> Hurdle:
    """The mean return per bar that one of `tests` strategies needs.

    Args:
        tests: How many were made, 1 to 100,000.
        bars: In the sample.
        deviation: Of the returns per bar; the answer has its unit.
        seed: Of the simulation.
        correlation: Of the tests, 0 to 0.8.
        level: Two-sided.
        draws: Simulations; Holm's and BHY's hurdle are medians over them.
    """
    probability(level, "level")
    unit = deviation / math.sqrt(count(bars, "bars", at_least=2))
    ranks = np.arange(1, tests + 1)
    holm_levels = level / (tests + 1 - ranks)
    bhy_levels = level * ranks / (tests * float((1 / ranks).sum()))
    holm, bhy = np.empty(draws), np.empty(draws)
    for draw, p in enumerate(_other_tests(tests, correlation, draws, seed)):
        fails = np.flatnonzero(p > holm_levels)
        holm[draw] = p[fails[0]] if fails.size else level
        passes = np.flatnonzero(p <= bhy_levels)
        # Between the last that passes and the next; where none passes, what the first would need.
        last = int(passes[-1]) if passes.size else -1
        bhy[draw] = p[last : last + 2].mean() if last >= 0 else bhy_levels[0]
    single, bonferroni = _upper(level / 2), _upper(level / (2 * tests))
    return Hurdle(
        single=unit * single,
        bonferroni=unit * bonferroni,
        holm=unit * _upper(float(np.median(holm)) / 2),
        bhy=unit * _upper(float(np.median(bhy)) / 2),
    )


def _other_tests(tests: int, correlation: float, draws: int, seed: int) -> Iterator[F64]:
    """Sorted two-sided p-values of simulated tests, (tests,), draw by draw."""
    if not 1 <= tests <= _MOST_SIMULATED:
        raise SampleError(
            f"tests: got {tests}; needs 1 to {_MOST_SIMULATED} to simulate them: use haircut(), "
            "which is Bonferroni's"
        )
    if not 0 <= correlation <= 0.8:
        raise SampleError(f"correlation: got {correlation}; needs 0 to 0.8, where the law is known")
    count(draws, "draws")
    null_share = float(np.interp(correlation, _CORRELATION, _NULL_SHARE))
    mean_effect = float(np.interp(correlation, _CORRELATION, _MEAN_EFFECT))
    rng = np.random.default_rng(seed)

    def one() -> F64:
        common, own = rng.standard_normal(), rng.standard_normal(tests)
        error = math.sqrt(correlation) * common + math.sqrt(1 - correlation) * own
        effect = rng.exponential(mean_effect, tests) * (rng.random(tests) > null_share)
        return np.sort(_two_sided(np.abs(effect / _ERROR + error)))

    return (one() for _ in range(draws))


def _cut(sharpe: float, years: float, p: float, adjusted: float, freedom: float | None) -> Haircut:
    from scipy.special import stdtrit

    if adjusted >= 1:
        left = 0.0
    else:
        z = _upper(adjusted / 2) if freedom is None else -float(stdtrit(freedom, adjusted / 2))
        left = min(sharpe, z / math.sqrt(years))
    return Haircut(
        t=_t(sharpe, years), p=p, adjusted_p=adjusted, sharpe=left, share=1 - left / sharpe
    )


def _t(sharpe: float, years: float) -> float:
    if not sharpe > 0:
        raise SampleError(f"sharpe: got {sharpe}; needs an annual Sharpe above 0 to cut")
    return sharpe * math.sqrt(_years(years))


def _years(years: float) -> float:
    if not years > 0:
        raise SampleError(f"years: got {years}; needs a sample longer than 0")
    return years


def _two_sided(t: F64) -> F64:
    from scipy.special import ndtr

    return np.asarray(2 * ndtr(-t))


def _upper(p: float) -> float:
    """The z above which a normal lies with probability p; exact for small p."""
    from scipy.special import ndtri

    return -float(ndtri(p))
