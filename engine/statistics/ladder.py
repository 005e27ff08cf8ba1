"""The ladder: validation that answers only when a score is a step better than its last answer.

    Ladder(step=step_of(years)) -> state;  .asked(score) -> new state;  .best, .releases
    .record() -> dict for JSON;  Ladder.read(record) -> state

Source: Blum & Hardt 2015, with the sign flipped: scores are Sharpe ratios, higher is better. The
ladder caps what leaks of the validation set; it does not make the answer unbiased.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.statistics.samples import SampleError


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """The state of a ladder; `asked` returns the next one.

    Attributes:
        step: Eta: by how much a score must exceed the last answer, and what answers are rounded to.
        best: The last answer; None before the first question.
        releases: How often the answer changed: what leaked so far.
        questions: How often it was asked.
    """

    step: float
    best: float | None = None
    releases: int = 0
    questions: int = 0

    def __post_init__(self) -> None:
        """Raise SampleError unless the step is finite and above 0."""
        if not (math.isfinite(self.step) and self.step > 0):
            raise SampleError(
                f"ladder: step = {self.step}; needs a number above 0: one standard error of the "
                "score, 1 / sqrt(years of validation) for an annual Sharpe"
            )

    def asked(self, score: float) -> Ladder:
        """The ladder after a question; its `best` is all that may be shown of the score.

        Args:
            score: Of the candidate on validation, in the unit of `step`.

        Raises:
            SampleError: The score is not finite.
        """
        if not math.isfinite(score):
            raise SampleError(
                f"ladder: score = {score}; needs a finite score: do not ask about a strategy that "
                "failed on validation"
            )
        if self.best is None or score > self.best + self.step:
            answer = round(score / self.step) * self.step
            return replace(
                self, best=answer, releases=self.releases + 1, questions=self.questions + 1
            )
        return replace(self, questions=self.questions + 1)

    def record(self) -> dict[str, float | int | None]:
        """The state as plain values, for JSON."""
        return {
            "step": self.step,
            "best": self.best,
            "releases": self.releases,
            "questions": self.questions,
        }

    @staticmethod
    def read(record: Mapping[str, Any]) -> Ladder:
        """The state that `record` wrote.

        Raises:
            SampleError: A key is missing or unknown.
        """
        needed = {"step", "best", "releases", "questions"}
        if set(record) != needed:
            raise SampleError(
                f"ladder: got the keys {sorted(record)}; needs {sorted(needed)}: use what "
                "Ladder.record wrote"
            )
        return Ladder(**record)


def step_of(years: float) -> float:
    """One standard error of an annual Sharpe over `years` of validation: 1 / sqrt(years)."""
    if not years > 0:
        raise SampleError(f"years: got {years}; needs a validation window longer than 0")
    return 1 / math.sqrt(years)
