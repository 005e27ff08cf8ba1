"""The record of one set of parameters that a tuner tried on the way to a candidate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

State = Literal[
    "measured", "pruned", "floored", "depends_on_start", "refused", "duplicate", "crashed"
]
"""What became of a trial: its outcome's kind. `pruned` (left after its first folds) is found in
archives of version 0.1 only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One look at the data that a tuner took; each is paid for, so each is kept.

    Attributes:
        candidate: Id that the tuned candidate has or will have.
        number: Its place among the candidate's trials, from 0, in the order tried.
        values: Parameter -> value, as the strategy declares them.
        key: Canonical key of the graph drawn with them, hex; empty where none was drawn.
        state: What became of it.
        fitness: Over all folds where measured; over the first ones where pruned; else None.
    """

    candidate: int
    number: int
    values: Mapping[str, float | int | str | bool]
    key: str
    state: State
    fitness: float | None

    def __post_init__(self) -> None:
        if self.fitness is not None and math.isnan(self.fitness):
            raise ValueError(
                f"Trial {self.number} of candidate {self.candidate}: fitness is NaN; needs a "
                "number or None"
            )
