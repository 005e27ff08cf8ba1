"""Where the values of a graph can lie, by rules on its operators, without any data.

An interval may be wider than the truth, never narrower, but for what rounding does to a sum. What
no rule bounds is infinite; unknown values do not count.
"""

from __future__ import annotations

from math import exp, inf, sqrt

from genomes.language.graph import Graph, Node
from genomes.language.table import OPERATORS, Kind, Span

Interval = tuple[float, float]
FREE: Interval = (-inf, inf)
POSITIVE: Interval = (0.0, inf)

_FIELDS: dict[str, Interval] = {
    **dict.fromkeys(("open", "high", "low", "close", "volume", "bars_from_open"), POSITIVE),
    "weekday": (0, 6), "month": (1, 12), "days_to_month_end": (0, 31), "hour": (0, 23),
    "minute_of_day": (0, 1439),
}  # fmt: skip
_HIGHER = {"low": ("open", "close", "high"), "open": ("high",), "close": ("high",)}


def intervals(graph: Graph) -> list[Interval]:
    """The least and the largest value of every node; masks: (0, 0) never true, (1, 1) always."""
    if len(_seen) > MAX_SEEN:
        _seen.clear()
    found: list[Interval] = []
    minus: list[bool] = []
    for node in graph.nodes:
        known = _seen.get(node.digest)
        if known is None:
            args = [found[i] for i in node.args]
            zeros = [minus[i] for i in node.args]
            inside = FREE if node.op == "div" and zeros[1] else _interval(graph, node, args)
            known = inside, _may_be_minus_zero(node, inside, args, zeros)
            _seen[node.digest] = known
        found.append(known[0])
        minus.append(known[1])
    return found


MAX_SEEN = 20_000
_seen: dict[bytes, tuple[Interval, bool]] = {}  # by digest: a value's interval is its own matter


_PASS_ON = (Span.SAME, Span.SIGN, Span.RULE)  # a zero may be that of an argument


def _may_be_minus_zero(
    node: Node, inside: Interval, args: list[Interval], zeros: list[bool]
) -> bool:
    """Whether a value may be -0.0, by which a division gives the other infinity."""
    low, high = inside
    if not low <= 0 <= high:
        return False
    match node.op:
        case "const" | "abs":
            return False
        case "neg":
            return True
        case "add":
            return all(zeros)
        case "sub":
            return zeros[0]
        case "mul" | "div":
            return any(zeros) or any(least < 0 for least, _ in args)
        case op:
            passes = op in OPERATORS and OPERATORS[op].range.span in _PASS_ON
            return low < 0 or (passes and any(zeros))


def _interval(graph: Graph, node: Node, args: list[Interval]) -> Interval:
    if node.kind is Kind.MASK:
        return _mask(graph, node, args)
    match node.op:
        case "const":
            value = float(node.statics[0])
            return value, value
        case "field":
            return _FIELDS.get(str(node.statics[0]), FREE)
        case "clip_signal" | "clip" | "cap":
            low, high = limits(node)
            return max(low, min(high, args[0][0])), min(high, max(low, args[0][1]))
        case "zscore":
            n = float(node.statics[0])
            return -(n - 1) / sqrt(n), (n - 1) / sqrt(n)
        case "bollinger_position":
            n, k = (float(x) for x in node.statics)
            reach = sqrt(n - 1) / (2 * k) if k else inf
            return 0.5 - reach, 0.5 + reach
        case "sign" | "tanh":
            return -1.0 if args[0][0] < 0 else 0.0, 1.0 if args[0][1] > 0 else 0.0
        case "sqrt":
            return sqrt(max(args[0][0], 0.0)), sqrt(max(args[0][1], 0.0))
        case "exp":
            low, high = args[0]
            return exp(min(low, 700.0)), exp(high) if high < 700 else inf
        case "weighted_mean":
            return args[0] if args[1][0] >= 0 else FREE
        case _:
            return _named(graph, node, args)


def _named(graph: Graph, node: Node, args: list[Interval]) -> Interval:
    """By what the operator's row of the table says of its values."""
    row = OPERATORS.get(node.op)
    if row is None:
        return FREE
    rule = row.range
    match rule.span:
        case Span.WITHIN:
            return rule.low, rule.high
        case Span.OF_BARS:
            return (rule.low, rule.high) if _are_bars(graph, node, args) else rule.otherwise
        case Span.OF_POSITIVE:
            positive = all(low >= 0 for low, _ in args)
            return (rule.low, rule.high) if positive else rule.otherwise
        case Span.SAME:
            return args[0]
        case Span.SIGN:
            low, high = args[0]
            return -inf if low < 0 else 0.0, inf if high > 0 else 0.0
        case Span.COUNT:
            return 0.0, float(node.statics[0])
        case Span.RULE:
            return _arithmetic(graph, node, args)
        case Span.FREE:
            return FREE


