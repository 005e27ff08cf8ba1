"""Figures of a net-return path: moments, drawdown, fold statistics, the behaviour projection.

Plain sums in a fixed order, ddof 1. A variance counts as zero below 1e-18 of the mean square of the
returns it was made of (both legs of a difference), since rounding leaves that much.
"""

# pyright: basic
from __future__ import annotations

import numpy as np
from numba import njit, types

from sandbox.kernels.compiled import COUNT, NUMBER, OFFSETS, VALUES, kernel

SUMMARY = (
    "mean",
    "volatility",
    "downside",
    "skew",
    "max_drawdown",
    "drawdown_bars",
    "excess_mean",
    "excess_volatility",
    "beta",
    "traded",
    "cost",
    "gross",
    "net",
    "active",
)
SHARPE, SORTINO, CALMAR, MEAN_MINUS_CVAR = 0, 1, 2, 3  # as objective.STATISTICS
ROUNDING = 1e-18
DIMENSIONS = 64


@kernel(types.Array(types.float64, 2, "C", readonly=True))
def summarise(path):
    """One figure for each name in SUMMARY from the rows of a book's path; nan where undefined.

    Args:
        path: (8, n) rows as book_layout.PATH.

    Returns:
        (14,) per-bar mean, sd, root mean square of losses over all bars, adjusted skewness,
        drawdown, its longest length in bars, mean and sd over the benchmark, market beta, sums of
        traded notional and cost, means of gross and net exposure, share of bars that end invested.
    """
    n = path.shape[1]
    out = np.full(14, np.nan)
    total = excess_total = market_total = square = 0.0
    losses = traded = cost = gross = net = 0.0
    active = 0
    peak = 1.0
    drawdown = 0.0
    under = longest = 0
    for t in range(n):
        equity = path[0, t]
        r = path[1, t]
        total += r
        excess_total += r - path[2, t]
        market_total += path[3, t]
        square += r * r + path[2, t] * path[2, t]
        if r < 0:
            losses += r * r
        traded += path[4, t]
        cost += path[5, t]
        gross += path[6, t]
        net += path[7, t]
        active += path[6, t] > 0
        if equity >= peak:
            peak = equity
            under = 0
        else:
            under += 1
            longest = max(longest, under)
            drawdown = max(drawdown, 1 - equity / peak)
    mean = total / n
    excess_mean = excess_total / n
    market_mean = market_total / n
    second = third = excess_second = covariance = market_second = 0.0
    for t in range(n):
        d = path[1, t] - mean
        e = path[1, t] - path[2, t] - excess_mean
        m = path[3, t] - market_mean
        second += d * d
        third += d * d * d
        excess_second += e * e
        covariance += d * m
        market_second += m * m
    out[0] = mean
    out[2] = np.sqrt(losses / n)
    out[4] = drawdown
    out[5] = longest
    out[6] = excess_mean
    out[9] = traded
    out[10] = cost
    out[11] = gross / n
    out[12] = net / n
    out[13] = active / n
    if n > 1:
        out[1] = np.sqrt(second / (n - 1)) if second > ROUNDING * square else 0.0
        out[7] = np.sqrt(excess_second / (n - 1)) if excess_second > ROUNDING * square else 0.0
    if n > 2 and out[1] > 0:
        out[3] = n / ((n - 1.0) * (n - 2.0)) * third / (out[1] * out[1] * out[1])
    if market_second > 0:
        out[8] = covariance / market_second
    return out


@njit(cache=True)
def worst_mean(sorted_tail):
    """Mean of a few sorted values, added from the smallest up."""
    total = 0.0
    for value in sorted_tail:
        total += value
    return total / len(sorted_tail)


@njit(cache=True)
def _keep(worst, value):
    """Put a value into a sorted row of the smallest where it is below the row's last.

    Numba's own sort takes 1.3 s to compile.
    """
    place = len(worst) - 1
    if not value < worst[place]:
        return
    while place > 0 and value < worst[place - 1]:
        worst[place] = worst[place - 1]
        place -= 1
    worst[place] = value


