"""A world for the whole engine: a model and a pool whose children truly depend on one sentence.

The run is real (loop, bandits, briefings, prompts, patches, gateway, transcript, archive); only who
answers and who measures are scripted. What a child is worth follows from its id, its parent,
whether the question holds the sentence, and the model asked: so the world also knows what the same
child would have been worth had another prompt, or another model, been drawn for it.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

import numpy as np

from archive.store import Archive
from engine import startup
from engine.config import build
from engine.llm.budget import Prices
from engine.llm.gateway import Gateway
from engine.llm.question import Answer, Question
from engine.loop import run
from engine.seeding import Seed
from genomes.records.outcome import Floored, Measured, Outcome, Refused
from genomes.records.refusal import Refusal
from sandbox.errand import Drawing, Request
from tests.engine.fakes import Quiet, rng_of

SENTENCES = (
    "Before adding a part, ask whether removing or replacing one does the same.",  # of one mutate
    "Make sure that scales agree: a threshold for a z-score is none for a return.",  # of one cross
)
TOKENS = 1000  # of a question, beside its advice
Fate = Literal["good", "silent", "forbidden", "twin", "floored"]

_BOOK = re.compile(r"# candidate ([\d_]+) at ([+-]\d+\.\d{4})( floored)?")
_MATERIAL = re.compile(r"<(\w+)>\n.*?\n</\1>", re.DOTALL)
_PARENT = re.compile(r"<parent>\n(.*?)\n</parent>", re.DOTALL)
_PROMPT = re.compile(r"<prompt>\n(.*?)\n</prompt>", re.DOTALL)
_HINTS = ("Weigh what each trade costs.", "Look at the longest loss.", "Prefer slow to fast.")


def has_sentence(words: str) -> bool:
    """Whether a prompt, or a question without its material, holds the sentence of its kind."""
    words = " ".join(words.split())
    return any(sentence in words for sentence in SENTENCES)


def advice(words: str) -> int:
    """How many pieces of advice it lists: what its length costs."""
    return sum(line.startswith("- ") for line in words.split("\n"))


@dataclass(frozen=True, slots=True)
class Book:
    """A strategy of this world, as its text says.

    Attributes:
        candidate: Its id.
        fitness: What it is worth.
    """

    candidate: int
    fitness: float

    @property
    def line(self) -> str:
        """The line of the text that says it; digits in threes, so that none is taken for a year."""
        return f"# candidate {self.candidate:_} at {self.fitness:+.4f}"

    @property
    def text(self) -> str:
        """The whole text."""
        return f'"""A book."""\n{self.line}\n'


def book_of(text: str) -> Book | None:
    """The book that a text holds, if it holds one."""
    found = _BOOK.search(text)
    return Book(int(found[1]), float(found[2])) if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What children are worth.

    Attributes:
        seed: Its chance, apart from the run's.
        effect: What the sentence adds to a child's fitness.
        models: Model -> (what it adds, money for a million tokens).
        advice_tokens: What a piece of advice adds to the tokens of a question.
    """

    seed: int
    effect: float = 0.0
    models: Mapping[str, tuple[float, float]] = field(
        default_factory=lambda: {"one": (0.0, 1.0), "two": (0.0, 1.0)}
    )
    advice_tokens: int = 0

    def seeds(self, count: int = 12) -> list[Seed]:
        """The strategies of generation 0."""
        fitness = np.random.default_rng([self.seed, 1]).standard_normal(count).round(4)
        books = [Book(1 + place, float(f)) for place, f in enumerate(fitness)]
        return [Seed(name=f"book_{book.candidate}", text=book.text) for book in books]

    def child(self, draw: int, parent: Book, *, told: bool, model: str) -> tuple[Fate, Book]:
        """What becomes of a candidate, and what it is worth if it comes to anything.

        Args:
            draw: Its id; it alone decides on luck, so counterfactuals share their noise.
            parent: Its first parent; each has a difficulty of its own, and fit ones are harder.
            told: Whether the sentence is in the question.
            model: Who writes it.
        """
        fate, noise = _luck(self.seed, draw)
        step = _ease(self.seed, parent.candidate) - 0.2 * parent.fitness + noise
        step += self.effect * told + self.models[model][0]
        return fate, Book(draw, round(parent.fitness + step, 4))

    def fitness(self, draw: int, parent: Book, *, told: bool, model: str) -> float | None:
        """A candidate's fitness; None where it has none."""
        fate, book = self.child(draw, parent, told=told, model=model)
        return None if fate in ("silent", "floored") else book.fitness

    def cost(self, draw: int, parent: Book, *, words: str, model: str) -> float:
        """What a candidate costs that is asked for with a prompt of these words."""
        fate, _ = self.child(draw, parent, told=False, model=model)
        calls = 2 if fate in ("silent", "forbidden", "twin") else 1
        return calls * self.tokens(words) * self.models[model][1] / 1e6

    def tokens(self, words: str) -> int:
        """Tokens of a question with a prompt of these words."""
        return TOKENS + self.advice_tokens * advice(words)

    @property
    def prices(self) -> Prices:
        """As the config has them."""
        return {model: (price, 0.0) for model, (_, price) in self.models.items()}


@lru_cache(4096)
def _luck(seed: int, draw: int) -> tuple[Fate, float]:
    """What befalls a candidate, whoever writes it: heavy-tailed noise, or no result at all."""
    luck = random.Random(f"{seed} child {draw}")
    end = luck.random()
    fates: tuple[tuple[float, Fate], ...] = (
        (0.05, "silent"), (0.1, "forbidden"), (0.15, "twin"), (0.25, "floored"), (1, "good"),
    )  # fmt: skip
    fate: Fate = next(fate for edge, fate in fates if end < edge)
    return fate, 0.35 * luck.gauss(0, 1) / max(luck.gammavariate(2.5, 0.4), 0.05) ** 0.5


