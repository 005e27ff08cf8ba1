"""Credit: what one use of a prompt or a model earned. Pure NumPy, no I/O.

A use earns the child's gain, less a toll for what it cost, less what was to be expected before
anyone asked: the parent's fitness among its peers, how that parent's earlier children fared, and
the model or prompt that was drawn with it. Only EARLIER blocks go into what was expected, so credit
stays unbiased. A mean of the parent's other children would hold the very rivals that a prompt is
compared with: where a parent has two children, one of either, it doubles their difference.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from archive.belief import Arm
from genomes.records.entry import Entry

F64 = NDArray[np.float64]
Factor = Literal["prompt", "model"]
"""What is drawn for a use; each has its arms."""

COST_WEIGHT = 0.1  # gain that a use must bring for each time it costs what a use usually costs
COST_CAP = 5.0  # one runaway bill is not a verdict
SHRINK = 4.0  # uses at which a parent's own record counts as much as everybody's


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
    """A child's gain over its first parent, in [-1, 1].

    Args:
        fitness: The child's; None where it has none: refused, duplicate, floored, unusable...
        parent_fitness: Its first parent's.
        scale: Median absolute deviation of fitness as told before; where it is 0, any difference
            counts in full.

    Returns:
        (fitness - parent_fitness) / scale, cut to [-1, 1]; -1 without a fitness.
    """
    if fitness is None:
        return -1.0
    difference = fitness - parent_fitness
    if abs(difference) >= scale:
        return float(np.sign(difference))
    return difference / scale


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


class Ground:
    """What was to be expected of a use before it was asked: learnt from earlier blocks only."""

    def __init__(self, cost_weight: float) -> None:
        """Begin with nothing learnt.

        Args:
            cost_weight: Gain that a use must bring for each time it costs what one usually costs.
        """
        self._cost_weight = cost_weight
        self._parents: dict[Arm, tuple[int, float]] = {}
        self._others: dict[Arm, tuple[int, float]] = {}
        self._xx, self._xy = 0.0, 0.0
        self._cost, self._uses = 0.0, 0

    def credit(self, block: Sequence[Use], of: Factor) -> F64:
        """What each use of a block earned, up to a level that is the same for all.

        Args:
            block: Uses that may be compared.
            of: Whose credit it is; the other factor's arm is a circumstance.

        Returns:
            (uses,) in gain.
        """
        other = [_other(use, of) for use in block]
        expected = [
            _shrunk(self._parents.get(use.parent)) + _shrunk(self._others.get(arm))
            for use, arm in zip(block, other, strict=True)
        ]
        return self._net(block) - np.array(expected) - _ranks(block) * self._slope

    def learn(self, block: Sequence[Use], of: Factor) -> None:
        """Take in a block that is over."""
        ranks = _ranks(block)
        net = self._net(block)
        off = net - net.mean()
        left = off - ranks * self._slope
        self._xx += float((ranks * ranks).sum())
        self._xy += float((ranks * off).sum())
        self._cost += sum(use.cost for use in block)
        self._uses += len(block)
        for use, value in zip(block, left, strict=True):
            _add(self._parents, use.parent, float(value))
            _add(self._others, _other(use, of), float(value))

    def _net(self, block: Sequence[Use]) -> F64:
        """Gains less the tolls; a cost is relative to what a use usually cost before this block."""
        cost = np.array([use.cost for use in block])
        usual = self._cost / self._uses if self._uses else float(cost.mean())
        relative = np.minimum(cost / usual, COST_CAP) if usual > 0 else np.zeros(len(block))
        return np.array([use.gain for use in block]) - self._cost_weight * relative

    @property
    def _slope(self) -> float:
        return self._xy / (self._xx + 1.0)


def _other(use: Use, of: Factor) -> Arm:
    return use.model if of == "prompt" else use.prompt


def _add(table: dict[Arm, tuple[int, float]], key: Arm, value: float) -> None:
    count, total = table.get(key, (0, 0.0))
    table[key] = (count + 1, total + value)


def _shrunk(told: tuple[int, float] | None) -> float:
    return told[1] / (told[0] + SHRINK) if told else 0.0


def _ranks(block: Sequence[Use]) -> F64:
    """Where each parent's fitness stands in the block, -1/2 to 1/2; 0 where it is unknown."""
    known = np.array([use.parent_fitness is not None for use in block])
    ranks = np.zeros(len(block))
    if known.any():
        fitness = np.array([u.parent_fitness for u in block if u.parent_fitness is not None])
        order = np.sort(fitness)
        below = np.searchsorted(order, fitness, side="left")
        not_above = np.searchsorted(order, fitness, side="right")
        ranks[known] = (below + not_above) / (2 * len(order)) - 0.5
    return ranks
