"""Rewrites of a graph that change no value by as much as a bit: folded constants, dead choices.

What would be true on paper only (x + 0, which turns -0 into 0; a reordered sum) is left alone.
Functions whose last bit depends on a maths library (log, exp, tanh) are not folded.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from math import copysign, sqrt
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genomes.language.graph import Builder


def _sign(x: float) -> float:
    return float((x > 0) - (x < 0))


_FOLDS: dict[str, Callable[..., Any]] = {
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


def simplify(builder: Builder, op: str, args: tuple[int, ...]) -> int | None:
    """The node that a call equals to the bit without being made; None where it must be made."""
    nodes = builder.nodes
    if (
        nodes[args[0]].op == nodes[args[-1]].op == "const"  # none of these has three
        and (op in _FOLDS or op in _TESTS)
    ):
        return _fold(builder, op, [float(nodes[i].statics[0]) for i in args])
    rewriting = _REWRITINGS.get(op)
    return None if rewriting is None else rewriting(builder, args)


def _fold(builder: Builder, op: str, numbers: list[float]) -> int | None:
    if op in _TESTS:
        return builder.truth(int(_TESTS[op](*numbers)))
    try:
        value = float(_FOLDS[op](*numbers))
    except (ZeroDivisionError, OverflowError, ValueError):
        return None
    if value == 0 and copysign(1, value) < 0:
        return None  # a constant has one zero, +0: 1 / -0 is another value
    return builder.const(value) if abs(value) < 1e300 else None


def _number(builder: Builder, index: int) -> float | None:
    node = builder.nodes[index]
    return float(node.statics[0]) if node.op == "const" else None


def _truth(builder: Builder, index: int) -> int | None:
    node = builder.nodes[index]
    return int(node.statics[0]) if node.op == "truth" else None


def _times(builder: Builder, args: tuple[int, ...]) -> int | None:
    for index, other in (args, args[::-1]):
        number = _number(builder, index)
        if number == 1:
            return other
        if number == -1:
            return builder.apply("neg", (other,))
    return None


def _over(builder: Builder, args: tuple[int, ...]) -> int | None:
    return args[0] if _number(builder, args[1]) == 1 else None


def _undone(op: str) -> Callable[[Builder, tuple[int, ...]], int | None]:
    def rewriting(builder: Builder, args: tuple[int, ...]) -> int | None:
        node = builder.nodes[args[0]]
        return node.args[0] if node.op == op else None

    return rewriting


def _absolute(builder: Builder, args: tuple[int, ...]) -> int | None:
    return args[0] if builder.nodes[args[0]].op == "abs" else None


def _not(builder: Builder, args: tuple[int, ...]) -> int | None:
    truth = _truth(builder, args[0])
    if truth is not None:
        return builder.truth((_TRUE, _FALSE, _UNKNOWN)[truth])
    return _twice_not(builder, args)


def _joined(decides: int, passes: int) -> Callable[[Builder, tuple[int, ...]], int | None]:
    def rewriting(builder: Builder, args: tuple[int, ...]) -> int | None:
        if args[0] == args[1]:
            return args[0]
        for index, other in (args, args[::-1]):
            truth = _truth(builder, index)
            if truth == decides:
                return builder.truth(decides)
            if truth == passes:
                return other
        return None

    return rewriting


def _where(builder: Builder, args: tuple[int, ...]) -> int | None:
    truth = _truth(builder, args[0])
    return args[1] if truth == _TRUE else args[2] if truth == _FALSE else None


def _as_number(builder: Builder, args: tuple[int, ...]) -> int | None:
    truth = _truth(builder, args[0])
    return builder.const(float(truth)) if truth in (_FALSE, _TRUE) else None


def _clip_signal(builder: Builder, args: tuple[int, ...]) -> int | None:
    return args[0] if builder.nodes[args[0]].op in CLIPPED else None


_twice_not = _undone("not")

_REWRITINGS: dict[str, Callable[[Builder, tuple[int, ...]], int | None]] = {
    "mul": _times,
    "div": _over,
    "neg": _undone("neg"),
    "abs": _absolute,
    "and": _joined(_FALSE, _TRUE),
    "or": _joined(_TRUE, _FALSE),
    "not": _not,
    "where": _where,
    "as_number": _as_number,
    "clip_signal": _clip_signal,
}
REWRITTEN = frozenset([*_FOLDS, *_TESTS, *_REWRITINGS])  # simplify has nothing to say of others
