"""The prompts of a run: which is asked with, which come new, and what each has earned.

All of it follows from the candidates told, so a run that is resumed draws the same.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from engine.bandit import Bandit
from engine.operators.rewrite_prompt import REWRITE
from engine.settings import LLM
from engine.streams import SELECT, VARY, seed_of, stream
from engine.tasks import Draft, Task
from engine.uses import Use
from genomes.prompt import PROMPT_OPERATORS, Prompt, control, parse, vary
from genomes.records.entry import Entry
from genomes.records.merit import Merit
from genomes.records.outcome import Admitted, Duplicate, Refused

CROSSED = 0.25
"""Share of new prompts that ask for a crossover."""


class Prompts:
    """The prompts told so far, those of each kind drawn by what they earned.

    Attributes:
        known: Id -> prompt, of all that were admitted.
    """

    def __init__(self, settings: LLM, seed: int) -> None:
        """Begin with none.

        Args:
            settings: How they evolve, and what cost weighs.
            seed: Every randomness comes from it.
        """
        self.known: dict[int, Prompt] = {}
        self._settings, self._seed = settings, seed
        self._bandits: dict[str, Bandit[int]] = {}
        self._idle = False  # none used since new ones came
        self._words: dict[str, int] = {}  # key of a prompt's words -> the first that had them

    def draw(self, kind: str, rng: np.random.Generator) -> int | None:
        """The prompt of one slot: the control in a fixed share of draws; None without prompts."""
        bandit = self._bandits.get(kind)
        return None if bandit is None else bandit.draw(rng)

    def tasks(
        self,
        generation: int,
        slot: int,
        candidate: int,
        models: Callable[[np.random.Generator], tuple[str, ...]],
    ) -> list[Task]:
        """The new prompts of a generation, in slots from the one given on.

        Args:
            generation: The generation.
            slot: Its first free slot.
            candidate: The id that slot's candidate will have.
            models: Draws the rewriters, in order of preference; none where none can be asked.
        """
        settings = self._settings.prompts
        if not settings.every or generation % settings.every or self._idle:
            return []
        return [
            self._task(generation, slot + i, candidate + i, models) for i in range(settings.count)
        ]

    def _task(
        self,
        generation: int,
        slot: int,
        candidate: int,
        models: Callable[[np.random.Generator], tuple[str, ...]],
    ) -> Task:
        rng = stream(self._seed, generation, slot, SELECT)
        bandit = self._bandits["cross" if rng.random() < CROSSED else "mutate"]
        rewriters = models(rng)
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

    def drafts(self, tasks: Sequence[Task], replies: Mapping[int, Draft]) -> dict[int, Draft]:
        """What becomes of a generation's prompts, in slot order: slot -> draft.

        Args:
            tasks: Its prompts.
            replies: Those that models wrote, by slot.
        """
        words = dict(self._words)
        made: dict[int, Draft] = {}
        for task in tasks:
            draft = replies.get(task.slot) or self._varied(task)
            made[task.slot] = _admitted(draft, task.candidate, words)
        return made

    def _varied(self, task: Task) -> Draft:
        """A prompt that no model wrote: a seed, or a structural variation."""
        if task.text is not None:
            return Draft(text=task.text)
        parents = [self.known[i] for i in task.parents]
        child = vary(task.operator, parents, random.Random(task.seed))
        return Draft(text=child.prompt.text, note=child.note)

    def tell(self, entries: Sequence[Entry], uses: Sequence[Use]) -> None:
        """Take in a generation: the prompts that joined, and what came of those asked with."""
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
            more: Uses of the next generation, taken as told.
        """
        bandits = self._bandits.items()
        return [one for kind, bandit in bandits for one in bandit.merits(self._of(kind, more))]

    def _of(self, kind: str, uses: Sequence[Use]) -> list[Use]:
        return [use for use in uses if self.known[use.prompt].kind == kind]


def _admitted(draft: Draft, candidate: int, words: dict[str, int]) -> Draft:
    """A prompt with what becomes of it; its words are known from then on."""
    if draft.outcome is not None:
        return draft
    prompt = parse(draft.text)
    if not isinstance(prompt, Prompt):
        return replace(draft, outcome=Refused(refusals=prompt))
    first = words.setdefault(prompt.key, candidate)
    if first != candidate:
        return replace(draft, outcome=Duplicate(key=prompt.key, of=first))
    return replace(draft, text=prompt.text, outcome=Admitted(key=prompt.key))
