"""The record of one candidate as told to the archive."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from genomes.records.outcome import Outcome
from genomes.records.proposal import Proposal

Species = Literal["strategy", "prompt"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One candidate: what was proposed, what became of it, and where it stands.

    Attributes:
        id: 1, 2, 3... in the order told (generation, then slot): a function of the run.
        generation: The generation that proposed it; 0 holds the seeds.
        slot: Its place in the generation, from 0.
        species: What kind of genome it is.
        text: Its source text.
        parents: Ids of its parents, first the one its text was made from; none for seeds, jumps.
        operator: Name of the operator that proposed it.
        note: One line: what the operator did.
        outcome: What became of it.
        standing: Its standing when it was told, as `archive.population.standing` names them.
        novelty: Its novelty when it was told, +inf in an empty archive; None unless measured.
        credit: What its operator earned for it; None where nothing is earned.
        prompt: Id of the prompt (a candidate, too) that asked for it; None where none did.
        model: The model that wrote it; None where none did.
        proposal: What that model says of it; None where none wrote it.
    """

    id: int
    generation: int
    slot: int
    species: Species
    text: str
    parents: tuple[int, ...]
    operator: str
    note: str
    outcome: Outcome
    standing: str
    novelty: float | None
    credit: float | None
    prompt: int | None = None
    model: str | None = None
    proposal: Proposal | None = None

    def __post_init__(self) -> None:
        for name, figure in (("novelty", self.novelty), ("credit", self.credit)):
            # SQL has no NaN: it would come back as None and change the digest.
            if figure is not None and math.isnan(figure):
                raise ValueError(f"Entry {self.id}: {name} is NaN; needs a number or None")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kin:
    """A candidate as its family sees it: an Entry without its text and its outcome's details.

    Attributes:
        id: As in Entry, and so are the next seven.
        generation: The generation that proposed it.
        parents: Ids of its parents.
        operator: The operator that proposed it.
        note: What the operator did.
        standing: Its standing when it was told.
        novelty: Its novelty when it was told.
        kind: Its outcome's kind in one word.
        fitness: Its fitness; None unless measured.
    """

    id: int
    generation: int
    parents: tuple[int, ...]
    operator: str
    note: str
    standing: str
    novelty: float | None
    kind: str
    fitness: float | None
