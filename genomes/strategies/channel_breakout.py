"""Channel breakout: go with a close beyond the range of weeks, leave at a shorter one.

A new extreme says that buyers or sellers have run out on the other side, and stops beyond it feed
the move.
"""

from genomes.language import (
    Int,
    equal_weight,
    highest,
    hold,
    lowest,
    range_position,
    returns,
    vol_target,
)

PARAMS = {
    "entry": Int(55, low=20, high=200),
    "exit": Int(20, low=5, high=60),
}


def factor(m, p):
    return range_position(m.close, p.entry) - 0.5


def signal(f, m, p):
    above = m.close > highest(m.high, p.entry).shift(1)
    below = m.close < lowest(m.low, p.entry).shift(1)
    long = hold(enter=above, exit=m.close < lowest(m.low, p.exit).shift(1))
    short = hold(enter=below, exit=m.close > highest(m.high, p.exit).shift(1))
    return long - short


def size(s, m, p):
    return equal_weight(vol_target(s, returns(m.close), 40, 0.01))
