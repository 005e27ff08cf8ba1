"""Short-term reversal: in an uptrend buy a sharp fall of a few days, sell into the bounce.

Hurried sellers pay for immediacy; whoever takes the other side is paid back when the pressure ends.
"""

from genomes.language import Exits, Float, Int, hold, returns, sma, stdev

PARAMS = {
    "days": Int(3, low=1, high=10),
    "normal": Int(60, low=20, high=200),
    "entry": Float(1.5, low=0.5, high=3.0),
    "trend": Int(200, low=50, high=240),
    "patience": Int(10, low=2, high=30),
}


def factor(m, p):
    usual = stdev(returns(m.close), p.normal) * p.days**0.5
    return -returns(m.close, p.days) / usual


def signal(f, m, p):
    rising = m.close > sma(m.close, p.trend)
    return hold(enter=(f > p.entry) & rising, exit=f < 0)


def exits(m, p):
    return Exits(stop_loss=0.10, max_held=p.patience)
