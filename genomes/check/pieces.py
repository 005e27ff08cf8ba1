"""A text read in pieces: its docstring, its import, PARAMS and each function.

Who reads many texts meets most of their functions again: a child differs from its parent in one.
What is to be said of a piece depends on nothing but the piece and which of the names in it are the
file's, so it can be remembered. Only good news comes from here; None means that `check` is to say
what is wrong: it sees the whole, and where in it.

A file is its pieces, one behind the other, if none reaches into the next: each begins with a word
that begins a statement wherever nothing was left open. What a string or a bracket leaves open shows
in a statement's end; a line that goes on, behind a backslash, does not, so texts with such lines
are left to `check`.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from genomes.check.grammar import Grammar
from genomes.check.literals import MAX_NUMBERS, read_literals
from genomes.check.names import PARAMETERS
from genomes.check.report import Report
from genomes.check.shape import MAX_FUNCTIONS, Shape, calls_of, leading_back, read_parts
from genomes.check.text import MAX_NODES, Parsed, parse
from genomes.check.tree import Part, strip_annotations
from genomes.language.params import Param, Value
from genomes.language.strategy import LAYERS, REQUIRED

_BEGINS = re.compile(r"^(?=def |PARAMS\b|from genomes)", re.MULTILINE)
_NAME = re.compile(r"def +(\w+)")
_DOCSTRING = re.compile(r'"""[^"\\]*"""\n*')


@dataclass(frozen=True, slots=True)
class Top:
    """A piece without functions.

    Attributes:
        params: What it declares; None where it has no PARAMS.
        size: Its nodes.
        numbers: Its numbers.
    """

    params: Mapping[str, Param] | None
    size: int
    numbers: int


_WORDS = Top(None, size=2, numbers=0)  # an expression and its string


@dataclass(frozen=True, slots=True)
class Function:
    """A piece that is one function.

    Attributes:
        name: Its name.
        words: All names that stand in it.
        own: Those of them that are functions of its file.
        calls: Those of them that it calls.
        uses: The parameters that it uses.
        defaults: Of its last arguments.
        line: Where it begins in what was read.
        size: Its nodes.
        numbers: Its numbers.
    """

    name: str
    words: frozenset[str]
    own: frozenset[str]
    calls: Sequence[tuple[str, None]]
    uses: frozenset[str]
    defaults: tuple[Value | None, ...]
    line: int
    size: int
    numbers: int

    def stands_among(self, names: frozenset[str], declared: Collection[str]) -> bool:
        """Whether all that was said of it holds in a file of such functions and parameters."""
        return self.words & names == self.own and self.uses.issubset(declared)


@dataclass(frozen=True, slots=True)
class Pieces:
    """Pieces that were read together.

    Attributes:
        each: What is to be said of each.
        functions: Their functions' trees, annotations gone. Compilers change trees: given away.
    """

    each: list[Top | Function]
    functions: list[ast.stmt]


def split(text: str) -> list[str]:
    """A normal form's pieces: together they are the text. There are none where a line goes on."""
    return [] if "\\\n" in text else _BEGINS.split(text)


def read_docstring(piece: str) -> Top | None:
    """What a file's first piece says, if it is a plain docstring; None where it must be parsed."""
    return _WORDS if _DOCSTRING.fullmatch(piece) else None


def is_declaring(piece: str) -> bool:
    """Whether a piece seems to declare the parameters."""
    return piece.startswith("PARAMS")


def name_in(piece: str) -> str | None:
    """The name of the function that a piece seems to be."""
    found = _NAME.match(piece)
    return found[1] if found else None


def read(
    pieces: Sequence[str], *, first: bool, names: Collection[str], declared: Collection[str]
) -> Pieces | None:
    """What pieces of a file say.

    Args:
        pieces: Some, in their order.
        first: Whether the file begins with them.
        names: All functions of the file.
        declared: The parameters that its other pieces declare.
    """
    text = "".join(pieces)
    parsed = parse(text)
    if not isinstance(parsed, Parsed):
        return None
    report, shape = Report(text), Shape(names=names)
    read_parts(report, parsed.parts, shape, first=first)
    shape.declared = declared if shape.params is None else shape.params
    read_literals(report, parsed)
    Grammar(report, shape).read()
    if len(report):
        return None
    starts = [*accumulate([each.count("\n") for each in pieces], initial=1)][:-1]
    parts: list[list[Part]] = [[] for _ in pieces]
    for part in parsed.parts:
        begins, ends = part.node.lineno, part.node.end_lineno or part.node.lineno
        place = bisect_right(starts, begins) - 1
        if place != bisect_right(starts, ends) - 1:
            return None
        parts[place].append(part)
    each = [_said(piece, of, shape) for piece, of in zip(pieces, parts, strict=True)]
    if None in each:
        return None
    strip_annotations(parsed.tree, parsed.parts)
    return Pieces([one for one in each if one is not None], [*shape.functions.values()])


def _said(piece: str, parts: Sequence[Part], shape: Shape) -> Top | Function | None:
    size, numbers, name = sum([part.size for part in parts]), _numbers(parts), name_in(piece)
    nodes = [part.node for part in parts]
    if name is None:
        if any(isinstance(node, ast.FunctionDef) for node in nodes):
            return None
        declares = any(isinstance(node, ast.Assign | ast.AnnAssign) for node in nodes)
        if declares != is_declaring(piece):
            return None
        return Top(shape.params if declares else None, size, numbers)
    node = nodes[0] if nodes else None
    if len(nodes) > 1 or not isinstance(node, ast.FunctionDef) or node.name != name:
        return None
    try:
        defaults = tuple([ast.literal_eval(each) for each in node.args.defaults])
    except ValueError:  # such as ~1, which the guards compute
        return None
    part = parts[0]
    words = frozenset([each.id for each in part.kinds.get(ast.Name, ())])
    calls = [(called, None) for called, _ in calls_of(part, shape.names)]
    uses = _parameters(part) if name in LAYERS else frozenset[str]()
    return Function(
        name, words, words.intersection(shape.names), calls, uses, defaults, node.lineno, size,
        numbers,
    )  # fmt: skip


def _parameters(part: Part) -> frozenset[str]:
    return frozenset(
        [
            each.attr
            for each in part.kinds.get(ast.Attribute, ())
            if type(each.value) is ast.Name and each.value.id == PARAMETERS
        ]
    )


def _numbers(parts: Iterable[Part]) -> int:
    constants = [each for part in parts for each in part.kinds.get(ast.Constant, ())]
    return sum([type(each.value) in (int, float) for each in constants])


def fit(tops: Sequence[Top], functions: Sequence[Function]) -> bool:
    """Whether pieces that were well where they were read make a file that is."""
    names = frozenset([each.name for each in functions])
    declared = [each.params for each in tops if each.params is not None]
    params: Collection[str] = declared[0] if declared else ()
    size, numbers = 0, 0
    for each in (*tops, *functions):
        size += each.size
        numbers += each.numbers
    for each in functions:
        if not each.stands_among(names, params):
            return False
    return (
        len(names) == len(functions) <= MAX_FUNCTIONS
        and names.issuperset(REQUIRED)
        and len(declared) <= 1
        and size <= MAX_NODES
        and numbers <= MAX_NUMBERS
        and not any(leading_back({each.name: each.calls for each in functions}))
    )
