"""Forecasts: how good stated probabilities were. Pure, no I/O."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TypeVar

from genomes.records.entry import Entry
from genomes.records.outcome import Measured

G = TypeVar("G", bound=Hashable)

LEVEL = 0.95
BINS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """One probability, and what came of it.

    Attributes:
        probability: What was said, 0 to 1.
        true: Whether it came true.
    """

    probability: float
    true: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Brier:
    """How good the forecasts of one model or prompt were.

    score = reliability - resolution + uncertainty + within, up to rounding.

    Attributes:
        count: Forecasts.
        score: Mean squared difference between probability and truth: 0 is a prophet, 0.25 is who
            always says one half, 1 is always sure and wrong.
        low: Lower end of the score's 95% interval.
        high: Upper end.
        said: Mean probability.
        came_true: Share that came true.
        reliability: Mean squared distance between what was said and how often it came true, in ten
            equal bins of probability; 0 is best. It is too high where bins hold few.
        resolution: Mean squared distance between how often it came true in a bin and over all;
            higher is better.
        uncertainty: Score of who always says `came_true`.
        within: What the bins' width leaves over.
        skill: 1 - score / uncertainty: above 0 the forecasts tell more than their base rate; None
            where all or none came true.
    """

    count: int
    score: float
    low: float
    high: float
    said: float
    came_true: float
    reliability: float
    resolution: float
    uncertainty: float
    within: float
    skill: float | None


def forecast_of(entry: Entry, parent_fitness: float | None) -> Forecast | None:
    """What a proposal forecast and what came of it; None where it gave no probability.

    It came true where the candidate was measured fitter than its first parent; what was refused,
    floored or a duplicate did not beat its parent.
    """
    if entry.proposal is None or entry.proposal.probability is None or parent_fitness is None:
        return None
    outcome = entry.outcome
    true = isinstance(outcome, Measured) and outcome.fitness > parent_fitness
    return Forecast(probability=entry.proposal.probability, true=true)


def by_group(told: Iterable[tuple[G, Forecast]]) -> dict[G, Brier]:
    """Group -> its score, in the order that groups came."""
    groups: defaultdict[G, list[Forecast]] = defaultdict(list)
    for group, forecast in told:
        groups[group].append(forecast)
    return {group: brier(forecasts) for group, forecasts in groups.items()}


def brier(forecasts: Sequence[Forecast]) -> Brier:
    """Score forecasts.

    Args:
        forecasts: At least one; probabilities in [0, 1].

    Returns:
        The score, its parts, and an interval by Student's t over the single scores, with one
        more of 0 and one of 1 thrown in: so that few forecasts, or all alike, do not look sure.

    Raises:
        ValueError: There are none, or a probability is not a number from 0 to 1.

    Source: Brier 1950; Murphy 1973; Stephenson, Coelho & Jolliffe 2008 (within-bin term).
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
    came_true = sum(f.true for f in forecasts) / count
    bins: defaultdict[int, list[Forecast]] = defaultdict(list)
    for forecast in forecasts:
        bins[min(int(forecast.probability * BINS), BINS - 1)].append(forecast)
    reliability = resolution = 0.0
    for members in bins.values():
        said = math.fsum(f.probability for f in members) / len(members)
        often = sum(f.true for f in members) / len(members)
        reliability += len(members) / count * (said - often) ** 2
        resolution += len(members) / count * (often - came_true) ** 2
    uncertainty = came_true * (1 - came_true)
    low, high = _interval(singles)
    return Brier(
        count=count,
        score=score,
        low=min(low, score),
        high=max(high, score),
        said=math.fsum(f.probability for f in forecasts) / count,
        came_true=came_true,
        reliability=reliability,
        resolution=resolution,
        uncertainty=uncertainty,
        within=score - (reliability - resolution + uncertainty),
        skill=1 - score / uncertainty if uncertainty > 0 else None,
    )


def _interval(singles: Sequence[float]) -> tuple[float, float]:
    padded = [*singles, 0.0, 1.0]
    n = len(padded)
    middle = math.fsum(padded) / n
    variance = math.fsum((x - middle) ** 2 for x in padded) / (n - 1)
    half = _t(n - 1) * math.sqrt(variance / n)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def _t(freedom: int) -> float:
    """Student's t at (1 + LEVEL) / 2, within 0.2% from 4 degrees of freedom on.

    Source: Abramowitz & Stegun 1964, 26.7.5.
    """
    z = NormalDist().inv_cdf((1 + LEVEL) / 2)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / freedom**power for power, term in enumerate(terms, start=1))
