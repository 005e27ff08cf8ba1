"""Selection: who becomes a parent. Reads the population as recorded; samples from a stream."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from archive.population import Population

F64 = NDArray[np.float64]


class Selector(Protocol):
    """Chooses parents for one generation, from the population as it was recorded before it."""

    def begin(self, population: Population) -> None:
        """Look at the population once, before the generation's slots ask."""
        ...

    def parents(self, count: int, rng: np.random.Generator) -> tuple[int, ...]:
        """Ids of `count` different parents; fewer where the population is smaller."""
        ...


def weights(fitness: F64, novelty: F64, children: F64, median: float, mad: float) -> F64:
    """How likely each member becomes a parent, up to a factor.

    sigmoid(10 (f - median) / MAD) x novelty rank / (1 + children).

    Args:
        fitness: (n,).
        novelty: (n,), higher is further from the others; +inf is the furthest.
        children: (n,) children so far.
        median: Median fitness, frozen for the generation.
        mad: Median absolute deviation of fitness; 0 is taken as the smallest positive number.

    Returns:
        (n,) positive weights.

    Source: Zhang et al. 2025 (Darwin Gödel Machine), made scale-free as in ShinkaEvolve.
    """
    scaled = np.clip(10 * (fitness - median) / max(mad, 1e-9), -50, 50)
    rank = np.empty(len(novelty))
    rank[np.argsort(novelty, kind="stable")] = np.arange(1, len(novelty) + 1)
    return 1 / (1 + np.exp(-scaled)) * (rank / max(len(rank), 1)) / (1 + children)


class NoveltySelector:
    """Fit and novel parents with few children: the default."""

    def begin(self, population: Population) -> None:
        """Weigh every member."""
        self._ids = population.ids
        drawn = weights(
            population.fitness,
            population.novelty,
            population.children.astype(np.float64),
            population.statistics.median,
            population.statistics.mad,
        )
        self._cumulative = np.cumsum(drawn)

    def parents(self, count: int, rng: np.random.Generator) -> tuple[int, ...]:
        """Draw by weight, without drawing one twice."""
        return _draw(self._ids, self._cumulative, count, rng)


class ParetoSelector:
    """NSGA-II over fitness, novelty and brevity on the newest members (DEAP, nd="log")."""

    def __init__(self, pool: int) -> None:
        """Sort at most `pool` members."""
        self._pool = pool

    def begin(self, population: Population) -> None:
        """Keep the better half of the pool, fronts first, crowded ones last."""
        from deap import base, tools

        criteria = type("Criteria", (base.Fitness,), {"weights": (1.0, 1.0, -1.0)})
        start = max(0, len(population.ids) - self._pool)
        novelty = np.minimum(population.novelty, 2.0)  # +inf would spoil crowding distances
        members = [
            _Member(int(i), criteria((float(f), float(n), float(size))))
            for i, f, n, size in zip(
                population.ids[start:],
                population.fitness[start:],
                novelty[start:],
                population.nodes[start:],
                strict=True,
            )
        ]
        kept = tools.selNSGA2(members, max(1, len(members) // 2), nd="log") if members else []
        self._ids = np.array(sorted(m.id for m in kept), dtype=np.int64)

    def parents(self, count: int, rng: np.random.Generator) -> tuple[int, ...]:
        """Draw evenly among the kept."""
        return _draw(self._ids, np.arange(1.0, len(self._ids) + 1), count, rng)


class _Member:
    def __init__(self, member: int, fitness: object) -> None:
        self.id, self.fitness = member, fitness


class RandomSelector:
    """No parents: every candidate is a new strategy. The baseline."""

    def begin(self, population: Population) -> None:
        """Look at nothing."""

    def parents(self, count: int, rng: np.random.Generator) -> tuple[int, ...]:
        """No parents."""
        return ()


def sampled(cumulative: F64, rng: np.random.Generator) -> int:
    """A place by its weight.

    Args:
        cumulative: (n,) cumulative sum of positive weights, n >= 1.
        rng: Gives one number.
    """
    place = int(np.searchsorted(cumulative, rng.random() * cumulative[-1], side="right"))
    return min(place, len(cumulative) - 1)


def _draw(
    ids: NDArray[np.int64], cumulative: F64, count: int, rng: np.random.Generator
) -> tuple[int, ...]:
    chosen: list[int] = []
    wanted = min(count, len(ids))
    for _ in range(16 * wanted):
        if len(chosen) == wanted:
            break
        member = int(ids[sampled(cumulative, rng)])
        if member not in chosen:
            chosen.append(member)
    return tuple(chosen)
