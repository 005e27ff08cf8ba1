"""The text that warms a zygote up: our own, a bit of everything that strategies are made of.

CPython specialises bytecode and fills caches as it runs; what a child warms dies with it, and
every page that it writes to is copied first.
"""

from __future__ import annotations

from genomes.language.dimension import PRICE, VOLUME

FIELDS = {**dict.fromkeys(("open", "high", "low", "close"), PRICE), "volume": VOLUME}
TEXT = '''"""A bit of everything that strategies are made of."""
from genomes.language import Bool, Choice, Exits, Float, Int, cross_rank, ema, hold, stdev, where

PARAMS = {
    "window": Int(20, low=5, high=60),
    "entry": Float(1.5, low=1.0, high=4.0),
    "smooth": Choice("ema", options=("sma", "ema")),
    "both": Bool(True),
}


def trend(x, n=20):
    return x / ema(x, n) - 1


def factor(m, p):
    moved = m.close / m.close.shift(1) - 1
    trends = sum([trend(m.close, n) for n in (5, 10)])
    for n in range(2, 4):
        trends = trends + m.close.rolling(n).mean() / m.close - 1
    if p.smooth == "ema" and p.window > 10:
        trends = ema(trends, p.window // 2)
    return where(abs(moved) < 0.1, trends / stdev(moved, p.window), 0)


def signal(f, m, p):
    busy = m.volume > m.volume.rolling(p.window).mean()
    long = hold(enter=(f > p.entry) & busy, exit=f < p.entry / 4)
    short = hold(enter=f < -p.entry, exit=~(f < -p.entry / 4))
    return long - short if p.both else long


def size(s, m, p):
    return s * (cross_rank(m.close.pct_change(5)) + 1) * max(0.1, min(0.2, 0.15))


def exits(m, p):
    return Exits(stop_loss=0.05, max_held=10)
'''
