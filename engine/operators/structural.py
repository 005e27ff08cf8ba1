"""The structural proposer: which operator acts on which parents; a worker makes the text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from engine.credit import OperatorCredit
from engine.proposer import Proposer, Slot
from engine.selection import Selector
from genomes.records.candidate import Task
from genomes.records.entry import Entry
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


def task_of(slot: Slot, operator: str, parents: tuple[int, ...], wanted: int) -> Task:
    """The task of a slot; a jump where the population has fewer parents than are wanted."""
    if len(parents) < wanted:
        operator, parents = JUMP, ()
    return Task(
        slot=slot.number,
        candidate=slot.candidate,
        operator=operator,
        parents=parents,
        seed=slot.seed,
    )


class Structural(Proposer):
    """Takes every slot: samples an operator by its credit, and its parents by the selector.

    Credit may fall on an operator of another member, which then plans the task.
    """

    operators: ClassVar[Mapping[str, str]] = {name: name for name in OPERATORS}

    def __init__(self, credit: OperatorCredit, selector: Selector) -> None:
        self._credit, self._selector = credit, selector

    def claim(self, slot: Slot) -> str:
        """The operator that credit samples."""
        return self._credit.draw(slot.rng)

    def plan(self, slot: Slot, operator: str) -> Task:
        """The operator on parents of the selector's choice."""
        wanted = OPERATORS[operator].parents
        return task_of(slot, operator, self._selector.parents(wanted, slot.rng), wanted)

    def observe(self, entries: Sequence[Entry]) -> None:
        """Give the operators their credit."""
        self._credit.tell(entries)
