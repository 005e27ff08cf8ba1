"""Breakout: a close beyond the range, while volatility rises, is followed for some days."""

from genomes.language import Int, highest, log_return, lowest, since, stdev, where

PARAMS = {
    "range": Int(20, low=5, high=100),
    "hold": Int(5, low=1, high=20),
    "fast": Int(5, low=2, high=20),
    "slow": Int(60, low=20, high=200),
}


def factor(m, p):
    moves = log_return(m.close, 1)
    rising = stdev(moves, p.fast) > stdev(moves, p.slow)
    up = since((m.close > highest(m.high, p.range).shift(1)) & rising, p.hold)
    down = since((m.close < lowest(m.low, p.range).shift(1)) & rising, p.hold)
    return where((up < p.hold) & (up < down), 1, where((down < p.hold) & (down < up), -1, 0))


def signal(f, m, p):
    return f
