"""A text read in pieces: its docstring, its import, PARAMS and each function.

Who reads many texts meets most of their functions again: a child differs from its parent in one.
What is to be said of a piece depends on nothing but the piece and some names, so it can be
remembered. Only good news comes from here; None means that `check` is to say what is wrong: it
sees the whole, and where in it.

A file is its pieces, one behind the other: each is a whole file to Python's parser, so nothing is
left open where one ends, and no statement reaches into the next.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from genomes.check.grammar import Grammar
from genomes.check.literals import MAX_NUMBERS, read_literals
from genomes.check.report import Report
from genomes.check.shape import MAX_FUNCTIONS, Shape, calls_of, leading_back, read_parts
from genomes.check.text import MAX_NODES, Parsed, parse
from genomes.check.tree import strip_annotations
from genomes.language.params import Param
from genomes.language.strategy import REQUIRED

_BEGINS = re.compile(r"^(?=def |PARAMS\b|from genomes)", re.MULTILINE)
_NAME = re.compile(r"def +(\w+)")


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


@dataclass(frozen=True, slots=True)
class Function:
    """A function.

    Attributes:
        name: Its name.
        calls: The functions of its file that it calls.
        size: Its nodes.
        numbers: Its numbers.
    """

    name: str
    calls: Sequence[tuple[str, None]]
    size: int
    numbers: int


def split(text: str) -> list[str]:
    """A normal form's pieces; together they are the text."""
    return _BEGINS.split(text)


def name_in(piece: str) -> str | None:
    """The name of the function that a piece seems to be."""
    found = _NAME.match(piece)
    return found[1] if found else None


def read_top(piece: str, *, first: bool) -> Top | None:
    """What a piece without functions declares; `first` where the file begins with it."""
    parsed = parse(piece)
    if not isinstance(parsed, Parsed):
        return None
    report, shape = Report(piece), Shape()
    read_parts(report, parsed.parts, shape, first=first)
    numbers = read_literals(report, parsed)
    if len(report) or shape.functions:
        return None
    return Top(shape.params, sum([part.size for part in parsed.parts]), numbers)


def read_function(
    piece: str, names: frozenset[str], params: frozenset[str]
) -> tuple[Function, ast.Module] | None:
    """What a piece that is one function says, and its tree, annotations gone.

    Args:
        piece: Its text.
        names: All functions of its file.
        params: All parameters of its file.
    """
    parsed = parse(piece)
    if not isinstance(parsed, Parsed) or len(parsed.parts) != 1:
        return None
    part, report = parsed.parts[0], Report(piece)
    shape = Shape(names=names, declared=params)
    read_parts(report, parsed.parts, shape, first=False)
    numbers = read_literals(report, parsed)
    Grammar(report, shape).read()
    name = next(iter(shape.functions), None)
    if len(report) or name is None:
        return None
    strip_annotations(parsed.tree, parsed.parts)
    calls = [(called, None) for called, _ in calls_of(part, names)]
    return Function(name, calls, part.size, numbers), parsed.tree


def fit(tops: Sequence[Top], functions: Sequence[Function]) -> bool:
    """Whether pieces that are well by themselves make a file that is."""
    names = {each.name for each in functions}
    return (
        len(names) == len(functions) <= MAX_FUNCTIONS
        and names.issuperset(REQUIRED)
        and sum([each.params is not None for each in tops]) <= 1
        and sum([each.size for each in (*tops, *functions)]) <= MAX_NODES
        and sum([each.numbers for each in (*tops, *functions)]) <= MAX_NUMBERS
        and not any(leading_back({each.name: each.calls for each in functions}))
    )
