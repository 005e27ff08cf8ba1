"""The canonical graph: what counts as the same, and that no rewrite changes a bit."""

# ruff: noqa: E501 (one case a line)

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest

from genomes.language import rewrite
from tests.genomes.language.drawing import Tracer, body, draw_text

UP, BIG = "(m.close > m.open)", "(m.hour > 3)"
TRUE, FALSE = "where(True, True, {m})", "where(False, True, {m})"

SPECIAL = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 0.3, -7e-310, 1e308, -3.5, 2.0])
PAIRS = np.array(list(itertools.product(SPECIAL, SPECIAL)))


def _test(function: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    def result(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        unknown = np.isnan(x) | np.isnan(y)
        return np.where(unknown, 2, function(x, y)).astype(np.int8)

    return result


def _number(mask: np.ndarray) -> np.ndarray:
    return np.where(mask == 2, np.nan, mask.astype(float))


def _and(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.where((x == 0) | (y == 0), 0, np.where((x == 2) | (y == 2), 2, 1)).astype(np.int8)


def _or(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.where((x == 1) | (y == 1), 1, np.where((x == 2) | (y == 2), 2, 0)).astype(np.int8)


OBVIOUS: dict[str, Callable[..., np.ndarray]] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide,
    "neg": np.negative, "abs": np.abs, "sign": np.sign, "sqrt": np.sqrt, "tanh": np.tanh,
    "min": np.minimum, "max": np.maximum,
    "lt": _test(np.less), "le": _test(np.less_equal), "eq": _test(np.equal),
    "ne": _test(np.not_equal), "and": _and, "or": _or,
    "not": lambda x: np.where(x == 2, 2, 1 - x).astype(np.int8),
    "where": lambda c, x, y: np.where(c == 1, x, np.where(c == 0, y, np.nan)),
    "as_number": _number,
    "clip_signal": lambda x: np.where(np.isnan(x), x, np.minimum(np.maximum(x, -1), 1)),
}  # fmt: skip


def value_of(desk: Tracer, index: int) -> np.ndarray:
    """The obvious value of a node over all pairs of special values of close and open."""
    node = desk.builder.nodes[index]
    match node.op:
        case "field":
            column = {"close": 0, "hour": 0, "open": 1, "weekday": 1}[str(node.statics[0])]
            return PAIRS[:, column]
        case "const":
            return np.full(len(PAIRS), float(node.statics[0]))
        case "truth":
            return np.full(len(PAIRS), node.statics[0], dtype=np.int8)
        case op:
            with np.errstate(all="ignore"):
                return OBVIOUS[op](*(value_of(desk, i) for i in node.args))


def bits(values: np.ndarray) -> list[int]:
    """The values to the bit; all unknowns are one."""
    if values.dtype == np.int8:
        return values.tolist()
    return np.where(np.isnan(values), np.nan, values).view(np.int64).tolist()


def apply(desk: Tracer, op: str, *arguments: str) -> int:
    """An operator applied below the words, which have rewrites of their own."""
    return desk.builder.apply(
        op, tuple(desk(a) if isinstance(a, int) else _node(desk, a) for a in arguments)
    )


def _node(desk: Tracer, text: str) -> int:
    match text:
        case "true" | "false" | "unknown":
            return desk.builder.truth(("false", "true", "unknown").index(text))
        case _ if text.lstrip("-").replace(".", "").replace("e", "").isdigit():
            return desk.builder.const(float(text))
        case _:
            return desk(text)._node


CONSTANTS = ["0", "1", "-1", "0.3", "-2.5"]
SIMPLER = [
    *[(op, x, y) for op in ("add", "sub", "mul", "div", "min", "max") for x in CONSTANTS
      for y in CONSTANTS if not (op == "div" and y == "0")],
    *[(op, x) for op in ("neg", "abs", "sign", "tanh") for x in CONSTANTS],
    *[("sqrt", x) for x in ("0", "1", "0.3")],
    *[(op, x, y) for op in ("lt", "le", "eq", "ne") for x in CONSTANTS for y in CONSTANTS],
    ("mul", "m.close", "1"), ("mul", "1", "m.close"), ("mul", "m.close", "-1"),
    ("mul", "-1", "m.close"), ("mul", "-1", "-m.close"), ("div", "m.close", "1"),
    ("neg", "-m.close"), ("abs", "abs(m.close)"), ("not", f"~{UP}"),
    *[("not", t) for t in ("true", "false", "unknown")],
    *[(op, *pair) for op in ("and", "or") for t in ("true", "false", "unknown")
      for pair in ((UP, t), (t, UP), (t, t))],
    ("and", UP, UP), ("or", UP, UP),
    *[("where", t, "m.close", "m.open") for t in ("true", "false", "unknown")],
    *[("as_number", t) for t in ("true", "false", "unknown")],
    *[("clip_signal", x) for x in (f"{UP} * 1", "sign(m.close)", "tanh(m.hour)", "m.hour", "3", "abs(m.hour)", "-m.hour", "sqrt(m.hour)")],
    ("abs", "-m.close"),
    ("add", "m.hour", "m.weekday"), ("add", "m.weekday", "m.hour"), ("eq", "m.close", "m.open"),
    ("eq", "m.open", "m.close"), ("ne", "m.open", "m.close"), ("mul", "m.open", "m.close"),
    ("and", UP, BIG), ("and", BIG, UP), ("or", UP, BIG), ("or", BIG, UP),
]  # fmt: skip


@pytest.mark.parametrize("call", SIMPLER, ids=" ".join)
def test_a_rewrite_changes_no_bit(call, monkeypatch):
    desk = Tracer()
    done = bits(value_of(desk, apply(desk, *call)))
    monkeypatch.setattr(rewrite, "simplify", lambda *_: None)
    plain = Tracer()
    assert bits(value_of(plain, apply(plain, *call))) == done


@pytest.mark.parametrize(
    ("call", "becomes"),
    [
        (("mul", "m.close", "1"), "m.close"),
        (("mul", "-1", "m.close"), "-m.close"),
        (("div", "m.close", "1"), "m.close"),
        (("neg", "-m.close"), "m.close"),
        (("abs", "abs(m.close)"), "abs(m.close)"),
        (("not", f"~{UP}"), UP),
        (("not", "unknown"), "unknown"),
        (("not", "true"), "false"),
        (("and", UP, UP), UP),
        (("and", UP, "true"), UP),
        (("and", "false", UP), "false"),
        (("and", "unknown", "false"), "false"),
        (("and", "unknown", "true"), "unknown"),
        (("or", UP, "false"), UP),
        (("or", "true", UP), "true"),
        (("or", "unknown", "true"), "true"),
        (("or", "false", "unknown"), "unknown"),
        (("where", "true", "m.close", "m.open"), "m.close"),
        (("where", "false", "m.close", "m.open"), "m.open"),
        (("as_number", "true"), "1"),
        (("as_number", "false"), "0"),
        (("clip_signal", "sign(m.close)"), "sign(m.close)"),
        (("clip_signal", "tanh(m.hour)"), "tanh(m.hour)"),
        (("add", "2", "3"), "5"),
        (("lt", "2", "3"), "true"),
        (("ne", "2", "2"), "false"),
    ],
)
def test_what_is_decided_already_is_not_asked_again(call, becomes):
    desk = Tracer()
    assert apply(desk, *call) == _node(desk, becomes)


@pytest.mark.parametrize(
    "call",
    [
        ("add", "m.close", "0"), ("sub", "m.close", "m.close"), ("mul", "m.close", "0"),
        ("div", "m.close", "m.close"), ("neg", "0"), ("mul", "0", "-1"), ("div", "1", "0"),
        ("div", "0", "0"), ("mul", "1e200", "1e200"), ("sqrt", "-1"), ("and", UP, "unknown"),
        ("where", "unknown", "m.close", "m.open"), ("as_number", "unknown"), ("exp", "1"),
        ("log", "2"), ("tanh", "1"), ("clip_signal", "m.hour"), ("min", "m.close", "m.close"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_what_could_differ_by_a_bit_is_left_alone(call):
    desk = Tracer()
    assert desk.builder.nodes[apply(desk, *call)].op == call[0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("m.close + m.open", "m.open + m.close"),
        ("m.close * m.volume", "m.volume * m.close"),
        ("m.close == m.open", "m.open == m.close"),
        ("m.close != m.open", "m.open != m.close"),
        (f"{UP} & {BIG}", f"{BIG} & {UP}"),
        (f"{UP} | {BIG}", f"{BIG} | {UP}"),
        ("(m.close + m.open) * (m.high + m.low)", "(m.low + m.high) * (m.open + m.close)"),
    ],
)
def test_commuted_operands_are_one_node(one, other):
    desk = Tracer()
    assert desk(one)._node == desk(other)._node


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("m.close - m.open", "m.open - m.close"),
        ("m.close / m.open", "m.open / m.close"),
        ("m.close < m.open", "m.close <= m.open"),
        ("m.close < m.open", "m.open < m.close"),
        ("sma(m.close, 9)", "sma(m.close, 10)"),
        ("sma(m.close, 9)", "sma(m.open, 9)"),
        ("sma(m.close, 9)", "ema(m.close, 9)"),
        ("quantile(m.close, 9, 0.1)", "quantile(m.close, 9, 0.2)"),
        ("macd(m.close, 12, 26)", "macd(m.close, 26, 12)"),
        ("m.hour + 1", "m.hour + 1.0000000000000002"),
        (f"hold({UP}, {BIG})", f"hold({BIG}, {UP})"),
        (f"{UP} & {BIG}", f"{UP} | {BIG}"),
        (f"~{UP}", "m.close <= m.open"),
        ("(m.hour + m.month) + m.weekday", "m.hour + (m.month + m.weekday)"),
        ("where(m.hour > 3, m.close, m.open)", "where(m.hour > 3, m.open, m.close)"),
    ],
)
def test_different_behaviour_is_another_digest(one, other):
    desk = Tracer()
    assert desk(one)._info.digest != desk(other)._info.digest


def test_minus_zero_is_zero_wherever_it_is_written():
    desk = Tracer()
    assert desk("m.hour + 0.0")._node == desk("m.hour + -0.0")._node
    assert desk("clip(m.hour, -0.0, 1)")._info.statics == (0.0, 1.0)
    assert math.copysign(1, desk("clip(m.hour, -0.0, 1)")._info.statics[0]) == 1
    fresh = Tracer()
    assert fresh("clip(m.hour, 0, 1)")._info.digest == desk("clip(m.hour, -0.0, 1)")._info.digest


KEY = body("m.close / sma(m.close, 20) - 1", "f * 2")


def test_a_dead_branch_changes_no_key():
    dead = body(
        "(sma(m.volume, 9), where(False, m.open / m.high, m.close / sma(m.close, 20) - 1))[1]",
        "f * 2",
    )
    assert draw_text(dead).key == draw_text(KEY).key
    assert draw_text(dead).nodes == draw_text(KEY).nodes


def test_the_order_of_writing_changes_no_key():
    later = body("(sma(m.close, 20), m.close / sma(m.close, 20) - 1)[1]", "2 * f")
    assert draw_text(later).key == draw_text(KEY).key


def test_the_factor_alone_is_not_in_the_key():
    def source(factor: str) -> str:
        return body(factor, "m.hour > 3")

    one, other = draw_text(source("m.close")), draw_text(source("m.open"))
    assert one.key == other.key
    assert one.nodes != other.nodes


def test_each_output_of_behaviour_is_in_the_key():
    plain = draw_text(KEY).key
    exits = [
        draw_text(body("m.close / sma(m.close, 20) - 1", "f * 2", f"def exits(m, p): return {e}")).key
        for e in ("Exits(stop_loss=0.05)", "Exits(take_profit=0.05)", "Exits(trailing_stop=0.05)",
                  "Exits(stop_loss=0.06)", "Exits(max_held=5)")
    ]  # fmt: skip
    size = draw_text(
        body("m.close / sma(m.close, 20) - 1", "f * 2", "def size(s, m, p): return s * 0.3")
    ).key
    assert len({plain, size, *exits}) == 7
    assert draw_text(
        body("m.close / sma(m.close, 20) - 1", "f * 2", "def exits(m, p): return Exits()")
    ).key == plain  # fmt: skip
