"""The measured candidates in memory, as told so far: who may become a parent, and how it stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from archive.novelty import NEIGHBOURS, Neighbours, unpack
from genomes.records.entry import Entry
from genomes.records.outcome import Measured, Outcome

HIGH = 0.9  # the share of members that a new start must beat to count as better

Number = TypeVar("Number", np.int64, np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """The population's figures as of one generation; parents of the next are chosen by these.

    Attributes:
        generation: The last generation told; -1 before any.
        members: Measured candidates.
        median: Median of their fitness; NaN without members.
        mad: Median absolute deviation of fitness from the median, unscaled; NaN without members.
        novelty: Median of their novelty; NaN without members, +inf where one is alone.
        high: Fitness that one member in ten exceeds; NaN without members.
    """

    generation: int
    members: int
    median: float
    mad: float
    novelty: float
    high: float


_EMPTY = Statistics(
    generation=-1, members=0, median=np.nan, mad=np.nan, novelty=np.nan, high=np.nan
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """How a candidate stands when it is told.

    Attributes:
        standing: As `standing` names it.
        novelty: As `Population.judge` defines it; None unless measured.
    """

    standing: str
    novelty: float | None


def standing(
    outcome: Outcome,
    *,
    seed: bool,
    parents_fitness: Sequence[float],
    novelty: float | None,
    median_novelty: float,
    high: float,
) -> str:
    """Where a candidate stands, in one word.

    Args:
        outcome: What became of it.
        seed: Whether it is of generation 0.
        parents_fitness: Its parents' fitness; empty for a new start, which has no parents.
        novelty: Its novelty; None unless measured.
        median_novelty: The population's; NaN where there is none, and then nothing is novel.
        high: What a new start is compared with, in place of a parent; NaN where there is none.

    Returns:
        `seed`; or `better`: fitter than its best parent, or for a new start than nine members in
        ten; or `novel`: not fitter, but further from others than half the population; or `new`:
        measured and neither; or for what was not measured its kind: `floored`, `depends_on_start`,
        `refused`, `duplicate`, `crashed`.
    """
    if not isinstance(outcome, Measured):
        return outcome.kind
    if seed:
        return "seed"
    if outcome.fitness > max(parents_fitness, default=high):
        return "better"
    if novelty is not None and novelty > median_novelty:
        return "novel"
    return "new"


class Population:
    """The measured strategies told so far, in the order told, as arrays that grow.

    It is a function of the entries told: telling it generation by generation or all at once, in a
    run or when one is resumed, gives the same to the bit. What was refused, floored, crashed or is
    a duplicate is not a member, so it is never a parent; as a child it counts.
    """

    def __init__(self, neighbours: int = NEIGHBOURS) -> None:
        """Begin empty.

        Args:
            neighbours: Nearest members that novelty is the mean distance to.
        """
        self._neighbours = Neighbours(neighbours)
        self._ids = np.empty(0, np.int64)
        self._generations = np.empty(0, np.int64)
        self._fitness = np.empty(0)
        self._nodes = np.empty(0, np.int64)
        self._children = np.empty(0, np.int64)
        self._last = 0
        self._statistics = _EMPTY

    def extend(self, entries: Iterable[Entry]) -> None:
        """Take in whole generations just told, in slot order; also everything, when resuming.

        Raises:
            ValueError: An entry's id does not follow the last one's.
        """
        measured: list[tuple[Entry, Measured]] = []
        parents: list[int] = []
        generation = self._statistics.generation
        for entry in entries:
            if entry.id != self._last + 1:
                raise ValueError(f"expected candidate {self._last + 1}, got {entry.id}")
            self._last, generation = entry.id, entry.generation
            parents.extend(set(entry.parents))
            if entry.species == "strategy" and isinstance(entry.outcome, Measured):
                measured.append((entry, entry.outcome))
        self._append(measured)
        rows = self.rows(parents)
        np.add.at(self._children, rows[rows >= 0], 1)
        self._statistics = self._measure(generation)

    def judge(
        self, generation: int, outcomes: Sequence[Outcome], parents: Sequence[Sequence[int]]
    ) -> list[Judgement]:
        """How a generation's candidates stand against the population as told before it.

        Novelty is the mean distance to the nearest members, the generation's own measured
        candidates among them: what each would have were the generation told now.

        Args:
            generation: Their generation; 0 holds the seeds.
            outcomes: In slot order.
            parents: For each the ids of its parents.

        Returns:
            One judgement a candidate, in order. Nothing is changed; `extend` follows once told.
        """
        measured = [outcome for outcome in outcomes if isinstance(outcome, Measured)]
        descriptors = unpack([outcome.descriptor for outcome in measured])
        novelties = iter(self._neighbours.look(descriptors).tolist())
        judged: list[Judgement] = []
        for outcome, family in zip(outcomes, parents, strict=True):
            novelty = next(novelties) if isinstance(outcome, Measured) else None
            rows = self.rows(family)
            word = standing(
                outcome,
                seed=generation == 0,
                parents_fitness=self._fitness[rows[rows >= 0]].tolist(),
                novelty=novelty,
                median_novelty=self._statistics.novelty,
                high=self._statistics.high,
            )
            judged.append(Judgement(standing=word, novelty=novelty))
        return judged

    def fitness_of(self, candidate: int) -> float | None:
        """A candidate's fitness; None for one that was never measured."""
        row = self.rows([candidate])[0]
        return float(self.fitness[row]) if row >= 0 else None

    def rows(self, ids: Sequence[int]) -> NDArray[np.int64]:
        """Where members stand in the arrays: one row an id, -1 for an id that is not a member."""
        wanted = np.asarray(ids, np.int64)
        rows = np.searchsorted(self._ids, wanted)
        inside = rows < len(self._ids)
        inside[inside] = self._ids[rows[inside]] == wanted[inside]
        return np.where(inside, rows, -1)

    @property
    def statistics(self) -> Statistics:
        """As of the last generation told; it changes only when one is."""
        return self._statistics

    @property
    def ids(self) -> NDArray[np.int64]:
        """(n,) ids, ascending."""
        return self._ids

    @property
    def generations(self) -> NDArray[np.int64]:
        """(n,) the generation each came from."""
        return self._generations

    @property
    def fitness(self) -> NDArray[np.float64]:
        """(n,) finite; higher is better."""
        return self._fitness

    @property
    def nodes(self) -> NDArray[np.int64]:
        """(n,) nodes of each graph."""
        return self._nodes

    @property
    def children(self) -> NDArray[np.int64]:
        """(n,) candidates told that have it as a parent, whatever became of them."""
        return self._children

    @property
    def novelty(self) -> NDArray[np.float64]:
        """(n,) mean distance to the nearest members now, in [0, 2]; +inf where one is alone."""
        return self._neighbours.novelty

    @property
    def descriptors(self) -> NDArray[np.int16]:
        """(n, 64) behaviour descriptors."""
        return self._neighbours.descriptors

    def __len__(self) -> int:
        return len(self._ids)

    def _append(self, measured: Sequence[tuple[Entry, Measured]]) -> None:
        # Copying some 3 MB at 100,000 members once a generation is cheaper than it is to explain
        # spare capacity; the descriptors and distances, 50 times as big, do keep some.
        self._ids = _joined(self._ids, [entry.id for entry, _ in measured])
        self._generations = _joined(self._generations, [entry.generation for entry, _ in measured])
        self._fitness = _joined(self._fitness, [outcome.fitness for _, outcome in measured])
        self._nodes = _joined(self._nodes, [outcome.nodes for _, outcome in measured])
        self._children = _joined(self._children, [0] * len(measured))
        self._neighbours.add(unpack([outcome.descriptor for _, outcome in measured]))

    def _measure(self, generation: int) -> Statistics:
        if not len(self):
            return replace(_EMPTY, generation=generation)
        median = float(np.median(self._fitness))
        return Statistics(
            generation=generation,
            members=len(self),
            median=median,
            mad=float(np.median(np.abs(self._fitness - median))),
            novelty=float(np.median(self.novelty)),
            high=float(np.quantile(self._fitness, HIGH)),
        )


def _joined(array: NDArray[Number], more: Sequence[float]) -> NDArray[Number]:
    return np.concatenate([array, np.asarray(more, array.dtype)])