def _are_bars(graph: Graph, node: Node, args: list[Interval]) -> bool:
    """Whether high, low, close (and volume) are such that low <= close <= high."""
    high, low, close = node.args[:3]
    ordered = at_most(graph, low, close) and at_most(graph, close, high)
    return ordered and all(least >= 0 for least, _ in args)


def limits(node: Node) -> Interval:
    """The bounds that a clip, a cap or the clip of a signal sets."""
    if node.op == "clip_signal":
        return -1.0, 1.0
    if node.op == "cap":
        return -float(node.statics[0]), float(node.statics[0])
    return float(node.statics[0]), float(node.statics[1])


def _arithmetic(graph: Graph, node: Node, args: list[Interval]) -> Interval:
    (a, b), (c, d) = args[0], args[-1]
    match node.op:
        case "neg":
            return -b, -a
        case "abs":
            return (0.0 if a < 0 < b else min(abs(a), abs(b))), max(abs(a), abs(b))
        case "add":
            return a + c, b + d
        case "sub":
            low, high = _less(a, d), _less(b, c)
            if at_most(graph, node.args[0], node.args[1]):
                high = min(high, 0.0)
            if at_most(graph, node.args[1], node.args[0]):
                low = max(low, 0.0)
            return low, high
        case "mul":
            ends = [_times(x, y) for x in (a, b) for y in (c, d)]
            return min(ends), max(ends)
        case "div":
            return _quotient(graph, node, args[0], args[1])
        case "min":
            return min(a, c), min(b, d)
        case "max":
            return max(a, c), max(b, d)
        case "where" | "fill":
            (a, b), (c, d) = args[-2], args[-1]
            return min(a, c), max(b, d)
        case _:
            return FREE


def _less(x: float, y: float) -> float:
    return x if abs(x) == inf else -y if abs(y) == inf else x - y


def _times(x: float, y: float) -> float:
    return 0.0 if x == 0 or y == 0 else x * y


def _quotient(graph: Graph, node: Node, top: Interval, bottom: Interval) -> Interval:
    (a, b), (c, d) = top, bottom
    if c < 0 <= d:  # a difference that is 0 is above it
        return FREE
    if d < 0:
        a, b, c, d = -b, -a, -d, -c
    low = _over(a, c) if a < 0 else _over(a, d)
    high = _over(b, c) if b > 0 else _over(b, d)
    if top[0] >= 0 and bottom[0] >= 0:
        if at_most(graph, *node.args):
            high = min(high, 1.0)
        if at_most(graph, *reversed(node.args)):
            low = max(low, 1.0)
    return low, max(low, high)  # 0/0 alone has no value to bound


def _over(x: float, y: float) -> float:
    """X / y for y >= 0, at its limit where both are 0 or infinite."""
    if y == 0:
        return 0.0 if x == 0 else inf if x > 0 else -inf
    return 0.0 if y == inf else x / y


def at_most(graph: Graph, x: int, y: int, depth: int = 4) -> bool:
    """Whether one value is never above another, as close and highest(high, n)."""
    if x == y:
        return True
    if depth == 0:
        return False
    one, other = graph.nodes[x], graph.nodes[y]
    if one.op == "field" and other.op == "field":
        return other.statics[0] in _HIGHER.get(str(one.statics[0]), ())
    if other.op == "highest" and at_most(graph, x, other.args[0], depth - 1):
        return True
    if one.op == "lowest" and at_most(graph, one.args[0], y, depth - 1):
        return True
    if other.op == "max" and any(at_most(graph, x, i, depth - 1) for i in other.args):
        return True
    return one.op == "min" and any(at_most(graph, i, y, depth - 1) for i in one.args)


def _mask(graph: Graph, node: Node, args: list[Interval]) -> Interval:
    match node.op:
        case "truth":
            value = float(node.statics[0])
            return (value, value) if value < 2 else (0.0, 1.0)
        case "lt":
            if args[0][0] >= args[1][1] or at_most(graph, node.args[1], node.args[0]):
                return 0.0, 0.0
            return (1.0, 1.0) if args[0][1] < args[1][0] else (0.0, 1.0)
        case "le":
            if args[0][0] > args[1][1]:
                return 0.0, 0.0
            always = args[0][1] <= args[1][0] or at_most(graph, *node.args)
            return (1.0, 1.0) if always else (0.0, 1.0)
        case "and":
            return min(args[0][0], args[1][0]), min(args[0][1], args[1][1])
        case "or":
            return max(args[0][0], args[1][0]), max(args[0][1], args[1][1])
        case "not":
            return 1 - args[0][1], 1 - args[0][0]
        case "hold":
            return 0.0, 0.0 if args[1] == (1.0, 1.0) else args[0][1]
        case "lag_mask":
            return args[0]
        case _:
            return 0.0, 1.0
