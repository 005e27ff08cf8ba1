"""The records of one slot of a generation: the task it is given, and the candidate made for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from genomes.records.entry import Species
from genomes.records.outcome import Outcome
from genomes.records.proposal import Proposal
from genomes.records.trial import Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What one slot is to make: decided by the driver, from the slot's own random stream.

    Attributes:
        slot: Its place in the generation, from 0.
        candidate: The id that what comes of it will have.
        species: What kind of genome is asked for.
        operator: The operator asked for; for a seed, where its text comes from.
        parents: Ids of the parents.
        seed: Seed of what the operator samples.
        text: The text, where the driver has it already, as for a seed; else empty.
        prompt: Id of the prompt that a model is asked with; None where none is asked.
        models: The models to ask, in order; empty where none is asked.
    """

    slot: int
    candidate: int
    species: Species = "strategy"
    operator: str
    parents: tuple[int, ...] = ()
    seed: int = 0
    text: str = ""
    prompt: int | None = None
    models: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What there is of one candidate so far: each station hands on a copy that knows more.

    Attributes:
        task: What it was asked to be.
        sources: The parents' texts, in the order of the task's parents.
        text: Its text; of a model's candidate that cannot be traced, what the model wrote. Empty
            until a worker's operator has written it.
        operator: The operator that acted; empty until one has.
        note: One sentence: what was done.
        change: What the docstring is to say of that; empty leaves it alone.
        own: Whether the text is our own operators' work: then it skips what foreign text must pass.
        graph: The serialised graph; empty until the text was traced.
        key: The graph's canonical key.
        outcome: What became of it, where that is known without measuring it; None where a text
            without one is to be traced and measured.
        model: The model that wrote it; None where none did.
        proposal: What that model says of it.
        trials: Looks at the data that were taken to make it; the archive records each.
    """

    task: Task
    sources: tuple[str, ...] = ()
    text: str = ""
    operator: str = ""
    note: str = ""
    change: str = ""
    own: bool = False
    graph: str = ""
    key: str = ""
    outcome: Outcome | None = None
    model: str | None = None
    proposal: Proposal | None = None
    trials: Sequence[Trial] = ()
