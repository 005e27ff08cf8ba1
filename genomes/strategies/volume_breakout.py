"""Volume-confirmed breakout: follow a new high made on heavy volume until it falls under its mean.

Volume tells a real change of mind from a drift through an empty book: many had to agree on the new
price.
"""

from genomes.language import Exits, Float, Int, atr, highest, hold, sma, where

PARAMS = {
    "channel": Int(40, low=10, high=200),
    "usual": Int(60, low=20, high=200),
    "heavy": Float(1.3, low=1.0, high=3.0),
    "mean": Int(20, low=5, high=60),
}


def factor(m, p):
    room = m.close / highest(m.high, p.channel).shift(1) - 1
    return where(m.volume > sma(m.volume, p.usual), room, room / 2)


def signal(f, m, p):
    heavy = m.volume > p.heavy * sma(m.volume, p.usual)
    return hold(enter=(f > 0) & heavy, exit=m.close < sma(m.close, p.mean))


def exits(m, p):
    return Exits(stop_loss=3 * atr(m.high, m.low, m.close, 20) / m.close)
