"""Funding: what longs pay, far from its usual level, is leaned against."""

from genomes.language import Int, sign, where, zscore

PARAMS = {
    "days": Int(90, low=10, high=240),
}


def factor(m, p):
    score = zscore(m.funding, p.days)
    return where(abs(score) > 1, -sign(score), 0)


def signal(f, m, p):
    return f
