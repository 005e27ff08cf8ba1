"""Odd strategies for the frozen fixture: together with the seeds, every operator that was there."""

# ruff: noqa: E501 (one case a line)

ODD = {
    "averages": '''\
"""Every moving average at once: what a committee of smoothers agrees on is rarely a blip."""
from genomes.language import dema, ema, hull, kama, rma, sma, tema, wma, weighted_mean, sign

def factor(m, p):
    words = (sma, ema, rma, wma, dema, tema, hull)
    means = [mean(m.close, 10 + 2 * i) for i, mean in enumerate(words)]
    means += [kama(m.close, 10, 2, 30), weighted_mean(m.close, m.volume, 20)]
    return sum([sign(m.close - mean) for mean in means]) / len(means)

def signal(f, m, p):
    return f
''',
    "moments": '''\
"""Shape of the returns: crash-prone assets pay, until they are too wild."""
from genomes.language import Choice, Float, skewness, kurtosis, variance, mean_abs_dev
from genomes.language import ew_stdev, parkinson
from genomes.language import garman_klass, downside_stdev, cross_zscore, cross_median
from genomes.language import cross_demean, cap, tanh, exp
from genomes.language import log_return, median, quantile, stdev, zscore

PARAMS = {"kind": Choice("skew", options=("skew", "kurt")), "limit": Float(0.5, low=0.1, high=1)}

def factor(m, p):
    r = log_return(m.close)
    shape = skewness(r, 60) if p.kind == "skew" else kurtosis(r, 60)
    wild = parkinson(m.high, m.low, 20) / garman_klass(m.open, m.high, m.low, m.close, 20)
    tails = quantile(r, 60, 0.95) - median(r, 60) + downside_stdev(r, 60) + ew_stdev(r, 20)
    spread = variance(m.close, 20) / mean_abs_dev(m.close, 20) ** 2
    return cross_demean(-shape + wild - tanh(spread) + exp(-tails) + zscore(m.volume, 30))

def signal(f, m, p):
    return cap(cross_zscore(f) - cross_median(f) * 0, p.limit)
''',
    "extremes": '''\
"""Where today stands in its past, seen in five ways."""
from genomes.language import aroon, bars_since_highest, bars_since_lowest, highest, lowest
from genomes.language import percent_rank
from genomes.language import range_position, total, cross_bottom, cross_top
from genomes.language import cross_share, cross_rank, cooldown, streak

def factor(m, p):
    up = m.close > m.close.shift(1)
    age = (bars_since_lowest(m.low, 40) - bars_since_highest(m.high, 40)) / 40
    span = total(highest(m.high, 5) - lowest(m.low, 5), 10) / m.close
    return age + percent_rank(m.close, 60) + range_position(m.close, 60) - span + streak(up, 5) / 5

def signal(f, m, p):
    busy = cross_share(m.close > m.open) > 0.5
    best = cooldown(cross_top(f, 3) & busy, 4)
    worst = cross_bottom(f, 3) & ~busy & (cross_rank(aroon(m.high, m.low)) < 0.5)
    return best - worst
''',
    "lines": '''\
"""Lines through prices and through each other."""
from genomes.language import slope, linear_fit, r_squared, correlation, covariance
from genomes.language import beta, residual, autocorrelation
from genomes.language import cross_mean, returns, change, lag, vol_target, kelly

def factor(m, p):
    own, market = returns(m.close), cross_mean(returns(m.close))
    tilt = slope(m.close, 30) / m.close * r_squared(m.close, 30)
    above = m.close / linear_fit(m.close, 30) - 1
    hedge = covariance(own, market, 60) / own.rolling(60).var() - beta(own, market, 60)
    tie = correlation(m.close, m.volume, 60) * autocorrelation(own, 60, 2)
    return tilt - above + hedge * 0.1 + tie + residual(own, market, 60) + change(lag(own, 2), 3)

def signal(f, m, p):
    return f.clip(-1, 1)

def size(s, m, p):
    return min(kelly(s, returns(m.close), 120), vol_target(s, returns(m.close), 60, 0.01))
''',
    "classics": '''\
"""A vote of the classic indicators."""
from genomes.language import adx, plus_di, minus_di, bollinger_lower, bollinger_upper, cci, donchian_middle, mfi
from genomes.language import keltner_lower, keltner_upper, macd, money_flow, obv_change, stochastic_d, stochastic_k
from genomes.language import supertrend, true_range, vwap, williams_r, bollinger_position, rsi, where

def factor(m, p):
    bars = (m.high, m.low, m.close)
    votes = [
        plus_di(*bars) > minus_di(*bars),
        adx(*bars) > 20,
        m.close < bollinger_lower(m.close, 20, 2),
        m.close > bollinger_upper(m.close, 20, 2),
        cci(*bars) > 0,
        m.close > donchian_middle(m.high, m.low, 20),
        m.close > keltner_upper(*bars, 20, 1.5),
        m.close < keltner_lower(*bars, 20, 1.5),
        mfi(*bars, m.volume) > 50,
        money_flow(*bars, m.volume, 20) > 0,
        obv_change(m.close, m.volume, 10) > 0,
        stochastic_k(*bars) > stochastic_d(*bars),
        williams_r(*bars) > -50,
        m.close > supertrend(*bars),
        true_range(*bars) > m.close * 0.02,
        m.close > vwap(*bars, m.volume, 20),
        rsi(m.close, 7) > 50,
        bollinger_position(m.close, 20) > 0.5,
    ]
    return sum(votes) / len(votes) - 0.5

def signal(f, m, p):
    return where(f > 0.2, 1, where(f < -0.2, -1, 0))
''',
    "pandas_hand": '''\
"""Written by a pandas user: spellings instead of words."""
from genomes.language import Exits, Bool, log, sqrt

PARAMS = {"short": Bool(True)}

def factor(m, p):
    fast = m.close.ewm(span=10, adjust=False).mean()
    slow = m.close.ewm(alpha=1 / 30, adjust=False).mean()
    r = m.close.pct_change().fillna(0)
    steps = m.close.diff(5).abs() / m.close.rolling(20).max() - m.close.rolling(20).min() / m.close
    shape = r.rolling(20).skew() + r.rolling(20).kurt() - r.rolling(20).median() + r.rolling(20).quantile(0.9)
    ties = r.rolling(20).corr(m.volume.pct_change()) + r.rolling(20).cov(r.shift(1)) + r.rolling(20).rank(pct=True)
    drift = (log(m.close) - log(m.close).shift(10)) + log(m.high / m.low) - log(m.close).diff(3)
    return (fast / slow - 1) + steps + shape * 0.1 + ties + drift + sqrt(m.high / m.low) - (r**2).rolling(20).mean() ** 0.5

def signal(f, m, p):
    up = f.notna() & (f > 0) & f.between(-5, 5)
    down = (f < 0) | f.isna()
    return (up.astype(int) - down * 1).mask(m.weekday == 4, 0).where(m.month != 12, 0) if p.short else up

def exits(m, p):
    return Exits(stop_loss=0.05, take_profit=(m.high / m.low - 1).rolling(10).sum(), max_held=10)
''',
    "masks": '''\
"""Events and states: enter after a fresh cross, ratchet a floor, leave when it breaks."""
from genomes.language import Exits, crossover, crossunder, count, since, hold, ratchet, where, lag_mask, known, macd
from genomes.language import lag, ema, fill, inverse_vol, normalize, sign, clip

def factor(m, p):
    up = crossover(m.close, ema(m.close, 20))
    return 1 / (1 + since(up, 30)) - count(crossunder(m.close, ema(m.close, 20)), 30) / 30

def signal(f, m, p):
    up = crossover(m.close, ema(m.close, 20))
    floor = ratchet(m.low * 0.95, up)
    safe = (m.close > fill(floor, m.close * 0)) ^ lag_mask(m.volume == 0, 2)
    inside = hold(enter=up, exit=~safe | (macd(m.close) < 0))
    calm = where(m.hour >= 12, inside, lag(inside, 1) & True)
    return clip(where(known(f), calm * sign(f), 0) + f / 10, -0.5, 1)

def size(s, m, p):
    return (normalize(s) + inverse_vol(s, m.close.pct_change(), 20)) / 2 + s.clip(0, m.funding) * 0

def exits(m, p):
    return Exits(trailing_stop=(m.high - m.low) / m.close * 3, max_held=(m.days_to_month_end + 1))
''',
}
