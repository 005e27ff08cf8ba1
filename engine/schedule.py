"""When language models are asked: every k-th generation, or on a plateau. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(slots=True)
class Schedule:
    """In which generations models write; a function of the generations told.

    Attributes:
        every: Generations from one use of models to the next.
        plateau: Only after this many generations without a new best; 0: always.
    """

    every: int
    plateau: int
    _best: float = float("-inf")
    _without: int = 0

    def tell(self, fitness: Iterable[float]) -> None:
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
        """Generations told since the best rose last."""
        return self._without
