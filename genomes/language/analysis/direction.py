"""Which way a graph leans: the sign of its answer to a rise of prices, by rules, without data.

What no rule decides is unknown, never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass

from genomes.language.analysis.intervals import Interval, intervals
from genomes.language.graph import Graph, Node
from genomes.language.table import OPERATORS, Response

PRICES = {"open": 0.5, "high": 0.25, "low": 0.25, "close": 0.0}  # age in bars, roughly


@dataclass(frozen=True, slots=True)
class _Lean:
    """What is known of a step: its answer to a rise, and for a price level how old it is.

    Attributes:
        sign: 1 rises with recent prices, -1 falls, 0 does not answer, None is not known.
        age: Mean age in bars of the prices in a level; None for what is not a level.
    """

    sign: int | None
    age: float | None = None


_NONE, _UNKNOWN = _Lean(0), _Lean(None)


def direction(graph: Graph, output: str = "weight") -> int | None:
    """How an output answers a recent rise of prices.

    Returns:
        1 where it rises (momentum), -1 where it falls (reversal), 0 where it does not depend on
        past prices' direction; None where the rules cannot tell.
    """
    return leaning(graph, graph.outputs[output])


def leaning(graph: Graph, index: int, ranges: list[Interval] | None = None) -> int | None:
    """The same for any node of a graph; its intervals may be given where they are known."""
    bounds = intervals(graph) if ranges is None else ranges
    leans: list[_Lean] = []
    for step in graph.nodes[: index + 1]:
        leans.append(_lean(step, [leans[i] for i in step.args], [bounds[i] for i in step.args]))
    return leans[index].sign


def _sign(number: float) -> int:
    return (number > 0) - (number < 0)


def _joined(one: int | None, other: int | None) -> int | None:
    """The answer of what follows both: known where one does not answer or both do alike."""
    if one == 0:
        return other
    if other == 0 or one == other:
        return one
    return None


def _turned(sign: int | None) -> int | None:
    return None if sign is None else -sign


def _difference(one: _Lean, other: _Lean) -> int | None:
    """The answer of one less the other; of two levels the younger one moves more."""
    if one.age is not None and other.age is not None and one.sign == other.sign == 1:
        return _sign(other.age - one.age)
    return _joined(one.sign, _turned(other.sign))


def _moved(one: _Lean, other: _Lean, sign: int | None) -> _Lean:
    """A sum or difference: what does not answer only moves a level, and leaves its age."""
    if one.age is not None and other.age is None and other.sign == 0:
        return one
    return _Lean(sign)


def _lean(step: Node, args: list[_Lean], ranges: list[tuple[float, float]]) -> _Lean:
    match step.op, args:
        case "field", _:
            age = PRICES.get(str(step.statics[0]))
            return _NONE if age is None else _Lean(1, age)
        case (("const" | "truth"), _):
            return _NONE
        case (("add" | "min" | "max" | "fill"), [one, other]):
            sign = _joined(one.sign, other.sign)
            if one.age is not None and other.age is not None:
                return _Lean(sign, (one.age + other.age) / 2)
            return _moved(one, other, sign) if one.age is not None else _moved(other, one, sign)
        case "sub", [one, other]:
            return _moved(one, other, _difference(one, other))
        case "crossover", [one, other]:
            return _Lean(_difference(one, other))
        case (("lt" | "le" | "crossunder"), [one, other]):
            return _Lean(_difference(other, one))
        case "abs", [one]:
            return one if ranges[0][0] >= 0 else _NONE
        case "mul", [one, other]:
            if one.sign == 0:
                one, other, ranges = other, one, ranges[::-1]
            return _scaled(one, other, ranges[1])
        case "div", [one, other]:
            return _ratio(one, other, ranges)
        case (("and" | "or"), [one, other]):
            return _Lean(_joined(one.sign, other.sign))
        case "where", [condition, yes, no]:
            return _where(condition, yes, no, ranges[1:])
        case "hold", [enter, leave]:
            return _Lean(_joined(enter.sign, _turned(leave.sign)))
        case _:
            return _call(step, args, ranges)


def _scaled(one: _Lean, scale: _Lean, bounds: tuple[float, float]) -> _Lean:
    """One times a scale that does not answer itself; known where the scale has one sign."""
    if one.sign == scale.sign == 0:
        return _NONE
    if scale.sign != 0 or one.sign is None:
        return _UNKNOWN
    if bounds[0] >= 0:
        return one
    return _Lean(_turned(one.sign)) if bounds[1] <= 0 else _UNKNOWN


def _ratio(one: _Lean, other: _Lean, ranges: list[tuple[float, float]]) -> _Lean:
    if other.age is None or other.sign != 1:
        return _scaled(one, other, ranges[1])
    if one.age is not None:
        return _Lean(_difference(one, other))
    if one.sign != 0:
        return _Lean(one.sign)  # a move over a level: beside it the level changes little
    low, high = ranges[0]
    return _Lean(-1 if low >= 0 else 1 if high <= 0 else None)


def _where(condition: _Lean, yes: _Lean, no: _Lean, ranges: list[tuple[float, float]]) -> _Lean:
    chosen = _joined(yes.sign, no.sign)
    if condition.sign == 0:
        return _Lean(chosen, yes.age if yes.age == no.age else None)
    # A condition that answers moves between the two: known where one is never the smaller.
    (low, high), (other_low, other_high) = ranges
    if low >= other_high:
        return _Lean(_joined(condition.sign, chosen))
    if high <= other_low:
        return _Lean(_joined(_turned(condition.sign), chosen))
    return _UNKNOWN


def _call(step: Node, args: list[_Lean], ranges: list[tuple[float, float]]) -> _Lean:
    op, first = step.op, args[0]
    response = OPERATORS[op].response
    signs = {each.sign for each in args}
    if response is Response.TURNED:
        return _Lean(_turned(first.sign))
    if response is Response.NEITHER or signs == {0}:
        return _UNKNOWN if op == "kelly" else _NONE
    match response:
        case Response.RISES | Response.FALLS:
            answers = signs - {0}
            sign = answers.pop() if len(answers) == 1 else None
            return _Lean(sign if response is Response.RISES else _turned(sign))
        case Response.LAGS:
            return _Lean(first.sign, None if first.age is None else first.age + _age(step))
        case Response.FIRST:
            return _Lean(first.sign, first.age if op == "log" else None)
        case Response.WINDOWS:
            fast, slow = (float(window) for window in step.statics[:2])
            turn = _sign(slow - fast)
            return _Lean(None if first.sign is None else turn * first.sign)
        case Response.MOVE if ranges[0][0] >= 0:
            return _Lean(first.sign)
        case Response.TOGETHER if signs == {1}:
            return _Lean(1)
        case _:
            return _UNKNOWN


def _age(step: Node) -> float:
    """Bars by which an operator's window makes a level older."""
    if not step.statics or not OPERATORS[step.op].statics:
        return 0.0
    window = float(step.statics[0])
    return window if step.op == "lag" else (window - 1) / 2
