"""Slow, obvious twins of all operators: plain Python, one asset or one bar at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

Values = Sequence[float]
NAN = math.nan


def finite(*values: float) -> bool:
    return all(math.isfinite(v) for v in values)


def divide(x: float, y: float) -> float:
    if y == 0 or math.isnan(x) or math.isnan(y):
        return (
            NAN
            if x == 0 or math.isnan(x) or math.isnan(y)
            else math.copysign(math.inf, x * math.copysign(1, y))
        )
    return x / y


def ratio(x: float, y: float) -> float:
    """x / y, unknown where y is 0."""
    return NAN if y == 0 else x / y


# -- windows: a function of the last n values of each input ----------------------------------------


def window(function: Callable[..., float]) -> Callable[..., list[float]]:
    """Apply to every full window of finite values; n is the first plain argument."""

    def along(*args: Any) -> list[float]:
        columns = [a for a in args if isinstance(a, np.ndarray)]
        n, *more = [a for a in args if not isinstance(a, np.ndarray)]
        out = [NAN] * len(columns[0])
        for t in range(n - 1, len(out)):
            parts = [c[t - n + 1 : t + 1].tolist() for c in columns]
            if all(finite(*part) for part in parts):
                out[t] = function(*parts, *more)
        return out

    return along


def mean(x: Values) -> float:
    return x[0] if len(set(x)) == 1 else math.fsum(x) / len(x)


def spread(x: Values) -> float:
    """Sum of squared deviations."""
    m = mean(x)
    return math.fsum((v - m) ** 2 for v in x)


def shared(x: Values, y: Values) -> float:
    a, b = mean(x), mean(y)
    return math.fsum((u - a) * (v - b) for u, v in zip(x, y, strict=True))


def deviation(x: Values) -> float:
    return math.sqrt(spread(x) / (len(x) - 1))


def weighted(x: Values, w: Values) -> float:
    return ratio(math.fsum(a * b for a, b in zip(x, w, strict=True)), math.fsum(w))


def ramp(x: Values) -> float:
    return weighted(x, range(1, len(x) + 1))


def rise(x: Values) -> float:
    places = list(range(len(x)))
    return shared(x, places) / spread(places)


def skewness(x: Values) -> float:
    n, s, m = len(x), spread(x), mean(x)
    if s == 0:
        return 0.0
    third = math.fsum((v - m) ** 3 for v in x) / n
    return math.sqrt(n * (n - 1)) / (n - 2) * third / (s / n) ** 1.5


def kurtosis(x: Values) -> float:
    n, s, m = len(x), spread(x), mean(x)
    if s == 0:
        return -3.0
    fourth = math.fsum((v - m) ** 4 for v in x) / n
    return ((n * n - 1) * fourth / (s / n) ** 2 - 3 * (n - 1) ** 2) / ((n - 2) * (n - 3))


def pearson(x: Values, y: Values) -> float:
    a, b = spread(x), spread(y)
    return NAN if a == 0 or b == 0 else max(-1, min(1, shared(x, y) / math.sqrt(a * b)))


def residual(x: Values, y: Values) -> float:
    b = ratio(shared(x, y), spread(y))
    return x[-1] - mean(x) - b * (y[-1] - mean(y))


def quantile(x: Values, q: float) -> float:
    s, place = sorted(x), q * (len(x) - 1)
    k = int(place)
    return s[k] + (s[min(k + 1, len(x) - 1)] - s[k]) * (place - k)


def median(x: Values) -> float:
    s, n = sorted(x), len(x)
    return s[n // 2] if n % 2 else (s[n // 2 - 1] + s[n // 2]) / 2


def rank(x: Values, of: float) -> float:
    """Mean rank, from 1."""
    return sum(v < of for v in x) + (sum(v == of for v in x) + 1) / 2


def since_best(x: Values, best: Callable[[Values], float]) -> float:
    return x[::-1].index(best(x))


def band(x: Values, k: float) -> float:
    return mean(x) + k * math.sqrt(spread(x) / len(x))


def band_place(x: Values, k: float) -> float:
    reach = k * math.sqrt(spread(x) / len(x))
    return NAN if reach == 0 else (x[-1] - mean(x) + reach) / (2 * reach)


def path(x: Values) -> list[float]:
    return [abs(b - a) for a, b in pairwise(x)]


def efficiency(x: Values) -> float:
    whole = math.fsum(path(x))
    return NAN if whole == 0 else min(1.0, abs(x[-1] - x[0]) / whole)


def hurst(x: Values) -> float:
    lags = [k for k in (2**i for i in range(20)) if k < len(x) / 2]
    moves = [[(b - a) ** 2 for a, b in zip(x, x[k:], strict=False)] for k in lags]
    if any(set(m) == {0.0} for m in moves):
        return NAN
    logs, sizes = [math.log(k) for k in lags], [math.log(math.sqrt(mean(m))) for m in moves]
    return min(1.0, max(0.0, shared(logs, sizes) / spread(logs)))


def typical(high: Values, low: Values, close: Values) -> list[float]:
    return [(h + lo + c) / 3 for h, lo, c in zip(high, low, close, strict=True)]


def safe_log(x: float) -> float:
    return math.log(x) if x > 0 else -math.inf if x == 0 else NAN


def logs(x: Any, y: Any) -> np.ndarray:
    return np.array([safe_log(divide(a, b)) for a, b in zip(x, y, strict=True)])


def stochastic(high: Any, low: Any, close: Any, n: int) -> np.ndarray:
    top, bottom = window(max)(high, n), window(min)(low, n)
    return np.array(
        [
            ratio(100 * (c - lo), h - lo) if finite(c) else NAN
            for h, lo, c in zip(top, bottom, close, strict=True)
        ]
    )


def money_flow(high: Values, low: Values, close: Values, volume: Values) -> float:
    rows = zip(high, low, close, volume, strict=True)
    flow = math.fsum(0 if h == lo else v * (2 * c - h - lo) / (h - lo) for h, lo, c, v in rows)
    return ratio(flow, math.fsum(volume))


def share(u: float, d: float, none: float) -> float:
    return none if u + d == 0 else 100 * u / (u + d)


def money_index(high: Any, low: Any, close: Any, volume: Any, n: int) -> list[float]:
    price = typical(high, low, close)
    rises, falls = [], []
    for d, p, v in zip(steps(price), price, volume, strict=True):
        known = finite(d, p * v)
        rises.append((p * v if d > 0 else 0) if known else NAN)
        falls.append((p * v if d < 0 else 0) if known else NAN)
    pairs = zip(total(np.array(rises), n), total(np.array(falls), n), strict=True)
    return [share(u, d, 50) for u, d in pairs]


def kelly(y: Values, fraction: float) -> float:
    s = spread(y) / (len(y) - 1)
    return 0.0 if s == 0 else min(1.0, max(0.0, fraction * mean(y) / s))


def lag(x: Any, n: int) -> np.ndarray:
    out = np.full(len(x), NAN)
    if n < len(x):
        out[n:] = np.asarray(x, float)[: len(x) - n]
    return out


def steps(x: Any) -> np.ndarray:
    """Changes from bar to bar, where finite."""
    change = np.asarray(x, float) - lag(x, 1)
    return np.where(np.isfinite(change), change, NAN)


# -- recursions ------------------------------------------------------------------------------------


def smooth(x: Values, k: float) -> np.ndarray:
    out, y, old = [], NAN, 1.0
    for v in x:
        old *= 1 - k
        if finite(v):
            y = v if math.isnan(y) else (old * y + k * v) / (old + k)
            old = 1.0
        out.append(y)
    return np.array(out)


def ema(x: Values, n: int) -> np.ndarray:
    return smooth(x, 2 / (n + 1))


def rma(x: Values, n: int) -> np.ndarray:
    return smooth(x, 1 / n)


def kama(x: Any, n: int, fast: int, slow: int) -> list[float]:
    out, y = [], NAN
    for t in range(len(x)):
        part = x[max(0, t - n) : t + 1].tolist()
        if len(part) == n + 1 and finite(*part):
            er = 0.0 if math.fsum(path(part)) == 0 else efficiency(part)
            c = (er * (2 / (fast + 1) - 2 / (slow + 1)) + 2 / (slow + 1)) ** 2
            y = x[t] if math.isnan(y) else y + c * (x[t] - y)
        out.append(y)
    return out


def ew_stdev(x: Any, n: int) -> list[float]:
    k, out, v, known = 2 / (n + 1), [], 0.0, 0
    before = lag(ema(x, n), 1)
    for t in range(len(x)):
        if finite(x[t]):
            if known:
                v = (1 - k) * (v + k * (x[t] - before[t]) ** 2)
            known += 1
        out.append(math.sqrt(v) if known > 1 else NAN)
    return out


def hull(x: Any, n: int) -> np.ndarray:
    raw = 2 * np.array(wma(x, n // 2)) - np.array(wma(x, n))
    out = np.array(wma(raw, max(1, round(math.sqrt(n)))))
    out[np.isnan(total(x, 2 * n - 1))] = NAN
    return out


def true_range(high: Any, low: Any, close: Any) -> np.ndarray:
    last = lag(close, 1)
    out = [
        max(h, c) - min(lo, c) if finite(h, lo, c) else NAN
        for h, lo, c in zip(high, low, last, strict=True)
    ]
    return np.array(out)


def atr(high: Any, low: Any, close: Any, n: int) -> np.ndarray:
    return rma(true_range(high, low, close), n)


def rsi(x: Any, n: int) -> list[float]:
    d = steps(x)
    up = rma([v if math.isnan(v) else max(v, 0) for v in d], n)
    down = rma([v if math.isnan(v) else max(-v, 0) for v in d], n)
    return [share(u, v, 50) for u, v in zip(up, down, strict=True)]


def directional(high: Any, low: Any, close: Any, n: int) -> tuple[Any, Any]:
    up, down, reach = steps(high), -steps(low), true_range(high, low, close)
    plus, minus, known = [], [], []
    for u, d, r in zip(up, down, reach, strict=True):
        ok = finite(u, d, r)
        plus.append((u if u > d and u > 0 else 0) if ok else NAN)
        minus.append((d if d > u and d > 0 else 0) if ok else NAN)
        known.append(r if ok else NAN)
    pairs = list(zip(rma(plus, n), rma(minus, n), rma(known, n), strict=True))
    return (
        [0.0 if r == 0 else 100 * p / r for p, _, r in pairs],
        [0.0 if r == 0 else 100 * m / r for _, m, r in pairs],
    )


def adx(high: Any, low: Any, close: Any, n: int) -> np.ndarray:
    pairs = zip(*directional(high, low, close, n), strict=True)
    return rma([0.0 if p + m == 0 else 100 * abs(p - m) / (p + m) for p, m in pairs], n)


def macd(x: Any, fast: int, slow: int) -> np.ndarray:
    return ema(x, fast) - ema(x, slow)


def supertrend(high: Any, low: Any, close: Any, n: int, k: float) -> list[float]:
    reach = atr(high, low, close, n)
    out, lower, upper, last, rising = [], NAN, NAN, NAN, True
    for h, lo, c, r in zip(high, low, close, reach, strict=True):
        if finite(h, lo, c, r):
            below, above = (h + lo) / 2 - k * r, (h + lo) / 2 + k * r
            if math.isnan(last):
                lower, upper = below, above
            else:
                lower = below if last < lower else max(lower, below)
                upper = above if last > upper else min(upper, above)
                rising = c >= lower if rising else c > upper
            last = c
        out.append(lower if rising else upper)
    return out


# -- events: masks are 0, 1 or NaN -----------------------------------------------------------------


def cross(x: Any, y: Any, up: bool) -> list[float]:
    out = [NAN] * len(x)
    for t in range(1, len(x)):
        if not any(map(math.isnan, (x[t], y[t], x[t - 1], y[t - 1]))):
            now, before = (
                (x[t] > y[t], x[t - 1] <= y[t - 1]) if up else (x[t] < y[t], x[t - 1] >= y[t - 1])
            )
            out[t] = float(now and before)
    return out


def since(mask: Any, limit: int) -> list[float]:
    out = [NAN] * len(mask)
    for t in range(limit, len(mask)):
        back = [mask[t - k] for k in range(limit + 1)]
        if not all(map(math.isnan, back)):
            out[t] = back.index(1) if 1 in back else limit
    return out


def streak(part: Values) -> float:
    return part[::-1].index(0) if 0 in part else len(part)


def hold(enter: Any, leave: Any) -> list[float]:
    out, state = [], 0.0
    for e, x in zip(enter, leave, strict=True):
        if x == 1:
            state = 0.0
        elif x == 0 and e == 1:
            state = 1.0
        out.append(state)
    return out


def cooldown(mask: Any, n: int) -> list[float]:
    out: list[float] = []
    for v in mask:
        out.append(float(v == 1 and 1 not in out[-n:]))
    return out


def ratchet(x: Any, reset: Any) -> list[float]:
    out, seen = [], []
    for v, r in zip(x, reset, strict=True):
        seen = ([] if r == 1 else seen) + ([v] if finite(v) else [])
        out.append(max(seen) if seen else NAN)
    return out


wma, total = window(ramp), window(math.fsum)
stdev = window(deviation)

ALONG: dict[str, Callable[..., Any]] = {
    "lag": lag,
    "lag_mask": lag,
    "change": lambda x, n: x - lag(x, n),
    "returns": lambda x, n: [divide(a, b) - 1 for a, b in zip(x, lag(x, n), strict=True)],
    "log_return": lambda x, n: logs(x, lag(x, n)),
    "sma": window(mean),
    "ema": ema,
    "rma": rma,
    "wma": wma,
    "dema": lambda x, n: 2 * ema(x, n) - ema(ema(x, n), n),
    "tema": lambda x, n: 3 * ema(x, n) - 3 * ema(ema(x, n), n) + ema(ema(ema(x, n), n), n),
    "hull": hull,
    "kama": kama,
    "weighted_mean": window(weighted),
    "stdev": stdev,
    "variance": window(lambda x: spread(x) / (len(x) - 1)),
    "zscore": window(lambda x: ratio(x[-1] - mean(x), deviation(x))),
    "mean_abs_dev": window(lambda x: mean([abs(v - mean(x)) for v in x])),
    "skewness": window(skewness),
    "kurtosis": window(kurtosis),
    "downside_stdev": window(lambda x: math.sqrt(mean([min(v, 0) ** 2 for v in x]))),
    "ew_stdev": ew_stdev,
    "parkinson": lambda h, lo, n: window(
        lambda x: math.sqrt(mean([v * v for v in x]) / (4 * math.log(2)))
    )(logs(h, lo), n),
    "garman_klass": lambda o, h, lo, c, n: window(
        lambda x, y: math.sqrt(
            max(
                0,
                mean(
                    [a * a / 2 - (2 * math.log(2) - 1) * b * b for a, b in zip(x, y, strict=True)]
                ),
            )
        )
    )(logs(h, lo), logs(c, o), n),
    "total": total,
    "highest": window(max),
    "lowest": window(min),
    "bars_since_highest": window(lambda x: since_best(x, max)),
    "bars_since_lowest": window(lambda x: since_best(x, min)),
    "median": window(median),
    "quantile": window(quantile),
    "percent_rank": window(lambda x: rank(x, x[-1]) / len(x)),
    "range_position": window(lambda x: ratio(x[-1] - min(x), max(x) - min(x))),
    "slope": window(rise),
    "linear_fit": window(lambda x: mean(x) + rise(x) * (len(x) - 1) / 2),
    "r_squared": window(lambda x: pearson(x, range(len(x))) ** 2),
    "correlation": window(pearson),
    "covariance": window(lambda x, y: shared(x, y) / (len(x) - 1)),
    "beta": window(lambda x, y: ratio(shared(x, y), spread(y))),
    "residual": window(residual),
    "autocorrelation": lambda x, n, k: window(pearson)(x, lag(x, k), n),
    "hurst": window(hurst),
    "true_range": true_range,
    "atr": atr,
    "rsi": rsi,
    "plus_di": lambda *a: directional(*a)[0],
    "minus_di": lambda *a: directional(*a)[1],
    "adx": adx,
    "macd": macd,
    "macd_signal": lambda x, f, s, k: ema(macd(x, f, s), k),
    "macd_histogram": lambda x, f, s, k: macd(x, f, s) - ema(macd(x, f, s), k),
    "bollinger_upper": window(band),
    "bollinger_lower": window(lambda x, k: band(x, -k)),
    "bollinger_position": window(band_place),
    "keltner_upper": lambda h, lo, c, n, k: ema(c, n) + k * atr(h, lo, c, n),
    "keltner_lower": lambda h, lo, c, n, k: ema(c, n) - k * atr(h, lo, c, n),
    "donchian_middle": window(lambda h, lo: (max(h) + min(lo)) / 2),
    "stochastic_k": stochastic,
    "stochastic_d": lambda h, lo, c, n, k: window(mean)(stochastic(h, lo, c, n), k),
    "williams_r": lambda *a: stochastic(*a) - 100,
    "cci": window(
        lambda *a: ratio(
            typical(*a)[-1] - mean(typical(*a)),
            0.015 * mean([abs(v - mean(typical(*a))) for v in typical(*a)]),
        )
    ),
    "aroon": lambda h, lo, n: window(
        lambda a, b: 100 * (since_best(b, min) - since_best(a, max)) / n
    )(h, lo, n + 1),
    "efficiency_ratio": lambda x, n: window(efficiency)(x, n + 1),
    "obv_change": lambda c, v, n: total(np.sign(steps(c)) * v, n),
    "mfi": money_index,
    "vwap": lambda h, lo, c, v, n: window(weighted)(np.array(typical(h, lo, c)), v, n),
    "money_flow": window(money_flow),
    "supertrend": supertrend,
    "crossover": lambda x, y: cross(x, y, True),
    "crossunder": lambda x, y: cross(x, y, False),
    "count": window(math.fsum),
    "since": since,
    "streak": window(streak),
    "hold": hold,
    "cooldown": cooldown,
    "ratchet": ratchet,
    "vol_target": lambda s, r, n, target: s * [ratio(target, v) for v in stdev(r, n)],
    "kelly": lambda s, r, n, f: s * np.array(window(kelly)(lag(s, 1) * r, n, f)),
}


def unknown(*values: float) -> bool:
    return any(map(math.isnan, values))


def strict(function: Callable[..., float]) -> Callable[..., float]:
    return lambda *v: NAN if unknown(*v) else float(function(*v))


def kleene_and(x: float, y: float) -> float:
    return 0.0 if 0 in (x, y) else NAN if unknown(x, y) else 1.0


def exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


ELEMENTWISE: dict[str, Callable[..., float]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": divide,
    "neg": lambda x: -x,
    "abs": abs,
    "sign": strict(lambda x: (x > 0) - (x < 0)),
    "min": strict(min),
    "max": strict(max),
    "sqrt": strict(lambda x: math.sqrt(x) if x >= 0 else NAN),
    "log": strict(safe_log),
    "exp": strict(exp),
    "tanh": strict(math.tanh),
    "clip": strict(lambda x, low, high: max(low, min(high, x))),
    "where": lambda c, x, y: NAN if unknown(c) else x if c else y,
    "fill": lambda x, y: y if unknown(x) else x,
    "as_number": lambda m: m,
    "known": lambda x: float(not unknown(x)),
    "lt": strict(lambda x, y: x < y),
    "le": strict(lambda x, y: x <= y),
    "eq": strict(lambda x, y: x == y),
    "ne": strict(lambda x, y: x != y),
    "and": kleene_and,
    "or": lambda x, y: 1 - kleene_and(1 - x, 1 - y),
    "not": lambda x: 1 - x,
    "cap": strict(lambda w, limit: max(-limit, min(limit, w))),
    "clip_signal": strict(lambda s: max(-1, min(1, s))),
}


# -- one bar's assets ------------------------------------------------------------------------------


def of_known(function: Callable[[list[float], float], float]) -> Callable[..., list[float]]:
    """For each known value, a function of all known ones and of it."""

    def across(x: Values) -> list[float]:
        known = [v for v in x if finite(v)]
        return [function(known, v) if finite(v) else NAN for v in x]

    return across


def for_all(function: Callable[[list[float]], float]) -> Callable[..., list[float]]:
    """One value of the known ones, given to all."""

    def across(x: Values) -> list[float]:
        known = [v for v in x if finite(v)]
        return [function(known) if known else NAN] * len(x)

    return across


def chosen(x: Values, k: int, sign: int) -> list[float]:
    known = [i for i, v in enumerate(x) if finite(v)]
    best = sorted(known, key=lambda i: (-sign * x[i], i))[:k]
    return [float(i in best) if i in known else NAN for i in range(len(x))]


def standard(known: list[float], v: float) -> float:
    return NAN if len(known) < 2 else ratio(v - mean(known), deviation(known))


def normalize(x: Values) -> list[float]:
    gross = math.fsum(abs(v) for v in x if finite(v))
    return [NAN if not finite(v) else 0.0 if gross == 0 else v / gross for v in x]


def inverse_vol(signal: Values, vol: Values) -> list[float]:
    calm = [1 / v if v > 0 else NAN for v in vol]
    whole = math.fsum(v for v in calm if finite(v))
    return [s * v / whole if finite(v) else NAN for s, v in zip(signal, calm, strict=True)]


ACROSS: dict[str, Callable[..., list[float]]] = {
    "cross_rank": of_known(lambda known, v: (rank(known, v) - 0.5) / len(known)),
    "cross_zscore": of_known(standard),
    "cross_demean": of_known(lambda known, v: v - mean(known)),
    "cross_mean": for_all(mean),
    "cross_median": for_all(median),
    "cross_share": for_all(mean),
    "cross_top": lambda x, k: chosen(x, k, 1),
    "cross_bottom": lambda x, k: chosen(x, k, -1),
    "normalize": normalize,
}
