"""A whole new strategy: a family's factor, a rule that trades it, perhaps a gate, a size, exits."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from genomes.language.dimension import NUMBER
from genomes.language.params import Float, Param
from genomes.language.table import Scale
from genomes.variation.edits import Draft, float_param, window_param, written
from genomes.variation.grow import grow
from genomes.variation.layers import add_filter, add_gate
from genomes.variation.legs import legs_of
from genomes.variation.phrases import say
from genomes.variation.printer import code
from genomes.variation.productions import Type
from genomes.variation.program import Declared, Program, declaration
from genomes.variation.reading import Reading, understand
from genomes.variation.sites import Setting
from genomes.variation.sizing import change_exits, change_size
from genomes.variation.tree import expression


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of edge.

    Attributes:
        idea: What it believes, as the docstring's first sentence.
        factor: Its code, a line each; p.name declares a parameter of WINDOWS or LEVELS.
        scale: Of its values; rules ask for it.
        levels: Strong readings, where they are others than of a score.
        ranked: Whether only its rank says something: it does not lie round 0.
    """

    idea: str
    factor: tuple[str, ...]
    scale: Scale
    levels: tuple[float, ...] = (0.5, 1.0, 1.5)
    ranked: bool = False


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
           ("return slope(m.close, p.lookback) / atr(m.high, m.low, m.close, p.lookback)",), _H,
           (0.05, 0.1)),
    Family("Reversal: a stretched price snaps back to its mean.",
           ("return -zscore(m.close, p.window)",), _S),
    Family("Reversal of shocks: a move out of the ordinary is partly given back.",
           ("usual = stdev(returns(m.close), p.memory)",
            "return -returns(m.close, p.days) / usual"), _S),
    Family("Oscillator reversal: a high RSI is paid back, a low one too.",
           ("return (50 - rsi(m.close, p.window)) / 50",), _H, (0.3, 0.4)),
    Family("Breakout: a close near the top of its range pulls others in.",
           ("return range_position(m.close, p.lookback) - 0.5",), _H, (0.3, 0.4, 0.45)),
    Family("Band reversal: outside its bands a price has gone too far.",
           ("return 0.5 - bollinger_position(m.close, p.window, p.width)",), _H, (0.3, 0.4, 0.5)),
    Family("Volume pressure: money flowing in on volume precedes the price.",
           ("return money_flow(m.high, m.low, m.close, m.volume, p.window)",), _H,
           (0.1, 0.15, 0.2)),
    Family("Fair value by volume: far below the traded price is cheap.",
           ("fair = vwap(m.high, m.low, m.close, m.volume, p.window)",
            "return (fair - m.close) / stdev(m.close, p.window)"), _S),
    Family("Attention: unusual volume on a rise draws followers.",
           ("attention = m.volume / sma(m.volume, p.memory)",
            "return ema(returns(m.close) * attention, p.window)"), _R),
    Family("Low risk: calm assets and calm times are underpriced.",
           ("return -zscore(stdev(returns(m.close), p.window), p.memory)",), _S, ranked=True),
    Family("Volatility shift: when volatility falls below the usual, risk is paid again.",
           ("now = stdev(returns(m.close), p.fast)",
            "return 1 - now / stdev(returns(m.close), p.slow)"), _R),
    Family("Skewness: assets with lottery-like jumps are overpriced.",
           ("return -skewness(returns(m.close), p.lookback)",), _S, ranked=True),
    Family("Directed movement: buyers stronger than sellers over the last weeks.",
           ("up = plus_di(m.high, m.low, m.close, p.window)",
            "return (up - minus_di(m.high, m.low, m.close, p.window)) / 100"), _H,
           (0.05, 0.1, 0.15)),
    Family("Nearness to the high: what trades near its high is still underestimated.",
           ("return m.close / highest(m.high, p.lookback) - 1",), _R, ranked=True),
    Family("Close location: closing near the high of the bar, day after day, shows hidden buying.",
           ("inside = (m.close - m.low) / (m.high - m.low) - 0.5", "return ema(inside, p.window)"),
           _H, (0.05, 0.08, 0.1)),
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
            "return macd_histogram(m.close, p.fast, p.slow, 9) / width"), _H, (0.1, 0.2, 0.3)),
)  # fmt: skip

# Code, the scales it suits, what it does in words.
_ALL = frozenset((_R, _S, _H))
RULES: tuple[tuple[tuple[str, ...], frozenset[Scale], str], ...] = (
    (("return f > 0",), _ALL, "long while the factor is above 0"),
    (("return sign(f)",), _ALL, "long while the factor is above 0, short while it is below"),
    (("return tanh(f)",), frozenset((_S,)), "long and short in proportion to the factor"),
    (("return (f / p.scale).clip(-1, 1)",), frozenset((_S,)),
     "long and short in proportion to the factor, up to a limit"),
    (("return hold(enter=f > p.entry, exit=f < 0)",), frozenset((_S, _H)),
     "long from a strong reading of the factor until it is below 0"),
    (("long = hold(enter=f > p.entry, exit=f < 0)", "short = hold(enter=f < -p.entry, exit=f > 0)",
      "return long - short"), frozenset((_S, _H)),
     "long and short from strong readings of the factor until it changes sign"),
    (("return ema(sign(f), p.smooth)",), _ALL,
     "long while the factor is above 0, short while it is below, step by step over some bars"),
)  # fmt: skip
_RANKED: tuple[tuple[tuple[str, ...], frozenset[Scale], str], ...] = (
    (("rank = percent_rank(f, p.history)", "return (rank > p.top) - (rank < 1 - p.top)"), _ALL,
     "long and short at the extremes of the factor's own history"),
    (("rank = percent_rank(f, p.history)", "return hold(enter=rank > p.top, exit=rank < 0.5)"),
     _ALL, "long from a high rank of the factor in its history until it is ordinary"),
    (("return 2 * cross_rank(f) - 1",), _ALL, "long and short by the factor's rank among assets"),
    (("return cross_rank(f) > p.top",), _ALL, "long the assets with the best ranks"),
)  # fmt: skip

