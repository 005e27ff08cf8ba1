"""The seam between the loop and everything that proposes candidates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Protocol

import numpy as np

from genomes.records.candidate import Candidate, Task
from genomes.records.entry import Entry
from genomes.records.outcome import Outcome

Progress = Callable[[str, int, int], None]
"""Receives a stage's name, how much of it is done, and of how much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A place in a generation that competing proposers may take.

    Attributes:
        generation: Its generation, from 1.
        number: Its place in the generation, from 0.
        candidate: The id that its candidate will have.
        rng: Its stream for choices: operator, parents, prompt. Everybody who is asked samples from
            this one stream, so the order of the run's proposers is part of what a seed means.
        seed: Seed of what its operator samples.
    """

    generation: int
    number: int
    candidate: int
    rng: np.random.Generator
    seed: int


class Proposer(Protocol):
    """One member of a run's list of proposers; the loop treats all alike.

    To add one, write a class with this one as its base, override what it takes part in (everything
    here answers "nothing" unless overridden), and put it into `engine.startup.proposers`:

    1. Asked before a generation, `lag` generations ahead of what was observed. For each slot the
       members are asked in their order to `claim` it, with an operator; the member that owns the
       operator answers with a `Task` (`plan`), or passes, and the next member is asked. Structural
       variation is last and takes every slot. A member whose operators compete by credit need not
       claim: name them in `operators`, and among those that `engine.startup.proposers` gives
       credit. `extra` adds tasks beside the slots: seeds, new prompts.
    2. `begin` starts what takes long and does not wait. `make` waits for it and answers with the
       candidates it has made. A worker does the rest: a candidate with a text is traced, one
       without is made by its task's operator, or by the structural operator that stands in.
    3. `objection` and `repair` see candidates as traced, before any is measured; what is repaired
       is traced once more, and then stands.
    4. `finish` adds to an entry what only the proposer knows; `summary`, to the generation's
       figures. `observe` learns from the entries recorded, and from nothing else: that is how a
       resumed run comes to the same state.

    What a worker's operator needs beyond its parents is sampled in `plan` and travels in the `Task`
    (and from there in `sandbox.errand.Request`); what it counts comes back in
    `sandbox.errand.Drawing`, is taken over into the `Candidate` (`engine.generation.trace`), and is
    recorded beside `trials` (`engine.generation.record`): every look at the data is counted.

    Invariants: all choices come from the slot's `rng` and `seed`; answers depend on the tasks and
    on what was observed, never on timing.

    Attributes:
        operators: The operators whose tasks it plans -> the structural operator that stands in for
            each where no text came of it.
        lag: Generations that its choices look further back than the last one recorded.
        remarks: What there is to say of the generation observed last.
    """

    operators: ClassVar[Mapping[str, str]] = MappingProxyType({})
    lag: int = 0
    remarks: Sequence[str] = ()

    def claim(self, slot: Slot) -> str | None:
        """The operator that this member wants the slot for; None leaves it to the next member."""
        return None

    def plan(self, slot: Slot, operator: str) -> Task | None:
        """The task of a slot that one of its operators won; None where it cannot be made now."""
        return None

    def extra(self, generation: int, slot: int, candidate: int) -> Sequence[Task]:
        """Tasks beside the slots that compete.

        Args:
            generation: The generation; 0 holds what a run begins with.
            slot: Its first free slot.
            candidate: The id that this slot's candidate will have.
        """
        return ()

    def begin(self, generation: int, tasks: Sequence[Task]) -> None:
        """Start what takes long for a generation's tasks (all of them); does not wait."""

    def make(
        self, generation: int, candidates: Sequence[Candidate], progress: Progress
    ) -> Iterable[Candidate]:
        """Those of a generation's candidates that it makes in the driver, with what it made."""
        return ()

    def objection(self, candidate: Candidate) -> Outcome | None:
        """What speaks against measuring a candidate that was traced; None for nothing."""
        return None

    def repair(
        self, generation: int, candidates: Sequence[Candidate], outcomes: Mapping[int, Outcome]
    ) -> Iterable[Candidate]:
        """Candidates made anew; they are traced again.

        Args:
            generation: The generation.
            candidates: All of its candidates, traced, in slot order.
            outcomes: Slot -> why it is not to be measured, for those that are not.
        """
        return ()

    def finish(self, candidate: Candidate, entry: Entry) -> Entry:
        """A candidate's entry with what only its proposer knows; in slot order."""
        return entry

    def summary(self, entries: Sequence[Entry]) -> Mapping[str, Any]:
        """Figures, JSON values, to record with a generation: its entries are as they will be."""
        return {}

    def observe(self, entries: Sequence[Entry]) -> None:
        """Learn from a generation that was recorded; its measured ones are in the population."""
