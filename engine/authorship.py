"""Language models as authors of strategies: which slots they take, and what each candidate earned.

All of it follows from the candidates recorded, so a run that is resumed samples the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from archive.credit import gain
from archive.population import Population
from engine.credit import OperatorCredit
from engine.operators.language_model import CROSS, MUTATE, Strategist
from engine.prompting import Prompts
from engine.proposer import Progress, Proposer, Slot
from engine.roster import Roster
from engine.selection import Selector
from engine.settings import LLM
from genomes.records.candidate import Candidate, Task
from genomes.records.entry import Entry
from genomes.records.exchange import SHARED
from genomes.records.outcome import Measured, Outcome
from genomes.records.proposal import Call

KINDS = {MUTATE: "mutate", CROSS: "cross"}


class LanguageModels(Proposer):
    """The models of a run as authors of its strategies."""

    operators: ClassVar[Mapping[str, str]] = {MUTATE: "regrow", CROSS: "cross_expression"}

    def __init__(
        self,
        settings: LLM,
        *,
        selector: Selector,
        population: Population,
        credit: OperatorCredit,
        roster: Roster,
        prompts: Prompts,
        strategist: Strategist,
    ) -> None:
        """Start with no credit.

        Args:
            settings: When models are asked, and for how much.
            selector: Who becomes a parent.
            population: The measured candidates as recorded.
            credit: What operators have earned: the models' own, or all where they compete.
            roster: Which models may be asked.
            prompts: What they are asked with.
            strategist: Leads the conversations.
        """
        self.lag = settings.pipeline_depth
        self._settings = settings
        self._selector, self._population, self._credit = selector, population, credit
        self._roster, self._prompts, self._strategist = roster, prompts, strategist
        self._paid: set[str] = set()  # questions whose answers are shared, and paid for

    def claim(self, slot: Slot) -> str | None:
        """Its share of the slots, in generations in which models write.

        Where models compete with the other operators, credit may fall on one of those.
        """
        if not self._roster.awake(slot.generation):
            return None
        share = self._settings.share
        if share == "auto" or slot.rng.random() < share:
            return self._credit.draw(slot.rng)
        return None

    def plan(self, slot: Slot, operator: str) -> Task | None:
        """Parents, a prompt and the models to ask; None where one of these is missing."""
        wanted = 2 if operator == CROSS else 1
        models = self._roster.order(self._settings.models, slot.rng)
        parents = self._selector.parents(wanted, slot.rng)
        prompt = self._prompts.draw(KINDS[operator], slot.rng)
        if len(parents) < wanted or not models or prompt is None:
            return None
        return Task(
            slot=slot.number,
            candidate=slot.candidate,
            operator=operator,
            parents=parents,
            seed=slot.seed,
            prompt=prompt,
            models=models,
        )

    def begin(self, generation: int, tasks: Sequence[Task]) -> None:
        """Start the conversations."""
        mine = [task for task in tasks if task.operator in self.operators]
        self._strategist.begin(generation, mine, self._prompts.known, self._roster.disabled)

    def make(
        self, generation: int, candidates: Sequence[Candidate], progress: Progress
    ) -> Iterable[Candidate]:
        """Wait for the conversations to end."""
        return self._strategist.written(generation, candidates, progress)

    def objection(self, candidate: Candidate) -> Outcome | None:
        """What speaks against a model's strategy though it can be traced: it misses its goal."""
        if candidate.operator not in self.operators:
            return None
        return self._strategist.objection(candidate.graph)

    def repair(
        self, generation: int, candidates: Sequence[Candidate], outcomes: Mapping[int, Outcome]
    ) -> Iterable[Candidate]:
        """What is written anew where the first attempt was refused, a duplicate or off its goal."""
        return self._strategist.repaired(generation, candidates, outcomes)

    def finish(self, candidate: Candidate, entry: Entry) -> Entry:
        """A model's candidate with what its calls cost, and what it was worth."""
        proposal = candidate.proposal
        if proposal is None:
            return entry
        proposal = replace(proposal, calls=tuple(self._once(call) for call in proposal.calls))
        if entry.operator in self.operators:  # else no model answered; the calls are kept
            proposal = replace(proposal, gain=self._gain(entry))
        return replace(entry, proposal=proposal)

    def _gain(self, entry: Entry) -> float:
        before = self._population.fitness_of(entry.parents[0])
        assert before is not None  # parents were measured
        fitness = entry.outcome.fitness if isinstance(entry.outcome, Measured) else None
        return gain(fitness, before, self._population.statistics.mad)

    def _once(self, call: Call) -> Call:
        """A call whose answer several candidates share is paid for by the first."""
        if call.draw != SHARED:
            return call
        if call.key in self._paid:
            return replace(call, tokens=0, cost=0.0)
        self._paid.add(call.key)
        return call

    def observe(self, entries: Sequence[Entry]) -> None:
        """Learn from a generation that was recorded."""
        if entries[0].generation:
            self._credit.tell(entries)
        calls = [call for entry in entries if entry.proposal for call in entry.proposal.calls]
        self._paid.update(call.key for call in calls if call.draw == SHARED)
        self._roster.observe(entries, self._prompts.uses(entries))
        self._strategist.observe(entries)
        self.remarks = self._roster.remarks
