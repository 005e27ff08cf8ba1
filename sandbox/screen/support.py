"""Support: a score beside those of the next shorter and longer lookback of the same condition.

Of thousands of scores the highest is too high. An edge is there on the neighbouring lookbacks, too;
luck is less so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from sandbox.market.panel import F64, I64
from sandbox.screen.atom import Atom

ALONE = 0.8  # what a missing neighbour counts for, of the score itself


def neighbours(atoms: Sequence[Atom]) -> I64:
    """(n, 2) places of each atom with the next shorter and longer lookback; -1 for none."""
    groups: dict[tuple[str, str, str], list[tuple[int, int]]] = {}
    for i, atom in enumerate(atoms):
        if atom.lookback:
            told = re.sub(rf"\b{atom.lookback}(?=-bar| closes| bars)", "n", atom.phrase)
            groups.setdefault((atom.family, atom.form, told), []).append((atom.lookback, i))
    near = np.full((len(atoms), 2), -1, dtype=np.int64)
    for group in groups.values():
        places = [i for _, i in sorted(group)]
        near[places[1:], 0] = places[:-1]
        near[places[:-1], 1] = places[1:]
    return near


def supported(score: F64, side: F64, near: I64) -> F64:
    """Half of each score and a quarter of each neighbour's, along the first axis.

    Args:
        score: (n,) or (n, k).
        side: The same shape: 1, or -1 where the score is of the position turned round; a neighbour
            on the other side counts nothing.
        near: (n, 2) as of `neighbours`.
    """
    made = 0.5 * score
    for column in (0, 1):
        other = near[:, column]
        known = (other >= 0).reshape(-1, *[1] * (score.ndim - 1))
        same = side == side[other]
        made += 0.25 * np.where(known, np.where(same, score[other], 0.0), ALONE * score)
    return made
