"""A whole new strategy: a family's factor, a rule that trades it, perhaps a gate, a size, exits."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any

import libcst as cst

from genomes.describe import names_for
from genomes.draft import Draft, descent_of, float_param, window_param
from genomes.edit import code_of
from genomes.grow import grow
from genomes.language.dimension import NUMBER
from genomes.layers import CONDITIONS, is_event
from genomes.productions import MASK, Type
from genomes.program import Declared, Program, declaration
from genomes.scale import Scale
from genomes.sites import Reading, Setting
from genomes.sizing import SIZES


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of edge.

    Attributes:
        idea: What it believes, as the docstring's first sentence.
        factor: Its code, a line each; p.name declares a parameter of WINDOWS or LEVELS.
        scale: Of its values; rules ask for it.
    """

    idea: str
    factor: tuple[str, ...]
    scale: Scale


_R, _S, _H = Scale.RETURN, Scale.SCORE, Scale.SHARE
FAMILIES: tuple[Family, ...] = (
    Family("Momentum: what rose over the past weeks, measured against its noise, goes on rising.",
           ("momentum = returns(m.close, p.lookback)",
            "noise = stdev(returns(m.close), p.lookback) * p.lookback**0.5",
            "return momentum / noise"), _S),
    Family("Delayed momentum: the trend of months counts, its last days do not.",
           ("return zscore(returns(m.close, p.lookback).shift(p.skip), p.memory)",), _S),
    Family("Trend by two averages: the fast mean above the slow one says who is in control.",
           ("return ema(m.close, p.fast) / ema(m.close, p.slow) - 1",), _R),
    Family("Trend by a fitted line: its slope in units of the usual bar.",
           ("return slope(m.close, p.lookback) / atr(m.high, m.low, m.close, p.lookback)",), _S),
    Family("Reversal: a stretched price snaps back to its mean.",
           ("return -zscore(m.close, p.window)",), _S),
    Family("Reversal of shocks: a move out of the ordinary is partly given back.",
           ("usual = stdev(returns(m.close), p.memory)",
            "return -returns(m.close, p.days) / usual"), _S),
    Family("Oscillator reversal: a high RSI is paid back, a low one too.",
           ("return (50 - rsi(m.close, p.window)) / 50",), _S),
    Family("Breakout: a close near the top of its range pulls others in.",
           ("return range_position(m.close, p.lookback) - 0.5",), _S),
    Family("Band reversal: outside its bands a price has gone too far.",
           ("return 0.5 - bollinger_position(m.close, p.window, p.width)",), _S),
    Family("Volume pressure: money flowing in on volume precedes the price.",
           ("return money_flow(m.high, m.low, m.close, m.volume, p.window)",), _S),
    Family("Fair value by volume: far below the traded price is cheap.",
           ("fair = vwap(m.high, m.low, m.close, m.volume, p.window)",
            "return (fair - m.close) / stdev(m.close, p.window)"), _S),
    Family("Attention: unusual volume on a rise draws followers.",
           ("attention = m.volume / sma(m.volume, p.memory)",
            "return ema(returns(m.close) * attention, p.window)"), _R),
    Family("Low risk: calm assets and calm times are underpriced.",
           ("return -zscore(stdev(returns(m.close), p.window), p.memory)",), _S),
    Family("Volatility shift: when volatility falls below the usual, risk is paid again.",
           ("now = stdev(returns(m.close), p.fast)",
            "return 1 - now / stdev(returns(m.close), p.slow)"), _R),
    Family("Skewness: assets with lottery-like jumps are overpriced.",
           ("return -skewness(returns(m.close), p.lookback)",), _S),
    Family("Directed movement: buyers stronger than sellers over the last weeks.",
           ("up = plus_di(m.high, m.low, m.close, p.window)",
            "return (up - minus_di(m.high, m.low, m.close, p.window)) / 100"), _S),
    Family("Nearness to the high: what trades near its high is still underestimated.",
           ("return m.close / highest(m.high, p.lookback) - 1",), _R),
    Family("Close location: closing near the high of the bar, day after day, shows hidden buying.",
           ("inside = (m.close - m.low) / (m.high - m.low) - 0.5", "return ema(inside, p.window)"),
           _S),
    Family("Overnight against daytime: what opens rise and days give back is borrowed strength.",
           ("night = m.open / m.close.shift(1) - 1", "day = m.close / m.open - 1",
            "return sma(day - night, p.window)"), _R),
    Family("Acceleration: a trend that is gathering speed.",
           ("recent = returns(m.close, p.fast) / p.fast",
            "return zscore(recent - returns(m.close, p.slow) / p.slow, p.memory)"), _S),
    Family("Smooth trend: a straight path counts more than a wild one.",
           ("return returns(m.close, p.lookback) * r_squared(m.close, p.lookback)",), _R),
    Family("MACD pressure: the histogram in units of the usual bar.",
           ("width = atr(m.high, m.low, m.close, p.slow)",
            "return macd_histogram(m.close, p.fast, p.slow, 9) / width"), _S),
)  # fmt: skip

