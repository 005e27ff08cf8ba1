"""Circuit breakers: which models are disabled for a while. Pure: a function of recorded calls.

A model's breaker opens when half of its calls in a generation fail. It stays open for as many
generations, twice as many each time in a row, then lets calls through again; how the first of those
fare decides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from genomes.records.proposal import Call

CALLS = 3
"""Calls that a verdict takes; after a break one is enough."""

SHARE = 0.5
GENERATIONS = 2
LONGEST = 32


@dataclass(slots=True)
class _State:
    """One model's breaker.

    Attributes:
        length: Generations that it was open last time; 0 if its last calls went well.
        first: The generation that it is open from.
        until: The first one that it lets calls through in again.
        why: What opened it last.
    """

    length: int = 0
    first: int = 0
    until: int = 0
    why: str = ""


class Breakers:
    """The breakers of all models.

    Args:
        lag: Generations that a choice looks further back than the last one: what generation g
            tells is first heeded in g + 1 + lag.
    """

    def __init__(self, lag: int = 0) -> None:
        self._lag = lag
        self._states: dict[str, _State] = {}

    def tell(self, generation: int, calls: Iterable[Call]) -> None:
        """Take in a generation's calls, generations in order. A call told twice counts once."""
        failures: dict[str, dict[tuple[str, int], str]] = {}
        for call in calls:
            of_model = failures.setdefault(call.model, {})
            of_model.setdefault((call.key, call.draw), call.failure)
        for model, told in failures.items():
            state = self._states.setdefault(model, _State())
            self._judge(state, generation, len(told), [word for word in told.values() if word])

    def _judge(self, state: _State, generation: int, calls: int, failures: Sequence[str]) -> None:
        failed = len(failures)
        if state.length and generation < state.until:
            return  # asked before it opened
        if failed < SHARE * calls:
            state.length = 0
        elif state.length or calls >= CALLS:
            state.length = min(LONGEST, 2 * state.length or GENERATIONS)
            state.first = generation + 1 + self._lag
            state.until = state.first + state.length
            state.why = f"{_commonest(failures)}, {failed} of {calls} calls"

    def open_models(self, generation: int) -> frozenset[str]:
        """The models that a generation leaves out."""
        return frozenset(
            model
            for model, state in self._states.items()
            if state.length and state.first <= generation < state.until
        )

    def reason(self, model: str) -> str:
        """Why a model's breaker opened last, and for how long; empty if its last calls went well.

        For example "reset, 9 of 9 calls; until generation 6", which is the first that
        asks it again; "mostly reset, ..." where calls failed in several ways.
        """
        state = self._states.get(model)
        if state is None or not state.length:
            return ""
        return f"{state.why}; until generation {state.until}"


def _commonest(failures: Sequence[str]) -> str:
    """The commonest word, ties: the first in the alphabet."""
    counts = Counter(failures)
    word = min(counts, key=lambda one: (-counts[one], one))
    return word if len(counts) == 1 else f"mostly {word}"
