"""Caps: how much one untrusted text may take, in counted units, the same on every machine."""

from __future__ import annotations

from dataclasses import dataclass

from genomes.language.graph import MAX_NODES


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """How much one text may take.

    Attributes:
        fuel: Operations, calls and turns of loops, counted in the guards.
        max_nodes: Nodes of the graph.
        nodes_per_step: A turn of a loop takes one unit of fuel per this many nodes of the text.
    """

    fuel: int = 20_000
    max_nodes: int = MAX_NODES
    nodes_per_step: int = 64
