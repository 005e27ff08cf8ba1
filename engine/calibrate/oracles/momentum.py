"""Momentum: the return of the last weeks, in units of its deviation, goes on."""

from genomes.language import Int, log_return, stdev, tanh

PARAMS = {
    "move": Int(20, low=2, high=120),
    "risk": Int(60, low=10, high=200),
}


def factor(m, p):
    noise = stdev(log_return(m.close, 1), p.risk)
    return tanh(log_return(m.close, p.move) / (noise * p.move**0.5))


def signal(f, m, p):
    return f
