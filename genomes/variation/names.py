"""Names for code: what a local that holds an expression deserves to be called."""

from __future__ import annotations

import ast
from typing import Any

from genomes.language.table import OPERATORS
from genomes.variation.tree import is_number, word_of

_PANDAS = ("mean", "std", "diff", "pct_change", "shift", "sum")  # methods with names of their own
_PLAIN = ("value", "reading")


def _nouns() -> dict[str, tuple[str, ...]]:
    found = {name: tuple(row.nouns.split()) for name, row in OPERATORS.items() if row.nouns}
    for method in _PANDAS:
        like = next(row for row in OPERATORS.values() if f".{method}(" in row.spelled)
        found[method] = found[like.name]
    return found


_NAMES = _nouns()
_OPERATIONS: dict[type, tuple[str, ...]] = {
    ast.Add: ("blend", "combined", "mix"),
    ast.Sub: ("gap", "difference", "distance"),
    ast.Mult: ("scaled", "weighted", "adjusted"),
    ast.Div: ("ratio", "relative", "proportion"),
    ast.BitAnd: ("setup", "condition", "confirmed"),
    ast.BitOr: ("either", "condition", "setup"),
}


def names_for(node: Any) -> tuple[str, ...]:
    """Names for a local that holds an expression, best first."""
    match node:
        case ast.Call(args=[first, *_]) if word_of(first) == "true_range":
            return ("usual_range", "width")
        case ast.Call(func=ast.Name(id=word) | ast.Attribute(attr=word)):
            return _NAMES.get(word, _PLAIN)
        case ast.BinOp(op=ast.Sub(), left=ast.BinOp(op=ast.Div())):
            return ("distance", "excess", "gap")
        case ast.BinOp(left=left, right=right) if is_number(right):
            return names_for(left)
        case ast.BinOp(op=ast.Mult(), left=left, right=right) if is_number(left):
            return names_for(right)
        case ast.BinOp(op=ast.Div(), left=left) if _is_move(left):
            return ("surprise", "score", "pressure")
        case ast.BinOp(op=op):
            return _OPERATIONS.get(type(op), _PLAIN)
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _of_test(left, right, above=isinstance(op, ast.Gt | ast.GtE))
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            calm = "volatility" in names_for(inner)
            return ("calmness" if calm else "reversal", "reversal" if calm else "contrarian")
        case ast.UnaryOp():
            return ("otherwise", "absent")
        case _:
            return _PLAIN


def _of_test(left: Any, right: Any, *, above: bool) -> tuple[str, ...]:
    """`above_average` for close > sma(close, 20), `low_volatility` for stdev(...) < 0.02."""
    high = "high" if above else "low"
    match left:
        case ast.Name(id=("f" | "s")):
            return ("strong" if above else "weak", "condition")
        case ast.Name(id=name):
            return (f"{high}_{name}", "condition")
        case ast.Attribute(value=ast.Name(id="m"), attr="volume"):
            return ("heavy" if above else "light", "condition")
        case ast.Attribute(value=ast.Name(id="m"), attr=field) if is_number(right):
            return (f"{high}_{field}", "condition")
        case ast.Attribute(value=ast.Name(id="m")):
            return (f"{'above' if above else 'below'}_{names_for(right)[0]}", "condition")
        case _:
            return (f"{high}_{names_for(left)[0]}", "condition")


def _is_move(node: Any) -> bool:
    match node:
        case ast.UnaryOp(operand=inner):
            return _is_move(inner)
        case ast.BinOp(op=op):
            return isinstance(op, ast.Sub)
        case _:
            return "momentum" in names_for(node)
