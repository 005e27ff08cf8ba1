"""Credit: what operators have earned, and who is drawn next. Derived from the archive as told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from genomes.records.entry import Entry

REWARDS = {"better": 1.0, "novel": 0.25}
"""What a candidate's standing earns its operator; every other standing earns nothing."""


def reward(standing: str) -> float:
    """What a candidate of this standing earns the operator that made it, 0 to 1."""
    return REWARDS.get(standing, 0.0)


class OperatorCredit:
    """A Thompson sampler over operators: Beta posteriors whose evidence fades by generation.

    Its state is a function of the candidates told, so a resumed run holds the same one. Source:
    Thompson 1933; discounting as in Raj & Kalyani 2017.
    """

    def __init__(
        self,
        operators: Sequence[str],
        *,
        explore: float,
        memory: float,
        costs: Mapping[str, float] | None = None,
        cost_weight: float = 0.0,
    ) -> None:
        """Begin with nothing earned.

        Args:
            operators: Their names.
            explore: Share of draws that are even.
            memory: Weight that evidence keeps from one generation to the next.
            costs: What one try of each costs, in any one unit (evaluations, or money with what an
                evaluation is worth in it); 0 where not named.
            cost_weight: Extra credit that the most expensive operator needs to be drawn as
                often; those between, in proportion.
        """
        self._operators = tuple(operators)
        self._explore, self._memory = explore, memory
        self._earned = np.zeros(len(self._operators))
        self._tried = np.zeros(len(self._operators))
        cost = np.array([(costs or {}).get(name, 0.0) for name in self._operators])
        # Counted from the cheapest: operators that cost the same are drawn as if they cost nothing.
        above = cost - cost.min() if len(cost) else cost
        self._toll = cost_weight * above / above.max() if above.any() else above

    def draw(self, rng: np.random.Generator) -> str:
        """The operator of one slot."""
        if rng.random() < self._explore:
            return self._operators[int(rng.integers(len(self._operators)))]
        lost = np.maximum(self._tried - self._earned, 0.0)
        sampled = rng.beta(1 + self._earned, 1 + lost) - self._toll
        return self._operators[int(np.argmax(sampled))]

    def tell(self, entries: Iterable[Entry]) -> None:
        """Take in one generation; every earlier one fades."""
        self._earned *= self._memory
        self._tried *= self._memory
        for entry in entries:
            if entry.credit is not None and entry.operator in self._operators:
                index = self._operators.index(entry.operator)
                self._earned[index] += entry.credit
                self._tried[index] += 1

    @property
    def table(self) -> dict[str, tuple[float, float]]:
        """Operator -> (mean of what a try earned, tries), both faded."""
        means = self._earned / np.maximum(self._tried, 1e-9)
        return {
            name: (float(mean), float(tried))
            for name, mean, tried in zip(self._operators, means, self._tried, strict=True)
        }
