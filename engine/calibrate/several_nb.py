"""Several planted assets, bar by bar: a pair, a leader and its follower, a cross-section."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from engine.calibrate.single_nb import BURN, DAILY, deviation, held, next_variance

F64 = NDArray[np.float64]


@njit(cache=True)
def pair(theta: float, z: F64, eta: F64) -> tuple[F64, F64, F64]:
    """Two prices around one common one, their log spread pulled back to 0 by theta a bar.

    Args:
        theta: Speed of reversion, in 0..1.
        z: (T,) standardised innovations of what the two have in common.
        eta: (T,) standardised innovations of the spread.

    Returns:
        (2, T) simple returns; (2, T) volatilities; (2, T) oracle weights: minus the spread over
        twice its deviation, held in -1..1, half of it in each asset.
    """
    n_bars = len(z)
    returns, risk, weights = np.zeros((2, n_bars)), np.zeros((2, n_bars)), np.zeros((2, n_bars))
    mean = DAILY * DAILY
    wide = 2 * DAILY / math.sqrt(theta * (2 - theta))
    variance, spread = mean, wide / 2 * eta[0]
    for t in range(n_bars):
        sigma = math.sqrt(variance)
        e = sigma * z[t]
        variance = next_variance(variance, e, mean)
        before, spread = spread, (1 - theta) * spread + DAILY * eta[t]
        move = (spread - before) / 2
        returns[0, t] = held(math.exp(e + move) - 1)
        returns[1, t] = held(math.exp(e - move) - 1)
        risk[:, t] = sigma
        if t >= BURN:
            lean = min(max(-spread / wide, -1.0), 1.0) / 2
            weights[0, t], weights[1, t] = lean, -lean
    return returns, risk, weights


@njit(cache=True)
def lead(leader: int, n: int, delay: int, kappa: float, z: F64) -> tuple[F64, F64, F64]:
    """A calm leader, and a follower three times as volatile that drifts after the leader's moves.

    Args:
        leader: 0 or 1, the other one follows.
        n: Bars of the leader's move.
        delay: Bars between the end of that move and the bar that knows it.
        kappa: Strength of the drift.
        z: (2, T) standardised innovations.

    Returns:
        As `pair`; the oracle's weight is the signal, in the follower alone.
    """
    n_bars = z.shape[1]
    returns, risk, weights = np.zeros((2, n_bars)), np.zeros((2, n_bars)), np.zeros((2, n_bars))
    change = np.zeros(n_bars)
    mean = np.full(2, DAILY * DAILY / 4)
    mean[1 - leader] *= 9
    variance = mean.copy()
    follower, signal = 1 - leader, 0.0
    for t in range(n_bars):
        for a in range(2):
            sigma = math.sqrt(variance[a])
            e = sigma * z[a, t]
            variance[a] = next_variance(variance[a], e, mean[a])
            drift = kappa * sigma * signal if a == follower else 0.0
            returns[a, t] = held(drift + e)
            risk[a, t] = sigma
        change[t] = math.log(1 + returns[leader, t])
        if t >= BURN:
            last = t - delay
            move = 0.0
            for i in range(last - n + 1, last + 1):
                move += change[i]
            signal = math.tanh(move / (deviation(change, last, 60) * math.sqrt(n)))
            weights[follower, t] = signal
    return returns, risk, weights


@njit(cache=True)
def cross_section(n: int, kappa: float, z: F64, common: F64) -> tuple[F64, F64, F64]:
    """Assets with a common factor; what rose most over n bars falls back against the others.

    Args:
        n: Bars of the move that is given back.
        kappa: Strength of the drift, of each asset's own volatility.
        z: (A, T) standardised innovations of the assets' own part.
        common: (T,) of the common part.

    Returns:
        (A, T) simple returns; (A, T) volatilities; (A, T) oracle weights: 1 less twice the rank of
        the n-bar return (in 0..1), of gross 1.
    """
    assets, n_bars = z.shape
    returns, risk = np.zeros((assets, n_bars)), np.zeros((assets, n_bars))
    weights, log_price = np.zeros((assets, n_bars)), np.zeros((assets, n_bars))
    mean = DAILY * DAILY
    variance, shared = np.full(assets, mean), mean / 2
    signal, move = np.zeros(assets), np.zeros(assets)
    for t in range(n_bars):
        e_shared = math.sqrt(shared) * common[t]
        shared = next_variance(shared, e_shared, mean / 2)
        for a in range(assets):
            sigma = math.sqrt(variance[a])
            e = sigma * z[a, t]
            variance[a] = next_variance(variance[a], e, mean)
            returns[a, t] = held(kappa * sigma * signal[a] + e + e_shared)
            risk[a, t] = sigma
            before = log_price[a, t - 1] if t else 0.0
            log_price[a, t] = before + math.log(1 + returns[a, t])
        if t < BURN:
            continue
        for a in range(assets):
            move[a] = log_price[a, t] - log_price[a, t - n]
        gross = 0.0
        for a, place in enumerate(np.argsort(move)):
            signal[place] = 1 - 2 * (a + 0.5) / assets
            gross += abs(signal[place])
        for a in range(assets):
            weights[a, t] = signal[a] / gross
    return returns, risk, weights
