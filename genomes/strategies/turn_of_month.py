"""Turn of the month: own the market in a month's last days, and lightly in midweek.

Salaries, pensions and rebalancing arrive around month ends, whatever the price; part of it can be
expected.
"""

from genomes.language import Float, Int, sma, where

PARAMS = {
    "days": Int(5, low=1, high=12),
    "other": Float(0.2, low=0.0, high=0.5),
    "trend": Int(120, low=20, high=240),
}


def factor(m, p):
    turning = m.days_to_month_end < p.days
    midweek = (m.weekday >= 1) & (m.weekday <= 3)
    return where(turning, 1, where(midweek, p.other, 0))


def signal(f, m, p):
    falling = m.close < sma(m.close, p.trend)
    return where(falling, f / 2, f)