@kernel(VALUES, VALUES, OFFSETS, COUNT, NUMBER, NUMBER, NUMBER)
def fold_statistics(net, benchmark, edges, statistic, bars_per_year, min_risk, limit):
    """The objective's statistic of net - benchmark in each fold.

    Args:
        net: (n,) net returns.
        benchmark: (n,) benchmark returns.
        edges: (F + 1,) where folds begin; the last is an end.
        statistic: SHARPE, SORTINO, CALMAR or MEAN_MINUS_CVAR.
        bars_per_year: Annualises.
        min_risk: A ratio's risk counts as at least this share of the same risk of net: a
            strategy that hugs its benchmark has next to no variance left, and a ratio would blow
            that rounding and drift up to any size.
        limit: Statistics are cut to [-limit, limit], so that a fold without a loss stays finite.

    Returns:
        (F,) finite values; 0 for a fold without variance.
    """
    folds = len(edges) - 1
    out = np.zeros(folds)
    year = np.sqrt(bars_per_year)
    for f in range(folds):
        start, stop = edges[f], edges[f + 1]
        n = stop - start
        if n < 2:
            continue
        total = net_total = square = losses = net_losses = 0.0
        wealth = peak = net_wealth = net_peak = 1.0
        drawdown = net_drawdown = 0.0
        for t in range(start, stop):
            r = net[t]
            e = r - benchmark[t]
            total += e
            net_total += r
            square += r * r + benchmark[t] * benchmark[t]
            if e < 0:
                losses += e * e
            if r < 0:
                net_losses += r * r
            if statistic == CALMAR:
                wealth = max(wealth * (1 + e), 0.0)
                peak = max(peak, wealth)
                drawdown = max(drawdown, 1 - wealth / peak)
                net_wealth = max(net_wealth * (1 + r), 0.0)
                net_peak = max(net_peak, net_wealth)
                net_drawdown = max(net_drawdown, 1 - net_wealth / net_peak)
        mean = total / n
        second = net_second = 0.0
        for t in range(start, stop):
            d = net[t] - benchmark[t] - mean
            second += d * d
            d = net[t] - net_total / n
            net_second += d * d
        if not second > ROUNDING * square:
            continue
        if statistic == MEAN_MINUS_CVAR:
            worst = np.full((n + 19) // 20, np.inf)
            for t in range(start, stop):
                _keep(worst, net[t] - benchmark[t])
            value = mean * bars_per_year + worst_mean(worst) * year
        else:
            gain = mean * year
            risk = np.sqrt(second / (n - 1))
            net_risk = np.sqrt(net_second / (n - 1))
            if statistic == SORTINO:
                risk = np.sqrt(losses / n)
                net_risk = np.sqrt(net_losses / n)
            elif statistic == CALMAR:
                gain = wealth ** (bars_per_year / n) - 1
                risk = drawdown
                net_risk = net_drawdown
            risk = max(risk, min_risk * net_risk)
            unrisked = limit if gain > 0 else 0.0
            value = gain / risk if risk > 0 else unrisked
        out[f] = min(max(value, -limit), limit)
    return out


@kernel(VALUES, VALUES)
def project(net, benchmark):
    """Project net - benchmark by fixed random signs to 64 numbers of unit length.

    The sign of bar t and dimension d is bit d of SplitMix64's t-th output from state 0: one hash
    serves a bar's 64 dimensions. Each sum runs over bars in order.

    Returns:
        (64,) int16, 32767 times the unit vector rounded half to even; zeros where all is zero.

    Source: Achlioptas 2003 (random signs); Steele, Lea & Flood 2014 (SplitMix64).
    """
    sums = np.zeros(DIMENSIONS)
    state = np.uint64(0)
    for t in range(len(net)):
        e = net[t] - benchmark[t]
        state += np.uint64(0x9E3779B97F4A7C15)
        z = state
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
        for d in range(DIMENSIONS):
            sums[d] += e if (z >> np.uint64(d)) & np.uint64(1) else -e
    largest = 0.0
    for d in range(DIMENSIONS):
        largest = max(largest, abs(sums[d]))
    out = np.zeros(DIMENSIONS, np.int16)
    if not 0 < largest < np.inf:
        return out
    length = 0.0
    for d in range(DIMENSIONS):
        sums[d] /= largest  # else tiny sums square to nothing
        length += sums[d] * sums[d]
    length = np.sqrt(length)
    for d in range(DIMENSIONS):
        out[d] = np.int16(np.rint(sums[d] / length * 32767))
    return out
