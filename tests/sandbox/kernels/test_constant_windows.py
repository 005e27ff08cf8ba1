"""Where nothing moves, figures are exact, and what divides by a spread is unknown."""

from __future__ import annotations

import numpy as np
import pytest

from genomes.language.table import OPERATORS
from tests.sandbox.kernels.panels import dimension_of, make_panel, run

NAN = np.nan
EXACT = {
    "sma": 0.1, "ema": 0.1, "rma": 0.1, "wma": 0.1, "dema": 0.1, "tema": 0.1, "hull": 0.1,
    "kama": 0.1, "weighted_mean": 0.1, "stdev": 0.0, "variance": 0.0, "zscore": NAN,
    "mean_abs_dev": 0.0, "skewness": 0.0, "kurtosis": -3.0, "ew_stdev": 0.0, "slope": 0.0,
    "linear_fit": 0.1, "r_squared": NAN, "correlation": NAN, "covariance": 0.0, "beta": NAN,
    "residual": NAN, "autocorrelation": NAN, "range_position": NAN, "percent_rank": 4 / 7,
    "bars_since_highest": 0.0, "bars_since_lowest": 0.0, "efficiency_ratio": NAN, "rsi": 50.0,
    "macd": 0.0, "macd_signal": 0.0, "macd_histogram": 0.0, "bollinger_upper": 0.1,
    "bollinger_lower": 0.1, "bollinger_position": NAN, "stochastic_k": NAN, "williams_r": NAN,
    "cci": NAN, "mfi": 50.0, "atr": 0.0, "plus_di": 0.0, "minus_di": 0.0, "adx": 0.0,
    "obv_change": 0.0, "money_flow": 0.0, "median": 0.1, "quantile": 0.1, "parkinson": 0.0,
    "garman_klass": 0.0, "keltner_upper": 0.1, "supertrend": 0.1, "returns": 0.0, "aroon": 0.0,
    "vol_target": NAN, "kelly": 0.0, "inverse_vol": NAN, "cross_zscore": NAN, "cross_mean": 0.1,
    "cross_demean": 0.0, "donchian_middle": 0.1, "hurst": NAN,
}  # fmt: skip


@pytest.mark.parametrize("name", EXACT)
def test_a_window_of_equal_values_is_exact(name: str) -> None:
    operator = OPERATORS[name]
    rng = np.random.default_rng(3)
    fields = {}
    for arg in operator.nodes:
        own = np.r_[rng.normal(5, 1, 9), np.full(40, 0.1)]
        fields[arg.name] = np.r_[own, own, own]
    if operator.memory != "finite":  # what was before would never quite be forgotten
        fields = {name: np.full(147, 0.1) for name in fields}
    if "weight" in fields:
        fields["weight"] = rng.random(147)
    statics = tuple(
        7 if a.name in ("n", "slow") else 2 if a.name in ("k", "fast", "smooth") else 0.5
        for a in operator.statics
    )
    panel = make_panel([range(49)] * 3, fields, {n: dimension_of(operator, n) for n in fields})
    got = run(operator, statics, panel).reshape(3, 49)[:, 30:]
    np.testing.assert_array_equal(got, np.full((3, 19), EXACT[name]))


def test_a_mean_is_at_once_what_it_was_after_a_value_a_billion_times_as_large() -> None:
    values = np.random.default_rng(5).normal(1, 0.1, 60)
    spike = values.copy()
    spike[20] = 1e9
    for name in ("sma", "stdev", "zscore", "slope", "skewness"):
        operator = OPERATORS[name]
        panels = [
            make_panel([range(60)], {"x": x}, {"x": dimension_of(operator, "x")})
            for x in (values, spike)
        ]
        clean, got = (run(operator, (10,), panel) for panel in panels)
        assert got[30:].tobytes() == clean[30:].tobytes()
        assert got[20:30].tobytes() != clean[20:30].tobytes()
