"""Features of the baselines: standardised expressions of the language on a grid of lookbacks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np

from genomes.language import VOCABULARY
from sandbox.market import CLOCK_FIELDS, OHLCV, Panel

LOOKBACKS = (3, 4, 6, 8, 11, 15, 21, 29, 40, 55, 76, 105, 145, 200)
"""Geometric; planted lookbacks are drawn between them."""

CHANGES = "log_return(m.close, 1)"


def features(panel: Panel) -> tuple[list[str], list[str]]:
    """What the baselines build strategies of: the market's own fields, as plain numbers.

    Families, each at every lookback: scaled return, z-score of the close, range position, channel
    break held 5 bars, z-score of volume, volatility ratio, z-score of every further column; with
    several assets the rank of the return, and the mean scaled return of the other assets.

    Returns:
        Expressions that move around 0, mostly within -2..2; and equality tests of weekday and hour
        (numbers 0 and 1), none where the market has one value only.
    """
    columns = [name for name in panel.fields if name not in (*OHLCV, *CLOCK_FIELDS)]
    found: list[str] = []
    for n in LOOKBACKS:
        move = f"log_return(m.close, {n}) / ({n**0.5:.4f} * stdev({CHANGES}, 60))"
        found += [
            move,
            f"zscore(m.close, {n})",
            f"4 * range_position(m.close, {n}) - 2",
            _channel(n),
        ]
        if "volume" in panel.fields:
            found.append(f"zscore(m.volume, {n})")
        if n > 5:
            found.append(f"2 * stdev({CHANGES}, 5) / stdev({CHANGES}, {n}) - 2")
        found += [f"zscore(m.{name}, {n})" for name in sorted(columns)]
        if panel.assets > 1:
            found.append(f"4 * cross_rank(log_return(m.close, {n})) - 2")
            others = panel.assets - 1
            found.append(f"({panel.assets} * cross_mean({move}) - {move}) / {others}")
    clocks: list[str] = []
    for name in ("weekday", "hour"):
        values = np.unique(panel.fields[name])
        if len(values) > 1:
            clocks += [f"(m.{name} == {int(value)}) * 1" for value in values]
    return found, clocks


def _channel(n: int) -> str:
    up = f"count(m.close > highest(m.high, {n}).shift(1), 5)"
    down = f"count(m.close < lowest(m.low, {n}).shift(1), 5)"
    return f"sign({up} - {down})"


def strategy(idea: str, factor: str, terminals: Sequence[str], helpers: Iterable[str] = ()) -> str:
    """A strategy file that holds a factor as its signal.

    Args:
        idea: Its docstring.
        factor: An expression; x0, x1... in it are the terminals.
        terminals: Expressions.
        helpers: Definitions of functions that it calls.
    """
    used = sorted(set(map(int, re.findall(r"\bx(\d+)\b", factor))))
    lines = [*(f"x{place} = {terminals[place]}" for place in used), f"return {factor}"]
    body = "\n".join(f"    {line}" for line in lines)
    code = "\n\n\n".join([*helpers, f"def factor(m, p):\n{body}"])
    words = sorted(set(re.findall(r"(?<![.\w])[a-z_]+(?=\()", code)) & set(VOCABULARY))
    imports = f"from genomes.language import {', '.join(words)}\n\n" if words else ""
    return (
        f'"""{idea}"""\n\n{imports}PARAMS = {{}}\n\n\n{code}\n\n\n'
        "def signal(f, m, p):\n    return f\n"
    )
