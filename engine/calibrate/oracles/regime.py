"""Regime: calm weeks trend and loud weeks revert; volatility says which it may be."""

from genomes.language import Int, log_return, sma, stdev, tanh, zscore

PARAMS = {
    "move": Int(20, low=2, high=120),
    "risk": Int(60, low=10, high=200),
    "days": Int(10, low=3, high=60),
    "now": Int(10, low=3, high=40),
    "usual": Int(200, low=50, high=240),
}


def factor(m, p):
    moves = log_return(m.close, 1)
    trend = tanh(log_return(m.close, p.move) / (stdev(moves, p.risk) * p.move**0.5))
    score = zscore(m.close, p.days) * (p.days / (p.days - 1)) ** 0.5
    back = -score.clip(-2, 2) / 2
    loud = tanh(4 * (sma(abs(moves), p.now) / sma(abs(moves), p.usual) - 1))
    return trend * (1 - loud) / 2 + back * (1 + loud) / 2


def signal(f, m, p):
    return f
