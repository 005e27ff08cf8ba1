"""The record of what is believed of a prompt's or a model's worth, and what is claimed of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Arm = int | str
"""A prompt's id, or a model's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """An estimate and where the figure may lie.

    Attributes:
        middle: The estimate.
        low: Lower end.
        high: Upper end.
    """

    middle: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is believed and claimed of one prompt or model.

    Attributes:
        credit: Credit above that of an average use: posterior mean and 95% interval.
        difference: Credit above the control's; None for the control and for what never met it. The
            intervals of all prompts hold TOGETHER with 95%, at every moment of a run at once.
        claim: `better` or `worse` than the control where that interval leaves out 0; else None.
    """

    credit: Interval
    difference: Interval | None
    claim: Literal["better", "worse"] | None

    def stored(self) -> list[Any]:
        """As JSON can hold it: two intervals and the claim."""
        return [_stored(self.credit), _stored(self.difference), self.claim]


def verdict_of(stored: Sequence[Any]) -> Verdict:
    """The verdict that `Verdict.stored` gave.

    Raises:
        TypeError, ValueError, KeyError: It is not one.
    """
    credit, difference, claim = stored
    return Verdict(
        credit=_interval(credit),
        difference=None if difference is None else _interval(difference),
        claim=claim,
    )


def _interval(ends: Sequence[float]) -> Interval:
    middle, low, high = ends
    return Interval(middle=middle, low=low, high=high)


def _stored(one: Interval | None) -> list[float] | None:
    return None if one is None else [round(end, 6) for end in (one.middle, one.low, one.high)]
