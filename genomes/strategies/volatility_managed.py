"""Volatility-managed long: always own the market, but less of it after turbulent weeks.

Volatility is persistent while its reward is not, so risk taken in calm times is better paid.
"""

from genomes.language import Float, Int, equal_weight, garman_klass, returns, stdev

PARAMS = {
    "window": Int(20, low=5, high=120),
    "target": Float(0.008, low=0.002, high=0.03, log=True),
    "most": Float(1.5, low=0.5, high=2.0),
}


def factor(m, p):
    return -stdev(returns(m.close), p.window)


def signal(f, m, p):
    return f.notna()


def size(s, m, p):
    inside = garman_klass(m.open, m.high, m.low, m.close, p.window)
    between = stdev(returns(m.close), p.window)
    risk = max(inside, between)
    return equal_weight(s * (p.target / risk).clip(0, p.most))
