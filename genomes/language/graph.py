"""The graph a strategy draws: hash-consed nodes, one canonical key, dimensions that fit."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from math import inf, isfinite
from typing import NamedTuple, NoReturn

from genomes.language import rewrite
from genomes.language.binding import RULES, Rule
from genomes.language.dimension import NUMBER, Dimension
from genomes.language.errors import GraphError, LanguageError
from genomes.language.symbol import name_of
from genomes.language.table import Kind, Memory, Operator, Static

MAX_NODES = 1000
MAX_DEPTH = 200

OUTPUTS = ("factor", "signal", "weight", "stop_loss", "take_profit", "trailing_stop", "max_held")
BEHAVIOUR = OUTPUTS[2:]  # what the books act on; factor and signal are kept to be judged apart

EXIT_RANGES = {
    "stop_loss": (1e-4, 1.0),
    "take_profit": (1e-4, 100.0),
    "trailing_stop": (1e-4, 1.0),
    "max_held": (1, 100_000),
}

Identity = tuple[str, tuple[int, ...], tuple[Static, ...]]  # op, args, statics

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

    Attributes:
        fields: The market's fields with their dimensions.
        nodes: The nodes so far.
    """

    def __init__(self, fields: Mapping[str, Dimension], *, max_nodes: int = MAX_NODES) -> None:
        self.fields = fields
        self.nodes: list[Node] = []
        self._index: dict[Identity, int] = {}
        self._max_nodes = max_nodes

    def field(self, name: str) -> int:
        """The node of a market's field.

        Raises:
            LanguageError: The market has no such field.
        """
        if name not in self.fields:
            raise LanguageError(
                "unknown_field",
                f"m.{name} is no field of this market",
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
        kinds: list[Kind] = []
        dimensions: list[Dimension | None] = []
        digests: list[bytes] = []
        first, memory, depth = 0, rule.memory, 0
        for index in args:
            _, _, _, kind, dimension, bars, kept, below, digest = self.nodes[index]
            kinds.append(kind)
            dimensions.append(dimension)
            digests.append(digest)
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
        if rule.commutes and digests[0] > digests[1]:
            args = (args[1], args[0])
            digests.reverse()
        identity = (op, args, statics)
        known = self._index.get(identity)
        if known is not None:
            return known
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
        index = len(self.nodes)
        if index >= self._max_nodes:
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
        said = b"".join((f"{op}|{statics!r}|".encode(), *digests))
        digest = blake2b(said, digest_size=16).digest()
        said_of = (*identity, kind, dimension, first_valid, memory, depth, digest)
        self.nodes.append(tuple.__new__(Node, said_of))  # as Node(...) does, at half the cost
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


# -- serialised ------------------------------------------------------------------------------------

HEADER = "finch-graph 1"
MAX_BYTES = 65_536
_REMEMBERED = 80  # characters: nearly all lines have fewer, and what is remembered is bounded
_LINE = re.compile(r"[a-z_]+( [A-Za-z0-9_.+\-]+)*")
_INDEX = re.compile(r"0|[1-9][0-9]{0,3}")
_INDICES = {str(index): index for index in range(MAX_NODES)}
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,8}")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")


def serialise(graph: Graph) -> str:
    """The graph as text: a header, a line for each node (operator, arguments, plain values), then
    a line `> output index` for each output. Equal graphs give equal texts.
    """
    lines = [HEADER]
    lines += [_line(node[0], node[1], node[2]) for node in graph.nodes]
    lines += [f"> {name} {index}" for name, index in graph.outputs.items()]
    return "\n".join(lines) + "\n"


def _line(op: str, args: tuple[int, ...], statics: tuple[Static, ...]) -> str:
    return " ".join((op, *map(str, args), *map(_word, statics)))


def _word(static: Static) -> str:
    return static if isinstance(static, str) else repr(static)


def deserialise(text: str, fields: Mapping[str, Dimension], *, max_nodes: int = MAX_NODES) -> Graph:
    """Read a serialised graph, trusting nothing: it is built anew, node by node, by the table.

    Args:
        text: What `serialise` wrote, perhaps; perhaps anything.
        fields: The market's fields with their dimensions.
        max_nodes: Cap on the number of nodes.

    Raises:
        GraphError: The text is not, to the letter, what `serialise` gives for a valid graph.
    """
    if len(text) > MAX_BYTES or not text.isascii():
        raise GraphError(f"{len(text)} characters; a graph is ASCII of at most {MAX_BYTES}")
    lines = text.split("\n")
    if lines[0] != HEADER or lines[-1] != "":
        raise GraphError(f"does not begin with {HEADER!r} and end with a newline")
    builder = Builder(fields, max_nodes=max_nodes)
    outputs: dict[str, int] = {}
    number, line, is_exact = 1, "", True
    try:
        for number, line in enumerate(lines[1:-1], start=2):
            if line.startswith("> "):
                _read_output(line, number, builder, outputs)
            elif outputs:
                raise _no_node(line, number)
            else:
                is_exact = _read_node(line, number, builder) and is_exact
    except LanguageError as error:
        raise GraphError(f"line {number}: {error}") from None
    except GraphError:
        if not line.startswith("> ") and _LINE.fullmatch(line) is None:
            raise _no_node(line, number) from None
        raise
    for name in ("factor", "signal", "weight"):
        if name not in outputs:
            raise GraphError(f"has no output named {name}")
    if builder.nodes[outputs["signal"]].op not in rewrite.CLIPPED:
        raise GraphError("has a signal that is not clipped")
    graph = builder.finish(outputs)
    is_exact = is_exact and list(outputs.items()) == list(graph.outputs.items())
    # A graph of the very nodes that its lines stand for, in their order, gives these lines again.
    if not (is_exact and graph.nodes == tuple(builder.nodes)) and serialise(graph) != text:
        raise GraphError("is not in canonical form")
    return graph


