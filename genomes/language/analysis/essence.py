"""What of a graph matters: equal essences where two graphs cannot differ in a weight or an exit."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

from genomes.language.analysis.intervals import Interval, intervals, limits
from genomes.language.graph import BEHAVIOUR, Graph, Node
from genomes.language.table import OPERATORS, Kind, Trait, having

_ORDERED = {"tanh", *(n for n in having(Trait.RANKS) if OPERATORS[n].cross)}  # keep the order

COMBINES = having(Trait.ADDS) | {"mul", "div"}
"""Operators by which a signal is put together from its sides."""


class Essence:
    """What of a graph can change a weight: equal digests where two nodes cannot differ in effect.

    Of a comparison with 0 only the sign of the other side counts, of `known(x)` only that it is
    asked, and a clip that never bites is not an operation.
    """

    def __init__(self, graph: Graph, ranges: list[Interval] | None = None) -> None:
        self._graph = graph
        self.ranges = intervals(graph) if ranges is None else ranges
        self._whole: dict[int, bytes] = {}
        self._signs: dict[int, bytes] = {}
        self.read: set[int] = set()

    @property
    def key(self) -> bytes:
        """The essence of all that the books act on."""
        parts = [
            name.encode() + self.whole(self._graph.outputs[name])
            for name in BEHAVIOUR
            if name in self._graph.outputs
        ]
        return _digest(*parts)

    def whole(self, index: int) -> bytes:
        """The essence of a node's value."""
        if index not in self._whole:
            self.read.add(index)
            self._whole[index] = self._of_value(index)
        return self._whole[index]

    def _of_value(self, index: int) -> bytes:
        node = self._graph.nodes[index]
        match node.op:
            case "known":
                return b"known"
            case "lt" | "le" if self._is_zero(node.args[0]):
                return _digest(node.op.encode(), b"0<", self.sign(node.args[1]))
            case "lt" | "le" if self._is_zero(node.args[1]):
                return _digest(node.op.encode(), b"<0", self.sign(node.args[0]))
            case "sign":
                return _digest(b"sign", self.sign(node.args[0]))
            case "clip" | "clip_signal" | "cap" if self._never_bites(node):
                return self.whole(node.args[0])
            case "cross_rank" | "cross_top" | "cross_bottom":
                rest = repr(node.statics).encode()
                return _digest(node.op.encode(), rest, self._ranked(node.args[0]))
            case _:
                args = [self.whole(i) for i in node.args]
                return _digest(node.op.encode(), repr(node.statics).encode(), *args)

    def _never_bites(self, node: Node) -> bool:
        low, high = limits(node)
        inside = self.ranges[node.args[0]]
        return low <= inside[0] and inside[1] <= high

    def _is_zero(self, index: int) -> bool:
        node = self._graph.nodes[index]
        return node.op == "const" and node.statics[0] == 0

    def _ranked(self, index: int) -> bytes:
        """The essence of a value of which only the order among assets counts."""
        node = self._graph.nodes[index]
        if node.op in _ORDERED:
            self.read.add(index)
            return self._ranked(node.args[0])
        return self.whole(index)

    def sign(self, index: int) -> bytes:
        """The essence of a value's sign."""
        if index not in self._signs:
            self.read.add(index)
            self._signs[index] = self._of_sign(index)
        return self._signs[index]

    def _of_sign(self, index: int) -> bytes:
        node = self._graph.nodes[index]
        match node.op:
            case "neg":
                return _digest(b"neg", self.sign(node.args[0]))
            case "tanh" | "sign":
                return self.sign(node.args[0])
            case "mul" | "div" if self.ranges[node.args[1]][0] >= 0:
                return self.sign(node.args[0])
            case "mul" if self.ranges[node.args[0]][0] >= 0:
                return self.sign(node.args[1])
            case "where" if self.sign(node.args[1]) == self.sign(node.args[2]):
                return self.sign(node.args[1])
            case _:
                return self.whole(index)


def _digest(*parts: bytes) -> bytes:
    sized = [len(part).to_bytes(4, "little") + part for part in parts]
    return blake2b(b"".join(sized), digest_size=16).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a graph can do, decided without data.

    Attributes:
        essence: Equal where two graphs cannot differ in a weight or an exit.
        reads_factor: Whether the weight depends on more of the factor than that it is known.
        constants: How many conditions can never be true, or are always.
        weight: The least and the largest weight.
    """

    essence: bytes
    reads_factor: bool
    constants: int
    weight: Interval


def facts_of(graph: Graph, ranges: list[Interval] | None = None) -> Facts:
    """The facts of a graph; its intervals may be given where they are known."""
    essence = Essence(graph, ranges)
    key = essence.key
    return Facts(
        essence=key,
        reads_factor=graph.outputs["factor"] in essence.read,
        constants=constant_masks(graph, essence.ranges),
        weight=essence.ranges[graph.outputs["weight"]],
    )


def constant_masks(graph: Graph, ranges: list[Interval]) -> int:
    """How many conditions can never be true, or are always."""
    return sum(
        node.kind is Kind.MASK and low == high
        for node, (low, high) in zip(graph.nodes, ranges, strict=True)
    )


def can_rest(graph: Graph, ranges: list[Interval]) -> bool:
    """Whether the signal is made of conditions, so that it comes back to 0 for a while."""
    index = graph.outputs["signal"]
    masks = False
    for node in graph.below([index], COMBINES):
        if node.op == "as_number":
            if graph.nodes[node.args[0]].op == "known":
                return False
            masks = True
        elif node.op not in COMBINES and node.op not in ("const", "min", "max"):
            return False
    return masks and ranges[index][0] <= 0
