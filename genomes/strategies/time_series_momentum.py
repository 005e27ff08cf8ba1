"""Time-series momentum: hold what rose over months, short what fell, at the same risk.

News is absorbed slowly and flows chase past returns, so an asset's own trend tends to go on for a
while.
"""

from genomes.language import Float, Int, equal_weight, returns, stdev, vol_target

PARAMS = {
    "lookback": Int(120, low=20, high=240),
    "skip": Int(5, low=1, high=20),
    "threshold": Float(0.25, low=0.0, high=1.0),
    "risk_window": Int(40, low=10, high=120),
    "risk": Float(0.01, low=0.002, high=0.03, log=True),
}


def factor(m, p):
    trend = returns(m.close, p.lookback).shift(p.skip)
    noise = stdev(returns(m.close), p.lookback) * p.lookback**0.5
    return trend / noise


def signal(f, m, p):
    return (f > p.threshold) - (f < -p.threshold)


def size(s, m, p):
    return equal_weight(vol_target(s, returns(m.close), p.risk_window, p.risk))