# Code, the scales it suits, what it does in words.
RULES: tuple[tuple[tuple[str, ...], frozenset[Scale], str], ...] = (
    (("return f > 0",), frozenset((_R, _S)), "long while it is positive"),
    (("return sign(f)",), frozenset((_R, _S)), "always in, on the side it says"),
    (("return tanh(f)",), frozenset((_S,)), "in proportion to it"),
    (("return (f / p.scale).clip(-1, 1)",), frozenset((_S,)), "in proportion to it"),
    (("return tanh(zscore(f, p.history))",), frozenset((_R, _S)), "in proportion to its surprise"),
    (("return hold(enter=f > p.entry, exit=f < 0)",), frozenset((_S,)),
     "long from a strong reading until it fades"),
    (("long = hold(enter=f > p.entry, exit=f < 0)", "short = hold(enter=f < -p.entry, exit=f > 0)",
      "return long - short"), frozenset((_S,)),
     "long and short from strong readings until they fade"),
    (("rank = percent_rank(f, p.history)", "return (rank > p.top) - (rank < 1 - p.top)"),
     frozenset((_R, _S)), "at the extremes of its own history"),
    (("rank = percent_rank(f, p.history)", "return hold(enter=rank > p.top, exit=rank < 0.5)"),
     frozenset((_R, _S)), "long from a high rank in its history until it is ordinary"),
    (("return 2 * cross_rank(f) - 1",), frozenset((_R, _S)), "by rank among assets"),
    (("return cross_rank(f) > p.top",), frozenset((_R, _S)), "long the best ranked assets"),
    (("return ema(sign(f), p.patience)",), frozenset((_R, _S)), "slowly, as it persists"),
)  # fmt: skip

WINDOWS = {
    "lookback": (20, 40, 60, 90, 120), "window": (10, 14, 20, 30, 50), "fast": (5, 10, 15, 20),
    "slow": (40, 60, 90, 120), "memory": (50, 80, 100), "skip": (1, 2, 5, 10), "days": (1, 2, 3, 5),
    "history": (60, 100, 120), "patience": (3, 5, 10, 20),
}  # fmt: skip
LEVELS = {
    "entry": (0.5, 1.0, 1.5), "scale": (0.5, 1.0, 2.0), "top": (0.6, 0.7, 0.8),
    "width": (1.5, 2.0, 2.5),
}  # fmt: skip
_TOP_RANGE = (0.5, 0.95)


