"""Bounds that a graph's values cannot leave, by rules on its operators, without data.

They may be wider than the truth, never narrower; what no rule bounds is infinite.
"""

from __future__ import annotations

from math import exp, inf, sqrt

from engine.llm.families import Outline, Step
from sandbox.market.panel import CLOCK_FIELDS, OHLCV

Range = tuple[float, float]
_POSITIVE = frozenset((*OHLCV, *CLOCK_FIELDS))
_FIXED: dict[str, Range] = {
    **dict.fromkeys(
        ("rsi", "plus_di", "minus_di", "adx", "stochastic_k", "stochastic_d", "mfi"), (0.0, 100.0)
    ),
    **dict.fromkeys(
        ("percent_rank", "range_position", "efficiency_ratio", "r_squared", "cross_rank",
         "cross_share", "as_number"),
        (0.0, 1.0),
    ),
    **dict.fromkeys(
        ("stdev", "variance", "mean_abs_dev", "downside_stdev", "ew_stdev", "parkinson",
         "garman_klass", "true_range", "atr", "count", "since", "streak", "bars_since_highest",
         "bars_since_lowest"),
        (0.0, inf),
    ),
    **dict.fromkeys(("correlation", "autocorrelation", "sign", "tanh", "money_flow"), (-1.0, 1.0)),
    "williams_r": (-100.0, 0.0),
    "aroon": (-100.0, 100.0),
}  # fmt: skip
_KEPT_WORDS = (
    "sma ema rma wma kama lag highest lowest median quantile ratchet cross_mean cross_median"
)
_KEPT = frozenset(_KEPT_WORDS.split())
_SIGN_KEPT_WORDS = "equal_weight normalize inverse_vol vol_target kelly total"
_SIGN_KEPT = frozenset(_SIGN_KEPT_WORDS.split())


def ranges(outline: Outline) -> list[Range]:
    """(low, high) of each step, in order; those of a Mask mean nothing."""
    found: list[Range] = []
    for step in outline.steps:
        found.append(_range(step, [found[i] for i in step.args]))
    return found


def _range(step: Step, args: list[Range]) -> Range:
    match step.op, args:
        case "const", _:
            value = float(step.statics[0])
            return value, value
        case "field", _:
            return (0.0, inf) if step.statics[0] in _POSITIVE else (-inf, inf)
        case "truth", _:
            return 0.0, 1.0
        case "add", [(a, b), (c, d)]:
            return a + c, b + d
        case "sub", [(a, b), (c, d)]:
            return a - d, b - c
        case "mul", [(a, b), (c, d)]:
            ends = [_times(x, y) for x in (a, b) for y in (c, d)]
            return min(ends), max(ends)
        case "div", [(a, b), (c, d)]:
            return _divided(a, b, c, d)
        case "neg", [(a, b)]:
            return -b, -a
        case "abs", [(a, b)]:
            return (0.0 if a <= 0 <= b else min(abs(a), abs(b))), max(abs(a), abs(b))
        case "min", [(a, b), (c, d)]:
            return min(a, c), min(b, d)
        case "max", [(a, b), (c, d)]:
            return max(a, c), max(b, d)
        case ("where", [_, (a, b), (c, d)]) | ("fill", [(a, b), (c, d)]):
            return min(a, c), max(b, d)
        case "clip", [(a, b)]:
            return _held(a, b, float(step.statics[0]), float(step.statics[1]))
        case "clip_signal", [(a, b)]:
            return _held(a, b, -1.0, 1.0)
        case "cap", [(a, b)]:
            limit = float(step.statics[0])
            return _held(a, b, -limit, limit)
        case "sqrt", [(a, b)]:
            return sqrt(max(a, 0.0)), sqrt(max(b, 0.0))
        case "exp", [(a, b)]:
            return (exp(min(a, 700.0)), exp(b) if b < 700 else inf)
        case (("tanh" | "sign"), [(a, b)]):
            return (0.0 if a >= 0 else -1.0), (0.0 if b <= 0 else 1.0)
        case _:
            return _range_of_call(step.op, args)


def _range_of_call(op: str, args: list[Range]) -> Range:
    if op in _FIXED:
        return _FIXED[op]
    if op in _KEPT:
        return args[0]
    if op in _SIGN_KEPT:
        low, high = args[0]
        return (0.0 if low >= 0 else -inf), (0.0 if high <= 0 else inf)
    return (-inf, inf)


def _held(a: float, b: float, low: float, high: float) -> Range:
    return min(max(a, low), high), min(max(b, low), high)


def _times(x: float, y: float) -> float:
    return 0.0 if x == 0 or y == 0 else x * y


def _divided(a: float, b: float, c: float, d: float) -> Range:
    """Bounds of a quotient; a divisor that may be on both sides of 0 allows anything."""
    if c < 0 < d:
        return -inf, inf
    if d <= 0:
        a, b, c, d = -b, -a, -d, -c
    low = -inf if a < 0 and c == 0 else a / (c if a < 0 else d) if (c if a < 0 else d) else 0.0
    high = inf if b > 0 and c == 0 else b / (c if b > 0 else d) if (c if b > 0 else d) else 0.0
    return (0.0 if low != low else low), (0.0 if high != high else high)


def weight_range(outline: Outline, output: str = "weight") -> tuple[float, float]:
    """Bounds that an output cannot leave, found by rules alone: wider than the truth, never too
    narrow.
    """
    return ranges(outline)[outline.outputs[output]]
