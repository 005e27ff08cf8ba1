"""Reversal: a close far from the mean of the last days comes back."""

from genomes.language import Int, zscore

PARAMS = {
    "days": Int(10, low=3, high=60),
}


def factor(m, p):
    score = zscore(m.close, p.days) * (p.days / (p.days - 1)) ** 0.5
    return -score.clip(-2, 2) / 2


def signal(f, m, p):
    return f
