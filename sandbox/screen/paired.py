"""The atoms that are combined, with their positions at the bars of a sample."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.screen.atom import Atom
from sandbox.screen.lanes import F32, Walker


@dataclass(frozen=True, slots=True)
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
