"""Efficiency-ratio trend: follow Kaufman's adaptive average, the more the straighter the path.

A straight path means that one side is in command; the same distance in zigzags is mostly chance.
"""

from genomes.language import Float, Int, atr, efficiency_ratio, hold, kama

PARAMS = {
    "window": Int(40, low=10, high=120),
    "memory": Int(30, low=10, high=120),
    "straight": Float(0.25, low=0.05, high=0.6),
    "band": Float(0.5, low=0.0, high=2.0),
}


def factor(m, p):
    distance = (m.close - kama(m.close, p.window)) / atr(m.high, m.low, m.close, p.window)
    return distance * efficiency_ratio(m.close, p.memory)


def signal(f, m, p):
    straight = efficiency_ratio(m.close, p.memory)
    long = hold(enter=(f > p.band) & (straight > p.straight), exit=f < 0)
    short = hold(enter=(f < -p.band) & (straight > p.straight), exit=f > 0)
    return (long - short) * min(1, 2 * straight)
