"""Calendar: one weekday rises, another one falls; trade at the close before each."""

from genomes.language import Int

PARAMS = {
    "before_rise": Int(0, low=0, high=4),
    "before_fall": Int(3, low=0, high=4),
}


def factor(m, p):
    return (m.weekday == p.before_rise) * 1 - (m.weekday == p.before_fall) * 1


def signal(f, m, p):
    return f
