"""Mean reversion to VWAP: lean against a price far from where most of the volume traded.

The volume-weighted price is what recent owners paid; in a quiet market they defend it and the price
comes back.
"""

from genomes.language import Exits, Float, Int, efficiency_ratio, hold, stdev, vwap

PARAMS = {
    "window": Int(20, low=5, high=100),
    "entry": Float(1.5, low=0.5, high=3.0),
    "quiet": Float(0.35, low=0.1, high=0.7),
}


def factor(m, p):
    fair = vwap(m.high, m.low, m.close, m.volume, p.window)
    return (fair - m.close) / stdev(m.close, p.window)


def signal(f, m, p):
    quiet = efficiency_ratio(m.close, p.window) < p.quiet
    long = hold(enter=quiet & (f > p.entry), exit=f < 0)
    short = hold(enter=quiet & (f < -p.entry), exit=f > 0)
    return long - short


def exits(m, p):
    return Exits(stop_loss=0.07, max_held=p.window)
