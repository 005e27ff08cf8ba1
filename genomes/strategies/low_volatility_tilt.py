"""Low-volatility tilt: hold the calmer part of the market while it rises, at equal risk.

Investors who may not borrow overpay for wild assets, so calm ones earn more per unit of risk.
"""

from genomes.language import Float, Int, cross_rank, inverse_vol, returns, sma, stdev

PARAMS = {
    "window": Int(80, low=20, high=160),
    "share": Float(0.6, low=0.2, high=0.8),
    "trend": Int(150, low=40, high=200),
}


def factor(m, p):
    return -stdev(returns(m.close), p.window)


def signal(f, m, p):
    calm = cross_rank(f) > 1 - p.share
    rising = m.close > sma(m.close, p.trend)
    return calm & rising


def size(s, m, p):
    return inverse_vol(s, returns(m.close), p.window)
