"""Language models as authors of strategies: asked for a generation at a time, repaired once.

All of it follows from the candidates recorded, so a run that is resumed samples the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

from archive.population import Population
from engine.credit import OperatorCredit
from engine.llm.conversation import Assignment, Draft, Roles, draft, mend
from engine.llm.gateway import Gateway
from engine.llm.goal import Goal, serves
from engine.llm.thread import Pending
from engine.operators.material import Library
from engine.operators.prompts import Prompts
from engine.operators.structural import task_of
from engine.proposer import Progress, Proposer, Slot
from engine.roster import Roster
from engine.selection import Selector
from engine.settings import LLM
from engine.uses import gain, uses_of
from genomes.records.candidate import Candidate, Task
from genomes.records.entry import Entry
from genomes.records.exchange import SHARED
from genomes.records.outcome import Crashed, Duplicate, Measured, Outcome, Refused, Unusable
from genomes.records.proposal import Call
from genomes.records.text import one_line

MUTATE, CROSS = "model_mutation", "model_crossover"
KINDS = {MUTATE: "mutate", CROSS: "cross"}  # of prompt

PROGRESS_S = 0.2

MAX_NOTE = 160
"""Characters of a hypothesis that trees and tables show."""

MAX_CHANGE = 400
"""Characters of it that stand in the strategy's docstring."""


