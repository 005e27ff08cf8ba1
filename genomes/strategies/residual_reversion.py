"""Residual reversion: what an asset did beyond its beta to all the others tends to be given back.

Hedged against the common move, what is left of a return is mostly noise and one-off demand, not
news.
"""

from genomes.language import Float, Int, cross_mean, inverse_vol, residual, returns, total, zscore

PARAMS = {
    "beta": Int(100, low=30, high=160),
    "days": Int(10, low=2, high=30),
    "normal": Int(50, low=20, high=90),
    "scale": Float(2.0, low=1.0, high=4.0),
}


def factor(m, p):
    own = returns(m.close)
    alone = residual(own, cross_mean(own), p.beta)
    return -zscore(total(alone, p.days), p.normal)


def signal(f, m, p):
    return f.clip(-p.scale, p.scale) / p.scale


def size(s, m, p):
    return inverse_vol(s, returns(m.close), p.normal)
