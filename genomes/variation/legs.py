"""The sides of a signal: where it goes long and where short, and how its factor follows prices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import libcst as cst

from genomes.language.analysis.direction import leaning
from genomes.language.analysis.essence import COMBINES
from genomes.language.graph import Graph
from genomes.language.table import Kind
from genomes.variation import edit
from genomes.variation.scale import CLOCK
from genomes.variation.sites import Reading, Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One side of a signal.

    Attributes:
        enter: The condition that opens it, as a place of the signal.
        side: 1 for long, -1 for short.
        held: Whether it is a `hold`.
    """

    enter: Site
    side: int
    held: bool


def legs_of(reading: Reading) -> list[Leg]:
    """The sides of a signal made of conditions; none for one that is a plain number."""
    tree = reading.program.function("signal")
    value = edit.returned(tree) if tree is not None else None
    if tree is None or value is None:
        return []
    masks = {id(s.node): s for s in reading.sites if s.function == "signal" and s.kind is Kind.MASK}
    sides = _sides(tree, value)
    holds: list[Any] = [node for node in edit.walk(tree) if _is_hold(node)]
    found: list[Leg] = []
    for node in holds:
        side = sides.get(id(node))
        enter: Any = next(
            (a.value for i, a in enumerate(node.args) if _named(a, i) == "enter"), None
        )
        site = masks.get(id(enter))
        if site is None or side is None:
            return []
        found.append(Leg(enter=site, side=side, held=True))
    if found:
        return found
    return [
        Leg(enter=masks[id(node)], side=sides[id(node)], held=False)
        for node in edit.walk(value)
        if id(node) in sides and id(node) in masks and not isinstance(node, cst.Name)
    ]


def _is_hold(node: Any) -> bool:
    match node:
        case cst.Call(func=cst.Name(value="hold")):
            return True
        case _:
            return False


def _named(arg: cst.Arg, position: int) -> str:
    return arg.keyword.value if arg.keyword is not None else ("enter", "exit")[position]


def _sides(tree: cst.FunctionDef, value: cst.BaseExpression) -> dict[int, int]:
    """The side on which each part of the returned value counts, through locals."""
    locals_ = {
        n.targets[0].target.value: n.value
        for n in edit.walk(tree)
        if isinstance(n, cst.Assign) and isinstance(n.targets[0].target, cst.Name)
    }
    found: dict[int, int] = {}

    def go(node: Any, side: int) -> None:
        found[id(node)] = side
        match node:
            case cst.BinaryOperation(operator=cst.Subtract(), left=left, right=right):
                go(left, side)
                go(right, -side)
            case cst.BinaryOperation(operator=cst.Add(), left=left, right=right):
                go(left, side)
                go(right, side)
            case cst.BinaryOperation(operator=cst.Multiply() | cst.Divide(), left=left):
                go(left, side)
            case cst.Name(value=name) if name in locals_:
                go(locals_[name], side)
            case _:
                pass

    go(value, 1)
    return found


def leg_digests(graph: Graph) -> list[bytes]:
    """The digests of a graph's sides, as the signal combines them from left to right."""
    parts = graph.below([graph.outputs["signal"]], COMBINES)
    return [node.digest for node in parts if node.op == "as_number"]


def direction(graph: Graph, index: int | None = None) -> int:
    """1 where the factor rises with the price (a trend), -1 where it falls (a reversal), else 0."""
    return leaning(graph, graph.outputs["factor"] if index is None else index) or 0


def reads_clock(graph: Graph, name: str = "factor") -> bool:
    """Whether an output depends on the calendar or the time of day."""
    below = graph.below([graph.outputs[name]])
    return any(node.op == "field" and node.statics[0] in CLOCK for node in below)
