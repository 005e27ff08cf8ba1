"""RSI pullback: inside a trend, enter when a short RSI says the move against it is overdone.

Trend followers who missed the move wait for a dip, so dips in a trend are short and are bought.
"""

from genomes.language import Exits, Float, Int, hold, rsi, sma

PARAMS = {
    "trend": Int(150, low=50, high=240),
    "rsi": Int(4, low=2, high=14),
    "depth": Float(25.0, low=5.0, high=40.0),
    "relief": Float(60.0, low=45.0, high=80.0),
}


def factor(m, p):
    return (50 - rsi(m.close, p.rsi)) / 50


def signal(f, m, p):
    strength = rsi(m.close, p.rsi)
    mean = sma(m.close, p.trend)
    long = hold(enter=(strength < p.depth) & (m.close > mean), exit=strength > p.relief)
    short = hold(
        enter=(strength > 100 - p.depth) & (m.close < mean), exit=strength < 100 - p.relief
    )
    return long - short / 2


def exits(m, p):
    return Exits(stop_loss=0.08, max_held=15)
