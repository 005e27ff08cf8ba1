"""Conjunction: a clear move goes on where volume is above its usual level, and reverts below it."""

from genomes.language import Int, log_return, sign, stdev, where, wma

PARAMS = {
    "move": Int(10, low=2, high=120),
    "risk": Int(60, low=10, high=200),
    "volume": Int(20, low=3, high=120),
}


def factor(m, p):
    noise = stdev(log_return(m.close, 1), p.risk)
    trend = log_return(m.close, p.move) / (noise * p.move**0.5)
    # The log of volume less its mean over n bars is a weighted mean of n - 1 of its changes.
    busy = wma(log_return(m.volume, 1), p.volume - 1)
    return where(abs(trend) > 0.5, sign(trend) * sign(busy), 0)


def signal(f, m, p):
    return f
