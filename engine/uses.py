"""The uses of prompts and models that credit follows from, and what a child gained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from genomes.records.entry import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One child that a model wrote when asked with a prompt.

    Attributes:
        generation: The generation it was asked in.
        prompt: Id of the prompt.
        model: The model.
        gain: See `gain`, in [-1, 1].
        cost: Money; any unit, but one for all.
    """

    generation: int
    prompt: int
    model: str
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
    if abs(difference) < scale:
        return difference / scale
    return float((difference > 0) - (difference < 0))


def use_of(entry: Entry) -> Use | None:
    """The use that a candidate was, or None where nothing is to be learnt from it."""
    told = entry.proposal
    if told is None or told.gain is None or entry.prompt is None or entry.model is None:
        return None
    return Use(
        generation=entry.generation,
        prompt=entry.prompt,
        model=entry.model,
        gain=told.gain,
        cost=told.cost,
    )


def uses_of(entries: Sequence[Entry]) -> list[Use]:
    """The uses that a generation's candidates were."""
    return [use for entry in entries if (use := use_of(entry)) is not None]
