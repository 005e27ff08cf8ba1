"""One planted asset, bar by bar: a GJR-GARCH-t price whose drift is a known signal. NumPy, Numba.

Source: reference/statistics.md, C0 and C2.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

NULL, MOMENTUM, REVERSAL, BREAKOUT, FUNDING, CLOCK, REGIME, CONJUNCTION, TRIPLE, U_SHAPE = range(10)

DAILY = 0.20 / math.sqrt(252)
"""Mean volatility per bar."""
BURN = 300
"""First bars without a signal: every window is full after them."""
LIMIT = 0.9
"""A bar's simple return is held within this: neither a price nor a short goes bankrupt in a bar."""
CAP = 0.12
"""Largest volatility per bar."""

OPEN, HIGH, LOW, CLOSE, VOLUME, RATE, SIGNAL = range(7)
"""Rows of the answer."""


@njit(cache=True)
def next_variance(variance: float, e: float, mean: float) -> float:
    """GJR-GARCH(1, 1) of persistence .98: the next bar's variance, held below CAP squared."""
    leverage = 0.06 if e < 0 else 0.0
    after = mean * (1 - 0.98) + (0.05 + leverage) * e * e + 0.90 * variance
    return min(after, CAP * CAP)


@njit(cache=True)
def held(r: float) -> float:
    """A simple return within -LIMIT..LIMIT."""
    return min(max(r, -LIMIT), LIMIT)


@njit(cache=True)
def deviation(x: F64, t: int, n: int) -> float:
    """Standard deviation of the n values up to t, ddof 1."""
    mean = 0.0
    for i in range(t - n + 1, t + 1):
        mean += x[i]
    mean /= n
    squares = 0.0
    for i in range(t - n + 1, t + 1):
        squares += (x[i] - mean) ** 2
    return math.sqrt(squares / (n - 1))


@njit(cache=True)
def above_mean(x: F64, t: int, n: int) -> float:
    """x[t] less the mean of the n values up to t."""
    mean = 0.0
    for i in range(t - n + 1, t + 1):
        mean += x[i]
    return x[t] - mean / n


@njit(cache=True)
def zscore(x: F64, t: int, n: int) -> float:
    """Standard score of x[t] among the n values up to t; 0 where they are equal."""
    risk = deviation(x, t, n)
    return above_mean(x, t, n) / risk if risk > 0 else 0.0


@njit(cache=True)
def scaled_return(log_price: F64, change: F64, t: int, n: int, window: int) -> float:
    """Log return over n bars in units of its deviation, as `window` one-bar log returns have it."""
    risk = deviation(change, t, window)
    return (log_price[t] - log_price[t - n]) / (risk * math.sqrt(n)) if risk > 0 else 0.0


@njit(cache=True)
def _breakout(bars: F64, change: F64, t: int, p: F64) -> float:
    """1, -1 or 0: whether bar t closes beyond the prior range while volatility rises."""
    n, fast, slow = int(p[0]), int(p[2]), int(p[3])
    if not deviation(change, t, fast) > deviation(change, t, slow):
        return 0.0
    high, low = bars[HIGH, t - n], bars[LOW, t - n]
    for i in range(t - n + 1, t):
        high, low = max(high, bars[HIGH, i]), min(low, bars[LOW, i])
    return 1.0 * (bars[CLOSE, t] > high) - 1.0 * (bars[CLOSE, t] < low)


@njit(cache=True)
def _reversal(close: F64, t: int, n: int) -> float:
    """Minus half the standard score (ddof 0) of the close, held in -1..1."""
    score = zscore(close, t, n) * math.sqrt(n / (n - 1))
    return -min(max(score, -2.0), 2.0) / 2


