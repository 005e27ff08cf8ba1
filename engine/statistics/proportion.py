"""Clopper-Pearson: the exact interval of a share, such as false discoveries per null run.

    clopper_pearson(hits, of, level=0.95) -> Share

Source: Clopper & Pearson 1934.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.statistics.samples import SampleError, probability


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """`hits` of `of`, and the interval that holds the true share with probability >= `level`."""

    hits: int
    of: int
    level: float
    low: float
    high: float

    @property
    def value(self) -> float:
        """The share itself."""
        return self.hits / self.of


def clopper_pearson(hits: int, of: int, level: float = 0.95) -> Share:
    """The exact two-sided interval of a binomial share.

    Raises:
        SampleError: of < 1, or hits not from 0 to `of`.
    """
    from scipy.special import betaincinv

    probability(level, "level")
    if of < 1 or not 0 <= hits <= of:
        raise SampleError(f"share: got {hits} of {of}; needs 0 <= hits <= of, of >= 1")
    tail = (1 - level) / 2
    return Share(
        hits=hits,
        of=of,
        level=level,
        low=float(betaincinv(hits, of - hits + 1, tail)) if hits else 0.0,
        high=float(betaincinv(hits + 1, of - hits, 1 - tail)) if hits < of else 1.0,
    )
