"""The graph a strategy draws: hash-consed nodes, one canonical key, dimensions that fit."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from math import inf, isfinite
from typing import NamedTuple, NoReturn

from genomes.language import rewrite
from genomes.language.binding import RULES, Rule
from genomes.language.dimension import NUMBER, Dimension
from genomes.language.errors import LanguageError
from genomes.language.symbol import name_of
from genomes.language.table import Kind, Memory, Operator, Static

MAX_NODES = 1000
MAX_DEPTH = 200

OUTPUTS = ("factor", "signal", "weight", "stop_loss", "take_profit", "trailing_stop", "max_held")
LEAVES = frozenset(("field", "const", "truth"))  # what a node may be besides an operator
BEHAVIOUR = OUTPUTS[2:]  # what the books act on; factor and signal are kept to be judged apart

EXIT_RANGES = {
    "stop_loss": (1e-4, 1.0),
    "take_profit": (1e-4, 100.0),
    "trailing_stop": (1e-4, 1.0),
    "max_held": (1, 100_000),
}

Identity = tuple[str, tuple[int, ...], tuple[Static, ...]]  # op, args, statics
Said = tuple[Kind, Dimension | None, int, Memory, int, bytes]  # the rest of a node
Known = dict[tuple[object, ...], Said]  # by op, statics and the digests of the arguments

MAX_KNOWN = 20_000  # expressions: some 6 MB

_RANK: dict[Memory, int] = {"finite": 0, "fading": 1, "state": 2}


class Node(NamedTuple):
    """One value of the graph: a named tuple, at a third of the cost of a frozen record.

    Attributes:
        op: A name of the operator table, or `field`, `const`, `truth`.
        args: Indices of the nodes it takes.
        statics: Its plain values: windows, numbers, a field's name.
        kind: Series or Mask.
        dimension: None fits every dimension (the constant 0); masks have NUMBER.
        first_valid: Own bars before its value is known, if every field is known from the first.
        memory: The longest memory among itself and its arguments.
        depth: 0 for fields and constants.
        digest: 16 bytes, equal for equal values: the executor's cache key.
    """

    op: str
    args: tuple[int, ...]
    statics: tuple[Static, ...]
    kind: Kind
    dimension: Dimension | None
    first_valid: int
    memory: Memory
    depth: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Graph:
    """What a strategy says: nodes in an order where arguments come first, and named outputs."""

    nodes: tuple[Node, ...]
    outputs: Mapping[str, int]

    @property
    def key(self) -> str:
        """Canonical key: equal for graphs that behave alike to the bit. 32 hex digits."""
        digest = blake2b(digest_size=16)
        for name in BEHAVIOUR:
            if name in self.outputs:
                digest.update(name.encode() + b"=" + self.nodes[self.outputs[name]].digest)
        return digest.hexdigest()

    @property
    def fields(self) -> frozenset[str]:
        """The market's fields that it reads."""
        return frozenset(str(node.statics[0]) for node in self.nodes if node.op == "field")

    @property
    def operators(self) -> frozenset[str]:
        """The operators of the table that it uses."""
        return frozenset(node.op for node in self.nodes) - LEAVES

    def below(self, roots: Iterable[int], through: Collection[str] | None = None) -> Iterator[Node]:
        """The nodes that some depend on, themselves included: each once, an argument after its use.

        Args:
            roots: Indices of the nodes to begin at.
            through: Operators whose arguments are walked on; None for all.
        """
        seen: set[int] = set()
        stack = list(roots)[::-1]
        while stack:
            index = stack.pop()
            if index not in seen:
                seen.add(index)
                node = self.nodes[index]
                yield node
                if through is None or node.op in through:
                    stack.extend(reversed(node.args))

    @property
    def warm_up(self) -> int:
        """Bars before every output is known."""
        return max(self.nodes[i].first_valid for i in self.outputs.values())

    @property
    def memory(self) -> Memory:
        """The longest memory of what the books act on."""
        found: list[Memory] = [
            self.nodes[i].memory for name, i in self.outputs.items() if name in BEHAVIOUR
        ]
        return _longest(found)


def _longest(memories: list[Memory]) -> Memory:
    return max(memories, key=_RANK.__getitem__)


