"""Words for code: the name a local deserves, and a graph's node as a phrase of English."""

from __future__ import annotations

import libcst as cst

from genomes.language.graph import Graph, Node
from genomes.language.operators import OPERATORS

_NAMES: dict[str, tuple[str, ...]] = {}
for _ops, _names in (
    ("sma ema rma wma dema tema hull kama median linear_fit mean vwap", "average trend baseline"),
    ("supertrend donchian_middle", "trend baseline"),
    ("highest keltner_upper bollinger_upper max", "ceiling upper peak"),
    ("lowest keltner_lower bollinger_lower min", "floor lower trough"),
    ("stdev ew_stdev mean_abs_dev variance atr true_range parkinson garman_klass "
     "downside_stdev std", "volatility width risk"),
    ("returns log_return change diff pct_change slope macd macd_histogram", "momentum drift move"),
    ("macd_signal", "smoothed_momentum slow_momentum"),
    ("zscore bollinger_position", "stretch deviation distance"),
    ("percent_rank range_position cross_rank quantile", "rank position standing"),
    ("cross_zscore cross_demean residual", "relative_score excess"),
    ("rsi stochastic_k stochastic_d williams_r mfi cci aroon", "oscillator swing"),
    ("adx efficiency_ratio r_squared plus_di minus_di", "trendiness strength"),
    ("correlation autocorrelation beta covariance", "link coupling"),
    ("obv_change money_flow", "flow pressure"),
    ("skewness kurtosis", "shape tail"),
    ("lag shift", "earlier past"),
    ("where", "gated chosen selected"),
    ("hold", "position stance"),
    ("crossover crossunder cooldown", "trigger event"),
    ("cross_top cross_bottom", "chosen picks"),
    ("count since streak bars_since_highest bars_since_lowest", "age tally"),
    ("vol_target inverse_vol kelly equal_weight normalize cap", "scaled sized weighted"),
    ("tanh sign clip", "squashed bounded"),
    ("abs sqrt", "magnitude strength"),
    ("total sum", "amount tally"),
    ("cross_mean cross_median cross_share", "market breadth"),
):  # fmt: skip
    for _op in _ops.split():
        _NAMES.setdefault(_op, tuple(_names.split()))

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


# -- phrases ---------------------------------------------------------------------------------------

_PHRASES = {
    "lag": "{x} {n} bars ago",
    "change": "the {n}-bar change of {x}",
    "returns": "the {n}-bar return of {x}",
    "log_return": "the {n}-bar log return of {x}",
    "sma": "the {n}-bar mean of {x}",
    "ema": "the {n}-bar exponential mean of {x}",
    "stdev": "the {n}-bar volatility of {x}",
    "ew_stdev": "the {n}-bar exponential volatility of {x}",
    "zscore": "how far {x} stands from its {n}-bar mean",
    "percent_rank": "the rank of {x} among its last {n} bars",
    "range_position": "where {x} lies in its {n}-bar range",
    "highest": "the {n}-bar high of {x}",
    "lowest": "the {n}-bar low of {x}",
    "median": "the {n}-bar median of {x}",
    "slope": "the {n}-bar slope of {x}",
    "rsi": "the {n}-bar RSI of {x}",
    "atr": "the {n}-bar average true range",
    "adx": "the {n}-bar ADX",
    "mfi": "the {n}-bar money flow index",
    "vwap": "the {n}-bar volume-weighted price",
    "correlation": "the {n}-bar correlation of {x} and {y}",
    "efficiency_ratio": "the {n}-bar efficiency of {x}",
    "cross_rank": "the rank of {x} among assets",
    "cross_zscore": "{x} against the other assets",
    "cross_demean": "{x} above the average asset's",
    "cross_mean": "the average asset's {x}",
    "bollinger_position": "where {x} lies in its {n}-bar Bollinger bands",
    "bars_since_highest": "bars since the {n}-bar high of {x}",
    "bars_since_lowest": "bars since the {n}-bar low of {x}",
    "add": "{x} plus {y}",
    "sub": "{x} less {y}",
    "mul": "{x} times {y}",
    "div": "{x} over {y}",
    "neg": "the reverse of {x}",
    "abs": "the size of {x}",
    "lt": "{x} being below {y}",
    "le": "{x} being at most {y}",
}


def phrase(graph: Graph, index: int, depth: int = 3) -> str:
    """A node in English, its far-away arguments left out: `the 20-bar mean of close`."""
    node = graph.nodes[index]
    match node.op:
        case "field":
            return str(node.statics[0])
        case "const":
            return f"{node.statics[0]:g}"
        case "where":
            return _gated(graph, node, depth)
        case _:
            pass
    if depth == 0:
        return "a reading of " + (" and ".join(_fields_below(graph, index)[:2]) or "the market")
    row = OPERATORS.get(node.op)
    if row is None:
        return node.op
    if node.op == "sub" and _is(graph, node.args[1], 1) and graph.nodes[node.args[0]].op == "div":
        x, y = graph.nodes[node.args[0]].args
        return f"{phrase(graph, x, depth - 1)} relative to {phrase(graph, y, depth - 1)}"
    words = {a.name: phrase(graph, i, depth - 1) for a, i in zip(row.nodes, node.args, strict=True)}
    words |= {a.name: f"{v}" for a, v in zip(row.statics, node.statics, strict=True)}
    form = _PHRASES.get(node.op)
    if form is not None:
        return form.format(**words).replace("1 bars ago", "one bar ago")
    name = node.op.replace("_", " ")
    named = [
        words[a.name] for a in row.nodes if a.name not in ("open", "high", "low", "close", "volume")
    ]
    window = f"{words['n']}-bar " if "n" in words else ""
    return f"the {window}{name}" + (f" of {' and '.join(named[:2])}" if named else "")


_GATED = ", only under a condition"


def _gated(graph: Graph, node: Node, depth: int) -> str:
    _, x, y = node.args
    if _is(graph, y, 0):
        return f"{phrase(graph, x, depth).removesuffix(_GATED)}{_GATED}"
    if depth == 0:
        return "one of two readings"
    one, other = (phrase(graph, i, depth - 1).removesuffix(_GATED) for i in (x, y))
    return f"{one} or {other}, as a condition says"


def _is(graph: Graph, index: int, value: float) -> bool:
    node = graph.nodes[index]
    return node.op == "const" and node.statics[0] == value


def _fields_below(graph: Graph, index: int) -> list[str]:
    found: dict[str, None] = {}
    stack = [index]
    while stack:
        node = graph.nodes[stack.pop()]
        if node.op == "field":
            found[str(node.statics[0])] = None
        stack.extend(reversed(node.args))
    return list(found)
