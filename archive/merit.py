"""Merit: what prompts and models have earned, and how sure that is. Pure NumPy, no I/O.

Uses are compared within BLOCKS only: one generation, or several small ones in a row. The choice
among prompts is frozen inside a generation and does not look at the parent, so there prompt and
control meet the same parents, however hard parents become later on.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from archive.belief import Arm, Belief, Comparisons
from archive.credit import COST_WEIGHT, F64, Factor, Ground, Use, gain, use_of

__all__ = ["Arm", "Interval", "Merit", "Record", "Use", "best", "gain", "merits", "use_of"]

LEVEL = 0.95
BLOCK = 16  # uses; fewer leave too little of one generation's control to compare with
FEW = 5  # uses; no claim is made of fewer
ROOM = 32  # arms weighed against each other at once; the others keep what they were last given
EXPECTED = 0.3  # difference, in standard deviations of one use, that intervals are sharpest for
SPREAD_GUESS, SPREAD_WEIGHT, OWN_WEIGHT = 0.25, 4.0, 10.0  # variance of a use, before it is known


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A figure and where it may lie.

    Attributes:
        middle: The estimate.
        low: Lower end.
        high: Upper end.
    """

    middle: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Merit:
    """The record of one prompt or model.

    Attributes:
        arm: The prompt's id, or the model's name.
        control: Whether the others are compared with it.
        uses: Children that were asked for with it.
        failures: Those of them that came to nothing (gain -1).
        gain: Their mean gain, as it was.
        cost: Their mean cost.
        credit: Credit above that of an average use: posterior mean and 95% interval, drawn towards
            the others' as far as the data say that arms are alike.
        difference: Credit above the control's in the same blocks, not drawn towards anything; None
            for the control and for what never met it. The intervals of all arms hold
            TOGETHER with 95%, at every moment of a run at once: so also that of whichever arm
            looks best, whenever one looks, and however draws followed earlier results.
        claim: `better` or `worse` than the control where that interval leaves out 0 and there are
            at least FEW uses; else None. Where nothing differs, 1 run in 20 at most claims.
    """

    arm: Arm
    control: bool
    uses: int
    failures: int
    gain: float
    cost: float
    credit: Interval
    difference: Interval | None
    claim: Literal["better", "worse"] | None


def merits(
    uses: Iterable[Use],
    of: Factor,
    *,
    reference: Arm | None = None,
    cost_weight: float = COST_WEIGHT,
) -> list[Merit]:
    """The record of every prompt, or of every model, best credit first.

    Args:
        uses: In the order told: by generation, then slot. One kind of prompt (mutate, cross) at a
            time: kinds meet different tasks.
        of: Whose record it is.
        reference: The arm the others are compared with; by default the control prompt (whose uses
            say so), or the model that was used first.
        cost_weight: Gain that a use must bring for each time it costs what a use usually costs.

    Raises:
        ValueError: Generations are out of order.
    """
    record = Record(of, reference=reference, cost_weight=cost_weight)
    for _, told in groupby(uses, key=lambda use: use.generation):
        record.tell(list(told))
    return record.merits()


def best(found: Sequence[Merit]) -> Merit | None:
    """The arm of the highest credit, the control left out; None where there is no other."""
    others = [merit for merit in found if not merit.control]
    return max(others, key=lambda merit: merit.credit.middle, default=None)


