"""Which models a run may ask, when, and in which order: schedule, circuit breakers, and a bandit.

All of it follows from the candidates recorded, so a run that is resumed samples the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.bandit import Bandit
from engine.llm.breaker import Breakers
from engine.settings import LLM
from engine.uses import Use
from genomes.records.entry import Entry
from genomes.records.merit import Merit
from genomes.records.outcome import Measured


@dataclass(slots=True)
class Schedule:
    """In which generations models write; a function of the generations recorded.

    Attributes:
        every: Generations from one use of models to the next.
        plateau: Only after this many generations without a new best; 0: always.
    """

    every: int
    plateau: int
    _best: float = float("-inf")
    _without: int = 0

    def observe(self, fitness: Iterable[float]) -> None:
        """Take in the fitness of a generation's measured candidates."""
        best = max(fitness, default=float("-inf"))
        if best > self._best:
            self._best, self._without = best, 0
        else:
            self._without += 1

    def awake(self, generation: int) -> bool:
        """Whether models write in this generation."""
        return generation % self.every == 0 and (not self.plateau or self.stalled)

    @property
    def stalled(self) -> bool:
        """Whether the best has not risen for as long as a plateau lasts."""
        return self.plateau > 0 and self._without >= self.plateau

    @property
    def without(self) -> int:
        """Generations recorded since the best rose last."""
        return self._without


class Roster:
    """The models of a run, shared by everything that asks them.

    Attributes:
        disabled: Models whose circuit breaker is open: they are not asked for now.
        remarks: What there is to say of the generation observed last.
    """

    def __init__(self, settings: LLM) -> None:
        """All enabled, none with any credit."""
        self.disabled: frozenset[str] = frozenset()
        self.remarks: Sequence[str] = ()
        self._settings = settings
        self._schedule = Schedule(settings.every, settings.plateau)
        self._breakers = Breakers(settings.pipeline_depth)
        self._models = Bandit[str](
            "model",
            settings.models,
            explore=0.1,
            cost_weight=settings.cost_penalty,
            prices=_prices(settings),
        )

    def awake(self, generation: int) -> bool:
        """Whether models write in this generation."""
        return self._schedule.awake(generation)

    def order(self, models: Sequence[str], rng: np.random.Generator) -> tuple[str, ...]:
        """Models to ask, the first sampled by its credit; those disabled for now are out."""
        if not models:
            return ()
        first = (
            self._models.draw(rng, without=self.disabled)
            if models == self._settings.models
            else models[0]
        )
        order = (first, *(model for model in models if model != first))
        return tuple(model for model in order if model not in self.disabled)

    def observe(self, entries: Sequence[Entry], uses: Sequence[Use]) -> None:
        """Learn from a generation that was recorded, and from what came of its models' work."""
        generation = entries[0].generation
        was_stalled, was_disabled = self._schedule.stalled, self.disabled
        self._models.tell(uses)
        calls = [call for entry in entries if entry.proposal for call in entry.proposal.calls]
        self._breakers.tell(generation, calls)
        self.disabled = self._breakers.open_models(generation + 1 + self._settings.pipeline_depth)
        measured = [e.outcome.fitness for e in entries if isinstance(e.outcome, Measured)]
        self._schedule.observe(measured)
        self.remarks = (*self._plateau(was_stalled), *self._changed(was_disabled))

    def merits(self, more: Sequence[Use]) -> list[Merit]:
        """What came of the models, with the uses of a generation that is about to be recorded."""
        return self._models.merits(more)

    def _changed(self, before: frozenset[str]) -> list[str]:
        """Models that were disabled for a while, and enabled again."""
        now = self.disabled
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
