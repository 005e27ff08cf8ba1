"""Three conditions: a clear move, volume and funding above or below their usual levels."""

from genomes.language import Int, log_return, sign, sma, stdev, where, wma

PARAMS = {
    "move": Int(10, low=2, high=120),
    "risk": Int(60, low=10, high=200),
    "volume": Int(20, low=3, high=120),
    "funding": Int(60, low=3, high=240),
}


def factor(m, p):
    noise = stdev(log_return(m.close, 1), p.risk)
    trend = log_return(m.close, p.move) / (noise * p.move**0.5)
    busy = wma(log_return(m.volume, 1), p.volume - 1)
    crowded = m.funding - sma(m.funding, p.funding)
    return where(abs(trend) > 0.5, sign(trend) * sign(busy) * sign(crowded), 0)


def signal(f, m, p):
    return f
