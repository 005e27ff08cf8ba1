"""MACD with a regime gate: take its crossings only while ADX says that there is a trend to take.

Momentum oscillators pay in trends and bleed in ranges; most of their losses come from not telling
them apart.
"""

from genomes.language import (
    Exits,
    Float,
    Int,
    adx,
    atr,
    crossover,
    crossunder,
    hold,
    macd,
    macd_histogram,
    macd_signal,
)

PARAMS = {
    "fast": Int(12, low=5, high=40),
    "slow": Int(26, low=20, high=120),
    "smooth": Int(9, low=3, high=30),
    "trending": Float(18.0, low=10.0, high=35.0),
}


def factor(m, p):
    return macd_histogram(m.close, p.fast, p.slow, p.smooth) / atr(m.high, m.low, m.close, p.slow)


def signal(f, m, p):
    line = macd(m.close, p.fast, p.slow)
    mean = macd_signal(m.close, p.fast, p.slow, p.smooth)
    up, down = crossover(line, mean), crossunder(line, mean)
    trending = adx(m.high, m.low, m.close, 14) > p.trending
    return hold(enter=up & trending, exit=down) - hold(enter=down & trending, exit=up)


def exits(m, p):
    return Exits(stop_loss=0.08, take_profit=0.25)
