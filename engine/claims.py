"""What prompts and models have earned, how sure that is, and which is claimed to be better.

Uses are compared within BLOCKS only: one generation, or several small ones in a row. The choice
among prompts is frozen inside a generation and does not look at the parent, so there prompt and
control meet the same parents, however hard parents become later on.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.uses import Use
from genomes.records.merit import Arm, Interval, Merit

Factor = Literal["prompt", "model"]
"""What is drawn for a use; each has its arms."""

COST_CAP = 5.0  # times the usual: one runaway bill is not a verdict
LEVEL = 0.05  # probability that a run ever makes a false claim
BLOCK = 16  # uses; fewer leave too little of one generation's control to compare with
BATCH = 8  # arms; each batch of arms that comes shares a part of LEVEL evenly
EXPECTED = 0.3  # difference, in standard deviations of one use, that intervals are sharpest for
SPREAD = 0.2  # prior standard deviation of an arm's worth, in gain
DISCOUNT = 0.98  # weight that evidence for the choice keeps from one block to the next
VARIANCE, GUESSED, OWN = 0.25, 4.0, 10.0  # of one use, before it is known; and weights, in uses


class Belief(NamedTuple):
    """An arm's worth in gain, above the level that all share: a normal posterior; and its uses."""

    mean: float
    deviation: float
    uses: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sums:
    """One arm's sums over blocks: as it was; for the choice, discounted; for the claim, not."""

    uses: int = 0
    failures: int = 0
    gain: float = 0.0
    cost: float = 0.0
    squares: float = 0.0  # of credits less their block's level and what was believed of the arm
    mean: float = 0.0  # posterior mean of its worth
    evidence: float = 0.0  # uses that the posterior rests on, discounted
    weight: float = 0.0  # uses that its comparisons with the reference are worth
    weighted: float = 0.0  # weight x difference
    own_noise: float = 0.0  # weight^2 / uses in the block
    reference_noise: float = 0.0  # weight^2 / the reference's uses in the block


