"""Where the values of a graph can lie, and what of it matters: decided without any data."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from math import inf, sqrt

from genomes.language.graph import BEHAVIOUR, Graph, Node
from genomes.language.table import Kind

Interval = tuple[float, float]
FREE: Interval = (-inf, inf)
POSITIVE: Interval = (0.0, inf)

_FIXED: dict[Interval, str] = {
    (0.0, 1.0): "percent_rank range_position efficiency_ratio r_squared cross_rank cross_share "
    "as_number",
    (-1.0, 1.0): "correlation autocorrelation money_flow",
    (0.0, 100.0): "rsi stochastic_k stochastic_d mfi adx plus_di minus_di",
    (-100.0, 0.0): "williams_r",
    (-100.0, 100.0): "aroon",
    (-1.0, inf): "returns",
    POSITIVE: "stdev variance mean_abs_dev ew_stdev downside_stdev parkinson garman_klass "
    "true_range atr vwap supertrend donchian_middle exp sqrt",
}
_OPERATORS = {name: found for found, names in _FIXED.items() for name in names.split()}
_KEEPS = frozenset(
    ("sma", "ema", "rma", "wma", "kama", "median", "lag", "highest", "lowest", "quantile",
     "weighted_mean", "cross_mean", "cross_median", "ratchet")
)  # fmt: skip
_SIGN_KEEPS = frozenset(("equal_weight", "normalize", "inverse_vol", "vol_target", "kelly"))
_CLOCKS: dict[str, Interval] = {
    "weekday": (0, 6), "month": (1, 12), "days_to_month_end": (0, 31), "hour": (0, 23),
    "minute_of_day": (0, 1439), "bars_from_open": (0, inf),
}  # fmt: skip
_HIGHER = {"low": ("open", "close", "high"), "open": ("high",), "close": ("high",)}


def intervals(graph: Graph) -> list[Interval]:
    """The least and the largest value of every node; masks: (0, 0) never true, (1, 1) always."""
    found: list[Interval] = []
    for node in graph.nodes:
        found.append(_interval(graph, node, [found[i] for i in node.args]))
    return found


def _interval(graph: Graph, node: Node, args: list[Interval]) -> Interval:
    if node.kind is Kind.MASK:
        return _mask(graph, node, args)
    match node.op:
        case "const":
            value = float(node.statics[0])
            return value, value
        case "field":
            name = str(node.statics[0])
            plain = node.dimension is None or node.dimension.is_plain
            return _CLOCKS.get(name, FREE if plain else POSITIVE)
        case "clip_signal" | "clip" | "cap":
            low, high = _limits(node)
            return max(low, min(high, args[0][0])), min(high, max(low, args[0][1]))
        case "zscore":
            n = float(node.statics[0])
            return -(n - 1) / sqrt(n), (n - 1) / sqrt(n)
        case "bollinger_position":
            n, k = (float(x) for x in node.statics)
            reach = sqrt(n - 1) / (2 * k) if k else inf
            return 0.5 - reach, 0.5 + reach
        case "count" | "since" | "streak" | "bars_since_highest" | "bars_since_lowest":
            return 0.0, float(node.statics[0])
        case "sign" | "tanh":
            return -1.0 if args[0][0] < 0 else 0.0, 1.0 if args[0][1] > 0 else 0.0
        case op if op in _OPERATORS:
            return _OPERATORS[op]
        case op if op in _KEEPS:
            return args[0]
        case op if op in _SIGN_KEEPS:
            low, high = args[0]
            return -inf if low < 0 else 0.0, inf if high > 0 else 0.0
        case _:
            return _arithmetic(graph, node, args)


def _limits(node: Node) -> Interval:
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
    x, y = node.args
    if bottom[0] < 0:
        return FREE
    low = -inf if top[0] < 0 else 0.0
    high = inf if top[1] > 0 else 0.0
    if bottom[0] == bottom[1] and bottom[0] > 0:
        return top[0] / bottom[0], top[1] / bottom[0]
    if top[0] >= 0 and at_most(graph, x, y):
        high = min(high, 1.0)
    if bottom[0] >= 0 and at_most(graph, y, x):
        low = max(low, 1.0)
    return low, high


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


# -- what matters ----------------------------------------------------------------------------------


class Essence:
    """What of a graph can change a weight: equal digests where two nodes cannot differ in effect.

    Of a comparison with 0 only the sign of the other side counts, of `known(x)` only that it is
    asked, and a clip that never bites is not an operation.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.ranges = intervals(graph)
        self._whole: dict[int, bytes] = {}
        self._signs: dict[int, bytes] = {}
        self.read: set[int] = set()

    @property
    def key(self) -> bytes:
        """The essence of all that the books act on."""
        parts = [
            name.encode() + self.whole(self._graph.outputs[name])
            for name in BEHAVIOUR
            if name in self._graph.outputs
        ]
        return _digest(*parts)

    def whole(self, index: int) -> bytes:
        """The essence of a node's value."""
        if index not in self._whole:
            self.read.add(index)
            self._whole[index] = self._of_value(index)
        return self._whole[index]

    def _of_value(self, index: int) -> bytes:
        node = self._graph.nodes[index]
        match node.op:
            case "known":
                return b"known"
            case "lt" | "le" if self._is_zero(node.args[0]):
                return _digest(node.op.encode(), b"0<", self.sign(node.args[1]))
            case "lt" | "le" if self._is_zero(node.args[1]):
                return _digest(node.op.encode(), b"<0", self.sign(node.args[0]))
            case "sign":
                return _digest(b"sign", self.sign(node.args[0]))
            case "clip" | "clip_signal" | "cap" if self._never_bites(node):
                return self.whole(node.args[0])
            case "cross_rank" | "cross_top" | "cross_bottom":
                rest = repr(node.statics).encode()
                return _digest(node.op.encode(), rest, self._ranked(node.args[0]))
            case _:
                args = [self.whole(i) for i in node.args]
                return _digest(node.op.encode(), repr(node.statics).encode(), *args)

    def _never_bites(self, node: Node) -> bool:
        low, high = _limits(node)
        inside = self.ranges[node.args[0]]
        return low <= inside[0] and inside[1] <= high

    def _is_zero(self, index: int) -> bool:
        node = self._graph.nodes[index]
        return node.op == "const" and node.statics[0] == 0

    def _ranked(self, index: int) -> bytes:
        """The essence of a value of which only the order among assets counts."""
        node = self._graph.nodes[index]
        if node.op in ("cross_demean", "cross_zscore", "cross_rank", "tanh"):
            self.read.add(index)
            return self._ranked(node.args[0])
        return self.whole(index)

    def sign(self, index: int) -> bytes:
        """The essence of a value's sign."""
        if index not in self._signs:
            self.read.add(index)
            self._signs[index] = self._of_sign(index)
        return self._signs[index]

    def _of_sign(self, index: int) -> bytes:
        node = self._graph.nodes[index]
        match node.op:
            case "neg":
                return _digest(b"neg", self.sign(node.args[0]))
            case "tanh" | "sign":
                return self.sign(node.args[0])
            case "mul" | "div" if self.ranges[node.args[1]][0] >= 0:
                return self.sign(node.args[0])
            case "mul" if self.ranges[node.args[0]][0] >= 0:
                return self.sign(node.args[1])
            case "where" if self.sign(node.args[1]) == self.sign(node.args[2]):
                return self.sign(node.args[1])
            case _:
                return self.whole(index)


