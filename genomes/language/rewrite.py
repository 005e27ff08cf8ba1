"""Rewrites of a graph that change no value by as much as a bit: folded constants, dead choices.

What would be true on paper only (x + 0, which turns -0 into 0; a reordered sum) is left alone.
Functions whose last bit depends on a maths library (log, exp, tanh) are not folded.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from math import copysign, sqrt
from typing import TYPE_CHECKING, Any

from genomes.language.table import Static

if TYPE_CHECKING:
    from genomes.language.graph import Builder


def _sign(x: float) -> float:
    return float((x > 0) - (x < 0))


_FOLDS: dict[str, Any] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "neg": operator.neg,
    "abs": operator.abs,
    "sign": _sign,
    "min": min,
    "max": max,
    "sqrt": sqrt,
}
_TESTS: dict[str, Callable[[float, float], bool]] = {
    "lt": operator.lt,
    "le": operator.le,
    "eq": operator.eq,
    "ne": operator.ne,
}
_FALSE, _TRUE, _UNKNOWN = 0, 1, 2
CLIPPED = ("clip_signal", "as_number", "sign", "tanh")  # results that lie in -1..1 already


def simplify(
    builder: Builder, op: str, args: tuple[int, ...], statics: tuple[Static, ...]
) -> int | None:
    """The node that a call equals to the bit without being made; None where it must be made."""
    nodes = builder.nodes
    numbers = [float(nodes[i].statics[0]) if nodes[i].op == "const" else None for i in args]
    truths = [int(nodes[i].statics[0]) if nodes[i].op == "truth" else None for i in args]
    known = [x for x in numbers if x is not None]
    if op in _FOLDS and len(known) == len(args):
        try:
            value = float(_FOLDS[op](*known))
        except (ZeroDivisionError, OverflowError, ValueError):
            return None
        if value == 0 and copysign(1, value) < 0:
            return None  # a constant has one zero, +0: 1 / -0 is another value
        return builder.const(value) if abs(value) < 1e300 else None
    if op in _TESTS and len(known) == len(args):
        return builder.truth(int(_TESTS[op](*known)))
    match op:
        case "mul":
            return _times(builder, args, numbers)
        case "div" if numbers[1] == 1:
            return args[0]
        case "neg" if nodes[args[0]].op == "neg":
            return nodes[args[0]].args[0]
        case "abs" if nodes[args[0]].op == "abs":
            return args[0]
        case "and" | "or":
            return _join(builder, op, args, truths)
        case "not" if truths[0] is not None:
            return builder.truth((_TRUE, _FALSE, _UNKNOWN)[truths[0]])
        case "not" if nodes[args[0]].op == "not":
            return nodes[args[0]].args[0]
        case "where" if truths[0] in (_FALSE, _TRUE):
            return args[1] if truths[0] == _TRUE else args[2]
        case "as_number" if truths[0] in (_FALSE, _TRUE):
            return builder.const(float(truths[0] or 0))
        case "clip_signal" if nodes[args[0]].op in CLIPPED:
            return args[0]
        case _:
            return None


def _times(builder: Builder, args: tuple[int, ...], numbers: list[float | None]) -> int | None:
    for number, other in zip(numbers, reversed(args), strict=True):
        if number == 1:
            return other
        if number == -1:
            return builder.apply("neg", (other,))
    return None


def _join(builder: Builder, op: str, args: tuple[int, ...], truths: list[int | None]) -> int | None:
    if args[0] == args[1]:
        return args[0]
    decides, passes = (_FALSE, _TRUE) if op == "and" else (_TRUE, _FALSE)
    for truth, other in zip(truths, reversed(args), strict=True):
        if truth == decides:
            return builder.truth(decides)
        if truth == passes:
            return other
    return None
