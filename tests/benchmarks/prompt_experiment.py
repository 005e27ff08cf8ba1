"""The prompt experiment through the whole engine: what it finds beside what is true.

    python -m tests.benchmarks.prompt_experiment [SEEDS [GENERATIONS [SIZE]]]

By hand at length: about a second of CPU a run of 20 generations of 32, five worlds. The suite runs
it with fewer (tests/engine/test_prompt_experiment.py).
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Container, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from archive.prompts import controls, heading
from archive.store import Archive
from engine.claims import BLOCK, COST_CAP, Factor, Record
from engine.uses import Use, gain, use_of
from genomes.records.merit import Arm
from genomes.records.outcome import Measured
from tests.engine.prompt_engine import Book, World, evolve, has_sentence
from tests.engine.prompt_world import FEW, best

COST_WEIGHT = 0.1

Models = Mapping[str, tuple[float, float]]

ALIKE: Models = dict.fromkeys(("one", "two", "three"), (0.0, 1.0))
PRICED: Models = {"plain": (0.0, 1.0), "good": (0.5, 1.2), "dear": (0.5, 6.0)}
CLOSE: Models = {"plain": (0.0, 1.0), "good": (0.2, 1.0), "cheap": (0.0, 0.3)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A candidate that a model was asked for.

    Attributes:
        use: What the engine was told of it.
        draw: Its id.
        parent: Its first parent.
        scale: Median absolute deviation of fitness as told before.
    """

    use: Use
    draw: int
    parent: Book
    scale: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A run as its archive tells it.

    Attributes:
        asked: What models were asked for, in order.
        controls: Prompts that the others of their kind are compared with.
        words: Prompt -> its text.
        kinds: Prompt -> its kind.
    """

    asked: Sequence[Asked]
    controls: Set[int]
    words: Mapping[int, str]
    kinds: Mapping[int, str]


def read(archive: Archive) -> Told:
    """What an archive tells of its run."""
    entries = sorted(archive.entries(), key=lambda entry: entry.id)
    prompts = [entry for entry in entries if entry.species == "prompt"]
    control = controls(prompts)
    books: dict[int, Book] = {}
    asked: list[Asked] = []
    for _, generation in groupby(entries, key=lambda entry: entry.generation):
        fitness = np.array([book.fitness for book in books.values()])
        scale = float(np.median(np.abs(fitness - np.median(fitness)))) if len(fitness) else 0.0
        born: list[Book] = []
        for entry in generation:
            if isinstance(entry.outcome, Measured):
                born.append(Book(entry.id, entry.outcome.fitness))
            parent = books.get(entry.parents[0]) if entry.parents else None
            use = use_of(entry)
            if use is not None and parent is not None:
                asked.append(Asked(use=use, draw=entry.id, parent=parent, scale=scale))
        books |= {book.candidate: book for book in born}
    return Told(
        asked=asked,
        controls=control,
        words={entry.id: entry.text for entry in prompts},
        kinds={entry.id: heading(entry.text)[0] for entry in prompts},
    )


def gain_of(world: World, one: Asked, words: str, model: str) -> float:
    """What a candidate gains, or would have gained, by a prompt of these words and this model."""
    told = has_sentence(words)
    fitness = world.fitness(one.draw, one.parent, told=told, model=model)
    return gain(fitness, one.parent.fitness, one.scale)


def truth(
    world: World, told: Told, asked: Sequence[Asked], of: Factor, arm: Arm, reference: Arm
) -> float:
    """What an arm truly earns above the reference, net of cost, where the estimator compares them.

    In each block: the mean, over ALL that was asked in it, of what the candidate would have earned
    with this arm less what it would have earned with the reference, its parent, its luck and the
    scale of gains as they were. Blocks weigh as in `engine.claims`: by the uses that a comparison
    of the two is worth there.
    """
    weight, total, spent, uses = 0.0, 0.0, 0.0, 0
    for block in blocks(asked):
        costs = sum(one.use.cost for one in block)
        usual = spent / uses if uses else costs / len(block)
        spent, uses = spent + costs, uses + len(block)
        arms = [_arm(one, of) for one in block]
        own, theirs = arms.count(arm), arms.count(reference)
        if own and theirs:
            more = [
                earned(world, told, one, arm, usual) - earned(world, told, one, reference, usual)
                for one in block
            ]
            here = own * theirs / (own + theirs)
            weight, total = weight + here, total + here * sum(more) / len(more)
    return total / weight


def earned(world: World, told: Told, one: Asked, arm: Arm, usual: float) -> float:
    """What a candidate earns, or would have earned, by this prompt or this model, net of cost."""
    words = told.words[one.use.prompt if isinstance(arm, str) else arm]
    model = arm if isinstance(arm, str) else one.use.model
    cost = world.cost(one.draw, one.parent, words=words, model=model)
    return gain_of(world, one, words, model) - COST_WEIGHT * min(cost / usual, COST_CAP)


def blocks(asked: Sequence[Asked]) -> Iterator[list[Asked]]:
    """What the estimator compares within: whole generations, enough of them together."""
    block: list[Asked] = []
    for _, generation in groupby(asked, key=lambda one: one.use.generation):
        block += generation
        if len(block) >= BLOCK:
            yield block
            block = []
    if block:
        yield block


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """How the engine did in one run, with the prompts of one kind or with the models.

    Attributes:
        early: Share of free draws (the control's fixed share left out) that went to the better arms
            in the first quarter of them.
        late: The same of the last quarter.
        found: Whether the best by credit is one of the better arms.
        held: Whether the interval of the difference to the control holds the truth, of the best arm
            that has enough uses to be compared.
        all_held: Whether those of all such arms do.
        top: What is claimed of that best arm.
        right: Whether a better arm is claimed to be better.
        wrong: Whether a better arm is claimed to be worse, or another to be better.
        claimed: Whether anything is claimed at the end.
        ever: Whether anything was, after any generation.
        bias: Estimate less truth, of that best arm.
        width: Of its interval.
        miss: How far the truth lies from the estimate, in half widths: 1 is the interval's end.
    """

    early: float
    late: float
    found: bool
    held: bool
    all_held: bool
    top: str | None
    right: bool
    wrong: bool
    claimed: bool
    ever: bool
    bias: float
    width: float
    miss: float


def judge(
    world: World, told: Told, of: Factor, better: Container[Arm], kind: str | None = None
) -> Judged:
    """Compare what the engine found with what is true.

    Args:
        world: The world that it ran in.
        told: What its archive tells.
        of: Whether prompts or models are judged.
        better: The arms that are.
        kind: The prompts' kind; None for models.
    """
    asked = [one for one in told.asked if kind in (None, told.kinds[one.use.prompt])]
    control = next((n for n in told.kinds if n in told.controls and told.kinds[n] == kind), None)
    record, ever = Record(of, reference=control), False
    for _, generation in groupby(asked, key=lambda one: one.use.generation):
        record.tell([one.use for one in generation])
        ever = ever or any(merit.claim for merit in record.merits())
    merits = record.merits()
    reference = next(merit.arm for merit in merits if merit.control)
    free = [_arm(one, of) for one in asked if of == "model" or one.use.prompt not in told.controls]
    quarter = len(free) // 4
    compared = [(m, m.difference) for m in merits if m.difference is not None and m.uses >= FEW]
    truths = [truth(world, told, asked, of, m.arm, reference) for m, _ in compared]
    held = [d.low <= true <= d.high for (_, d), true in zip(compared, truths, strict=True)]
    first = merits[0] if of == "model" else best(merits)
    top, difference = compared[0]
    assert first is not None
    return Judged(
        early=float(np.mean([arm in better for arm in free[:quarter]])),
        late=float(np.mean([arm in better for arm in free[-quarter:]])),
        found=first.arm in better,
        held=held[0],
        all_held=all(held),
        top=top.claim,
        right=any(m.claim == "better" and m.arm in better for m in merits),
        wrong=any(m.claim == ("worse" if m.arm in better else "better") for m in merits),
        claimed=any(m.claim for m in merits),
        ever=ever,
        bias=difference.middle - truths[0],
        width=difference.high - difference.low,
        miss=2 * abs(difference.middle - truths[0]) / (difference.high - difference.low),
    )


def _arm(one: Asked, of: Factor) -> Arm:
    return one.use.model if of == "model" else one.use.prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """How the engine did in one run.

    Attributes:
        mutate: With the prompts for mutation.
        cross: With those for crossover.
        model: With the models.
    """

    mutate: Judged
    cross: Judged
    model: Judged


def experiment(world: World, path: Path, good: str, *, generations: int, size: int) -> Judgement:
    """One run and what is to be said of it.

    Args:
        world: The world.
        path: Where the archive is to lie.
        good: The model that is worth most for its money.
        generations: How many follow the seeds.
        size: Candidates a generation.
    """
    with evolve(world, path, generations=generations, size=size) as archive:
        told = read(archive)
    better = {number for number, words in told.words.items() if has_sentence(words)}
    return Judgement(
        mutate=judge(world, told, "prompt", better, "mutate"),
        cross=judge(world, told, "prompt", better, "cross"),
        model=judge(world, told, "model", {good}),
    )


def study(
    name: str,
    seeds: int,
    generations: int,
    size: int,
    *,
    effect: float,
    models: Models,
    good: str,
    advice_tokens: int = 0,
) -> None:
    """Print a world's three lines: prompts of either kind, and models."""
    with tempfile.TemporaryDirectory() as folder:
        runs = [
            experiment(
                World(seed=seed, effect=effect, models=models, advice_tokens=advice_tokens),
                Path(folder) / f"{seed}.sqlite", good, generations=generations, size=size,
            )
            for seed in range(seeds)
        ]  # fmt: skip
    print(name)
    line("mutate", [run.mutate for run in runs])
    line("cross", [run.cross for run in runs])
    line("model", [run.model for run in runs])


def line(name: str, judged: Sequence[Judged]) -> None:
    """Print what became of one factor over seeds; shares of runs, and means."""

    def share(of: Callable[[Judged], float]) -> str:
        return f"{sum(map(of, judged)) / len(judged):.2f}"

    print(
        f"  {name:7s} better drawn: early {share(lambda j: j.early)} late {share(lambda j: j.late)}"
        f"  best is better {share(lambda j: j.found)}"
        f"  held: best {share(lambda j: j.held)} all {share(lambda j: j.all_held)}"
        f"  claimed: best {share(lambda j: j.top == 'better')} rightly {share(lambda j: j.right)}"
        f" wrongly {share(lambda j: j.wrong)} any {share(lambda j: j.claimed)}"
        f" ever {share(lambda j: j.ever)}"
        f"  width {share(lambda j: j.width)} bias {share(lambda j: j.bias)}"
        f" miss {share(lambda j: j.miss)} at most {max(j.miss for j in judged):.2f}",
        flush=True,
    )


def main(seeds: int = 20, generations: int = 20, size: int = 32) -> None:
    """Every world."""
    of = (seeds, generations, size)
    study("sentence +1.0, models by price", *of, effect=1.0, models=PRICED, good="good")
    study(
        "sentence +0.5, advice costs, models close", *of,
        effect=0.5, models=CLOSE, good="good", advice_tokens=100,
    )  # fmt: skip
    study("sentence does nothing, models alike", *of, effect=0.0, models=ALIKE, good="one")
    study("sentence does nothing, models by price", *of, effect=0.0, models=PRICED, good="good")
    study("sentence harms by 0.5, models alike", *of, effect=-0.5, models=ALIKE, good="one")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
