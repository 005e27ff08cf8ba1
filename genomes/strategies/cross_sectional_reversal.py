"""Cross-sectional reversal: buy what fell most against its peers in days, sell what rose.

Relative moves without a lasting cause are mostly liquidity demand, and that is paid back within
days.
"""

from genomes.language import Float, Int, cross_demean, cross_zscore, ema, normalize, returns, stdev

PARAMS = {
    "days": Int(5, low=2, high=15),
    "normal": Int(60, low=20, high=200),
    "smooth": Int(3, low=1, high=10),
    "extreme": Float(2.0, low=1.0, high=4.0),
}


def factor(m, p):
    surprise = returns(m.close, p.days) / stdev(returns(m.close), p.normal)
    return -ema(cross_demean(surprise), p.smooth)


def signal(f, m, p):
    return cross_zscore(f).clip(-p.extreme, p.extreme) / p.extreme


def size(s, m, p):
    return normalize(s)