class Record:
    """The running record of prompts, or of models, told generation by generation.

    Its state is a function of what it was told; it grows with arms and parents, not with uses.
    """

    def __init__(
        self,
        of: Factor,
        *,
        reference: Arm | None = None,
        cost_weight: float = COST_WEIGHT,
        prices: Mapping[Arm, float] | None = None,
    ) -> None:
        """Begin with nothing told; see `merits`.

        Args:
            of: Whose record it is.
            reference: The arm that the others are compared with.
            cost_weight: Gain that a use must bring for each time it costs what one usually costs.
            prices: What arms cost, relative to each other: what is expected of them before they
                are used.
        """
        self._of: Factor = of
        self._reference = reference
        priced = {arm: price for arm, price in (prices or {}).items() if price > 0}
        usual = math.fsum(priced.values()) / len(priced) if priced else 1.0
        self.expected = {arm: cost_weight * (1 - p / usual) for arm, p in priced.items()}
        self._arms: dict[Arm, _Sums] = {}
        self._comparisons = Comparisons()
        self._settled: dict[Arm, Belief] = {}
        self._ground = Ground(cost_weight)
        self._pending: list[Use] = []
        self._generation = -1

    def tell(self, uses: Sequence[Use]) -> None:
        """Take in the uses of one generation, in slot order.

        Raises:
            ValueError: They are of several generations, or of one before the last.
        """
        if not uses:
            return
        if {use.generation for use in uses} != {uses[0].generation} or (
            uses[0].generation <= self._generation
        ):
            found = sorted({use.generation for use in uses})
            raise ValueError(
                f"Record.tell: generations {found} after {self._generation}; needs the uses of one "
                "later generation: group them by generation first"
            )
        self._generation = uses[0].generation
        self._pending.extend(uses)
        if len(self._pending) >= BLOCK:
            block, self._pending = self._pending, []
            self._close(block)

    def beliefs(self) -> tuple[dict[Arm, Belief], Belief]:
        """What is believed of each arm's credit, and of that of an arm that was never used."""
        arms, comparisons = self._provisional()
        known, unknown = comparisons.beliefs(_variance(arms.values()), self.expected)
        return self._settled | known, unknown

    def used(self, arm: Arm) -> int:
        """How often an arm was used."""
        sums = self._arms.get(arm)
        return (sums.uses if sums else 0) + sum(self._arm(use) == arm for use in self._pending)

    def merits(self) -> list[Merit]:
        """The record of every arm that was used, best credit first, then in order of first use."""
        arms, comparisons = self._provisional()
        variance = _variance(arms.values())
        known, _ = comparisons.beliefs(variance, self.expected)
        known = self._settled | known
        compared = sum(sums.uses >= FEW and sums.weight > 0 for sums in arms.values())
        reference = arms.get(self._reference) if self._reference is not None else None
        found = [
            _merit(
                arm,
                sums,
                known[arm],
                arm == self._reference,
                _difference(sums, reference, variance, max(compared, 1)),
            )
            for arm, sums in arms.items()
        ]
        return sorted(found, key=lambda merit: -merit.credit.middle)

    def _arm(self, use: Use) -> Arm:
        if self._of == "model":
            return use.model
        # Should the control's text have changed on the way, its uses are still the control's.
        return self._reference if use.control and self._reference is not None else use.prompt

    def _provisional(self) -> tuple[dict[Arm, _Sums], Comparisons]:
        """The sums, with a block that is still growing taken as it is."""
        if not self._pending:
            return self._arms, self._comparisons
        arms, comparisons = dict(self._arms), self._comparisons.copy()
        self._take(self._pending, arms, comparisons)
        return arms, comparisons

    def _close(self, block: Sequence[Use]) -> None:
        self._take(block, self._arms, self._comparisons)
        self._ground.learn(block, self._of)
        while len(self._comparisons.arms) > ROOM:
            idle = min(
                (arm for arm in self._comparisons.arms if arm != self._reference),
                key=lambda arm: self._arms[arm].last,
            )
            known, _ = self._comparisons.beliefs(_variance(self._arms.values()), self.expected)
            self._settled[idle] = known[idle]
            self._comparisons.settle(idle)

    def _take(self, block: Sequence[Use], arms: dict[Arm, _Sums], comparisons: Comparisons) -> None:
        """Add one block's uses to the sums."""
        if self._reference is None:
            if self._of == "model":
                self._reference = block[0].model
            else:
                self._reference = next((use.prompt for use in block if use.control), None)
        credit = self._ground.credit(block, self._of)
        middle = float(credit.mean())
        cells: defaultdict[Arm, list[int]] = defaultdict(list)
        for index, use in enumerate(block):
            cells[self._arm(use)].append(index)
        counts = {arm: len(places) for arm, places in cells.items()}
        totals = {arm: float(credit[places].sum()) for arm, places in cells.items()}
        comparisons.add(counts, totals)
        # A block's own mean takes a part of each deviation with it: 1 - 1/n of it is left.
        whole = math.sqrt(len(block) / (len(block) - 1)) if len(block) > 1 else 0.0
        controls = counts.get(self._reference, 0) if self._reference is not None else 0
        control = totals[self._reference] / controls if controls else 0.0  # type: ignore[index]
        for arm, places in cells.items():
            off = (credit[places] - middle) * whole
            uses = [block[index] for index in places]
            versus = 0.0 if arm == self._reference else len(places) * controls
            arms[arm] = arms.get(arm, _Sums()).plus(
                uses=uses,
                off=off,
                weight=versus / (len(places) + controls),
                difference=totals[arm] / len(places) - control,
                controls=controls,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sums:
    """One arm's sums over blocks."""

    uses: int = 0
    failures: int = 0
    gain: float = 0.0
    cost: float = 0.0
    off: float = 0.0  # credits less their block's mean
    off_squared: float = 0.0
    weight: float = 0.0  # of the comparisons with the reference: uses that a comparison is worth
    weighted: float = 0.0  # weight x difference
    own_noise: float = 0.0  # weight^2 / uses in the block
    reference_noise: float = 0.0  # weight^2 / the reference's uses in the block
    last: int = -1  # generation of the last use

    def plus(
        self, *, uses: Sequence[Use], off: F64, weight: float, difference: float, controls: int
    ) -> _Sums:
        """With one block more."""
        return _Sums(
            uses=self.uses + len(uses),
            failures=self.failures + sum(use.gain <= -1 for use in uses),
            gain=self.gain + sum(use.gain for use in uses),
            cost=self.cost + sum(use.cost for use in uses),
            off=self.off + float(off.sum()),
            off_squared=self.off_squared + float((off**2).sum()),
            weight=self.weight + weight,
            weighted=self.weighted + weight * difference,
            own_noise=self.own_noise + weight**2 / len(uses),
            reference_noise=self.reference_noise + (weight**2 / controls if weight else 0.0),
            last=uses[-1].generation,
        )

    @property
    def scatter(self) -> float:
        """Sum of squares of the credits around their own mean."""
        return max(self.off_squared - self.off**2 / self.uses, 0.0)


def _variance(arms: Iterable[_Sums]) -> float:
    """Variance of one use's credit, pooled over arms; a guess that data soon outweigh."""
    scatter, freedom = SPREAD_GUESS * SPREAD_WEIGHT, SPREAD_WEIGHT
    for sums in arms:
        scatter += sums.scatter
        freedom += sums.uses - 1
    return scatter / freedom


def _difference(
    sums: _Sums, reference: _Sums | None, variance: float, compared: int
) -> Interval | None:
    """Difference to the reference, with an interval that holds for all arms and moments at once.

    Blocks' differences, weighed by what was known before each block, sum to a martingale however
    draws were allotted; the interval is its normal-mixture confidence sequence at the level that
    Bonferroni leaves to one of `compared` arms.

    Source: Robbins 1970; Howard, Ramdas, McAuliffe & Sekhon 2021, equation 14; for estimated
    variances Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2021.
    """
    if reference is None or sums.weight == 0:
        return None
    own, theirs = (
        (OWN_WEIGHT * variance + arm.scatter) / (OWN_WEIGHT + arm.uses - 1)
        for arm in (sums, reference)
    )
    noise = own * sums.own_noise + theirs * sums.reference_noise
    start = variance / EXPECTED**2
    surprise = 2 * math.log(compared / (1 - LEVEL)) + math.log1p(noise / start)
    radius = math.sqrt((noise + start) * surprise) / sums.weight
    middle = sums.weighted / sums.weight
    return Interval(middle=middle, low=middle - radius, high=middle + radius)


def _merit(
    arm: Arm, sums: _Sums, belief: Belief, control: bool, difference: Interval | None
) -> Merit:
    claim: Literal["better", "worse"] | None = None
    if difference is not None and sums.uses >= FEW:
        claim = "better" if difference.low > 0 else "worse" if difference.high < 0 else None
    half = 1.96 * belief.deviation
    return Merit(
        arm=arm,
        control=control,
        uses=sums.uses,
        failures=sums.failures,
        gain=sums.gain / sums.uses,
        cost=sums.cost / sums.uses,
        credit=Interval(middle=belief.mean, low=belief.mean - half, high=belief.mean + half),
        difference=difference,
        claim=claim,
    )
