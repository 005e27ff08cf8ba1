"""Bollinger squeeze: when the bands have been narrow, go with the close that leaves them.

Volatility clusters and reverts: quiet spells store up disagreement, and the move out of one runs
further than usual.
"""

from genomes.language import Exits, Float, Int, bollinger_position, count, hold, percent_rank, stdev

PARAMS = {
    "window": Int(20, low=10, high=60),
    "memory": Int(120, low=60, high=240),
    "narrow": Float(0.25, low=0.05, high=0.5),
    "recent": Int(5, low=1, high=20),
    "width": Float(2.0, low=1.0, high=3.0),
}


def factor(m, p):
    return bollinger_position(m.close, p.window, p.width) - 0.5


def signal(f, m, p):
    width = stdev(m.close, p.window) / m.close.rolling(p.window).mean()
    squeezed = count(percent_rank(width, p.memory) < p.narrow, p.recent) > 0
    long = hold(enter=squeezed & (f > 0.5), exit=f < 0)
    short = hold(enter=squeezed & (f < -0.5), exit=f > 0)
    return long - short


def exits(m, p):
    return Exits(stop_loss=0.06, trailing_stop=0.12)
