"""What kind of idea a graph is, by the operators and fields in it: no data, no drawing. Pure."""

from __future__ import annotations

from genomes.language.operators import OPERATORS

OHLCV = ("open", "high", "low", "close", "volume")
CLOCK = ("weekday", "month", "days_to_month_end", "hour", "minute_of_day", "bars_from_open")

_MEANS = "sma ema rma wma dema tema hull kama weighted_mean linear_fit slope macd macd_signal"
_EXITS = ("stop_loss", "take_profit", "trailing_stop", "max_held")
MONTHLY = 10  # bars from which on a change is momentum; over fewer a short move

_WORDS: dict[str, str] = {
    "moving average": f"{_MEANS} macd_histogram donchian_middle supertrend",
    "oscillator": "rsi stochastic_k stochastic_d williams_r cci mfi zscore bollinger_position "
    "percent_rank",
    "breakout": "highest lowest bars_since_highest bars_since_lowest range_position "
    "bollinger_upper bollinger_lower keltner_upper keltner_lower aroon",
    "trend strength": "adx plus_di minus_di efficiency_ratio r_squared autocorrelation",
    "volatility": "stdev variance downside_stdev ew_stdev parkinson garman_klass mean_abs_dev atr "
    "true_range vol_target inverse_vol",
    "volume": "obv_change mfi vwap money_flow",
    "cross-section": "cross_rank cross_zscore cross_demean cross_mean cross_median cross_share "
    "cross_top cross_bottom",
    "regression": "correlation covariance beta residual",
    "shape": "skewness kurtosis quantile median",
    "event memory": "hold cooldown ratchet since streak count",
    "risk sizing": "vol_target inverse_vol kelly cap normalize",
}  # fmt: skip
_OF: dict[str, tuple[str, ...]] = {
    op: tuple(family for family, words in _WORDS.items() if op in words.split()) for op in OPERATORS
}
FAMILIES = (*_WORDS, "momentum", "short move", "seasonality", "carry", "exits")


def families(graph: str) -> frozenset[str]:
    """The families of FAMILIES that a serialised graph belongs to; empty for other text."""
    found: set[str] = set()
    for line in set(graph.split("\n")):
        words = line.split(" ")
        op = words[0]
        if op in _OF:
            found.update(_OF[op])
            if op in ("returns", "log_return", "change", "lag"):
                window = words[-1]
                if window.isdigit() and op != "lag" and int(window) > 1:
                    found.add("momentum" if int(window) >= MONTHLY else "short move")
        elif op == "field":
            found.update(family_of_field(words[-1]))
        elif op == ">" and len(words) > 1 and words[1] in _EXITS:
            found.add("exits")
    return frozenset(found)


def family_of_field(name: str) -> tuple[str, ...]:
    """The family of a market's field; none for prices."""
    if name in CLOCK:
        return ("seasonality",)
    if name == "volume":
        return ("volume",)
    return () if name in OHLCV else ("carry",)
