"""The atoms that are combined, with their positions at the bars of a sample."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sandbox.market.panel import F64
from sandbox.screen.atom import Atom
from sandbox.screen.lanes import F32, Walker


@dataclass(frozen=True)
class Paired:
    """The atoms that products, gates and legs are made of.

    Attributes:
        numbers: Places in the bank, rising.
        atoms: The atoms there.
        blocks: Their positions at the sample's rows, LANES to a block.
        walker: Of the sample.
    """

    numbers: tuple[int, ...]
    atoms: tuple[Atom, ...]
    blocks: list[F32]
    walker: Walker

    @cached_property
    def risk(self) -> F64:
        """Root mean square of what each atom earns per bar by itself; a value per lane."""
        counted = np.arange(sum(block.shape[1] for block in self.blocks)) < len(self.atoms)
        return self.walker.walk(self.walker.earned.per_asset, self.blocks, counted).risk
