"""What one slot of a generation is asked to make, and what comes of it before it is measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from genomes.records.entry import Species
from genomes.records.outcome import Outcome
from genomes.records.proposal import Proposal
from genomes.records.trial import Trial
from sandbox.errand import Drawing

TUNE = "tune"
MUTATE, CROSS = "model_mutation", "model_crossover"
MODEL_OPERATORS = (MUTATE, CROSS)
"""Operators whose candidates a language model writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One slot's task.

    Attributes:
        slot: Its place in the generation, from 0.
        candidate: The id that what comes of it will have.
        species: What kind of genome is asked for.
        operator: The operator asked for; for a seed, where its text comes from.
        parents: Ids of the parents.
        seed: Seed of what the operator draws.
        text: The text, for a seed.
        prompt: Id of the prompt that a model is asked with; None where none is asked.
        models: The models to ask, in order; empty where none is asked.
    """

    slot: int
    candidate: int
    species: Species = "strategy"
    operator: str
    parents: tuple[int, ...] = ()
    seed: int = 0
    text: str | None = None
    prompt: int | None = None
    models: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What was made for a slot in the driver: by a model, by tuning, or for a prompt.

    Attributes:
        text: The text; what the model wrote, where it cannot be drawn. Where it is empty and there
            is not an outcome, a structural operator takes the slot.
        outcome: What became of it, where that is known without drawing it.
        note: One sentence: what was done.
        change: What the docstring is to say of that; empty leaves it alone.
        model: The model that wrote it.
        proposal: What that model says of it.
        own: Whether the text is our own operators' work: then it skips what foreign text must pass.
        trials: The trials of a tuning session.
    """

    text: str = ""
    outcome: Outcome | None = None
    note: str = ""
    change: str = ""
    model: str | None = None
    proposal: Proposal | None = None
    own: bool = False
    trials: Sequence[Trial] = ()


@dataclass(slots=True)
class Work:
    """One slot while its generation is under way.

    Attributes:
        task: What it is asked to make.
        draft: What the driver made of it, where it did.
        drawing: Its text drawn, where there is one.
        outcome: What became of it, once that is known.
    """

    task: Task
    draft: Draft | None = None
    drawing: Drawing | None = None
    outcome: Outcome | None = field(default=None)
