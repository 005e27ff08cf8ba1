"""Searches to compare with: random templates and DEAP's GP, on the engine's own evaluator."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.calibrate.cpu import cpu_s
from engine.calibrate.features import features, strategy
from engine.calibrate.market import graph_of
from engine.calibrate.search import EVALUATED, Limits, Step, Trace
from engine.validation import Bars, Challenge

if TYPE_CHECKING:
    from engine.calibrate.market import Law
    from sandbox.errand import Setup
    from sandbox.pool import Pool

NO_FITNESS = -1e6
"""Of what broke a floor: below every loser's."""
REST = 64  # evaluations between two looks at the clock
BEYOND = 20  # how many times its evaluations a baseline goes on for its CPU seconds, at most

POPULATION = 100
TOURNAMENT = 3
CROSSOVER, MUTATION = 0.7, 0.25
TALLEST = 6

HELPERS = {
    "add": "def add(x, y):\n    return x + y",
    "sub": "def sub(x, y):\n    return x - y",
    "mul": "def mul(x, y):\n    return x * y",
    "neg": "def neg(x):\n    return 0 - x",
    "gate": "def gate(x, y):\n    return where(x > 0, y, 0)",
}


@dataclass(slots=True)
class Evaluator:
    """Measures texts as the engine does, counts them, and keeps every new best.

    Attributes:
        pool: Where they are measured.
        setup: What the pool was told.
        limits: How far a search goes.
        base: CPU seconds at its start.
        known: Canonical key -> training fitness; a graph is measured once.
        steps: The bests.
        evaluations: Graphs measured.
        candidates: Texts asked for.
        bars: Opens the validation bars; None where the fittest is champion.
    """

    pool: Pool
    setup: Setup
    limits: Limits
    base: float
    known: dict[str, float] = field(default_factory=dict[str, float])
    steps: list[Step] = field(default_factory=list[Step])
    evaluations: int = 0
    candidates: int = 0
    stopped: bool = False
    bars: Bars | None = None
    _spent: float = 0.0
    _budget_s: float | None = None

    def fitness(self, text: str) -> float:
        """Training fitness; NO_FITNESS where a floor was broken.

        Raises:
            ValueError: The language refuses the text: a baseline writes no such.
        """
        from genomes.language.serial import serialise
        from genomes.records.outcome import Measured

        self.candidates += 1
        read = graph_of(text, self.setup.fields)
        if read.key in self.known:
            return self.known[read.key]
        graph = serialise(read)
        ((_, outcome),) = self.pool.measure([graph])
        fitness = outcome.fitness if isinstance(outcome, Measured) else NO_FITNESS
        self.known[read.key] = fitness
        if outcome.kind in EVALUATED:
            self.evaluations += 1
        if fitness > (self.steps[-1].fitness if self.steps else NO_FITNESS):
            self.steps.append(
                Step(
                    evaluation=self.evaluations,
                    cpu_s=self.spent(),
                    fitness=fitness,
                    graph=graph,
                    text=text,
                )
            )
        return fitness

    def spent(self) -> float:
        """CPU seconds so far."""
        self._spent = cpu_s() - self.base
        return self._spent

    def going(self) -> bool:
        """Whether evaluations, or CPU seconds, are left and the user has not stopped it."""
        if self.stopped or self.candidates % REST:
            return not self.stopped and not self._enough()
        self.stopped = self.limits.stopping()
        self.spent()
        best = self.steps[-1].fitness if self.steps else None
        self.limits.progress(min(self.evaluations, self.limits.evaluations), best)
        return not self.stopped and not self._enough()

    def _enough(self) -> bool:
        if self.evaluations < self.limits.evaluations:
            # Few features have few templates: what was all seen is not asked for for ever.
            return self.candidates >= BEYOND * self.limits.evaluations
        if self._budget_s is None:
            self._budget_s = self.spent()
        return (
            self._spent >= self.limits.cpu_s
            or self.evaluations >= BEYOND * self.limits.evaluations
            or self.candidates >= 2 * BEYOND * self.limits.evaluations
        )

    def trace(self) -> Trace | None:
        """What was found; None where the user stopped it before the evaluations were used up."""
        if self.stopped and self.evaluations < self.limits.evaluations:
            return None
        steps = tuple(self.steps)
        return Trace(
            steps=(validated(steps, self.bars) if self.bars else ()) or steps,
            fittest=steps,
            evaluations=min(self.evaluations, self.limits.evaluations),
            candidates=self.candidates,
            cpu_s=self.spent() if self._budget_s is None else self._budget_s,
        )


