"""The record of what a prompt or a model was worth, how sure that is, and what is claimed of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Arm = int | str
"""A prompt's id, or a model's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """An estimate, and the ends of where the figure may lie."""

    middle: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Merit:
    """The record of one prompt or model.

    Attributes:
        arm: The prompt's id, or the model's name.
        control: Whether the others are compared with it.
        uses: Children that were asked for with it.
        failures: Those of them that came to nothing (gain -1).
        gain: Their mean gain, as it was.
        cost: Their mean cost.
        credit: Credit above that of an average use: posterior mean and 95% interval.
        difference: Credit above the control's; None for the control and for what never met it. The
            intervals of all arms hold TOGETHER with 95%, at every moment of a run at once: also
            that of the arm that looks best, and however draws followed earlier results.
        claim: `better` or `worse` than the control where that interval leaves out 0; else None.
            Where nothing differs, 1 run in 20 at most claims.
    """

    arm: Arm
    control: bool
    uses: int
    failures: int
    gain: float
    cost: float
    credit: Interval
    difference: Interval | None
    claim: Literal["better", "worse"] | None


def merit_of(told: Mapping[str, Any]) -> Merit:
    """A record from what `dataclasses.asdict` made of it."""
    ends: dict[str, Any] = {
        name: told[name] and Interval(**told[name]) for name in ("credit", "difference")
    }
    return Merit(**{**told, **ends})
