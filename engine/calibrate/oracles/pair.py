"""Pair: what an asset gained on the other one, against the mean of the last year, is given back."""

from genomes.language import Float, Int, cross_demean, log, sma

PARAMS = {
    "mean": Int(240, low=20, high=250),
    "wide": Float(0.05, low=0.005, high=0.5),
}


def factor(m, p):
    return -cross_demean(log(m.close / sma(m.close, p.mean)))


def signal(f, m, p):
    return (f / p.wide).clip(-1, 1)
