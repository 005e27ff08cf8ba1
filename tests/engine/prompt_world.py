"""A world in which prompts and models truly differ, or truly do not; for tests of what is claimed.

Parents differ and grow harder from generation to generation, noise has heavy tails, children fail,
and gains are cut to [-1, 1]. The truth is the expected gain itself, tabled from a large sample.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.bandit import Bandit
from engine.uses import Use
from genomes.records.merit import Merit

FEW = 5  # uses; an interval of fewer is not judged
GRID = np.linspace(-4.0, 4.0, 801)
_NOISE = 0.5 * np.random.default_rng(0).standard_t(2.5, 20_000)
_CUT = np.array([np.clip(x + _NOISE, -1, 1).mean() for x in GRID])


@dataclass(slots=True, kw_only=True)
class World:
    """What a child of a parent gains by each prompt and model.

    Attributes:
        effects: Prompt -> what it adds to the child's gain, before that is cut.
        failing: Prompt -> probability that the child comes to nothing; 0.3 where not named.
        models: Model -> (what it adds, what a use costs).
        drift: What the last generation's parents are harder than the first's.
        generations: How many there are.
    """

    effects: dict[int, float]
    failing: dict[int, float] = field(default_factory=dict)
    models: dict[str, tuple[float, float]] = field(default_factory=lambda: {"model": (0.0, 1.0)})
    drift: float = 1.0
    generations: int = 40

    def expected(self, prompt: int, model: str, ease: float) -> float:
        """Expected gain of one use."""
        fail = self.failing.get(prompt, 0.3)
        cut = np.interp(ease + self.effects[prompt] + self.models[model][0], GRID, _CUT)
        return float((1 - fail) * cut - fail)

    def use(
        self, generation: int, prompt: int, model: str, rng: np.random.Generator
    ) -> tuple[Use, float]:
        """A use on a parent that selection chose, and how easy that parent was."""
        parent = int(rng.integers(20)) + 5 * generation  # a few parents, used more than once
        own = np.random.default_rng(parent)
        ease = 0.4 * own.standard_normal()
        ease -= self.drift * generation / self.generations
        gain = -1.0
        if rng.random() >= self.failing.get(prompt, 0.3):
            noise = 0.5 * rng.standard_t(2.5)
            raw = ease + self.effects[prompt] + self.models[model][0] + noise
            gain = float(np.clip(raw, -1, 1))
        cost = self.models[model][1] * float(rng.lognormal(0, 0.3))
        use = Use(
            generation=generation,
            prompt=prompt,
            model=model,
            gain=gain,
            cost=cost,
        )
        return use, ease


def prompt_difference(
    world: World, prompt: int, control: int, uses: Sequence[tuple[Use, float]]
) -> float:
    """What a prompt truly gains over the control, on the parents that it met."""
    met = [(use.model, ease) for use, ease in uses if use.prompt == prompt]
    gains = [world.expected(prompt, m, e) - world.expected(control, m, e) for m, e in met]
    return float(np.mean(gains))


def model_difference(
    world: World,
    model: str,
    reference: str,
    uses: Sequence[tuple[Use, float]],
    cost_weight: float,
) -> float:
    """What a model truly earns over another, net of cost, in the generations it was used in."""
    spent, count, generation, usual = 0.0, 0, 0, 0.0
    earned: list[float] = []
    dearer = (world.models[model][1] - world.models[reference][1]) * float(np.exp(0.3**2 / 2))
    for use, ease in uses:
        if use.generation != generation:
            generation = use.generation
            first = [u.cost for u, _ in uses if u.generation == generation]
            usual = spent / count if count else float(np.mean(first))
        if use.model == model:
            better = world.expected(use.prompt, model, ease)
            better -= world.expected(use.prompt, reference, ease)
            earned.append(better - cost_weight * dearer / usual)
        spent, count = spent + use.cost, count + 1
    return float(np.mean(earned))


def run_prompts(
    world: World,
    start: Sequence[int],
    seed: int,
    *,
    size: int = 32,
    joins: Mapping[int, Sequence[int]] | None = None,
    peek: bool = False,
) -> tuple[Bandit[int], list[tuple[Use, float]], bool]:
    """A run's prompts, uses with their parents' ease, and whether anything was ever claimed."""
    rng = np.random.default_rng([seed, 7])
    bandit = Bandit("prompt", start, control=0, cap=12)
    log: list[tuple[Use, float]] = []
    claimed = False
    for generation in range(1, world.generations + 1):
        told = [
            world.use(generation, bandit.draw(rng), str(rng.choice(list(world.models))), rng)
            for _ in range(size)
        ]
        log += told
        bandit.tell([use for use, _ in told], (joins or {}).get(generation, ()))
        claimed |= peek and any(merit.claim for merit in bandit.merits())
    return bandit, log, claimed or any(merit.claim for merit in bandit.merits())


def run_models(
    world: World, seed: int, *, size: int = 32, cost_weight: float = 0.1
) -> tuple[Bandit[str], list[tuple[Use, float]]]:
    """A run's models, and uses with their parents' ease; prompts are drawn evenly."""
    rng = np.random.default_rng([seed, 8])
    prices = {model: cost for model, (_, cost) in world.models.items()}
    bandit = Bandit("model", prices, explore=0.1, cost_weight=cost_weight, prices=prices)
    log: list[tuple[Use, float]] = []
    for generation in range(1, world.generations + 1):
        told = [
            world.use(generation, int(rng.choice(list(world.effects))), bandit.draw(rng), rng)
            for _ in range(size)
        ]
        log += told
        bandit.tell([use for use, _ in told])
    return bandit, log


def best(merits: Sequence[Merit]) -> Merit | None:
    """The arm of the highest credit, the control left out; None where there is no other."""
    return next((merit for merit in merits if not merit.control), None)


def covered(merits: Sequence[Merit], truths: Callable[[Merit], float]) -> bool:
    """Whether every interval with enough uses to claim anything holds the truth."""
    return all(
        merit.difference.low <= truths(merit) <= merit.difference.high
        for merit in merits
        if merit.difference is not None and merit.uses >= FEW
    )