class Builder:
    """Grows one graph: equal nodes are one node, and rewrites that are safe to the bit are done.

    Args:
        fields: The market's fields with their dimensions.
        max_nodes: Cap on the nodes.
        known: What was worked out for expressions of other graphs on the same fields, and will be
            for this one's: it saves time and changes nothing.
        start: A graph on the same fields whose nodes are likely to come up: that, too, saves time
            and changes nothing, but for the cap on nodes.

    Attributes:
        fields: The market's fields with their dimensions.
        nodes: The nodes so far.
    """

    def __init__(
        self,
        fields: Mapping[str, Dimension],
        *,
        max_nodes: int = MAX_NODES,
        known: Known | None = None,
        start: Graph | None = None,
    ) -> None:
        self.fields = fields
        self.nodes: list[Node] = [] if start is None else list(start.nodes)
        self._index: dict[Identity, int] = {node[:3]: i for i, node in enumerate(self.nodes)}
        self._max_nodes = max_nodes
        self._known = {} if known is None else known
        if len(self._known) > MAX_KNOWN:
            self._known.clear()

    def field(self, name: str) -> int:
        """The node of a market's field.

        Raises:
            LanguageError: The market has no such field.
        """
        if name not in self.fields:
            raise LanguageError(
                "unknown_field",
                f"m.{name} is not a field of this market",
                f"it has: {', '.join(sorted(self.fields))}",
            )
        return self._leaf("field", name, Kind.SERIES, self.fields[name])

    def const(self, value: float) -> int:
        """The node of a plain number; 0 fits every dimension.

        Raises:
            LanguageError: The number is not finite.
        """
        try:
            number = float(value) + 0.0  # one zero, not two
        except OverflowError:
            number = inf
        if not isfinite(number):
            raise LanguageError(
                "number",
                f"computes the number {name_of(value)}",
                "keep numbers finite; check a division",
            )
        return self._leaf("const", number, Kind.SERIES, None if number == 0 else NUMBER)

    def truth(self, value: int) -> int:
        """The node of a constant mask: 0 false, 1 true, 2 unknown."""
        return self._leaf("truth", value, Kind.MASK, NUMBER)

    def apply(self, op: str, args: tuple[int, ...], statics: tuple[Static, ...] = ()) -> int:
        """The node of a call of the table's operator.

        Args:
            op: Name of a row of the table.
            args: Its node arguments, in order.
            statics: Its plain arguments, in order, already in range.

        Raises:
            LanguageError: Kinds or dimensions do not fit, a plain value is out of range, or the
                graph has grown too large.
        """
        rule = RULES[op]
        if statics or rule.statics:
            try:
                statics = check_statics(rule.operator, statics)
            except LanguageError:
                if [self.nodes[index].kind for index in args] != rule.kinds:
                    self._refuse_kinds(rule.operator, args)  # is said first
                raise
        return self.place(rule, op, args, statics)

    def place(self, rule: Rule, op: str, args: tuple[int, ...], statics: tuple[Static, ...]) -> int:
        """`apply` for a row at hand, with plain arguments that were checked."""
        identity = (op, args, statics)
        known = self._index.get(identity)
        if known is not None:
            return known
        digests = [self.nodes[index][8] for index in args]
        if rule.commutes and len(digests) == 2 and digests[0] > digests[1]:
            digests.reverse()
            identity = (op, (args[1], args[0]), statics)
            known = self._index.get(identity)
            if known is not None:
                return known
        said = self._known.get((op, statics, *digests))
        if said is not None and len(self.nodes) < self._max_nodes:
            return self._append(identity, said)
        kinds: list[Kind] = []
        dimensions: list[Dimension | None] = []
        first, memory, depth = 0, rule.memory, 0
        for index in args:
            _, _, _, kind, dimension, bars, kept, below, _ = self.nodes[index]
            kinds.append(kind)
            dimensions.append(dimension)
            if bars > first:
                first = bars
            if kept != memory and _RANK[kept] > _RANK[memory]:
                memory = kept
            if below > depth:
                depth = below
        if kinds != rule.kinds:
            self._refuse_kinds(rule.operator, args)
        dimension = rule.bind(dimensions)
        if op in rewrite.REWRITTEN:
            done = rewrite.simplify(self, op, args)
            if done is not None:
                return done
        first += rule.warm_up(statics)
        return self._add(identity, rule.result, dimension, first, memory, depth + 1, digests)

    def _refuse_kinds(self, operator: Operator, args: tuple[int, ...]) -> NoReturn:
        if len(args) != len(operator.nodes):
            raise LanguageError(
                "arguments",
                f"{operator.name}() gets {len(args)} series",
                f"write {operator.signature}",
            )
        for arg, index in zip(operator.nodes, args, strict=True):
            if self.nodes[index].kind is not arg.kind:
                way = (
                    "compare something to get a Mask, e.g. x > 0"
                    if arg.kind is Kind.MASK
                    else "turn a Mask into numbers with where(mask, 1, 0)"
                )
                raise LanguageError(
                    "kind",
                    f"{operator.name}() gets a {self.nodes[index].kind} for {arg.name}",
                    f"it needs a {arg.kind}: {way}",
                )
        raise AssertionError(operator.name)

    def _leaf(self, op: str, static: Static, kind: Kind, dimension: Dimension | None) -> int:
        identity = (op, (), (static,))
        known = self._index.get(identity)
        if known is not None:
            return known
        said = self._known.get((op, identity[2]))
        if said is not None and len(self.nodes) < self._max_nodes:
            return self._append(identity, said)
        return self._add(identity, kind, dimension, 0, "finite", 0, [])

    def _add(
        self,
        identity: Identity,
        kind: Kind,
        dimension: Dimension | None,
        first_valid: int,
        memory: Memory,
        depth: int,
        digests: list[bytes],
    ) -> int:
        """A new node; there is none like it yet."""
        if len(self.nodes) >= self._max_nodes:
            raise LanguageError(
                "too_large",
                f"draws more than {self._max_nodes} values",
                "shorten loops; a readable strategy needs a few dozen",
            )
        if depth > MAX_DEPTH:
            raise LanguageError(
                "too_deep",
                f"nests {depth} operators",
                f"nest at most {MAX_DEPTH}; use a longer window instead of a loop",
            )
        op, _, statics = identity
        words = b"".join((f"{op}|{statics!r}|".encode(), *digests))
        digest = blake2b(words, digest_size=16).digest()
        said: Said = (kind, dimension, first_valid, memory, depth, digest)
        self._known[(op, statics, *digests)] = said
        return self._append(identity, said)

    def _append(self, identity: Identity, said: Said) -> int:
        index = len(self.nodes)
        self.nodes.append(tuple.__new__(Node, identity + said))  # as Node(...), at half the cost
        self._index[identity] = index
        return index

    def finish(self, outputs: Mapping[str, int]) -> Graph:
        """The graph of what the outputs need, numbered canonically; dead branches are gone."""
        order: dict[int, int] = {}
        for name in OUTPUTS:
            if name in outputs and outputs[name] not in order:
                self._visit(outputs[name], order)
        nodes = [self.nodes[i] for i in order]
        if any(old != new for old, new in order.items()):
            nodes = [_renumbered(node, order) for node in nodes]
        return Graph(
            tuple(nodes), {name: order[outputs[name]] for name in OUTPUTS if name in outputs}
        )

    def _visit(self, index: int, order: dict[int, int]) -> None:
        for argument in self.nodes[index].args:
            if argument not in order:
                self._visit(argument, order)
        order[index] = len(order)


