"""Lead and lag: the louder asset goes where the calm one went some bars ago."""

from genomes.language import Int, cross_mean, cross_rank, log_return, stdev, tanh, where

PARAMS = {
    "move": Int(3, low=1, high=40),
    "delay": Int(1, low=0, high=20),
}


def factor(m, p):
    moves = log_return(m.close, 1)
    own = log_return(m.close, p.move) / (stdev(moves, 60) * p.move**0.5)
    other = 2 * cross_mean(own) - own
    return other.shift(p.delay) if p.delay > 0 else other


def signal(f, m, p):
    louder = cross_rank(stdev(log_return(m.close, 1), 200)) > 0.5
    return where(louder, tanh(f), 0)


def size(s, m, p):
    return s
