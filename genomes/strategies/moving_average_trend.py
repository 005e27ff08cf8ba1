"""Moving-average trend: own what is above its slow average, with a stop trailing by ATR.

Trends are persistent enough to pay for many small losses, as long as no single loss is allowed to
grow.
"""

from genomes.language import Exits, Float, Int, atr, ema, hold

PARAMS = {
    "fast": Int(20, low=5, high=60),
    "slow": Int(100, low=60, high=240),
    "margin": Float(0.01, low=0.0, high=0.05),
    "stop_atr": Float(4.0, low=1.5, high=8.0),
}


def factor(m, p):
    return ema(m.close, p.fast) / ema(m.close, p.slow) - 1


def signal(f, m, p):
    return hold(enter=f > p.margin, exit=f < 0)


def exits(m, p):
    return Exits(trailing_stop=p.stop_atr * atr(m.high, m.low, m.close, 20) / m.close)