def validated(fittest: Sequence[Step], bars: Bars) -> tuple[Step, ...]:
    """Of a baseline's fittest those that came through validation, asked as the engine asks.

    Args:
        fittest: In order; the last one of every REST evaluations is put to the ladder.
        bars: Opens the validation bars.
    """
    last = {step.evaluation // REST: step for step in fittest}
    put = Challenge(bars).put
    return tuple(s for i, s in enumerate(last.values()) if put(s.fitness, i, s.graph))


Searcher = Callable[[Evaluator, Sequence[str], Sequence[str], random.Random], None]


def baseline(searcher: Searcher) -> Callable[[Law, Path, Path, Limits], Trace | None]:
    """A method of a study from a search that asks an Evaluator."""

    def method(made: Law, market: Path, folder: Path, limits: Limits) -> Trace | None:
        from engine import startup
        from engine.config import build, merge, read
        from engine.validation import of_market

        base = cpu_s()
        table = merge({"sandbox": {"workers": 0}}, read(None, limits.settings))
        config = build(merge(table, {"market": str(market.resolve()), "seed": made.seed}))
        loaded = startup.load_market(config.market, Path.cwd())
        setup, pool = startup.setup(loaded, config), startup.pool(loaded, config)
        bars = of_market(config, Path.cwd()) if config.search.validation_step else None
        evaluator = Evaluator(pool=pool, setup=setup, limits=limits, base=base, bars=bars)
        try:
            searcher(evaluator, *features(loaded.panel), random.Random(made.seed))
            return evaluator.trace()
        finally:
            pool.close()

    return method


def templates(
    ask: Evaluator, numbers: Sequence[str], clocks: Sequence[str], rng: random.Random
) -> None:
    """Random strategies of one or two conditions on features, drawn independently."""
    terminals = [*numbers, *clocks]
    names = [f"x{place}" for place in range(len(terminals))]
    series, tests = names[: len(numbers)], names[len(numbers) :]
    while ask.going():
        factor = _form(series, tests, rng)
        second = rng.randrange(3)
        if second == 1:
            factor = f"({factor}) * ({_form(series, tests, rng)})"
        elif second == 2:
            factor = f"where({_condition(series, tests, rng)}, {factor}, 0)"
        if rng.random() < 0.5:
            factor = f"-({factor})"
        ask.fitness(strategy("A random template.", factor, terminals))


def _form(series: Sequence[str], tests: Sequence[str], rng: random.Random) -> str:
    """A position in -1..1 of one feature."""
    if tests and rng.random() < 0.15:
        one, other = rng.sample(tests, 2)
        return rng.choice([one, f"{one} - {other}"])
    x = rng.choice(series)
    beyond = rng.choice([0.5, 1.0, 1.5])
    return rng.choice(
        [
            f"tanh({x})",
            f"sign({x})",
            f"where(abs({x}) > {beyond}, sign({x}), 0)",
            f"({x} > {beyond}) * 1",
            f"({x} < -{beyond}) * 1",
        ]
    )


def _condition(series: Sequence[str], tests: Sequence[str], rng: random.Random) -> str:
    if tests and rng.random() < 0.15:
        return f"{rng.choice(tests)} > 0"
    x, beyond = rng.choice(series), rng.choice([0.0, 0.5, 1.0])
    return rng.choice([f"{x} > {beyond}", f"{x} < -{beyond}", f"abs({x}) < {beyond + 0.5}"])


def deap_gp(
    ask: Evaluator, numbers: Sequence[str], clocks: Sequence[str], rng: random.Random
) -> None:
    """Generational GP with DEAP: nine operators on the same features, position tanh(tree).

    Population 100, tournaments of 3, one-point crossover 0.7, subtree mutation 0.25, height up to
    6, the best kept; brevity is the objective's own charge per node. DEAP draws from Python's
    global generator: it is seeded here and put back as it was.
    """
    state = random.getstate()
    random.seed(rng.getrandbits(64))
    try:
        _evolve(ask, [*numbers, *clocks])
    finally:
        random.setstate(state)


def _evolve(ask: Evaluator, terminals: Sequence[str]) -> None:
    from deap import gp

    primitives = _primitives(terminals)

    def fresh(pset: Any, type_: Any) -> Any:
        return gp.genFull(pset, 0, 2, type_)

    crossed = gp.staticLimit(key=_height, max_value=TALLEST)(gp.cxOnePoint)
    mutated = gp.staticLimit(key=_height, max_value=TALLEST)(gp.mutUniform)
    people: list[Any] = [
        gp.PrimitiveTree(gp.genHalfAndHalf(primitives, 1, 3)) for _ in range(POPULATION)
    ]
    scores = _scores(ask, people, terminals)
    while len(scores) == len(people):
        best = max(range(len(people)), key=scores.__getitem__)
        children: list[Any] = [people[best]]
        while len(children) < POPULATION:
            one, other = (_copy(people[_winner(scores)]) for _ in range(2))
            if random.random() < CROSSOVER:
                one, other = crossed(one, other)
            if random.random() < MUTATION:
                (one,) = mutated(one, expr=fresh, pset=primitives)
            children.append(one)
        people = children
        scores = _scores(ask, people, terminals)


def _primitives(terminals: Sequence[str]) -> Any:
    """DEAP's set: its names are those of the language, or of HELPERS."""
    from deap import gp

    found = gp.PrimitiveSet("baseline", 0)
    for name, arity in (
        ("add", 2), ("sub", 2), ("mul", 2), ("min", 2), ("max", 2), ("gate", 2),
        ("neg", 1), ("abs", 1), ("tanh", 1),
    ):  # fmt: skip
        found.addPrimitive(_unused, arity, name=name)
    for place in range(len(terminals)):
        found.addTerminal(place, name=f"x{place}")
    return found


def _unused(*_: Any) -> None:
    """A tree is printed, never called."""


def _scores(ask: Evaluator, people: Sequence[Any], terminals: Sequence[str]) -> list[float]:
    """Fitness of each, in order; fewer than people where the budget ended."""
    scores: list[float] = []
    for tree in people:
        if not ask.going():
            break
        scores.append(ask.fitness(_written(tree, terminals)))
    return scores


def _written(tree: Any, terminals: Sequence[str]) -> str:
    names = sorted({node.name for node in tree})
    helpers = [HELPERS[name] for name in names if name in HELPERS]
    return strategy("A tree of DEAP's.", f"tanh({tree})", terminals, helpers)


def _winner(scores: Sequence[float]) -> int:
    return max((random.randrange(len(scores)) for _ in range(TOURNAMENT)), key=scores.__getitem__)


def _height(tree: Any) -> int:
    return tree.height


def _copy(tree: Any) -> Any:
    return type(tree)(tree)
