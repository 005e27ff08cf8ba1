"""Names for code: what a local that holds an expression deserves to be called."""

from __future__ import annotations

import libcst as cst

from genomes.language.table import OPERATORS

_PANDAS = ("mean", "std", "diff", "pct_change", "shift", "sum")  # methods with names of their own


def _nouns() -> dict[str, tuple[str, ...]]:
    found = {name: tuple(row.nouns.split()) for name, row in OPERATORS.items() if row.nouns}
    for method in _PANDAS:
        like = next(row for row in OPERATORS.values() if f".{method}(" in row.spelled)
        found[method] = found[like.name]
    return found


_NAMES = _nouns()
_OPERATIONS: dict[type, tuple[str, ...]] = {
    cst.Add: ("blend", "combined", "mix"),
    cst.Subtract: ("gap", "difference", "distance"),
    cst.Multiply: ("scaled", "weighted", "adjusted"),
    cst.Divide: ("ratio", "relative", "proportion"),
    cst.BitAnd: ("setup", "condition", "confirmed"),
    cst.BitOr: ("either", "condition", "setup"),
}
_PAIRS = {
    "above": "below", "over": "under", "rising": "falling", "calm": "restless", "cheap": "rich",
    "oversold": "overbought", "up": "down", "bull": "bear", "strong": "weak", "quiet": "busy",
    "high": "low", "trending": "ranging", "long": "short", "widening": "narrowing",
    "uptrend": "downtrend", "loud": "soft", "early": "late", "stalled": "moving",
    "heavy": "light", "directed": "undirected", "improving": "worsening",
}  # fmt: skip
_OPPOSITES = _PAIRS | {b: a for a, b in _PAIRS.items()}


def names_for(node: cst.CSTNode) -> tuple[str, ...]:
    """Names for a local that holds an expression, best first."""
    match node:
        case cst.Call(args=[cst.Arg(value=cst.Call(func=cst.Name(value="true_range"))), *_]):
            return ("usual_range", "width")
        case cst.Call(func=cst.Name(value=word)):
            return _NAMES.get(word, ("value", "reading"))
        case cst.Call(func=cst.Attribute(attr=cst.Name(value=word))):
            return _NAMES.get(word, ("value", "reading"))
        case cst.BinaryOperation(operator=cst.Subtract(), left=left) if _is_ratio(left):
            return ("distance", "excess", "gap")
        case cst.BinaryOperation(left=left, right=cst.Integer() | cst.Float()):
            return names_for(left)
        case cst.BinaryOperation(
            operator=cst.Multiply(), left=cst.Integer() | cst.Float(), right=r
        ):
            return names_for(r)
        case cst.BinaryOperation(operator=cst.Divide(), left=left) if _is_move(left):
            return ("surprise", "score", "pressure")
        case cst.BinaryOperation():
            return _OPERATIONS.get(type(node.operator), ("value", "reading"))
        case cst.Comparison(left=left, comparisons=[cst.ComparisonTarget() as target]):
            return _comparison_names(left, target)
        case cst.UnaryOperation(operator=cst.Minus()):
            return (
                ("calmness", "reversal")
                if _is_width(node.expression)
                else ("reversal", "contrarian")
            )
        case cst.UnaryOperation():
            return ("otherwise", "absent")
        case _:
            return ("value", "reading")


def _comparison_names(left: cst.BaseExpression, target: cst.ComparisonTarget) -> tuple[str, ...]:
    """`above_average` for close > sma(close, 20), `low_volatility` for stdev(...) < 0.02."""
    above = isinstance(target.operator, cst.GreaterThan | cst.GreaterThanEqual)
    match left:
        case cst.Name(value=("f" | "s")):
            return ("strong" if above else "weak", "condition")
        case cst.Name(value=name):
            return (f"{'high' if above else 'low'}_{name}", "condition")
        case cst.Attribute(value=cst.Name(value="m"), attr=cst.Name(value="volume")):
            return ("heavy" if above else "light", "condition")
        case cst.Attribute(value=cst.Name(value="m")):
            other = names_for(target.comparator)[0]
            return (f"{'above' if above else 'below'}_{other}", "condition")
        case _:
            return (f"{'high' if above else 'low'}_{names_for(left)[0]}", "condition")


def _is_move(node: cst.CSTNode) -> bool:
    if isinstance(node, cst.UnaryOperation):
        return _is_move(node.expression)
    if isinstance(node, cst.BinaryOperation):
        return isinstance(node.operator, cst.Subtract)
    return "momentum" in names_for(node)


def _is_width(node: cst.CSTNode) -> bool:
    return "volatility" in names_for(node)


def _is_ratio(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Divide)


def opposite(name: str) -> str:
    """The name of a condition turned round: calm and restless, entry and not_entry."""
    for part in name.split("_"):
        if part in _OPPOSITES:
            return "_".join(_OPPOSITES.get(p, p) for p in name.split("_"))
    return name.removeprefix("not_") if name.startswith("not_") else f"not_{name}"
