"""Cross-sectional momentum: overweight the winners of the last months and underweight the losers.

Capital follows relative performance with a lag; the last bars are skipped because they tend to
revert.
"""

from genomes.language import Float, Int, cross_demean, cross_rank, normalize, returns, sma, stdev

PARAMS = {
    "lookback": Int(120, low=40, high=240),
    "skip": Int(10, low=1, high=30),
    "smooth": Int(5, low=1, high=20),
    "invested": Float(0.9, low=0.3, high=1.0),
}


def factor(m, p):
    past = returns(m.close, p.lookback) / stdev(returns(m.close), p.lookback)
    return sma(past.shift(p.skip), p.smooth)


def signal(f, m, p):
    return 2 * cross_demean(cross_rank(f))


def size(s, m, p):
    return p.invested * normalize(s)
