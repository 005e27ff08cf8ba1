"""U shape: funding far from its usual level, on either side, lifts prices; near it they fall."""

from genomes.language import Float, Int, zscore

PARAMS = {
    "days": Int(60, low=10, high=240),
    "middle": Float(0.9, low=0.0, high=3.0),
}


def factor(m, p):
    return (2 * (abs(zscore(m.funding, p.days)) - p.middle)).clip(-1, 1)


def signal(f, m, p):
    return f
