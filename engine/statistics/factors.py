"""Does a factor order what comes: information coefficient, stability, buckets, decay.

    information_coefficient(factor, returns, ...) -> Coefficient
    monotonicity(factor, returns, seed=, ...) -> Buckets
    decay(factor, returns, horizons=(1, 2, 5, 10, 20), ...) -> tuple of Coefficient
    persistence(factor, ...) -> rank autocorrelation from bar to bar

factor: (bars, assets), what is known at the close of a bar; returns: (bars, assets), from the
close before to the close of a bar. NaN where an asset has no bar or the factor is unknown. A
comparison is `across` "assets", bar by bar (3 or more assets), or "bars", asset by asset. Rank
correlations are Spearman's. Sources: Grinold & Kahn 2000; Patton & Timmermann 2010 (monotonicity).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.statistics import bootstrap
from engine.statistics.samples import F64, SampleError, count

Across = Literal["assets", "bars"]

# Fewer pairs than this have no rank correlation worth an average.
_FEWEST = {"assets": 3, "bars": 20}


@dataclass(frozen=True, slots=True, kw_only=True)
class Coefficient:
    """An information coefficient and how stable it is.

    Attributes:
        horizon: Bars from the factor to the return's end.
        value: Mean rank correlation, -1 to 1.
        folds: (folds,) the same in contiguous folds of time; NaN where a fold has too few pairs.
        deviation: Of the folds around their mean, ddof 1.
        same_sign: Share of the folds with the sign of `value`.
        t: Mean of the folds over its standard error; Student's t with folds - 1 degrees of freedom.
    """

    horizon: int
    value: float
    folds: F64
    deviation: float
    same_sign: float
    t: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Buckets:
    """Mean forward returns by quantile of the factor, from its lowest to its highest.

    Attributes:
        horizon: Bars from the factor to the return's end.
        means: (quantiles,) mean forward return.
        counts: (quantiles,) pairs in each.
        spread: Highest bucket's mean - lowest's.
        rising: Share of the steps from bucket to bucket that rise, 0 to 1.
        p: Of H0 "not every step rises"; small where the means rise monotonically.
    """

    horizon: int
    means: F64
    counts: NDArray[np.intp]
    spread: float
    rising: float
    p: float


def information_coefficient(
    factor: ArrayLike,
    returns: ArrayLike,
    *,
    horizon: int = 1,
    across: Across = "assets",
    folds: int = 6,
) -> Coefficient:
    """Rank correlation of the factor with the return over the next `horizon` bars.

    The last `horizon` bars of a fold look into the next one; folds are for stability, not a
    holdout.

    Args:
        factor: (bars, assets).
        returns: (bars, assets).
        horizon: In bars, >= 1.
        across: "assets" or "bars".
        folds: Contiguous pieces of time, >= 2.

    Raises:
        SampleError: Shapes differ, an infinite value, a horizon or folds out of range, or too few
            pairs for a correlation.
    """
    known, ahead = _pairs(factor, returns, horizon)
    if not 2 <= folds <= known.shape[0]:
        raise SampleError(f"folds: got {folds}; needs 2 to {known.shape[0]}, the number of bars")
    value = _correlation(known, ahead, across)
    if math.isnan(value):
        raise SampleError(
            f"factor: no {'bar' if across == 'assets' else 'asset'} has {_FEWEST[across]} pairs of "
            f"a varying factor and return at horizon {horizon}; needs more "
            + ('assets: pass across="bars"' if across == "assets" else "bars")
        )
    pieces = zip(np.array_split(known, folds), np.array_split(ahead, folds), strict=True)
    found = np.array([_correlation(*piece, across) for piece in pieces])
    usable = found[~np.isnan(found)]
    deviation = float(usable.std(ddof=1)) if usable.size > 1 else math.nan
    error = deviation / math.sqrt(max(1, usable.size))
    return Coefficient(
        horizon=horizon,
        value=value,
        folds=found,
        deviation=deviation,
        same_sign=float((np.sign(usable) == np.sign(value)).mean()) if usable.size else math.nan,
        t=float(usable.mean()) / error if error > 0 else math.nan,
    )


def decay(
    factor: ArrayLike,
    returns: ArrayLike,
    *,
    horizons: tuple[int, ...] = (1, 2, 5, 10, 20),
    across: Across = "assets",
    folds: int = 6,
) -> tuple[Coefficient, ...]:
    """The information coefficient at each horizon, in their order."""
    return tuple(
        information_coefficient(factor, returns, horizon=horizon, across=across, folds=folds)
        for horizon in horizons
    )


def monotonicity(
    factor: ArrayLike,
    returns: ArrayLike,
    *,
    seed: int,
    quantiles: int = 5,
    horizon: int = 1,
    across: Across = "assets",
    block: float | None = None,
    draws: int = 2000,
) -> Buckets:
    """Do higher values of the factor mean higher returns, step by step?

    Equal values share a bucket. p is Patton & Timmermann's: the smallest step, against the smallest
    recentred step of a stationary bootstrap of bars.

    Args:
        factor: (bars, assets).
        returns: (bars, assets).
        seed: Of the bootstrap.
        quantiles: Buckets, >= 2.
        horizon: In bars, >= 1.
        across: Quantiles over the assets of a bar, or over the bars of an asset. The latter use the
            whole sample: a description, not something to trade on.
        block: Mean block length in bars; by default the cube root of the bars, at least `horizon`.
        draws: Bootstrap samples.

    Raises:
        SampleError: As in `information_coefficient`, or a bucket without a pair.
    """
    known, ahead = _pairs(factor, returns, horizon)
    count(quantiles, "quantiles", at_least=2)
    ranks = _ranks(known, axis=1 if across == "assets" else 0)
    size = (~np.isnan(ranks)).sum(axis=1 if across == "assets" else 0, keepdims=True)
    if across == "assets":
        ranks[np.broadcast_to(size < quantiles, ranks.shape)] = np.nan
    bucket = np.floor((ranks - 0.5) / np.maximum(size, 1) * quantiles)
    inside = [bucket == q for q in range(quantiles)]
    sums = np.column_stack([np.where(one, ahead, 0).sum(axis=1) for one in inside])
    counts = np.column_stack([one.sum(axis=1) for one in inside])
    total = counts.sum(axis=0)
    if not total.all():
        raise SampleError(
            f"factor: bucket {int(np.flatnonzero(total == 0)[0]) + 1} of {quantiles} is empty at "
            f"horizon {horizon}; needs a pair in each: ask for fewer quantiles"
            + (', or pass across="bars"' if across == "assets" else "")
        )
    means = sums.sum(axis=0) / total
    steps = np.diff(means)
    bars = known.shape[0]
    mean_block = min(float(bars), max(bars ** (1 / 3), horizon)) if block is None else block
    beyond = 0
    for chunk in bootstrap.indices(bars, block=mean_block, draws=draws, seed=seed):
        shares = bootstrap.weights(chunk)
        with np.errstate(divide="ignore", invalid="ignore"):
            drawn = np.diff((shares @ sums) / (shares @ counts), axis=1)
        # A sample that emptied a bucket counts against the factor.
        beyond += int((~((drawn - steps).min(axis=1) < steps.min())).sum())
    return Buckets(
        horizon=horizon,
        means=means,
        counts=total,
        spread=float(means[-1] - means[0]),
        rising=float((steps > 0).mean()),
        p=(1 + beyond) / (1 + draws),
    )


def persistence(factor: ArrayLike, *, across: Across = "assets") -> float:
    """Rank correlation of the factor with itself a bar before: 1 needs no turnover, 0 all of it.

    Raises:
        SampleError: Too few pairs, or an infinite value.
    """
    values = _table(factor, "factor")
    found = _correlation(values[:-1], values[1:], across)
    if math.isnan(found):
        raise SampleError(
            f"factor: too few pairs of a bar and the next; needs {_FEWEST[across]} {across}"
        )
    return found


def forward(returns: F64, horizon: int) -> F64:
    """Compound return of the `horizon` bars after each, (bars, assets).

    NaN in the last `horizon` bars, and where one of the bars is missing.
    """
    bars = returns.shape[0]
    ahead = np.full(returns.shape, np.nan)
    if horizon < bars:
        growth = np.ones((bars - horizon, returns.shape[1]))
        for step in range(1, horizon + 1):
            growth *= 1 + returns[step : bars - horizon + step]
        ahead[: bars - horizon] = growth - 1
    return ahead


def _pairs(factor: ArrayLike, returns: ArrayLike, horizon: int) -> tuple[F64, F64]:
    """Factor and forward return, NaN in both where either is unknown."""
    known, moves = _table(factor, "factor"), _table(returns, "returns")
    if known.shape != moves.shape:
        raise SampleError(
            f"factor {known.shape}, returns {moves.shape}: needs the same (bars, assets)"
        )
    if not 1 <= horizon < known.shape[0]:
        raise SampleError(f"horizon: got {horizon}; needs 1 to {known.shape[0] - 1} bars")
    ahead = forward(moves, horizon)
    missing = np.isnan(known) | np.isnan(ahead)
    return np.where(missing, np.nan, known), np.where(missing, np.nan, ahead)


def _table(values: ArrayLike, name: str) -> F64:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or not array.shape[1] or array.shape[0] < 2:
        raise SampleError(f"{name}: got shape {array.shape}; needs (bars, assets), 2 bars or more")
    if array.shape[1] > array.shape[0]:
        raise SampleError(
            f"{name}: got shape {array.shape}, more assets than bars; needs (bars, assets): "
            "transpose it, or use a longer window"
        )
    if np.isinf(array).any():
        where = np.argwhere(np.isinf(array))[0].tolist()
        raise SampleError(f"{name}: got inf at {where}; needs finite numbers, or NaN for unknown")
    return array


def _correlation(left: F64, right: F64, across: Across) -> float:
    """Mean Spearman correlation over bars or assets; NaN where none has enough pairs."""
    axis = 1 if across == "assets" else 0
    missing = np.isnan(left) | np.isnan(right)
    x = _ranks(np.where(missing, np.nan, left), axis)
    y = _ranks(np.where(missing, np.nan, right), axis)
    pairs = (~missing).sum(axis=axis, keepdims=True)
    middle = (pairs + 1) / 2
    x, y = np.where(missing, 0, x - middle), np.where(missing, 0, y - middle)
    scale = np.sqrt((x**2).sum(axis=axis) * (y**2).sum(axis=axis))
    usable = (pairs.squeeze(axis) >= _FEWEST[across]) & (scale > 0)
    if not usable.any():
        return math.nan
    return float(((x * y).sum(axis=axis)[usable] / scale[usable]).mean())


def _ranks(values: F64, axis: int) -> F64:
    """Ranks from 1 along an axis, ties averaged, NaN where NaN."""
    from scipy.stats import rankdata

    missing = np.isnan(values)
    ranked = rankdata(np.where(missing, np.inf, values), axis=axis)
    return np.where(missing, np.nan, ranked)
