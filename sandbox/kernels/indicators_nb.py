"""The classic indicators of bars, put together from the kernels of the other modules."""

from __future__ import annotations

from math import sqrt

import numpy as np

from sandbox.kernels.compiled import F64, I64, NUMBER, OFFSETS, VALUES, kernel
from sandbox.kernels.dispersion_nb import mean_abs_dev
from sandbox.kernels.elementwise_nb import finite
from sandbox.kernels.moving_nb import change, ema, lag, rma
from sandbox.kernels.order_nb import bars_since_highest, bars_since_lowest, highest, lowest
from sandbox.kernels.regression_nb import wma
from sandbox.kernels.window_nb import sma, spread, total, weighted_mean


def _share(part: F64, rest: F64, none: float) -> F64:
    """100 part / (part + rest); `none` where both are 0."""
    return np.where(part + rest == 0, none, 100 * part / (part + rest))


def hull(x: F64, offsets: I64, n: int) -> F64:
    """Hull's average; NaN until the last 2 n - 1 values are known."""
    twice = 2 * wma(x, offsets, n // 2) - wma(x, offsets, n)
    full = 0 * total(x, offsets, 2 * n - 1)  # 0 or NaN
    return wma(twice, offsets, max(1, round(sqrt(n)))) + full


def true_range(high: F64, low: F64, close: F64, offsets: I64) -> F64:
    """max(high, last close) - min(low, last close); NaN at an asset's first bar."""
    last = lag(close, offsets, 1)
    unknown = 0 * (high + low + last)  # 0 or NaN: an infinite price is unknown on either side
    return np.maximum(high, last) - np.minimum(low, last) + unknown


def atr(high: F64, low: F64, close: F64, offsets: I64, n: int) -> F64:
    """The rma of the true range. Source: Wilder 1978."""
    return rma(true_range(high, low, close, offsets), offsets, n)


def rsi(x: F64, offsets: I64, n: int) -> F64:
    """100 u / (u + d) of smoothed rises and falls; 50 where both are 0. Source: Wilder 1978."""
    step = finite(change(x, offsets, 1))
    rise = rma(np.maximum(step, 0.0), offsets, n)
    fall = rma(np.maximum(-step, 0.0), offsets, n)
    return _share(rise, fall, 50.0)


def _directional(high: F64, low: F64, close: F64, offsets: I64, n: int) -> tuple[F64, F64, F64]:
    """Smoothed upward and downward movement and true range, over the same known bars."""
    up, down = change(high, offsets, 1), -change(low, offsets, 1)
    reach = true_range(high, low, close, offsets)
    zero = 0 * (up + down + reach)  # 0 or NaN
    plus = np.where((up > down) & (up > 0), up, 0.0) + zero
    minus = np.where((down > up) & (down > 0), down, 0.0) + zero
    return rma(plus, offsets, n), rma(minus, offsets, n), rma(reach + zero, offsets, n)


def plus_di(high: F64, low: F64, close: F64, offsets: I64, n: int) -> F64:
    """Upward movement over range, times 100; 0 where the range is 0. Source: Wilder 1978."""
    up, _, reach = _directional(high, low, close, offsets, n)
    return np.where(reach == 0, 0.0, 100 * up / reach)


def minus_di(high: F64, low: F64, close: F64, offsets: I64, n: int) -> F64:
    """Downward movement over range, times 100; 0 where the range is 0. Source: Wilder 1978."""
    _, down, reach = _directional(high, low, close, offsets, n)
    return np.where(reach == 0, 0.0, 100 * down / reach)


def adx(high: F64, low: F64, close: F64, offsets: I64, n: int) -> F64:
    """Smoothed 100 |up - down| / (up + down); the range of both indices cancels."""
    up, down, _ = _directional(high, low, close, offsets, n)
    both = up + down
    return rma(np.where(both == 0, 0.0, 100 * np.abs(up - down) / both), offsets, n)


def macd(x: F64, offsets: I64, fast: int, slow: int) -> F64:
    """ema(fast) - ema(slow)."""
    return ema(x, offsets, fast) - ema(x, offsets, slow)


def macd_signal(x: F64, offsets: I64, fast: int, slow: int, smooth: int) -> F64:
    """ema(macd, smooth)."""
    return ema(macd(x, offsets, fast, slow), offsets, smooth)


def macd_histogram(x: F64, offsets: I64, fast: int, slow: int, smooth: int) -> F64:
    """Distance of macd from its signal."""
    distance = macd(x, offsets, fast, slow)
    return distance - ema(distance, offsets, smooth)


def keltner_upper(high: F64, low: F64, close: F64, offsets: I64, n: int, k: float) -> F64:
    """ema(close) + k atr."""
    return ema(close, offsets, n) + k * atr(high, low, close, offsets, n)


def keltner_lower(high: F64, low: F64, close: F64, offsets: I64, n: int, k: float) -> F64:
    """ema(close) - k atr."""
    return ema(close, offsets, n) - k * atr(high, low, close, offsets, n)


def donchian_middle(high: F64, low: F64, offsets: I64, n: int) -> F64:
    """Middle between the highest high and the lowest low."""
    return (highest(high, offsets, n) + lowest(low, offsets, n)) / 2


def stochastic_k(high: F64, low: F64, close: F64, offsets: I64, n: int) -> F64:
    """Place of the close in the range of n, 0..100; NaN where the range is 0."""
    bottom = lowest(low, offsets, n)
    reach = highest(high, offsets, n) - bottom
    return 100 * (finite(close) - bottom) / np.where(reach == 0, np.nan, reach)


def stochastic_d(high: F64, low: F64, close: F64, offsets: I64, n: int, smooth: int) -> F64:
    """The sma of stochastic_k."""
    return sma(stochastic_k(high, low, close, offsets, n), offsets, smooth)


def williams_r(high: F64, low: F64, close: F64, offsets: I64, n: int) -> F64:
    """stochastic_k - 100."""
    return stochastic_k(high, low, close, offsets, n) - 100


def cci(high: F64, low: F64, close: F64, offsets: I64, n: int) -> F64:
    """Deviation of the typical price over 0.015 mean deviations. Source: Lambert 1980."""
    price = (high + low + close) / 3
    distance = mean_abs_dev(price, offsets, n)
    return spread(price, offsets, n)[1] / (0.015 * np.where(distance == 0, np.nan, distance))


def aroon(high: F64, low: F64, offsets: I64, n: int) -> F64:
    """Up minus down, -100..100. Source: Chande 1995."""
    age = bars_since_lowest(low, offsets, n + 1) - bars_since_highest(high, offsets, n + 1)
    return 100 * age / n


def obv_change(close: F64, volume: F64, offsets: I64, n: int) -> F64:
    """Sum over n of volume with the sign of the close's change."""
    return total(np.sign(finite(change(close, offsets, 1))) * volume, offsets, n)


def mfi(high: F64, low: F64, close: F64, volume: F64, offsets: I64, n: int) -> F64:
    """100 u / (u + d) of money at rises and falls of the typical price; 50 where both are 0."""
    price = (high + low + close) / 3
    step = change(price, offsets, 1)
    money = price * volume
    zero = 0 * (step + money)  # 0 or NaN
    rise = total(np.where(step > 0, money, zero), offsets, n)
    fall = total(np.where(step < 0, money, zero), offsets, n)
    return _share(rise, fall, 50.0)


def vwap(high: F64, low: F64, close: F64, volume: F64, offsets: I64, n: int) -> F64:
    """Typical price weighted by volume; NaN where there is none."""
    return weighted_mean((high + low + close) / 3, volume, offsets, n)


def money_flow(high: F64, low: F64, close: F64, volume: F64, offsets: I64, n: int) -> F64:
    """Chaikin's money flow, -1..1; NaN where there is no volume."""
    reach = high - low
    place = np.where(reach == 0, 0 * close, (2 * close - high - low) / reach)
    traded = total(volume, offsets, n)
    return total(place * volume, offsets, n) / np.where(traded == 0, np.nan, traded)


@kernel(VALUES, VALUES, VALUES, OFFSETS, NUMBER)
def _trail(middle: F64, reach: F64, close: F64, offsets: I64, k: float) -> F64:
    out = np.empty(len(close))
    for a in range(len(offsets) - 1):
        lower = upper = last = np.nan
        rising = started = False
        for t in range(offsets[a], offsets[a + 1]):
            low, high = middle[t] - k * reach[t], middle[t] + k * reach[t]
            if np.isfinite(low) and np.isfinite(high) and np.isfinite(close[t]):
                if not started:
                    lower, upper, rising, started = low, high, True, True
                else:
                    if low > lower or last < lower:
                        lower = low
                    if high < upper or last > upper:
                        upper = high
                    rising = not close[t] < lower if rising else close[t] > upper
                last = close[t]
            out[t] = lower if rising else upper
    return out


def supertrend(high: F64, low: F64, close: F64, offsets: I64, n: int, k: float) -> F64:
    """The trailing band; where a bar is unknown it stays as it was."""
    return _trail((high + low) / 2, atr(high, low, close, offsets, n), close, offsets, k)