def _digest(*parts: bytes) -> bytes:
    digest = blake2b(digest_size=16)
    for part in parts:
        digest.update(len(part).to_bytes(4, "little") + part)
    return digest.digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a graph can do, decided without data.

    Attributes:
        essence: Equal where two graphs cannot differ in a weight or an exit.
        reads_factor: Whether the weight depends on more of the factor than that it is known.
        constants: How many conditions can never be true, or are always.
        weight: The least and the largest weight.
    """

    essence: bytes
    reads_factor: bool
    constants: int
    weight: Interval


def facts_of(graph: Graph) -> Facts:
    """The facts of a graph."""
    essence = Essence(graph)
    key = essence.key
    return Facts(
        essence=key,
        reads_factor=graph.outputs["factor"] in essence.read,
        constants=constant_masks(graph, essence.ranges),
        weight=essence.ranges[graph.outputs["weight"]],
    )


def constant_masks(graph: Graph, ranges: list[Interval]) -> int:
    """How many conditions can never be true, or are always."""
    return sum(
        node.kind is Kind.MASK and low == high
        for node, (low, high) in zip(graph.nodes, ranges, strict=True)
    )


def can_rest(graph: Graph, ranges: list[Interval]) -> bool:
    """Whether the signal is made of conditions, so that it comes back to 0 for a while."""
    index = graph.outputs["signal"]
    stack, masks = [index], False
    while stack:
        node = graph.nodes[stack.pop()]
        if node.op == "as_number":
            mask = graph.nodes[node.args[0]]
            if mask.op == "known":
                return False
            masks = True
        elif node.op in ("clip_signal", "sub", "add", "neg"):
            stack.extend(node.args)
        elif node.op in ("mul", "div"):
            stack.extend(node.args[:2])
        elif node.op not in ("const", "min", "max"):
            return False
    return masks and ranges[index][0] <= 0
