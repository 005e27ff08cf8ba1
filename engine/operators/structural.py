"""Structural proposals: which operator acts on which parents; a worker makes the text."""

from __future__ import annotations

import numpy as np

from engine.credit import OperatorCredit
from engine.selection import Selector
from engine.tasks import TUNE, Task
from genomes.variation import OPERATORS

JUMP = "jump"  # a whole new strategy: needs no parent


def names(chosen: tuple[str, ...]) -> tuple[str, ...]:
    """The operators in use: those chosen, or all.

    Raises:
        ValueError: One is unknown.
    """
    for name in chosen:
        if name not in OPERATORS:
            raise ValueError(
                f"search.operators: {name!r} is unknown; known are {', '.join(OPERATORS)}"
            )
    return chosen or tuple(OPERATORS)


def parents_used(operator: str, given: int) -> int:
    """How many of the given parents an operator uses; all, if it is not structural."""
    known = OPERATORS.get(operator)
    return given if known is None else min(known.parents, given)


class StructuralProposer:
    """Draws an operator by what it has earned, and its parents by the selector."""

    def __init__(self, credit: OperatorCredit, selector: Selector) -> None:
        self._credit, self._selector = credit, selector

    def ask(
        self,
        slot: int,
        rng: np.random.Generator,
        seed: int,
        *,
        candidate: int,
        operator: str | None = None,
    ) -> Task:
        """The task of one slot; a jump where the population has too few parents.

        Args:
            slot: Its place in the generation.
            rng: The slot's stream for choices.
            seed: Seed of what the operator draws.
            candidate: The id that what comes of it will have.
            operator: The operator, where it is chosen already.
        """
        operator = operator or self._credit.draw(rng)
        wanted = 1 if operator == TUNE else OPERATORS[operator].parents
        parents = self._selector.parents(wanted, rng)
        if len(parents) < wanted:
            operator, parents = JUMP, ()
        return Task(slot=slot, candidate=candidate, operator=operator, parents=parents, seed=seed)
