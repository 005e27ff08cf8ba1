"""Graphs as text: what a jail answers with and an archive keeps, and how it is read back."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from math import isfinite
from typing import NamedTuple

from genomes.language import rewrite
from genomes.language.binding import RULES, Rule
from genomes.language.dimension import Dimension
from genomes.language.errors import GraphError, LanguageError
from genomes.language.graph import (
    MAX_NODES,
    OUTPUTS,
    Builder,
    Graph,
    Known,
    check_output,
    check_statics,
)
from genomes.language.table import Kind, Static

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
    """Read one serialised graph; as `Reader(fields, max_nodes=max_nodes).read(text)`."""
    return Reader(fields, max_nodes=max_nodes).read(text)


class Reader:
    """Reads serialised graphs, trusting nothing: each is built anew, node by node, by the table.

    What the table says of an expression is remembered for the next graph that holds it.

    Args:
        fields: The market's fields with their dimensions.
        max_nodes: Cap on the number of nodes.
    """

    def __init__(self, fields: Mapping[str, Dimension], *, max_nodes: int = MAX_NODES) -> None:
        self._fields = dict(fields)
        self._max_nodes = max_nodes
        self._known: Known = {}

    def read(self, text: str) -> Graph:
        """Read a graph.

        Args:
            text: What `serialise` wrote, perhaps; perhaps anything.

        Raises:
            GraphError: The text is not, to the letter, what `serialise` gives for a valid graph.
        """
        builder = Builder(self._fields, max_nodes=self._max_nodes, known=self._known)
        return _read(text, builder)


def _read(text: str, builder: Builder) -> Graph:
    if len(text) > MAX_BYTES or not text.isascii():
        raise GraphError(f"{len(text)} characters; a graph is ASCII of at most {MAX_BYTES}")
    lines = text.split("\n")
    if lines[0] != HEADER or lines[-1] != "":
        raise GraphError(f"does not begin with {HEADER!r} and end with a newline")
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
    return GraphError(f"line {number}: {line[:60]!r} is not a node")


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
        raise GraphError(f"{word[:40]!r} is not a name")
    return word


_LEAVES: dict[str, Callable[[str], Static]] = {
    "field": _read_name,
    "const": lambda word: _read_float(word, 0) + 0.0,
    "truth": {"0": 0, "1": 1, "2": 2}.__getitem__,
}


def _read_node(line: str, number: int, builder: Builder) -> bool:
    """Build the node of a line; whether it is, to the letter, what the line says."""
    nodes = builder.nodes
    before = len(nodes)
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
    if len(nodes) != before + 1:
        raise GraphError(f"line {number}: is not in canonical form")
    node = nodes[before]
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
                raise GraphError(f"line {number}: {word!r} is not an earlier node")
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
                raise GraphError(f"line {number}: {op!r} is not an operator with such words")
    if len(builder.nodes) != before + 1:
        raise GraphError(f"line {number}: is not in canonical form")


def _read_output(line: str, number: int, builder: Builder, outputs: dict[str, int]) -> None:
    words = line.split(" ")
    if len(words) != 3 or words[1] not in OUTPUTS or words[1] in outputs:
        raise GraphError(f"line {number}: {line[:60]!r} is not an output")
    index = _read_index(words[2], len(builder.nodes))
    if index >= len(builder.nodes):
        raise GraphError(f"line {number}: {words[2]!r} is not a node")
    check_output(words[1], builder.nodes[index])
    outputs[words[1]] = index


def _read_index(word: str, otherwise: int) -> int:
    return otherwise if _INDEX.fullmatch(word) is None else int(word)


def _read_float(word: str, number: int) -> float:
    try:
        value = float(word)
    except ValueError:
        value = float("nan")
    if not isfinite(value) or repr(value) != word:
        raise GraphError(f"line {number}: {word[:40]!r} is not a finite number in shortest form")
    return value


def _read_whole(word: str, number: int) -> int:
    if _WHOLE.fullmatch(word) is None:
        raise GraphError(f"line {number}: {word[:40]!r} is not a whole number")
    return int(word)
