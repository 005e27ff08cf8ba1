"""Overnight gap fade: lean against an open far from the last close that the day did not close.

Orders pile up while the book is thin; what the open overpaid is handed back over the following
days.
"""

from genomes.language import Exits, Float, Int, atr, hold, since

PARAMS = {
    "normal": Int(20, low=5, high=100),
    "wide": Float(0.6, low=0.2, high=2.0),
    "held": Int(4, low=1, high=15),
}


def factor(m, p):
    before = m.close.shift(1)
    gap = (m.open - before) / atr(m.high, m.low, m.close, p.normal).shift(1)
    left = (m.close - before) / (m.open - before)
    return -gap * left.clip(0, 1).fillna(0)


def signal(f, m, p):
    fell, rose = f > p.wide, f < -p.wide
    long = hold(enter=fell, exit=since(fell, p.held) >= p.held)
    short = hold(enter=rose, exit=since(rose, p.held) >= p.held)
    return long - short


def exits(m, p):
    return Exits(stop_loss=0.06)
