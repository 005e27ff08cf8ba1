"""Which kernel computes which operator of the table, and what it is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from sandbox.kernels import (
    cross_nb,
    dispersion_nb,
    elementwise_nb,
    event_nb,
    indicators_nb,
    moving_nb,
    order_nb,
    regression_nb,
    sizing_nb,
    window_nb,
)

Function = Callable[..., Any]

# (x..., plain values...): bar by bar; arrays may be broadcast
ELEMENTWISE: dict[str, Function] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "neg": np.negative,
    "abs": np.abs,
    "sign": np.sign,
    "min": np.minimum,
    "max": np.maximum,
    "sqrt": np.sqrt,
    "log": np.log,
    "exp": np.exp,
    "tanh": np.tanh,
    "clip": elementwise_nb.clip,
    "where": elementwise_nb.where,
    "fill": elementwise_nb.fill,
    "as_number": elementwise_nb.as_number,
    "known": elementwise_nb.known,
    "lt": elementwise_nb.less,
    "le": elementwise_nb.less_equal,
    "eq": elementwise_nb.equal,
    "ne": elementwise_nb.not_equal,
    "and": elementwise_nb.both,
    "or": elementwise_nb.either,
    "not": elementwise_nb.invert,
    "cap": elementwise_nb.cap,
    "clip_signal": elementwise_nb.clip_signal,
}


def _named(module: Any, *names: str) -> dict[str, Function]:
    return {name: getattr(module, name) for name in names}


# (x..., offsets, plain values...): along each asset's own bars
ALONG: dict[str, Function] = {
    **_named(moving_nb, "lag", "lag_mask", "change", "returns", "log_return", "ema", "rma", "dema"),
    **_named(moving_nb, "tema", "kama", "ew_stdev", "efficiency_ratio"),
    **_named(window_nb, "total", "sma", "weighted_mean"),
    **_named(dispersion_nb, "stdev", "variance", "zscore", "mean_abs_dev", "skewness", "kurtosis"),
    **_named(dispersion_nb, "downside_stdev", "parkinson", "garman_klass"),
    **_named(dispersion_nb, "bollinger_upper", "bollinger_lower", "bollinger_position"),
    **_named(order_nb, "highest", "lowest", "bars_since_highest", "bars_since_lowest", "median"),
    **_named(order_nb, "quantile", "percent_rank", "range_position"),
    **_named(regression_nb, "wma", "slope", "linear_fit", "r_squared", "correlation", "covariance"),
    **_named(regression_nb, "beta", "residual", "autocorrelation"),
    **_named(indicators_nb, "hull", "true_range", "atr", "rsi", "plus_di", "minus_di", "adx"),
    **_named(indicators_nb, "macd", "macd_signal", "macd_histogram", "keltner_upper"),
    **_named(indicators_nb, "keltner_lower", "donchian_middle", "stochastic_k", "stochastic_d"),
    **_named(indicators_nb, "williams_r", "cci", "aroon", "obv_change", "mfi", "vwap"),
    **_named(indicators_nb, "money_flow", "supertrend"),
    **_named(event_nb, "crossover", "crossunder", "count", "since", "streak", "hold", "cooldown"),
    **_named(event_nb, "ratchet"),
    **_named(sizing_nb, "vol_target", "kelly"),
}

# (x..., order, order_offsets, plain values...): across assets at each bar
ACROSS: dict[str, Function] = {
    **_named(cross_nb, "cross_rank", "cross_zscore", "cross_demean", "cross_mean", "cross_median"),
    **_named(cross_nb, "cross_share", "cross_top", "cross_bottom"),
    **_named(sizing_nb, "normalize"),
}

# both along and across: (signal, listed), (signal, returns, offsets, order, order_offsets, n)
equal_weight: Function = sizing_nb.equal_weight
inverse_vol: Function = sizing_nb.inverse_vol
