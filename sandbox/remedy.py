"""Remedies: children of a parent with the gate or the leg that a screen says would help it."""

from __future__ import annotations

import math
import random
from dataclasses import replace

from genomes.variation import Proposal, propose_with
from genomes.variation.judge import Probe
from genomes.variation.reading import read
from genomes.variation.sites import Reason, Setting
from sandbox.execute import Executor
from sandbox.screen import Remedy, Screener

REMEDIES = {"screened_gate": ("gate", "filter"), "screened_leg": ("leg", "against")}
"""Operators that look at the parent's residual -> the ways of a `Remedy` they may go."""

TEMPERATURE = 0.1  # of the softmax over excess, in units of the score
TRIES = 4


def remedied(
    operator: str,
    parent: str,
    rng: random.Random,
    setting: Setting,
    probe: Probe | None,
    *,
    screener: Screener,
    executor: Executor,
) -> tuple[Proposal | None, int]:
    """A parent with what would help it, and the looks that took.

    Args:
        operator: One of REMEDIES.
        parent: The parent's text, checked before.
        rng: Chooses among the remedies whose gain stands above noise.
        setting: The market.
        probe: As `genomes.variation.propose` takes it.
        screener: Has looked at the market.
        executor: Gives the parent's weights.

    Returns:
        The child, None where nothing helps or what helps cannot be written; changes looked at.
    """
    graph = read(parent, setting).graph
    if graph is None:
        return None, 0
    found = screener.help_for(executor.evaluate(graph).weight)
    ways = REMEDIES[operator]
    helps = [each for each in found.remedies if each.way in ways and each.above_noise]
    for _ in range(min(TRIES, len(helps))):
        odds = [math.exp((each.excess - helps[0].excess) / TEMPERATURE) for each in helps]
        chosen = helps.pop(rng.choices(range(len(helps)), odds)[0])
        made = _written(parent, chosen, setting, probe)
        if isinstance(made, Proposal):
            note = (
                f"{made.note} By the screen it gains {chosen.gain:.2f}, {chosen.excess:.2f} more "
                "than the best of as many looks at noise."
            )
            return replace(made, operator=operator, note=note), found.looks
    return None, found.looks


def _written(
    parent: str, chosen: Remedy, setting: Setting, probe: Probe | None
) -> Proposal | Reason:
    text, phrase = f"({chosen.atom.text})", chosen.atom.phrase
    if chosen.way in ("gate", "filter"):
        compared, said = ("> 0", "above 0") if chosen.way == "gate" else ("<= 0", "not above 0")
        words = f"this is {said}: {phrase}"
        return propose_with(parent, "gate", f"{text} {compared}", words, setting, probe)
    weight = round(chosen.amount, 2 if chosen.amount < 1 else 1)
    text = text if weight in (0, 1) else f"{weight:g} * {text}"
    if chosen.way == "against":
        text, phrase = f"-{text}", f"the opposite of {phrase}"
    return propose_with(parent, "leg", text, phrase, setting, probe)
