"""What size of number a node is: a price level or a move, a return, a score, a share, a percentage.

Dimensions say what may be computed; scales say what a person would compare with what. They keep
grown and swapped expressions sensible: an RSI is compared with 30, a return with 0.02.
"""

from __future__ import annotations

from genomes.language.graph import Graph, Node
from genomes.language.table import OPERATORS, Kind, Operator, Scale, ScaleOf

S = Scale
CLOCK = frozenset(
    ("hour", "weekday", "month", "minute_of_day", "bars_from_open", "days_to_month_end")
)
CENTRED = frozenset((S.RETURN, S.SCORE, S.MOVE, S.WIDE))


def scales_of(graph: Graph) -> list[Scale]:
    """The scale of every node of a graph."""
    found: list[Scale] = []
    for node in graph.nodes:
        found.append(scale_of(node, [found[i] for i in node.args]))
    return found


def scale_of(node: Node, args: list[Scale]) -> Scale:
    """The scale of a node whose arguments have these scales."""
    if node.kind is Kind.MASK:
        return S.MASK
    plain = node.dimension is None or node.dimension.is_plain
    numbers = [a for a in args if a not in (S.CONSTANT, S.MASK)]
    first = numbers[0] if numbers else S.CONSTANT
    match node.op:
        case "const":
            return S.CONSTANT
        case "field" if node.statics[0] in CLOCK:
            return S.COUNT
        case "field":
            return S.RETURN if plain else S.LEVEL
        case "neg" if plain and first not in CENTRED and first is not S.CONSTANT:
            return S.SCORE
        case "mul":
            return next((a for a in numbers if a in CENTRED), first)
        case "add" | "sub":
            return _sum(node.op, args, numbers)
        case "div":
            return _quotient(args, numbers, plain)
        case "abs":
            return {S.MOVE: S.WIDTH, S.RETURN: S.SPREAD, S.SCORE: S.RATIO}.get(first, first)
        case op:
            return _by_row(op, first, plain)


def _by_row(op: str, first: Scale, plain: bool) -> Scale:
    match OPERATORS[op].scale if op in OPERATORS else ScaleOf.ANY:
        case Scale() as scale:
            return scale
        case ScaleOf.SAME:
            return first
        case ScaleOf.DISPERSION:
            return dispersion_of(first)
        case ScaleOf.CHANGE:
            return move_of(first)
        case _:
            return S.SCORE if plain else S.LEVEL


def dispersion_of(scale: Scale) -> Scale:
    """The scale of the spread of such values."""
    return {S.LEVEL: S.WIDTH, S.MOVE: S.WIDTH, S.RETURN: S.SPREAD}.get(scale, S.RATIO)


def move_of(scale: Scale) -> Scale:
    """The scale of the change of such values."""
    changed = {S.LEVEL: S.MOVE, S.SHARE: S.SCORE, S.RATIO: S.RETURN, S.PERCENT: S.WIDE}
    return changed.get(scale, S.MOVE if scale is S.WIDTH else scale)


def _sum(op: str, args: list[Scale], numbers: list[Scale]) -> Scale:
    if not numbers:
        return S.CONSTANT
    if len(numbers) < len(args):  # a constant added
        shifted = {S.RATIO: S.RETURN, S.SHARE: S.SCORE, S.PERCENT: S.WIDE}
        return shifted.get(numbers[0], numbers[0])
    return move_of(numbers[0]) if op == "sub" else numbers[0]


def _quotient(args: list[Scale], numbers: list[Scale], plain: bool) -> Scale:
    if len(numbers) < 2:
        return numbers[0] if numbers else S.CONSTANT
    match tuple(args), plain:
        case (S.MOVE, S.LEVEL), True:
            return S.RETURN
        case (S.WIDTH, S.LEVEL), True:
            return S.SPREAD
        case (S.MOVE, S.WIDTH) | (S.RETURN, S.SPREAD), True:
            return S.SCORE
        case (one, other), True if one is other:
            return S.RATIO
        case _, True:
            return S.SCORE
        case _:
            return S.LEVEL


def swaps_of(op: str) -> tuple[str, ...]:
    """Operators that may stand where `op` stands: same arguments, scale and meaning."""
    return _SWAPS.get(op, ())


def _shape(row: Operator) -> tuple[object, ...]:
    args = tuple((a.kind, a.dimension if a.kind is Kind.SERIES else "") for a in row.args)
    return (row.swap, row.result, row.dimension, row.cross, args)


def _swaps() -> dict[str, tuple[str, ...]]:
    groups: dict[tuple[object, ...], list[str]] = {}
    for name, row in OPERATORS.items():
        if row.public and row.swap:
            groups.setdefault(_shape(row), []).append(name)
    return {
        name: tuple(m for m in members if m != name)
        for members in groups.values()
        for name in members
        if len(members) > 1
    }


_SWAPS = _swaps()
