"""What size of number a node is: a price level or a move, a return, a score, a share, a percentage.

Dimensions say what may be computed; scales say what a person would compare with what. They keep
grown and swapped expressions sensible: an RSI is compared with 30, a return with 0.02.
"""

from __future__ import annotations

from enum import StrEnum

from genomes.language.graph import Graph, Node
from genomes.language.operators import OPERATORS
from genomes.language.table import Kind


class Scale(StrEnum):
    """The usual size of a value."""

    LEVEL = "level"  # a price, a volume
    MOVE = "move"  # a difference of levels
    WIDTH = "width"  # a positive distance: atr, stdev of a level
    RETURN = "return"  # small, around 0
    SCORE = "score"  # of size 1, around 0
    SHARE = "share"  # 0..1
    PERCENT = "percent"  # 0..100
    WIDE = "wide"  # of size 100, around 0
    SPREAD = "spread"  # small and positive: volatility of returns
    RATIO = "ratio"  # around 1
    COUNT = "count"  # bars
    MASK = "mask"
    CONSTANT = "constant"


S = Scale
CLOCK = frozenset(
    ("hour", "weekday", "month", "minute_of_day", "bars_from_open", "days_to_month_end")
)
_FIXED: dict[Scale, str] = {
    S.LEVEL: "vwap supertrend donchian_middle keltner_upper keltner_lower",
    S.WIDTH: "true_range atr",
    S.RETURN: "returns log_return",
    S.SCORE: "zscore tanh sign correlation autocorrelation cross_zscore skewness kurtosis "
    "money_flow beta clip_signal clip",
    S.SHARE: "percent_rank range_position bollinger_position efficiency_ratio r_squared cross_rank "
    "cross_share as_number",
    S.PERCENT: "rsi stochastic_k stochastic_d mfi adx plus_di minus_di",
    S.WIDE: "cci aroon williams_r",
    S.SPREAD: "parkinson garman_klass downside_stdev",
    S.COUNT: "bars_since_highest bars_since_lowest count since streak",
}
FIXED: dict[str, Scale] = {name: scale for scale, names in _FIXED.items() for name in names.split()}

SMOOTHERS = (
    "sma", "ema", "rma", "wma", "dema", "tema", "hull", "kama", "median", "linear_fit",
)  # fmt: skip
KEEPS = frozenset((*SMOOTHERS, "lag", "highest", "lowest", "quantile", "fill", "weighted_mean",
                   "ratchet", "cross_mean", "cross_median", "neg", "bollinger_upper",
                   "bollinger_lower", "cap"))  # fmt: skip
DISPERSIONS = frozenset(("stdev", "mean_abs_dev", "ew_stdev"))
MOVES = frozenset(
    ("change", "slope", "macd", "macd_signal", "macd_histogram", "residual", "cross_demean")
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
        case op if op in FIXED:
            return FIXED[op]
        case op if op in KEEPS or op in ("where", "min", "max", "total"):
            return first
        case "mul":
            return next((a for a in numbers if a in CENTRED), first)
        case op if op in DISPERSIONS:
            return dispersion_of(first)
        case op if op in MOVES:
            return move_of(first)
        case "add" | "sub":
            return _sum(node.op, args, numbers)
        case "div":
            return _quotient(args, numbers, plain)
        case "abs":
            return {S.MOVE: S.WIDTH, S.RETURN: S.SPREAD, S.SCORE: S.RATIO}.get(first, first)
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


_SWAP_CLASSES = (
    ("sma", "ema", "rma", "wma", "median"),
    ("stdev", "mean_abs_dev", "ew_stdev"),
    ("percent_rank", "range_position"),
)
_CLASS_OF = {op: number for number, ops in reversed(list(enumerate(_SWAP_CLASSES))) for op in ops}


def _shape(op: str) -> tuple[object, ...]:
    row = OPERATORS[op]
    args = tuple((a.kind, a.dimension if a.kind is Kind.SERIES else "") for a in row.args)
    return (_CLASS_OF[op], row.result, row.dimension, row.cross, args)


def _swaps() -> dict[str, tuple[str, ...]]:
    groups: dict[tuple[object, ...], list[str]] = {}
    for name, row in OPERATORS.items():
        if row.public and name in _CLASS_OF:
            groups.setdefault(_shape(name), []).append(name)
    found: dict[str, tuple[str, ...]] = {}
    for members in groups.values():
        for name in members:
            others = tuple(m for m in members if m != name)
            if others:
                found[name] = others
    return found


_SWAPS = _swaps()
