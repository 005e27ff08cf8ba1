"""Panic recovery: buy deep drawdowns once fear, seen as downside volatility, has begun to ease.

Forced sellers push prices below what patient owners would take; the premium is paid when the
forcing stops.
"""

from genomes.language import Exits, Float, Int, downside_stdev, highest, hold, percent_rank, returns

PARAMS = {
    "peak": Int(150, low=40, high=240),
    "depth": Float(3.0, low=1.0, high=8.0),
    "fear": Int(15, low=5, high=40),
    "normal": Int(120, low=40, high=200),
    "high": Float(0.7, low=0.5, high=0.95),
}


def factor(m, p):
    fallen = 1 - m.close / highest(m.close, p.peak)
    return fallen / (downside_stdev(returns(m.close), p.normal) * p.fear**0.5)


def signal(f, m, p):
    fear = downside_stdev(returns(m.close), p.fear)
    afraid = percent_rank(fear, p.normal) > p.high
    easing = fear < fear.shift(3)
    return hold(enter=afraid & easing & (f > p.depth), exit=f < p.depth / 4)


def exits(m, p):
    return Exits(stop_loss=0.15, trailing_stop=0.20, max_held=60)