WINDOWS = {
    "lookback": (40, 60, 90, 120), "window": (10, 14, 20, 30), "fast": (5, 10, 15, 20),
    "slow": (60, 90, 120), "memory": (60, 80, 100), "skip": (2, 5, 10), "days": (2, 3, 5),
    "history": (60, 100, 120), "smooth": (3, 5, 10),
}  # fmt: skip
_LOWS = {"slow": 40, "lookback": 20, "memory": 40, "history": 40}
LEVELS = {"scale": (1.0, 2.0), "top": (0.6, 0.7, 0.8), "width": (1.5, 2.0, 2.5)}
_TOP_RANGE = (0.55, 0.95)


def jump(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """A whole new strategy from a family of edges, or grown, with a rule that trades it."""
    family = _family(rng, setting)
    if family is None:
        return None
    rules = [rule for rule in (*RULES, *_RANKED) if family.scale in rule[1]]
    lines, _, manner = rng.choice(list(_RANKED) if family.ranked else rules)
    text = "\n".join((*family.factor, *lines))
    program = Program(
        declared=_declared(text, family, rng, setting),
        functions=(written("factor(m, p)", family.factor), written("signal(f, m, p)", lines)),
    )
    reading = understand(program, setting)
    if reading.graph is None:
        return None
    more: list[str] = []
    if rng.random() < 0.4 and legs_of(reading):
        gate = add_gate([reading], rng, setting) or add_filter([reading], rng, setting)
        if gate is not None:
            program = gate.program
            more.append(gate.change)
    for chance, way in ((0.4, change_size), (0.35, change_exits)):
        if rng.random() < chance:
            done = way([replace(reading, program=program)], rng, setting)
            program = done.program if done is not None else program
    told = " ".join(sentence(part) for part in (f"{manner}.", *more))
    idea = f"{family.idea}\n\n{told}"
    return Draft(program=program, change=f"a new start: {family.idea}", idea=idea)


def sentence(words: str) -> str:
    """Words that begin with a capital letter."""
    return words[:1].upper() + words[1:]


def _family(rng: random.Random, setting: Setting) -> Family | None:
    """A family that the market has the fields for; else something grown from those it has."""
    usable = [f for f in FAMILIES if all(_known(line, setting) for line in f.factor)]
    if usable:
        return rng.choice(usable)
    scale = rng.choice((Scale.RETURN, Scale.SCORE))
    tree = grow(Type("value", NUMBER, scale), setting, rng, low=1, high=2)
    if tree is None:
        names = [n for n, d in setting.fields.items() if not d.is_plain] or list(setting.fields)
        if not names:
            return None
        tree = expression(f"zscore(m.{rng.choice(names)}, 20)")
        scale = Scale.SCORE
    return Family(f"Grown factor: {say(tree, {})}, the more the better.",
                  (f"return {code(tree)}",), scale)  # fmt: skip


def _known(line: str, setting: Setting) -> bool:
    words = line.replace("(", " ").replace(",", " ").replace(")", " ").split()
    return all(
        w.removeprefix("m.").split(".")[0] in setting.fields for w in words if w.startswith("m.")
    )


def _declared(
    text: str, family: Family, rng: random.Random, setting: Setting
) -> tuple[Declared, ...]:
    """The declarations of what the code reads from p, in the order it does."""
    found: list[Declared] = []
    names = (*WINDOWS, *LEVELS, "entry")
    for _, name in sorted((text.find(f"p.{n}"), n) for n in names if f"p.{n}" in text):
        if name in WINDOWS:
            top = max(2, setting.max_window // 2)
            value = min(top, rng.choice(WINDOWS[name]))
            window = window_param(value, setting, low=min(value, _LOWS.get(name, 2)))
            high = min(window.high, setting.max_window, 40 if name == "fast" else 5000)
            param: Param = replace(window, high=max(value, high))
        elif name == "top":
            low, high = _TOP_RANGE
            param = Float(float(rng.choice(LEVELS[name])), low=low, high=high)
        elif name == "entry":
            level = rng.choice(family.levels)
            most = 3 * level if family.scale is not Scale.SHARE else 1.2 * max(family.levels)
            param = float_param(level, high=most)
        else:
            param = float_param(rng.choice(LEVELS[name]))
        found.append(Declared(name=name, param=param, source=declaration(param)))
    return tuple(found)