def _renumbered(node: Node, order: Mapping[int, int]) -> Node:
    if not node.args:
        return node
    args = tuple(map(order.__getitem__, node.args))
    return node if args == node.args else tuple.__new__(Node, (node.op, args, *node[2:]))


def check_statics(operator: Operator, statics: tuple[Static, ...]) -> tuple[Static, ...]:
    """Plain arguments of the right type and in range; whole numbers for windows, else floats.

    Raises:
        LanguageError: One is out of range; a negative lag is called what it is.
    """
    if len(statics) != len(operator.statics):
        raise LanguageError(
            "arguments", f"{operator.name}() gets {len(statics)} numbers",
            f"write {operator.signature}",
        )  # fmt: skip
    checked: list[Static] = []
    for arg, value in zip(operator.statics, statics, strict=True):
        if type(value) is int and arg.kind is Kind.BARS and 0 <= arg.low <= value <= arg.high:
            checked.append(value)  # nearly all are
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise LanguageError(
                "arguments",
                f"{operator.name}() gets {name_of(value)} for {arg.name}",
                "give a plain number: a literal or one from p",
            )
        if arg.kind is Kind.BARS and isinstance(value, float) and not value.is_integer():
            raise LanguageError(
                "range",
                f"{operator.name}() gets {arg.name} = {value}",
                "windows are whole numbers of bars; round() it",
            )
        if arg.kind is Kind.BARS and value < 0 and operator.family == "lag and change":
            raise LanguageError(
                "look_ahead",
                f"shifts by {name_of(value)}, which looks into the future",
                f"use a positive {arg.name}",
            )
        if not arg.low <= value <= arg.high:
            raise LanguageError(
                "range",
                f"{operator.name}() gets {arg.name} = {name_of(value)}",
                f"it needs {arg.low:g} to {arg.high:g}",
            )
        checked.append(int(value) if arg.kind is Kind.BARS else float(value) + 0.0)  # one zero
    if operator.name == "clip" and float(checked[0]) > float(checked[1]):
        raise LanguageError(
            "range", f"clip() gets low = {checked[0]} above high = {checked[1]}", "exchange them"
        )
    return tuple(checked)


def check_output(name: str, node: Node) -> None:
    """Whether a node may be an output of that name.

    Raises:
        LanguageError: It is a Mask, a weight, signal or exit that is not a plain number, or an
            exit at a constant out of its range.
    """
    if node.kind is not Kind.SERIES:
        raise LanguageError("kind", f"{name} is a Mask", "turn it into numbers: where(mask, 1, 0)")
    if name != "factor" and node.dimension is not None and not node.dimension.is_plain:
        raise LanguageError(
            "dimension",
            f"{name} is {node.dimension.phrase}",
            "it must be a plain number; divide by a value of the same dimension",
        )
    if name in EXIT_RANGES and node.op == "const":
        (low, high), value = EXIT_RANGES[name], node.statics[0]
        if not low <= float(value) <= high:
            raise LanguageError(
                "range", f"Exits has {name} = {value}", f"it lies from {low:g} to {high:g}"
            )
