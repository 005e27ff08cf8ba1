"""A task: what one slot of a generation is asked to make."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One slot's task.

    Attributes:
        slot: Its place in the generation, from 0.
        operator: The operator asked for; for a seed, where its text comes from.
        parents: Ids of the parents.
        seed: Seed of what the operator draws.
        text: The text, for a seed.
    """

    slot: int
    operator: str
    parents: tuple[int, ...] = ()
    seed: int = 0
    text: str | None = None
