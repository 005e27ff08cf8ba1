"""What would help a given strategy: the paired atoms as its gates, filters and second legs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from sandbox.market.panel import F64
from sandbox.screen.atom import Atom
from sandbox.screen.lanes import F32, Scored
from sandbox.screen.noise import Noise
from sandbox.screen.paired import Paired

Way = Literal["gate", "filter", "leg", "against"]
WORDS: dict[Way, str] = {
    "gate": "only while this is above 0: {}",
    "filter": "only while this is not above 0: {}",
    "leg": "and beside it, at equal volatility, {}",
    "against": "and beside it, at equal volatility, the opposite of {}",
}
KEPT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """One change of a strategy.

    Attributes:
        way: `gate`: hold it while the atom is above 0; `filter`: while it is not; `leg`: add the
            atom; `against`: subtract it.
        atom: The atom.
        amount: Of a leg: the signal that weighs as much as the strategy, divided by the listed
            assets as any signal; 1 for a gate.
        score: Of the changed strategy, by the screen.
        gain: That less the score of the strategy as it is.
        excess: The gain less the median of the best gain of as many looks at noise, which keeps
            the strategy's own edge.
        above_noise: Whether the gain is above what the best of as many looks at noise passes in
            one of forty.
        folds: The Sharpe ratio of each fold.
    """

    way: Way
    atom: Atom
    amount: float
    score: float
    gain: float
    excess: float
    above_noise: bool
    folds: tuple[float, ...]

    @property
    def phrase(self) -> str:
        """The change in plain English."""
        return WORDS[self.way].format(self.atom.phrase)


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """What would help one strategy.

    Attributes:
        score: Of the strategy as it is, by the screen.
        folds: The Sharpe ratio of each fold.
        remedies: The best changes, highest gain first.
        noise: The best gain in each flipped world.
        looks: How many changes were looked at.
    """

    score: float
    folds: tuple[float, ...]
    remedies: tuple[Remedy, ...]
    noise: Noise
    looks: int

    def as_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, as JSON holds them."""
        return {**asdict(self), "noise": list(self.noise.best)}


def help_for(paired: Paired, weights: F64) -> Help:
    """Score every gate, filter and leg of a strategy; `weights` are of the scanned panel."""
    walker, earned, n = paired.walker, paired.walker.earned, len(paired.atoms)
    row = np.nan_to_num(weights[earned.rows], nan=0.0, posinf=0.0, neginf=0.0)
    edge = walker.edge_of(row)
    ones = np.ones_like(paired.blocks[0])
    alone = np.arange(ones.shape[1]) == 0
    as_it_is = walker.walk(row, [ones], alone, both=False, edge=edge)
    counted = np.arange(len(paired.blocks) * ones.shape[1]) < n
    risk = paired.risk
    amount = np.where(risk > 0, as_it_is.risk[0] / np.where(risk > 0, risk, 1.0), 0.0)
    # A strategy without a position has nothing to gate, and no volatility to match.
    able = counted & (amount > 0)
    found: dict[Way, Scored] = {}
    for way in WORDS:
        blocks = [
            _made(way, block, earned.per_asset, amount[b * len(alone) : (b + 1) * len(alone)])
            for b, block in enumerate(paired.blocks)
        ]
        leg = way in ("leg", "against")
        found[way] = walker.walk(row, blocks, able, leg=leg, both=False, edge=edge)
    before = float(as_it_is.score[0])
    best = np.max([each.best for each in found.values()], axis=0)
    # Beside the strategy in the same flipped world: its luck there is not a gain of the change.
    gains = best - as_it_is.best
    noise = Noise(tuple(float(x) for x in gains)) if able.any() else Noise(())
    remedies = [
        Remedy(
            way=way,
            atom=atom,
            amount=float(amount[i]) if way in ("leg", "against") else 1.0,
            score=float(each.score[i]),
            gain=float(each.score[i]) - before,
            excess=float(each.score[i]) - before - noise.usual,
            above_noise=float(each.score[i]) - before > noise.line,
            folds=tuple(float(x) for x in each.folds[i]),
        )
        for way, each in found.items()
        for i, atom in enumerate(paired.atoms)
        if able[i]
    ]
    remedies.sort(key=lambda remedy: -remedy.gain)
    return Help(
        score=before,
        folds=tuple(float(x) for x in as_it_is.folds[0]),
        remedies=tuple(remedies[:KEPT]),
        noise=noise,
        looks=len(WORDS) * int(able.sum()),
    )


def _made(way: Way, block: F32, per_asset: F64, amount: F64) -> F32:
    if way == "gate":
        return (block > 0).astype(np.float32)
    if way == "filter":
        return (block <= 0).astype(np.float32)
    side = 1.0 if way == "leg" else -1.0
    return (block * (side * per_asset[:, None] * amount)).astype(np.float32)