class Record:
    """The running record of prompts, or of models, by generation; a function of the uses told."""

    def __init__(
        self,
        of: Factor,
        *,
        reference: Arm | None = None,
        cost_weight: float = 0.1,
        prices: Mapping[Arm, float] | None = None,
    ) -> None:
        """Start with nothing told.

        Args:
            of: Whose record it is. One kind of prompt (mutate, cross) at a time: kinds meet
                different tasks.
            reference: The arm that the others are compared with; None: the one used first.
            cost_weight: Gain that a use must bring per multiple of what one usually costs.
            prices: What arms cost, relative to each other: what is expected of them before use.
        """
        self._of: Factor = of
        self._reference = reference
        priced = {arm: price for arm, price in (prices or {}).items() if price > 0}
        usual = math.fsum(priced.values()) / len(priced) if priced else 1.0
        self._expected = {arm: cost_weight * (1 - p / usual) for arm, p in priced.items()}
        self._arms: dict[Arm, _Sums] = {}
        self._cost_weight, self._cost, self._uses = cost_weight, 0.0, 0
        self._pending: list[Use] = []

    def tell(self, uses: Sequence[Use]) -> None:
        """Take in the uses of the next generation, in slot order."""
        self._pending = [*self._pending, *uses]
        if len(self._pending) >= BLOCK:
            self._arms = self._with_pending()
            self._cost += sum(use.cost for use in self._pending)
            self._uses += len(self._pending)
            self._pending = []

    def beliefs(self, arms: Iterable[Arm]) -> list[Belief]:
        """What is believed of each of these arms' worth, used or not."""
        told = self._with_pending()
        variance = _variance(told.values())
        return [_belief(told.get(arm) or self._new(arm), variance) for arm in arms]

    def merits(self, more: Sequence[Use] = ()) -> list[Merit]:
        """The record of every arm that was used, best credit first, then in order of first use.

        Args:
            more: Uses of the next generation, taken as told; the record does not keep them.
        """
        twin = copy(self)
        twin.tell(more)
        arms = twin._with_pending()
        variance = _variance(arms.values())
        level = sum(sums.uses * sums.mean for sums in arms.values())
        level /= max(sum(sums.uses for sums in arms.values()), 1)
        reference = twin._reference
        others = [arm for arm in arms if arm != reference]
        found: list[Merit] = []
        for arm, sums in arms.items():
            belief, difference = _belief(sums, variance), None
            middle, half = belief.mean - level, 1.96 * belief.deviation
            if reference is not None and sums.weight:
                share = _share(others.index(arm))
                difference = _difference(sums, arms[reference], variance, share)
            claim: Literal["better", "worse"] | None = None
            if difference is not None:
                claim = "better" if difference.low > 0 else "worse" if difference.high < 0 else None
            merit = Merit(
                arm=arm,
                control=arm == reference,
                uses=sums.uses,
                failures=sums.failures,
                gain=sums.gain / sums.uses,
                cost=sums.cost / sums.uses,
                credit=Interval(middle=middle, low=middle - half, high=middle + half),
                difference=difference,
                claim=claim,
            )
            found.append(merit)
        return sorted(found, key=lambda merit: -merit.credit.middle)

    def _new(self, arm: Arm) -> _Sums:
        return _Sums(mean=self._expected.get(arm, 0.0))

    def _with_pending(self) -> dict[Arm, _Sums]:
        """The sums, with a block that is still growing taken as it is."""
        arms, block = dict(self._arms), self._pending
        if not block:
            return arms
        used: list[Arm] = [use.model if self._of == "model" else use.prompt for use in block]
        if self._reference is None:
            self._reference = used[0]
        credit = self._net(block)
        cells: defaultdict[Arm, list[int]] = defaultdict(list)
        for index, arm in enumerate(used):
            cells[arm].append(index)
            arms.setdefault(arm, self._new(arm))
        # The level is what the block's uses were worth beyond what is believed of their arms.
        off = credit - np.array([arms[arm].mean for arm in used])
        off -= off.mean()
        whole = len(block) / max(len(block) - 1, 1)  # the level takes a part of each deviation
        prior = _variance(arms.values()) / SPREAD**2
        theirs = cells.get(self._reference, [])
        control = float(credit[theirs].mean()) if theirs else 0.0
        for arm, own in cells.items():
            old, n, m = arms[arm], len(own), len(theirs)
            evidence = DISCOUNT * old.evidence + n
            weight = 0.0 if arm == self._reference else n * m / (n + m)
            arms[arm] = _Sums(
                uses=old.uses + n,
                failures=old.failures + sum(block[i].gain <= -1 for i in own),
                gain=old.gain + sum(block[i].gain for i in own),
                cost=old.cost + sum(block[i].cost for i in own),
                squares=old.squares + whole * float((off[own] ** 2).sum()),
                mean=old.mean + float(off[own].sum()) / (evidence + prior),
                evidence=evidence,
                weight=old.weight + weight,
                weighted=old.weighted + weight * (float(credit[own].mean()) - control),
                own_noise=old.own_noise + weight**2 / n,
                reference_noise=old.reference_noise + (weight**2 / m if weight else 0.0),
            )
        for arm in arms.keys() - cells.keys():
            arms[arm] = replace(arms[arm], evidence=DISCOUNT * arms[arm].evidence)
        return arms

    def _net(self, block: Sequence[Use]) -> NDArray[np.float64]:
        """(uses,) gains less tolls: each cost is relative to the mean of all before this block."""
        cost = np.array([use.cost for use in block])
        usual = self._cost / self._uses if self._uses else float(cost.mean())
        relative = np.minimum(cost / usual, COST_CAP) if usual > 0 else np.zeros(len(block))
        return np.array([use.gain for use in block]) - self._cost_weight * relative


def _variance(arms: Iterable[_Sums]) -> float:
    """Variance of one use's credit, pooled over arms; a guess that data soon outweigh."""
    squares, uses = VARIANCE * GUESSED, GUESSED
    for sums in arms:
        squares, uses = squares + sums.squares, uses + sums.uses
    return squares / uses


def _belief(sums: _Sums, variance: float) -> Belief:
    deviation = math.sqrt(variance / (sums.evidence + variance / SPREAD**2))
    return Belief(mean=sums.mean, deviation=deviation, uses=sums.uses)


def _share(place: int) -> float:
    """The part of LEVEL that is an arm's, by its place in the order of first use.

    All parts sum to LEVEL however many arms come (alpha spending): batch b's falls as 1 / b^2.
    """
    batch = 1 + place // BATCH
    return LEVEL * 6 / math.pi**2 / (BATCH * batch**2)


def _difference(sums: _Sums, reference: _Sums, variance: float, share: float) -> Interval:
    """Difference to the reference, with an interval that misses it at any time with odds `share`.

    Blocks' differences, weighed by what was known before each block, sum to a martingale however
    draws were allotted; the interval is its normal-mixture confidence sequence.

    Source: Robbins 1970; Howard, Ramdas, McAuliffe & Sekhon 2021, equation 14; for estimated
    variances Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2021.
    """
    own, theirs = ((OWN * variance + arm.squares) / (OWN + arm.uses) for arm in (sums, reference))
    noise = own * sums.own_noise + theirs * sums.reference_noise
    start = variance / EXPECTED**2
    radius = math.sqrt((noise + start) * (math.log1p(noise / start) - 2 * math.log(share)))
    middle, radius = sums.weighted / sums.weight, radius / sums.weight
    return Interval(middle=middle, low=middle - radius, high=middle + radius)