@dataclass(slots=True)
class _Asked:
    """A generation's conversations while they last."""

    tasks: Sequence[Task]
    roles: Sequence[Roles]
    assignments: Sequence[Assignment]
    disabled: frozenset[str]
    pending: Pending[list[Draft]]
    ended: list[int]


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
        gateway: Gateway,
        roles: Roles,
        library: Library,
        goal: Goal,
    ) -> None:
        """Start with no credit.

        Args:
            settings: When models are asked, and for how much.
            selector: Who becomes a parent.
            population: The measured candidates as recorded.
            credit: What operators have earned: the models' own, or all where they compete.
            roster: Which models may be asked.
            prompts: What they are asked with.
            gateway: Takes the questions.
            roles: Who speaks; each task names its own strategists.
            library: What there is to tell.
            goal: What the user wants.
        """
        self.lag = settings.pipeline_depth
        self._settings = settings
        self._selector, self._population, self._credit = selector, population, credit
        self._roster, self._prompts = roster, prompts
        self._gateway, self._roles, self._library, self._goal = gateway, roles, library, goal
        self._asked: dict[int, _Asked] = {}
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
        task = task_of(slot, operator, parents, wanted)
        return replace(task, prompt=prompt, models=models)

    def begin(self, generation: int, tasks: Sequence[Task]) -> None:
        """Start the conversations."""
        disabled = self._gateway.open_models = self._roster.disabled  # for all roles
        mine = [task for task in tasks if task.operator in self.operators]
        if not mine:
            return
        assignments = self._library.assignments(mine, self._prompts.known)
        strategist = self._roles.strategist
        roles = [
            replace(self._roles, strategist=replace(strategist, models=task.models))
            for task in mine
        ]
        ended: list[int] = []
        pending = self._gateway.begin(
            _counted(draft(self._gateway, each, assignment), assignment.draw, ended)
            for each, assignment in zip(roles, assignments, strict=True)
        )
        self._asked[generation] = _Asked(mine, roles, assignments, disabled, pending, ended)

    def make(
        self, generation: int, candidates: Sequence[Candidate], progress: Progress
    ) -> Sequence[Candidate]:
        """Wait for the conversations to end."""
        asked = self._asked.get(generation)
        if asked is None:
            return []
        while not asked.pending.wait(PROGRESS_S):
            progress("written", len(asked.ended), len(asked.tasks))
        drafts = asked.pending.result()
        progress("written", len(drafts), len(drafts))
        return [
            _written(candidates[task.slot], made)
            for task, made in zip(asked.tasks, drafts, strict=True)
        ]

    def objection(self, candidate: Candidate) -> Outcome | None:
        """What speaks against a model's strategy though it can be traced: it misses its goal."""
        goal = self._goal
        if candidate.operator not in self.operators or not (goal.text or goal.category):
            return None
        missing = serves(goal, candidate.graph)
        return None if missing is None else Unusable(problem="off_goal", found=missing)

    def repair(
        self, generation: int, candidates: Sequence[Candidate], outcomes: Mapping[int, Outcome]
    ) -> list[Candidate]:
        """Give back what was refused, crashed, off its goal or a duplicate; wait for answers."""
        asked = self._asked.pop(generation, None)
        if asked is None:
            return []
        back: list[tuple[Task, Roles, Assignment, Draft, str, str]] = []
        for task, roles, assignment, said in zip(
            asked.tasks, asked.roles, asked.assignments, asked.pending.result(), strict=True
        ):
            fault = self._fault(outcomes.get(task.slot))
            if fault is not None and said.text is not None and not said.mended:
                back.append((task, roles, assignment, said, *fault))
        if not back:
            return []
        self._gateway.open_models = asked.disabled
        anew = self._gateway.run(
            mend(self._gateway, roles, assignment, said, wrong=wrong, words=words)
            for _, roles, assignment, said, wrong, words in back
        )
        return [
            _written(candidates[task.slot], said)
            for (task, *_), said in zip(back, anew, strict=True)
        ]

    def _fault(self, outcome: Outcome | None) -> tuple[str, str] | None:
        """What was wrong, in two words and in sentences; None where nothing was."""
        match outcome:
            case Refused():
                words = "\n".join(str(refusal) for refusal in outcome.refusals)
                return f"refused: {outcome.refusals[0].rule}", words
            case Crashed():
                return f"crashed: {outcome.stage}", "It could not be drawn. Write it more plainly."
            case Duplicate():
                return "duplicate", self._library.twin(outcome.of)
            case Unusable(problem="off_goal"):
                return "unusable: off_goal", outcome.found
            case _:
                return None

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

    def summary(self, entries: Sequence[Entry]) -> Mapping[str, Any]:
        """What models wrote and what it took, and what prompts and models are worth with it."""
        uses = uses_of(entries)
        found = {"prompts": self._prompts.merits(uses), "models": self._roster.merits(uses)}
        merits = {of: [asdict(merit) for merit in each] for of, each in found.items()}
        proposals = [entry.proposal for entry in entries if entry.proposal]
        prompts = [entry for entry in entries if entry.species == "prompt"]
        if not prompts and not proposals:
            return {"merits": merits}
        asked = [entry for entry in entries if entry.proposal and entry.species == "strategy"]
        written = sum(entry.model is not None for entry in asked)
        outcomes = [entry.outcome for entry in entries if entry.species == "strategy"]
        problems = Counter(one.cause for one in outcomes if isinstance(one, Unusable))
        figures = {
            "candidates": written,
            "unanswered": len(asked) - written,
            "prompts": sum(entry.outcome.kind == "admitted" for entry in prompts),
            "unusable_by": dict(sorted(problems.items())),
            "mended": sum(bool(one.mended) for one in proposals),
            "tokens": sum(one.tokens for one in proposals),
            "cost": sum(one.cost for one in proposals),
        }
        return {"models": figures, "merits": merits}

    def observe(self, entries: Sequence[Entry]) -> None:
        """Learn from a generation that was recorded."""
        if entries[0].generation:
            self._credit.tell(entries)
        calls = [call for entry in entries if entry.proposal for call in entry.proposal.calls]
        self._paid.update(call.key for call in calls if call.draw == SHARED)
        self._roster.observe(entries, uses_of(entries))
        self._library.observe(entries)
        self.remarks = self._roster.remarks


async def _counted(work: Awaitable[Draft], draw: int, ended: list[int]) -> Draft:
    """A conversation that leaves word when it has ended."""
    spoken = await work
    ended.append(draw)
    return spoken


def _written(one: Candidate, said: Draft) -> Candidate:
    """What came of a conversation; where no model answered, neither a text nor an outcome."""
    proposal, problem = said.proposal, said.problem
    unanswered = problem is not None and problem.problem == "no_answer"
    return Candidate(
        task=one.task,
        sources=one.sources,
        text=said.text or "",
        outcome=None if unanswered else problem,
        note=one_line(proposal.hypothesis, MAX_NOTE),
        change=one_line(proposal.hypothesis, MAX_CHANGE) or f"written by {said.model}",
        model=said.model,
        proposal=proposal,
    )
