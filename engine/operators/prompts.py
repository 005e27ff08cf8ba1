"""The prompts of a run: which is asked with, which come new, and what each has earned.

All of it follows from the candidates recorded, so a run that is resumed samples the same.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from engine.bandit import Bandit
from engine.llm.gateway import Gateway
from engine.llm.thread import Pending
from engine.operators.rewrite_prompt import REWRITE, order, rewritten
from engine.proposer import Progress, Proposer
from engine.roster import Roster
from engine.settings import LLM
from engine.streams import SELECT, VARY, seed_of, stream
from engine.uses import Use, uses_of
from genomes.prompt import PROMPT_OPERATORS, Prompt, control, parse, seeds, vary
from genomes.records.candidate import Candidate, Task
from genomes.records.entry import Entry
from genomes.records.merit import Merit
from genomes.records.outcome import Admitted, Duplicate, Refused

CROSSED = 0.25
"""Share of new prompts that ask for a crossover."""


class Prompts(Proposer):
    """Proposes new prompts, beside the slots; knows those recorded, and samples them by credit.

    Attributes:
        known: Id -> prompt, of all that were admitted.
    """

    def __init__(
        self,
        settings: LLM,
        *,
        seed: int,
        roster: Roster,
        gateway: Gateway,
        hide: Callable[[str], str],
    ) -> None:
        """Start with none.

        Args:
            settings: How they evolve, and what cost weighs.
            seed: Every randomness comes from it.
            roster: Which models may be asked to rewrite one.
            gateway: Takes the questions.
            hide: Masks untrusted text.
        """
        self.lag = settings.pipeline_depth
        self.known: dict[int, Prompt] = {}
        self._settings, self._seed = settings, seed
        self._roster, self._gateway, self._hide = roster, gateway, hide
        self._asked: dict[int, Pending[list[Candidate]]] = {}
        self._bandits: dict[str, Bandit[int]] = {}
        self._idle = False  # none used since new ones came
        self._words: dict[str, int] = {}  # key of a prompt's words -> the first that had them

    def draw(self, kind: str, rng: np.random.Generator) -> int | None:
        """The prompt of one slot: the control in a fixed share of draws; None without prompts."""
        bandit = self._bandits.get(kind)
        return None if bandit is None else bandit.draw(rng)

    def extra(self, generation: int, slot: int, candidate: int) -> Sequence[Task]:
        """The prompts that a run begins with; later the new ones of every few generations."""
        if generation == 0:
            return [
                Task(
                    slot=slot + i,
                    candidate=candidate + i,
                    species="prompt",
                    operator=f"seed prompt {name}",
                    text=prompt.text,
                )
                for i, (name, prompt) in enumerate(seeds().items())
            ]
        settings = self._settings.prompts
        due = settings.every and generation % settings.every == 0 and not self._idle
        if not due or not self._roster.awake(generation):
            return ()
        return [self._task(generation, slot + i, candidate + i) for i in range(settings.count)]

    def _task(self, generation: int, slot: int, candidate: int) -> Task:
        rng = stream(self._seed, generation, slot, SELECT)
        bandit = self._bandits["cross" if rng.random() < CROSSED else "mutate"]
        rewriters = self._roster.order(self._settings.rewriter or self._settings.models, rng)
        first = bandit.draw(rng)
        others = [one for one in bandit.active if one != first]
        second = others[int(rng.integers(len(others)))] if others else first
        if rng.random() < self._settings.prompts.by_model and rewriters:
            operator, parents = REWRITE, (first,)
        else:
            names = [name for name, used in PROMPT_OPERATORS.items() if used == 1 or others]
            operator, rewriters = names[int(rng.integers(len(names)))], ()
            parents = (first, second)[: PROMPT_OPERATORS[operator]]
        return Task(
            slot=slot,
            candidate=candidate,
            species="prompt",
            operator=operator,
            parents=parents,
            seed=seed_of(self._seed, generation, slot, VARY),
            models=rewriters,
        )

    def begin(self, generation: int, tasks: Sequence[Task]) -> None:
        """Start asking models for those that they are to rewrite."""
        mine = [task for task in tasks if task.operator == REWRITE]
        if not mine:
            return
        records = {int(merit.arm): merit for merit in self.merits()}
        orders = [order(each, self.known, records, self._settings, self._hide) for each in mine]
        self._asked[generation] = self._gateway.begin(
            rewritten(self._gateway, each) for each in orders
        )

    def make(
        self, generation: int, candidates: Sequence[Candidate], progress: Progress
    ) -> Iterator[Candidate]:
        """Every prompt with what becomes of it: none is measured."""
        pending = self._asked.pop(generation, None)
        replies = {one.task.slot: one for one in pending.result()} if pending else {}
        words = dict(self._words)
        for one in candidates:
            if one.task.species == "prompt":
                made = one if one.text else replies.get(one.task.slot) or self._varied(one)
                yield _admitted(made, words)

    def _varied(self, one: Candidate) -> Candidate:
        """A prompt that no model writes: a structural variation."""
        task = one.task
        parents = [self.known[i] for i in task.parents]
        child = vary(task.operator, parents, random.Random(task.seed))
        return replace(one, text=child.prompt.text, note=child.note)

    def observe(self, entries: Sequence[Entry]) -> None:
        """Take in a generation: the prompts that joined, and what came of those asked with."""
        uses = uses_of(entries)
        joined: list[int] = []
        came = any(entry.species == "prompt" for entry in entries)
        self._idle = not uses and (self._idle or came)
        for entry in entries:
            if entry.species != "prompt" or not isinstance(entry.outcome, Admitted):
                continue
            prompt = parse(entry.text)
            assert isinstance(prompt, Prompt)  # it was admitted
            self.known[entry.id] = prompt
            self._words.setdefault(entry.outcome.key, entry.id)
            if entry.operator == f"seed prompt {control(prompt.kind)}":
                self._bandits[prompt.kind] = self._bandit(entry.id)
            else:
                joined.append(entry.id)
        for kind, bandit in self._bandits.items():
            bandit.tell(
                self._of(kind, uses),
                [one for one in joined if self.known[one].kind == kind],
            )

    def _bandit(self, plain: int) -> Bandit[int]:
        settings = self._settings
        return Bandit[int](
            "prompt",
            control=plain,
            control_share=settings.prompts.control,
            cap=settings.prompts.active,
            cost_weight=settings.cost_penalty,
        )

    def merits(self, more: Sequence[Use] = ()) -> list[Merit]:
        """What came of the prompts that were used, best of each kind first.

        Args:
            more: Uses of the next generation, taken as recorded.
        """
        bandits = self._bandits.items()
        return [one for kind, bandit in bandits for one in bandit.merits(self._of(kind, more))]

    def _of(self, kind: str, uses: Sequence[Use]) -> list[Use]:
        return [use for use in uses if self.known[use.prompt].kind == kind]


def _admitted(one: Candidate, words: dict[str, int]) -> Candidate:
    """A prompt with what becomes of it; its words are known from then on."""
    if one.outcome is not None:
        return one
    prompt = parse(one.text)
    if not isinstance(prompt, Prompt):
        return replace(one, outcome=Refused(refusals=prompt))
    first = words.setdefault(prompt.key, one.task.candidate)
    if first != one.task.candidate:
        return replace(one, outcome=Duplicate(key=prompt.key, of=first))
    return replace(one, text=prompt.text, outcome=Admitted(key=prompt.key))
