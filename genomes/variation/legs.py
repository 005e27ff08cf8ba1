"""The sides of a signal made of conditions: where it goes long and where short."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

from genomes.language.table import Kind
from genomes.variation.program import Function
from genomes.variation.reading import Reading
from genomes.variation.sites import Site
from genomes.variation.tree import walk, word_of


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
    function = reading.program.by_name["signal"]
    value = function.returned
    if value is None:
        return []
    masks = {id(s.node): s for s in reading.sites if s.function == "signal" and s.kind is Kind.MASK}
    sides = _sides(function, value)
    holds = [n for line in function.lines for n in walk(line.node) if word_of(n) == "hold"]
    found: list[Leg] = []
    for node in holds:
        site, side = masks.get(id(_enter(node))), sides.get(id(node))
        if site is None or side is None:
            return []
        found.append(Leg(enter=site, side=side, held=True))
    return found or [
        Leg(enter=masks[id(node)], side=sides[id(node)], held=False)
        for node in walk(value)
        if id(node) in sides and id(node) in masks and not isinstance(node, ast.Name)
    ]


def _enter(node: ast.Call) -> ast.expr | None:
    named = next((k.value for k in node.keywords if k.arg == "enter"), None)
    return named or (node.args[0] if node.args else None)


def _sides(function: Function, value: ast.expr) -> dict[int, int]:
    """The side on which each part of the returned value counts, through locals."""
    found: dict[int, int] = {}
    waiting: list[tuple[Any, int]] = [(value, 1)]
    while waiting:
        node, side = waiting.pop()
        if id(node) in found:
            continue
        found[id(node)] = side
        match node:
            case ast.BinOp(op=ast.Sub(), left=left, right=right):
                waiting += [(left, side), (right, -side)]
            case ast.BinOp(op=ast.Add(), left=left, right=right):
                waiting += [(left, side), (right, side)]
            case ast.BinOp(op=ast.Mult() | ast.Div(), left=left):
                waiting.append((left, side))
            case ast.Name(id=name) if name in function.locals:
                waiting.append((function.locals[name], side))
            case _:
                pass
    return found