@lru_cache(4096)
def _ease(seed: int, parent: int) -> float:
    """How easy a parent is to improve, whatever its fitness."""
    return random.Random(f"{seed} parent {parent}").gauss(-0.2, 0.4)


class Scripted:
    """The model: a strategist as good as its question, and a rewriter that changes advice."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def complete(self, question: Question) -> Answer:
        """Answer from the question alone."""
        if question.role == "rewriter":
            return Answer(text=_rewritten(question), finish="stop", tokens_in=TOKENS, tokens_out=0)
        words = _MATERIAL.sub("", question.messages[1].text)
        said = self._strategy(question, has_sentence(words))
        tokens = self._world.tokens(words)
        return Answer(text=said, finish="stop", tokens_in=tokens, tokens_out=0)

    async def close(self) -> None: ...

    def _strategy(self, question: Question, told: bool) -> str:
        shown = _PARENT.search(question.messages[1].text)
        parent = book_of(shown[1]) if shown else None
        assert parent is not None
        fate, book = self._world.child(question.draw, parent, told=told, model=question.model)
        first = len(question.messages) == 2
        search, new = parent.line, book.line
        if fate == "silent":
            return "I would rather talk about the weather."
        if fate == "floored":
            new += " floored"
        elif fate == "forbidden" and first:
            new += "\nimport os"
        elif fate == "twin" and first:
            search, new = '"""A book."""', '"""Another book."""'
        return json.dumps(
            {
                "idea": "another pace",
                "hypothesis": f"pace {question.draw:_} suits the noise",
                "probability": 0.3,
                "edits": [{"search": search, "replace": new}],
                "file": None,
            }
        )


def _rewritten(question: Question) -> str:
    """A prompt with a piece of advice gone or added; at times it breaks a rule, once."""
    luck = random.Random(f"{question.key} {question.draw}")
    found = _PROMPT.search(question.messages[0].text)
    assert found is not None
    blocks = re.split(r"\n(?=- |\n)", found[1])
    listed = [place for place, block in enumerate(blocks) if block.startswith("- ")]
    if listed and luck.random() < 0.5:
        del blocks[luck.choice(listed)]
    else:
        place = luck.choice(listed) + 1 if listed else len(blocks)
        blocks.insert(place, f"- {luck.choice(_HINTS)}" if listed else f"\n{luck.choice(_HINTS)}")
    text = "\n".join(blocks)
    if luck.random() < 0.1 and len(question.messages) == 1:
        text = text.replace("{parent}", "{Parent}")
    return json.dumps({"reason": "Shorter, or clearer.", "prompt": text})


class ReadingPool:
    """A pool that measures by reading: a text says what it is worth."""

    def propose(self, requests: Sequence[Request]) -> Iterator[tuple[int, Drawing]]:
        for index, request in enumerate(requests):
            text = request.text or ""
            found = _BOOK.search(text)
            refusal = Refusal(rule="import", line=3, column=1, found="import os", instead="none")
            if found is None or "import" in text:
                yield index, Drawing(
                    text=text, operator=request.operator, note="",
                    failure=Refused(refusals=(refusal,)),
                )  # fmt: skip
                continue
            key = hashlib.sha256(found[0].encode()).hexdigest()[:32]
            yield (
                index,
                Drawing(text=text, operator=request.operator, note="", graph=found[0], key=key),
            )

    def measure(self, graphs: Sequence[str]) -> Iterator[tuple[int, Outcome]]:
        for index, graph in enumerate(graphs):
            yield index, _measured(graph)

    def study(self, graphs: Sequence[str]) -> Iterator[tuple[int, None]]:
        for index, _ in enumerate(graphs):
            yield index, None

    def close(self) -> None: ...


def _measured(graph: str) -> Outcome:
    key = hashlib.sha256(graph.encode()).hexdigest()[:32]
    book = book_of(graph)
    assert book is not None
    if graph.endswith("floored"):
        return Floored(
            key=key, graph=graph, nodes=3, floor="min_trades", figure=1, needed=30, metrics={}
        )
    row = rng_of(key).standard_normal(64)
    row = np.round(32000 * row / np.linalg.norm(row)).astype("<i2")
    return Measured(
        key=key, graph=graph, nodes=9, fitness=book.fitness, folds=(book.fitness, book.fitness),
        metrics={"sharpe": book.fitness}, axes={"turnover": 1.0}, descriptor=row.tobytes(),
    )  # fmt: skip


@cache
def _plan(models: tuple[str, ...], size: int) -> startup.Plan:
    """The settings of a run; its market only says what its fields are called."""
    table = {
        "llm": {
            "models": list(models), "share": 1.0, "analysis": False,
            "prompts": {"every": 3},
        },
        "search": {"population": size, "screen": False, "validation_step": 0},
        "sandbox": {"workers": 0},
    }  # fmt: skip
    return startup.plan(build(table), Path.cwd())


def evolve(world: World, path: Path, *, generations: int, size: int) -> Archive:
    """A whole run; its archive, open."""
    planned = _plan(tuple(world.models), size)
    llm = planned.config.llm.model_copy(update={"prices": world.prices})
    config = planned.config.model_copy(update={"seed": world.seed, "llm": llm})
    planned = replace(
        planned,
        config=config,
        seeds=world.seeds(),
        identity=replace(planned.identity, seed=world.seed),
    )
    archive = Archive.create(path, identity=planned.identity)
    gateway = Gateway(
        dict.fromkeys(world.models, Scripted(world)), archive.transcript, prices=llm.prices
    )
    try:
        run(startup.assemble(planned, archive, ReadingPool(), gateway), generations, Quiet())
    finally:
        gateway.close()
    return archive
