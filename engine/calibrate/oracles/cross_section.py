"""Cross-section: what rose most among all assets over some days falls back against the others."""

from genomes.language import Int, cross_rank, log_return, normalize

PARAMS = {
    "days": Int(5, low=1, high=60),
}


def factor(m, p):
    return 1 - 2 * cross_rank(log_return(m.close, p.days))


def signal(f, m, p):
    return f


def size(s, m, p):
    return normalize(s)
