"""Who writes what: which slots go to a model, asked with which prompt, and what each has earned.

All of it follows from the candidates told, so a run that is resumed draws the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from archive.population import Population
from engine.bandit import Bandit
from engine.credit import OperatorCredit
from engine.llm.breaker import Breakers
from engine.operators.language_model import Strategist
from engine.operators.rewrite_prompt import REWRITE, Rewriter
from engine.progress import Watcher
from engine.prompting import Prompts
from engine.schedule import Schedule
from engine.selection import Selector
from engine.settings import LLM
from engine.tasks import CROSS, MODEL_OPERATORS, MUTATE, Draft, Task, Work
from engine.uses import Use, gain, use_of
from genomes.prompt import seeds
from genomes.records.entry import Entry
from genomes.records.exchange import SHARED
from genomes.records.outcome import Measured, Outcome
from genomes.records.proposal import Call

KINDS = {MUTATE: "mutate", CROSS: "cross"}


class LanguageModels:
    """The models of a run as authors of its strategies and of its prompts.

    Attributes:
        lag: Generations that choices look further back than the last one told.
        remarks: What there is to say of the generation told last.
    """

    def __init__(
        self,
        settings: LLM,
        *,
        seed: int,
        selector: Selector,
        population: Population,
        credit: OperatorCredit,
        strategist: Strategist,
        rewriter: Rewriter,
    ) -> None:
        """Begin with nothing earned.

        Args:
            settings: Who is asked, when and what for.
            seed: Seed of every random stream.
            selector: Who becomes a parent.
            population: The measured candidates as told.
            credit: What operators have earned: the models' own, or all where they compete.
            strategist: Writes strategies.
            rewriter: Writes prompts.
        """
        self.lag = settings.pipeline_depth
        self.remarks: Sequence[str] = ()
        self._settings = settings
        self._selector, self._population, self._credit = selector, population, credit
        self._strategist, self._rewriter = strategist, rewriter
        self._schedule = Schedule(settings.every, settings.plateau)
        self._breakers = Breakers(settings.pipeline_depth)
        self._models = Bandit[str](
            "model",
            settings.models,
            explore=0.1,
            cost_weight=settings.cost_penalty,
            prices=_prices(settings),
        )
        self._prompts = Prompts(settings, seed)
        self._paid: set[str] = set()  # questions whose answers are shared, and paid for
        self._open: frozenset[str] = frozenset()

    # What is asked for

    def seeds(self) -> Sequence[tuple[str, str]]:
        """(name, text) of the prompts of generation 0."""
        return [(f"prompt {name}", prompt.text) for name, prompt in seeds().items()]

    def operator(self, generation: int, rng: np.random.Generator) -> str | None:
        """The operator of a slot where models have a say in it; None leaves it to the others."""
        if not self._schedule.awake(generation):
            return None
        share = self._settings.share
        if share == "auto" or rng.random() < share:
            return self._credit.draw(rng)
        return None

    def ask(
        self, operator: str, slot: int, rng: np.random.Generator, seed: int, *, candidate: int
    ) -> Task | None:
        """The task of a slot that a model is to write; None where none can.

        Args:
            operator: Of MODEL_OPERATORS.
            slot: The slot.
            rng: Its choices.
            seed: Of the structural operator that takes the slot where no model answers.
            candidate: The id it will have.
        """
        wanted = 2 if operator == CROSS else 1
        models = self._order(self._settings.models, rng)
        parents = self._selector.parents(wanted, rng)
        prompt = self._prompts.draw(KINDS[operator], rng)
        if len(parents) < wanted or not models or prompt is None:
            return None
        return Task(
            slot=slot,
            candidate=candidate,
            operator=operator,
            parents=parents,
            seed=seed,
            prompt=prompt,
            models=models,
        )

    def prompts(self, generation: int, slot: int, candidate: int) -> Sequence[Task]:
        """The generation's new prompts, in slots from the one given on."""
        if not self._schedule.awake(generation):
            return ()
        rewriters = self._settings.rewriter or self._settings.models
        return self._prompts.tasks(
            generation, slot, candidate, lambda rng: self._order(rewriters, rng)
        )

    def _order(self, models: Sequence[str], rng: np.random.Generator) -> tuple[str, ...]:
        """Models to ask, the first drawn by what it earned; those left alone for now are out."""
        if not models:
            return ()
        first = (
            self._models.draw(rng, without=self._open)
            if models == self._settings.models
            else models[0]
        )
        order = (first, *(model for model in models if model != first))
        return tuple(model for model in order if model not in self._open)

    # What comes of it

    def begin(self, generation: int, tasks: Sequence[Task]) -> None:
        """Start asking for a generation's tasks; does not wait."""
        known = self._prompts.known
        written = [task for task in tasks if task.operator in MODEL_OPERATORS]
        self._strategist.begin(generation, written, known, self._open)
        rewritten = [task for task in tasks if task.operator == REWRITE]
        if rewritten:
            self._rewriter.begin(
                generation,
                rewritten,
                known,
                {int(merit.arm): merit for merit in self._prompts.merits()},
            )

    def drafts(
        self, generation: int, work: Sequence[Work], watcher: Watcher
    ) -> Mapping[int, Draft]:
        """Wait for them: slot -> what was made of it."""

        def progress(done: int, total: int) -> None:
            watcher.progress(generation, "written", done, total)

        made = dict(self._strategist.drafts(generation, progress))
        tasks = [one.task for one in work if one.task.species == "prompt"]
        return made | self._prompts.drafts(tasks, self._rewriter.replies(generation))

    def objection(self, one: Work) -> Outcome | None:
        """What speaks against a model's strategy though it can be drawn; None for nothing."""
        drawing = one.drawing
        if drawing is None or drawing.operator not in MODEL_OPERATORS:
            return None
        return self._strategist.objection(drawing.graph)

    def mended(self, generation: int, work: Sequence[Work]) -> Mapping[int, Draft]:
        """What was made anew where the first attempt was refused, a duplicate or off its goal."""
        return self._strategist.mended(generation, work)

    # What it was worth

    def finished(self, draft: Draft, work: Work, entry: Entry) -> Entry:
        """A model's candidate with what the model said of it and what that was worth."""
        proposal = draft.proposal
        if proposal is None:
            return entry
        proposal = replace(proposal, calls=tuple(self._once(call) for call in proposal.calls))
        if entry.species == "strategy" and entry.operator not in MODEL_OPERATORS:
            return replace(entry, proposal=proposal)  # no model answered; the calls are kept
        if entry.species == "strategy":
            proposal = replace(proposal, gain=self._gain(entry))
        return replace(entry, prompt=work.task.prompt, model=draft.model, proposal=proposal)

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

    def tell(self, entries: Sequence[Entry]) -> None:
        """Learn from a generation that was recorded."""
        generation = entries[0].generation
        was_stalled, was_open = self._schedule.stalled, self._open
        uses = _uses(entries)
        if generation:
            self._credit.tell(entries)
        self._prompts.tell(entries, uses)
        self._models.tell(uses)
        calls = [call for entry in entries if entry.proposal for call in entry.proposal.calls]
        self._paid.update(call.key for call in calls if call.draw == SHARED)
        self._breakers.tell(generation, calls)
        self._open = self._breakers.open_models(generation + 1 + self.lag)
        self._schedule.tell(e.outcome.fitness for e in entries if isinstance(e.outcome, Measured))
        self._strategist.tell(entries)
        self.remarks = (*self._plateau(was_stalled), *self._left_alone(was_open))

    def merits(self, entries: Sequence[Entry]) -> dict[str, list[dict[str, Any]]]:
        """What prompts and models were worth, with a generation that is about to be recorded."""
        uses = _uses(entries)
        found = {"prompts": self._prompts.merits(uses), "models": self._models.merits(uses)}
        return {of: [asdict(merit) for merit in merits] for of, merits in found.items()}

    def _left_alone(self, before: frozenset[str]) -> list[str]:
        """Models that were disabled for a while, and enabled again."""
        now = self._open
        said = [
            f"model {name} disabled: {self._breakers.reason(name)}" for name in sorted(now - before)
        ]
        if said and now >= set(self._settings.models):
            said.append("no model is available: structural operators continue alone")
        return [*said, *(f"model {name} is enabled again" for name in sorted(before - now))]

    def _plateau(self, before: bool) -> list[str]:
        if not self._schedule.stalled or before:
            return []
        return [f"plateau: no better candidate for {self._schedule.without} generations"]


def _uses(entries: Sequence[Entry]) -> list[Use]:
    return [use for entry in entries if (use := use_of(entry)) is not None]


def _prices(settings: LLM) -> dict[str, float]:
    """What a use of each model costs, relative to the others, before any was used."""
    from engine.llm.budget import price_of

    expected = (settings.briefing_tokens + 8000, 1000)
    priced = {name: price_of(settings.prices, name) for name in settings.models}
    return {
        name: sum(price * tokens for price, tokens in zip(found, expected, strict=True))
        for name, found in priced.items()
        if found is not None
    }
