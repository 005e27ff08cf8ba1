"""Forecasts: how good stated probabilities were. Pure, no I/O."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """A stated probability, 0 to 1, and whether it came true."""

    probability: float
    true: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Brier:
    """How good the forecasts of one model or prompt were.

    Attributes:
        count: Forecasts.
        score: Mean squared difference between probability and truth: 0 is best; always stating one
            half scores 0.25; always sure and wrong scores 1.
        low: Lower end of the score's 95% interval.
        high: Upper end.
        said: Mean probability.
        came_true: Share that came true.
    """

    count: int
    score: float
    low: float
    high: float
    said: float
    came_true: float


def brier(forecasts: Sequence[Forecast]) -> Brier:
    """Score forecasts, at least one; probabilities in [0, 1].

    Returns:
        The score, and an interval by Student's t over the single scores, with one more of 0 and one
        of 1 thrown in: so that few forecasts, or all alike, do not look sure.

    Raises:
        ValueError: There are none, or a probability is not a number from 0 to 1.

    Source: Brier 1950.
    """
    if not forecasts:
        raise ValueError("brier: got no forecasts; needs at least one")
    for forecast in forecasts:
        if not 0 <= forecast.probability <= 1:
            raise ValueError(
                f"brier: got probability {forecast.probability}; needs a number from 0 to 1"
            )
    count = len(forecasts)
    singles = [(f.probability - f.true) ** 2 for f in forecasts]
    score = math.fsum(singles) / count
    low, high = _interval(singles)
    return Brier(
        count=count,
        score=score,
        low=min(low, score),
        high=max(high, score),
        said=math.fsum(f.probability for f in forecasts) / count,
        came_true=sum(f.true for f in forecasts) / count,
    )


def _interval(singles: Sequence[float]) -> tuple[float, float]:
    padded = [*singles, 0.0, 1.0]
    n = len(padded)
    middle = math.fsum(padded) / n
    variance = math.fsum((x - middle) ** 2 for x in padded) / (n - 1)
    half = _t(n - 1) * math.sqrt(variance / n)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def _t(freedom: int) -> float:
    """Student's t at 0.975, within 0.2% from 4 degrees of freedom on.

    Source: Abramowitz & Stegun 1964, 26.7.5.
    """
    z = NormalDist().inv_cdf(0.975)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / freedom**power for power, term in enumerate(terms, start=1))
