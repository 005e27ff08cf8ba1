"""What one use of a prompt or a model was worth: its gain, net of cost and of circumstances."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from genomes.records.entry import Entry

F64 = NDArray[np.float64]
Factor = Literal["prompt", "model"]
"""What is drawn for a use; each has its arms."""

COST_CAP = 5.0  # one runaway bill is not a verdict
SHRINK = 4.0  # uses at which a parent's own record counts as much as all others'


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One child that a model wrote when asked with a prompt.

    Attributes:
        generation: The generation it was asked in.
        parent: Id of its first parent.
        parent_fitness: That parent's fitness; None where unknown.
        prompt: Id of the prompt.
        model: The model.
        control: Whether the prompt was the control.
        gain: See `gain`, in [-1, 1].
        cost: Money; any unit, but one for all.
    """

    generation: int
    parent: int
    parent_fitness: float | None
    prompt: int
    model: str
    control: bool
    gain: float
    cost: float


def gain(fitness: float | None, parent_fitness: float, scale: float) -> float:
    """A child's gain over its first parent: (fitness - parent_fitness) / scale, in [-1, 1].

    Args:
        fitness: The child's; None where it has none (refused, duplicate, floored...): gain -1.
        parent_fitness: Its first parent's.
        scale: Median absolute deviation of fitness as recorded before; where it is 0, any
            difference counts in full.
    """
    if fitness is None:
        return -1.0
    difference = fitness - parent_fitness
    return float(np.sign(difference)) if abs(difference) >= scale else difference / scale


def use_of(entry: Entry, *, controls: Container[int], parent_fitness: float | None) -> Use | None:
    """The use that a candidate was, or None where nothing is to be learnt from it."""
    if entry.proposal is None or entry.proposal.gain is None or not entry.parents:
        return None
    if entry.prompt is None or entry.model is None:
        return None
    return Use(
        generation=entry.generation,
        parent=entry.parents[0],
        parent_fitness=parent_fitness,
        prompt=entry.prompt,
        model=entry.model,
        control=entry.prompt in controls,
        gain=entry.proposal.gain,
        cost=entry.proposal.cost,
    )


class Circumstances:
    """What was to be expected of a use before it was asked, learnt from EARLIER blocks only.

    Known of a use: its parent's rank by fitness in the block, how that parent's earlier children
    fared, the model or prompt that was drawn with it. A mean of the parent's other children would
    hold the very rivals that a prompt is compared with, and double their difference.
    """

    def __init__(self, of: Factor, cost_weight: float) -> None:
        """Start with nothing learnt.

        Args:
            of: Whose credit it is; the other factor's arm is a circumstance.
            cost_weight: Gain that a use must bring per multiple of what one usually costs.
        """
        self._of: Factor = of
        self._cost_weight = cost_weight
        self._sums: dict[tuple[str, int | str], tuple[int, float]] = {}
        self._xx, self._xy, self._cost, self._uses = 1.0, 0.0, 0.0, 0

    def credit(self, block: Sequence[Use]) -> F64:
        """(uses,) what each use of a block was worth, up to a level that all of them share."""
        expected = [
            sum(total / (n + SHRINK) for n, total in map(self._told, self._keys(use)))
            for use in block
        ]
        return self._net(block) - np.array(expected) - _ranks(block) * (self._xy / self._xx)

    def learn(self, block: Sequence[Use]) -> None:
        """Take in a block that is over."""
        ranks, net = _ranks(block), self._net(block)
        off = net - net.mean()
        left = off - ranks * (self._xy / self._xx)
        self._xx += float((ranks * ranks).sum())
        self._xy += float((ranks * off).sum())
        self._cost += sum(use.cost for use in block)
        self._uses += len(block)
        for use, value in zip(block, left, strict=True):
            for key in self._keys(use):
                count, total = self._told(key)
                self._sums[key] = (count + 1, total + float(value))

    def _keys(self, use: Use) -> tuple[tuple[str, int | str], ...]:
        return ("parent", use.parent), ("other", use.model if self._of == "prompt" else use.prompt)

    def _told(self, key: tuple[str, int | str]) -> tuple[int, float]:
        return self._sums.get(key, (0, 0.0))

    def _net(self, block: Sequence[Use]) -> F64:
        """Gains less the tolls; a cost is relative to what a use usually cost before this block."""
        cost = np.array([use.cost for use in block])
        usual = self._cost / self._uses if self._uses else float(cost.mean())
        relative = np.minimum(cost / usual, COST_CAP) if usual > 0 else np.zeros(len(block))
        return np.array([use.gain for use in block]) - self._cost_weight * relative


def _ranks(block: Sequence[Use]) -> F64:
    """Where each parent's fitness stands in the block, -1/2 to 1/2; 0 where it is unknown."""
    fitness = np.array([np.nan if u.parent_fitness is None else u.parent_fitness for u in block])
    known = np.sort(fitness[~np.isnan(fitness)])
    sides = [np.searchsorted(known, fitness, side=side) for side in ("left", "right")]
    return np.where(np.isnan(fitness), 0.0, sum(sides) / (2 * max(len(known), 1)) - 0.5)
