"""The bandit: which prompt, or which model, a slot is asked with. Derived from the uses as told."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Generic, TypeVar

import numpy as np

from engine.claims import Factor, Record
from engine.uses import Use
from genomes.records.merit import Merit

A = TypeVar("A", int, str)

TRIED = 10  # uses after which an arm must live by its record
WORSE = 2.33  # standard deviations behind the leader that are not bad luck: 1 in 100


class Bandit(Generic[A]):
    """A Thompson sampler over arms whose credit is net of cost, with a randomised control.

    Its state is a function of what was told, in the order of generations, so a resumed run holds
    the same one; between two `tell`s the odds stand still, so that arms of one generation meet the
    same parents. Source: Thompson 1933; control draws as for GigaEvo's memory cards.
    """

    def __init__(
        self,
        of: Factor,
        arms: Iterable[A] = (),
        *,
        control: A | None = None,
        control_share: float = 0.3,
        explore: float = 0.0,
        cap: int | None = None,
        cost_weight: float = 0.1,
        prices: Mapping[A, float] | None = None,
    ) -> None:
        """Begin with nothing earned.

        Args:
            of: What the arms are: prompts, or models.
            arms: The arms at hand, without the control.
            control: The arm drawn in a fixed share of draws and in no other, whatever was earned.
            control_share: That share.
            explore: Share of the other draws that are even.
            cap: Arms in use at a time; the others wait, or go for good once they were tried enough.
                None: all are in use, and none ever goes.
            cost_weight: Gain that a use must bring for each time it costs what one usually costs.
            prices: What arms cost, relative to each other, as far as known before their use.

        Raises:
            ValueError: `cap` is below 1.
        """
        if cap is not None and cap < 1:
            raise ValueError(f"Bandit: cap = {cap}; needs at least 1 arm in use, or None")
        self._control, self._control_share, self._explore = control, control_share, explore
        self._cap = cap
        self._record = Record(
            of, reference=control, cost_weight=cost_weight, prices=dict(prices or {})
        )
        self._arms: list[A] = []
        self._known: set[A] = set()
        self._active: tuple[A, ...] = ()
        self._join(arms)
        self._weigh()

    def tell(self, uses: Sequence[Use], joined: Iterable[A] = ()) -> None:
        """Take in one generation: the uses it made, in slot order, and the arms that joined.

        Raises:
            ValueError: The uses are of several generations, or of one before the last.
        """
        self._join(joined)
        self._record.tell(uses)
        self._weigh()

    def draw(self, rng: np.random.Generator, without: Container[A] = ()) -> A:
        """The arm of one slot.

        Args:
            rng: The slot's stream.
            without: Arms that cannot be had just now; they are drawn only if there is no other.

        Raises:
            LookupError: There is neither an arm nor a control.
        """
        if self._control is not None and rng.random() < self._control_share:
            return self._control
        sampled = self._hope + self._deviation * rng.standard_normal(len(self._active))
        if self._explore and rng.random() < self._explore:
            sampled = rng.random(len(self._active))
        if without:
            away = np.array([arm in without for arm in self._active], dtype=np.bool_)
            sampled[away & ~away.all()] = -np.inf
        if len(sampled):
            return self._active[int(np.argmax(sampled))]
        if self._control is None:
            raise LookupError("Bandit.draw: no arm is in use; needs arms, or a control")
        return self._control

    @property
    def active(self) -> tuple[A, ...]:
        """The arms in use, most promising first; the control left out."""
        return self._active

    def merits(self, more: Sequence[Use] = ()) -> list[Merit]:
        """The record of every arm told of, as `Record.merits` gives it."""
        return self._record.merits(more)

    def _join(self, arms: Iterable[A]) -> None:
        for arm in arms:
            if arm != self._control and arm not in self._known:
                self._known.add(arm)
                self._arms.append(arm)

    def _weigh(self) -> None:
        """Choose the arms in use, and freeze what is believed of them until the next `tell`."""
        found = dict(zip(self._arms, self._record.beliefs(self._arms), strict=True))
        mean = {arm: belief.mean for arm, belief in found.items()}
        deviation = {arm: belief.deviation for arm, belief in found.items()}
        tried = {arm: belief.uses >= TRIED for arm, belief in found.items()}
        ranked = sorted(self._arms, key=lambda arm: -(mean[arm] + deviation[arm]))
        if self._cap is not None:
            leader = max(filter(tried.get, ranked), key=lambda arm: mean[arm], default=None)
            if leader is not None:
                ranked = [
                    arm
                    for arm in ranked
                    if not tried[arm]
                    or mean[leader] - mean[arm]
                    <= WORSE * float(np.hypot(deviation[leader], deviation[arm]))
                ]
            waiting = {arm for arm in ranked[self._cap :] if not tried[arm]}
            ranked = ranked[: self._cap]
            kept = waiting.union(ranked)
            self._arms = [arm for arm in self._arms if arm in kept]
        self._active = tuple(ranked)
        self._deviation = np.array([deviation[arm] for arm in ranked])
        # An arm that was hardly tried is taken for better than it is likely to be: so it is tried.
        self._hope = np.array(
            [mean[arm] + (0.0 if tried[arm] else deviation[arm]) for arm in ranked]
        )
