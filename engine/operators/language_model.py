"""A language model writes a strategy: asked for one generation at a time, repaired once."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.llm.conversation import Assignment, Draft, Roles, draft, mend
from engine.llm.gateway import Gateway
from engine.llm.goal import Goal, serves
from engine.llm.thread import Pending
from engine.operators.material import Library
from engine.proposer import Progress
from genomes.prompt import Prompt
from genomes.records.candidate import Candidate, Task
from genomes.records.entry import Entry
from genomes.records.outcome import Crashed, Duplicate, Outcome, Refused, Unusable
from genomes.records.text import one_line

MUTATE, CROSS = "model_mutation", "model_crossover"
"""Operators whose candidates a language model writes."""

PROGRESS_S = 0.2

MAX_NOTE = 160
"""Characters of a hypothesis that trees and tables show."""

MAX_CHANGE = 400
"""Characters of it that stand in the strategy's docstring."""


@dataclass(slots=True)
class _Asked:
    """A generation's conversations while they last."""

    tasks: Sequence[Task]
    castings: Sequence[Roles]
    assignments: Sequence[Assignment]
    open_models: frozenset[str]
    pending: Pending[list[Draft]]
    ended: list[int]


class Strategist:
    """Leads a generation's conversations; what models are told comes from a library."""

    def __init__(self, gateway: Gateway, casting: Roles, library: Library, goal: Goal) -> None:
        """For one run.

        Args:
            gateway: Takes the questions.
            casting: The roles; each task names its own strategists.
            library: What there is to tell.
            goal: What the user wants.
        """
        self._gateway, self._casting, self._library, self._goal = gateway, casting, library, goal
        self._asked: dict[int, _Asked] = {}

    def begin(
        self,
        generation: int,
        tasks: Sequence[Task],
        prompts: Mapping[int, Prompt],
        open_models: frozenset[str],
    ) -> None:
        """Start asking; does not wait.

        Args:
            generation: Their generation.
            tasks: What is to be written.
            prompts: All prompts by their ids.
            open_models: Models that are left alone.
        """
        self._gateway.open_models = open_models  # for all roles, the rewriter's too
        if not tasks:
            return
        assignments = self._library.assignments(tasks, prompts)
        castings = [
            replace(self._casting, strategist=replace(self._casting.strategist, models=task.models))
            for task in tasks
        ]
        ended: list[int] = []
        pending = self._gateway.begin(
            _counted(draft(self._gateway, casting, assignment), assignment.draw, ended)
            for casting, assignment in zip(castings, assignments, strict=True)
        )
        self._asked[generation] = _Asked(tasks, castings, assignments, open_models, pending, ended)

    def written(
        self, generation: int, candidates: Sequence[Candidate], progress: Progress
    ) -> list[Candidate]:
        """Wait for a generation's conversations: its candidates with what came of them."""
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

    def objection(self, graph: str) -> Unusable | None:
        """What speaks against a model's strategy though it can be drawn; None for nothing."""
        goal = self._goal
        missing = serves(goal, graph) if goal.text or goal.category else None
        return None if missing is None else Unusable(problem="off_goal", found=missing)

    def repaired(
        self, generation: int, candidates: Sequence[Candidate], outcomes: Mapping[int, Outcome]
    ) -> list[Candidate]:
        """Give back what was refused, crashed, off its goal or a duplicate; wait for answers."""
        asked = self._asked.pop(generation, None)
        if asked is None:
            return []
        back: list[tuple[Task, Roles, Assignment, Draft, str, str]] = []
        for task, casting, assignment, said in zip(
            asked.tasks, asked.castings, asked.assignments, asked.pending.result(), strict=True
        ):
            fault = self._fault(outcomes.get(task.slot))
            if fault is not None and said.text is not None and not said.mended:
                back.append((task, casting, assignment, said, *fault))
        if not back:
            return []
        self._gateway.open_models = asked.open_models
        anew = self._gateway.run(
            mend(self._gateway, casting, assignment, said, wrong=wrong, words=words)
            for _, casting, assignment, said, wrong, words in back
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

    def observe(self, entries: Sequence[Entry]) -> None:
        """Learn from a generation that was recorded."""
        self._library.tell(entries)


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