def jump(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """A whole new strategy from a family of edges, or grown, with a rule that trades it."""
    found = _factor(rng, setting)
    if found is None:
        return None
    idea, factor, scale = found
    rules = [rule for rule in RULES if scale in rule[1]]
    lines, _, manner = rng.choice(rules)
    blocks = [("factor", "f", list(factor))]
    signal = list(lines)
    idea = f"{idea.rstrip('.')}; traded {manner}"
    if rng.random() < 0.4:
        gate = _gate(rng, setting)
        if gate is not None:
            name, code, why = gate
            signal = _guarded(signal, name, code)
            idea += f", {why}"
    idea += "."
    functions = [_function("factor(m, p)", blocks[0][2]), _function("signal(f, m, p)", signal)]
    if rng.random() < 0.45:
        form = rng.choice([s for s, _ in SIZES if _known(s, setting)] or ["normalize(s)"])
        size = form.format(n=rng.choice((20, 40, 60)), risk=rng.choice((0.005, 0.01, 0.015)))
        functions.append(_function("size(s, m, p)", [f"return {size}"]))
    if rng.random() < 0.35:
        functions.append(_function("exits(m, p)", [f"return Exits({_exits(rng)})"]))
    declared = _declared("\n".join(code_of(f) for f in functions), rng, setting)
    program = Program(idea=idea, declared=declared, functions=tuple(functions))
    return Draft(program=program, note="a new start", idea=idea)


def _factor(rng: random.Random, setting: Setting) -> tuple[str, tuple[str, ...], Scale] | None:
    usable = [f for f in FAMILIES if all(_known(line, setting) for line in f.factor)]
    if usable and rng.random() < 0.7:
        family = rng.choice(usable)
        return family.idea, family.factor, family.scale
    scale = rng.choice((Scale.RETURN, Scale.SCORE))
    tree = grow(Type("value", NUMBER, scale), setting, rng, low=1, high=2)
    if tree is None:
        names = [n for n, d in setting.fields.items() if not d.is_plain] or list(setting.fields)
        if not names:
            return None
        return (
            "Trend of a field.",
            (f"return zscore(m.{rng.choice(names)}, p.window)",),
            Scale.SCORE,
        )
    code = code_of(tree)
    return descent_of([]), (f"return {code}",), scale


def _known(code: str, setting: Setting) -> bool:
    words = code.replace("(", " ").replace(",", " ").replace(")", " ").split()
    return all(
        w.removeprefix("m.").split(".")[0] in setting.fields for w in words if w.startswith("m.")
    )


def _gate(rng: random.Random, setting: Setting) -> tuple[str, str, str] | None:
    if rng.random() < 0.3:
        tree = grow(MASK, setting, rng, low=1, high=1)
        if tree is None or is_event(tree):
            return None
        return names_for(tree)[0], code_of(tree), f"only where {code_of(tree)}"
    usable = [c for c in CONDITIONS if _known(c[1], setting)]
    if not usable:
        return None
    name, form, why = rng.choice(usable)
    half = max(4, setting.max_window // 2)
    short, long = min(half, rng.choice((10, 20, 30))), min(half, rng.choice((60, 100, 120)))
    return name, form.format(a=short, b=long), why


def _guarded(lines: list[str], name: str, code: str) -> list[str]:
    value = lines[-1].removeprefix("return ")
    return [*lines[:-1], f"{name} = {code}", f"return where({name}, {value}, 0)"]


def _exits(rng: random.Random) -> str:
    options = ("stop_loss=0.05", "stop_loss=0.08", "trailing_stop=0.1", "max_held=20",
               "stop_loss=0.06, max_held=30", "take_profit=0.15, stop_loss=0.08")  # fmt: skip
    return rng.choice(options)


def _function(head: str, lines: list[str]) -> cst.FunctionDef:
    tree: Any = cst.parse_statement(f"def {head}:\n" + "".join(f"    {line}\n" for line in lines))
    return tree


def _declared(code: str, rng: random.Random, setting: Setting) -> tuple[Declared, ...]:
    """The declarations of what the code reads from p, in the order it does."""
    found: list[Declared] = []
    places = sorted((code.find(f"p.{n}"), n) for n in (*WINDOWS, *LEVELS) if f"p.{n}" in code)
    for _, name in places:
        if name in WINDOWS:
            top = max(2, setting.max_window // 2)
            value = min(top, rng.choice(WINDOWS[name]))
            param: Any = window_param(value, setting)
            param = replace(param, high=max(value, min(param.high, setting.max_window)))
        elif name == "top":
            param = replace(
                float_param(rng.choice(LEVELS[name])), low=_TOP_RANGE[0], high=_TOP_RANGE[1]
            )
        else:
            param = float_param(rng.choice(LEVELS[name]))
        found.append(Declared(name=name, param=param, source=declaration(param)))
    return tuple(found)