def _no_node(line: str, number: int) -> GraphError:
    return GraphError(f"line {number}: {line[:60]!r} is no node")


class _Row(NamedTuple):
    """What a node's line says, whatever stands before it.

    Attributes:
        rule: The operator's; None for a leaf.
        op: The operator.
        args: The indices that it names.
        statics: The plain arguments, in range.
        needs: How many nodes must stand before it.
    """

    rule: Rule | None
    op: str
    args: tuple[int, ...]
    statics: tuple[Static, ...]
    needs: int


@lru_cache(maxsize=4096)
def _row(line: str) -> _Row | None:
    """A line, if it is to the letter what `serialise` writes for what it says.

    Three lines in four recur from graph to graph, so they are remembered; what depends on the
    graph's other nodes is not told here.
    """
    op, *words = line.split(" ")
    rule = RULES.get(op)
    try:
        if rule is None:
            row = _Row(None, op, (), (_LEAVES[op](*words),), 0)
        else:
            count = len(rule.kinds)
            if len(words) != count + rule.statics:
                return None
            args = tuple([_INDICES[word] for word in words[:count]])
            told = zip(rule.operator.statics, words[count:], strict=True)
            read = [
                _read_whole(w, 0) if a.kind is Kind.BARS else _read_float(w, 0) for a, w in told
            ]
            statics = check_statics(rule.operator, tuple(read))
            row = _Row(rule, op, args, statics, max(args, default=-1) + 1)
    except (GraphError, KeyError, LanguageError, TypeError, ValueError):
        return None
    return row if _line(op, row.args, row.statics) == line else None


def _read_name(word: str) -> str:
    if _NAME.fullmatch(word) is None:
        raise GraphError(f"{word[:40]!r} is no name")
    return word


_LEAVES: dict[str, Callable[[str], Static]] = {
    "field": _read_name,
    "const": lambda word: _read_float(word, 0) + 0.0,
    "truth": {"0": 0, "1": 1, "2": 2}.__getitem__,
}


def _read_node(line: str, number: int, builder: Builder) -> bool:
    """Build the node of a line; whether it is, to the letter, what the line says."""
    before = len(builder.nodes)
    row = _row(line) if len(line) <= _REMEMBERED else None
    if row is None or row.needs > before:
        _read_closely(line, number, builder)
        return False
    rule, op, args, statics, _ = row
    if rule is not None:
        builder.place(rule, op, args, statics)
    elif op == "field":
        builder.field(str(statics[0]))
    elif op == "const":
        builder.const(float(statics[0]))
    else:
        builder.truth(int(statics[0]))
    if len(builder.nodes) != before + 1:
        raise GraphError(f"line {number}: is not in canonical form")
    node = builder.nodes[before]
    return rule is None or (node[0] == op and node[1] == args and node[2] is statics)


def _read_closely(line: str, number: int, builder: Builder) -> None:
    """Build the node of a line word by word, or say what is wrong with it."""
    op, *words = line.split(" ")
    before = len(builder.nodes)
    rule = RULES.get(op)
    if rule is not None:
        count = len(rule.kinds)
        if len(words) != count + rule.statics:
            raise GraphError(f"line {number}: {op} takes {count + rule.statics} words")
        args: list[int] = []
        for word in words[:count]:
            index = _INDICES.get(word)
            if index is None:
                index = _read_index(word, before)
            if index >= before:
                raise GraphError(f"line {number}: {word!r} is no earlier node")
            args.append(index)
        statics: list[Static] = []
        for arg, word in zip(rule.operator.statics, words[count:], strict=True):
            is_whole = arg.kind is Kind.BARS
            statics.append(_read_whole(word, number) if is_whole else _read_float(word, number))
        builder.apply(op, tuple(args), tuple(statics))
    else:
        match op, words:
            case "field", [name] if _NAME.fullmatch(name):
                builder.field(name)
            case "const", [value]:
                builder.const(_read_float(value, number))
            case "truth", ["0" | "1" | "2" as value]:
                builder.truth(int(value))
            case _:
                raise GraphError(f"line {number}: {op!r} is no operator with such words")
    if len(builder.nodes) != before + 1:
        raise GraphError(f"line {number}: is not in canonical form")


def _read_output(line: str, number: int, builder: Builder, outputs: dict[str, int]) -> None:
    words = line.split(" ")
    if len(words) != 3 or words[1] not in OUTPUTS or words[1] in outputs:
        raise GraphError(f"line {number}: {line[:60]!r} is no output")
    index = _read_index(words[2], len(builder.nodes))
    if index >= len(builder.nodes):
        raise GraphError(f"line {number}: {words[2]!r} is no node")
    check_output(words[1], builder.nodes[index])
    outputs[words[1]] = index


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


def _read_index(word: str, otherwise: int) -> int:
    return otherwise if _INDEX.fullmatch(word) is None else int(word)


def _read_float(word: str, number: int) -> float:
    try:
        value = float(word)
    except ValueError:
        value = float("nan")
    if not isfinite(value) or repr(value) != word:
        raise GraphError(f"line {number}: {word[:40]!r} is no finite number in shortest form")
    return value


def _read_whole(word: str, number: int) -> int:
    if _WHOLE.fullmatch(word) is None:
        raise GraphError(f"line {number}: {word[:40]!r} is no whole number")
    return int(word)