@njit(cache=True)
def path(
    kind: int, p: F64, kappa: float, z: F64, wicks: F64, noise: F64, uniform: F64, clock: I64
) -> F64:
    """Bars whose next return has drift kappa x volatility x signal.

    Args:
        kind: Which signal.
        p: Its parameters, as `engine.calibrate.kinds` orders them.
        kappa: Strength of the drift.
        z: (T,) standardised innovations.
        wicks: (2, T) standard exponentials.
        noise: (2, T) standard normals, of volume and of funding.
        uniform: (T,) in 0..1; decides when the hidden state changes.
        clock: (T + 1,) the weekday or hour of each bar, and of the one after the last.

    Returns:
        (7, T) open, high, low, close, volume, funding rate, signal; the signal is known at the
        close of its bar, and is 0 in the first BURN bars.
    """
    n_bars = len(z)
    bars = np.zeros((7, n_bars))
    log_price, change = np.zeros(n_bars), np.zeros(n_bars)
    log_volume, broke = np.zeros(n_bars), np.zeros(n_bars)
    mean = DAILY * DAILY
    variance, price, signal, rate, state = mean, 100.0, 0.0, 0.0, 0
    for t in range(n_bars):
        sigma = math.sqrt(variance)
        e = sigma * z[t]
        variance = next_variance(variance, e, mean)
        factor = 1.0
        if kind == REGIME:
            factor = 0.7 if state == 0 else 1.6
        r = held(factor * (kappa * sigma * signal + e))
        start, price = price, price * (1 + r)
        bars[OPEN, t], bars[CLOSE, t] = start, price
        bars[HIGH, t] = max(start, price) * math.exp(0.4 * factor * sigma * wicks[0, t])
        bars[LOW, t] = min(start, price) * math.exp(-0.4 * factor * sigma * wicks[1, t])
        log_price[t] = math.log(price)
        change[t] = math.log(price / start)
        before = log_volume[t - 1] if t else 0.0
        log_volume[t] = (
            0.6 * before + 0.3 * math.log(sigma / DAILY) + 0.25 * (abs(z[t]) - 0.74)
            + 0.35 * noise[0, t]
        )  # fmt: skip
        bars[VOLUME, t] = 1e6 * math.exp(log_volume[t])
        crowd = math.tanh(scaled_return(log_price, change, t, 20, 60)) if t >= 60 else 0.0
        rate = 0.97 * rate + 0.05 * crowd + 0.2 * noise[1, t]
        bars[RATE, t] = 1e-4 * rate
        if uniform[t] < 0.01:  # the state of the next bar
            state = 1 - state
        if t < BURN:
            continue
        if kind == MOMENTUM:
            signal = math.tanh(scaled_return(log_price, change, t, int(p[0]), int(p[1])))
        elif kind == REVERSAL:
            signal = _reversal(bars[CLOSE], t, int(p[0]))
        elif kind == BREAKOUT:
            broke[t] = _breakout(bars, change, t, p)
            signal = 0.0
            for i in range(int(p[1])):
                if broke[t - i] != 0:
                    signal = broke[t - i]
                    break
        elif kind == FUNDING:
            score = zscore(bars[RATE], t, int(p[0]))
            signal = -np.sign(score) if abs(score) > 1 else 0.0
        elif kind == CLOCK:
            signal = 1.0 * (clock[t + 1] == p[0]) - 1.0 * (clock[t + 1] == p[1])
        elif kind == REGIME:
            if state == 0:
                signal = math.tanh(scaled_return(log_price, change, t, int(p[0]), int(p[1])))
            else:
                signal = _reversal(bars[CLOSE], t, int(p[2]))
        elif kind in (CONJUNCTION, TRIPLE):
            trend = scaled_return(log_price, change, t, int(p[0]), int(p[1]))
            signal = 0.0
            if abs(trend) > 0.5:
                signal = np.sign(trend) * np.sign(above_mean(log_volume, t, int(p[2])))
            if kind == TRIPLE:
                signal *= np.sign(above_mean(bars[RATE], t, int(p[3])))
        elif kind == U_SHAPE:
            far = abs(zscore(bars[RATE], t, int(p[0]))) - p[1]
            signal = min(max(2 * far, -1.0), 1.0)
        bars[SIGNAL, t] = signal
    return bars
