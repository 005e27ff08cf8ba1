"""Hour: one hour of the day rises, another one falls; trade at the close before each."""

from genomes.language import Int

PARAMS = {
    "before_rise": Int(0, low=0, high=23),
    "before_fall": Int(12, low=0, high=23),
}


def factor(m, p):
    return (m.hour == p.before_rise) * 1 - (m.hour == p.before_fall) * 1


def signal(f, m, p):
    return f
