"""Goals: the category read from words, and whether a graph serves what was asked for."""

from __future__ import annotations

from typing import Any

import pytest

from engine.llm.goal import CATEGORIES, category_of, goal_of, serves
from genomes.language import Exits
from genomes.language.analysis.direction import direction
from genomes.language.analysis.families import families
from genomes.language.analysis.intervals import intervals
from genomes.language.dimension import PRICE
from genomes.language.serial import serialise
from tests.engine.llm.candidates import FIELDS, W, graph


def verdict(text: str, signal: Any, **layers: Any) -> str | None:
    return serves(goal_of(text, fields=FIELDS), graph(signal, **layers))


def momentum(m: Any) -> Any:
    return W.tanh(W.zscore(W.returns(m.close, 60), 100))


def reversal(m: Any) -> Any:
    return -momentum(m)


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("Momentum strategies on liquid assets", "momentum"),
        ("buy the dip after panics, hold some days", "reversal"),
        ("Mean reversion around VWAP", "reversal"),
        ("something that trades calendar effects such as turn of the month", "seasonality"),
        ("harvest funding", "carry"),
        ("long-short, ranked against peers", "cross-section"),
        ("no momentum please, but seasonality", "seasonality"),
        ("trend following without volume", "trend"),
        ("channel breakouts, donchian; a bit of trend", "breakout"),
        ("make money", None),
        ("never use momentum", None),
        ("", None),
    ],
)
def test_the_category_is_read_from_the_words(text: str, category: str | None) -> None:
    assert category_of(text) == category
    assert category is None or category in CATEGORIES


def test_a_given_category_is_not_overruled() -> None:
    assert goal_of("momentum", " Carry ").category == "carry"
    assert goal_of("momentum", "").category == "momentum"


def test_a_category_that_nobody_can_check_passes() -> None:
    assert serves(goal_of("x", "sentiment"), graph(reversal)) is None
    assert verdict("make money", reversal) is None


def test_momentum_and_reversal_are_told_apart_by_the_sign() -> None:
    assert verdict("momentum", momentum) is None
    assert verdict("reversal", reversal) is None
    found = verdict("momentum", reversal)
    assert found is not None
    assert "falls when prices have risen" in found
    found = verdict("mean reversion", momentum)
    assert found is not None
    assert "rises when prices have risen" in found


def test_what_reads_no_price_has_no_momentum() -> None:
    found = verdict("trend", lambda m: m.weekday < 2, factor=lambda m, p: m.weekday)
    assert found is not None
    assert "reads no price" in found


def test_a_mixed_direction_passes() -> None:
    def dip_in_a_rise(m: Any) -> Any:
        return (W.rsi(m.close, 4) < 25) & (m.close > W.sma(m.close, 100))

    assert verdict("momentum", dip_in_a_rise) is None
    assert verdict("reversal", dip_in_a_rise) is None


@pytest.mark.parametrize(
    ("category", "good"),
    [
        ("seasonality", lambda m: m.month == 1),
        ("cross-section", lambda m: W.cross_rank(W.returns(m.close, 20)) > 0.5),
        ("breakout", lambda m: m.close > W.highest(m.high, 20).shift(1)),
        ("volatility", lambda m: W.stdev(W.returns(m.close), 20) < 0.01),
        ("volume", lambda m: m.volume > W.sma(m.volume, 20)),
        ("carry", lambda m: -m.funding),
    ],
)
def test_other_categories_ask_for_their_family(category: str, good: Any) -> None:
    assert serves(goal_of("", category, FIELDS), graph(good)) is None
    found = serves(goal_of("", category, FIELDS), graph(momentum))
    assert found is not None
    assert category in found


def test_nothing_is_asked_for_that_the_market_does_not_have() -> None:
    plain = dict.fromkeys(("open", "high", "low", "close"), PRICE)
    assert serves(goal_of("", "carry", plain), graph(momentum)) is None
    assert serves(goal_of("", "volume", plain), graph(momentum)) is None


@pytest.mark.parametrize(
    "text",
    ["long only", "Long-only please", "no shorting", "never short", "don't go short",
     "no leverage, no shorts", "no leverage or shorting", "without any short selling"],
)  # fmt: skip
def test_a_goal_without_shorts_wants_it_proved(text: str) -> None:
    found = verdict(text, lambda m: W.tanh(m.close / W.sma(m.close, 20) - 1))
    assert found is not None
    assert ".clip(0, 1)" in found
    assert verdict(text, lambda m: W.tanh(m.close / W.sma(m.close, 20) - 1).clip(0, 1)) is None
    assert verdict(text, lambda m: m.close > W.sma(m.close, 20)) is None


@pytest.mark.parametrize(
    "text", ["no short-term noise", "no short term noise", "avoid short windows", "long-short"]
)
def test_other_words_with_short_in_them_are_no_requirement(text: str) -> None:
    signal = W.cross_demean
    assert verdict(text, lambda m: 2 * signal(W.cross_rank(W.returns(m.close, 9)))) is None


def test_short_only_is_the_mirror_image() -> None:
    assert verdict("short only", lambda m: -W.rsi(m.close, 4) / 100) is None
    assert verdict("short only", momentum) is not None


@pytest.mark.parametrize(
    ("text", "exits", "named"),
    [
        ("no stops", Exits(trailing_stop=0.1), "trailing_stop"),
        ("without stop losses", Exits(stop_loss=0.1), "stop_loss"),
        ("no profit targets", Exits(take_profit=0.1), "take_profit"),
        ("no exits", Exits(max_held=10), "max_held"),
    ],
)
def test_forbidden_exits_are_named(text: str, exits: Exits, named: str) -> None:
    layers = {"exits": lambda m, p: exits}
    found = verdict(text, lambda m: m.close > W.sma(m.close, 20), **layers)
    assert found is not None
    assert named in found
    assert verdict("use stops", lambda m: m.close > W.sma(m.close, 20), **layers) is None


def test_forbidden_families_are_named() -> None:
    found = verdict("no calendar or volume effects", lambda m: m.volume > W.sma(m.volume, 9))
    assert found == "the goal allows no volume, but the strategy uses it: leave it out"
    assert verdict("no volume", lambda m: m.close > W.sma(m.close, 9)) is None


def test_a_graph_and_its_text_are_judged_alike() -> None:
    goal = goal_of("momentum", fields=FIELDS)
    for drawn in (graph(momentum), graph(reversal)):
        assert serves(goal, serialise(drawn)) == serves(goal, drawn, "whatever it says")


# -- directions and bounds -------------------------------------------------------------------------

UP: dict[str, Any] = {
    "close over a mean": lambda m: m.close / W.sma(m.close, 20) - 1,
    "a mean crosses a slower one": lambda m: W.hold(
        W.crossover(W.ema(m.close, 5), W.ema(m.close, 50)),
        W.crossunder(W.ema(m.close, 5), W.ema(m.close, 50)),
    ),
    "scaled by volatility": lambda m: (m.close - W.sma(m.close, 20)) / W.stdev(m.close, 20),
    "breakout": lambda m: m.close > W.highest(m.high, 20).shift(1),
    "close over the open": lambda m: m.close / m.open - 1,
    "a move over a level": lambda m: (m.close - m.close.shift(5)) / m.close,
    "lagged change": lambda m: W.returns(m.close, 60).shift(5) > 0,
    "rank": lambda m: W.cross_demean(W.cross_rank(W.log_return(m.close, 20))),
    "two signs turn": lambda m: 0 - (-W.tanh(W.returns(m.close, 20))),
    "gated by volatility": lambda m: W.where(
        W.stdev(W.returns(m.close), 9) < 0.01, W.tanh(W.returns(m.close, 20)), 0
    ),
    "middle of the bar": lambda m: (m.high + m.low) / 2 / W.sma(m.close, 50) - 1,
    "difference of logs": lambda m: W.log(m.close / W.ema(m.close, 20)),
    "negative of a fall": lambda m: 1 * (W.sma(m.close, 20) / m.close < 1),
    "a slower mean less a faster one": lambda m: -W.macd(m.close, 26, 12) / m.close,
    "its mean": lambda m: W.macd_signal(m.close, 12, 26, 9) / m.close,
    "aroon": lambda m: W.aroon(m.high, m.low, 25) / 100,
}


@pytest.mark.parametrize("name", UP)
def test_a_rise_and_its_mirror_image_are_known(name: str) -> None:
    assert direction(graph(UP[name])) == 1
    assert direction(graph(lambda m: -1 * UP[name](m))) == -1


@pytest.mark.parametrize(
    "signal",
    [
        lambda m: W.tanh(W.returns(m.close, 5)) * W.tanh(W.returns(m.close, 50)),
        lambda m: (W.returns(m.close, 5) < 0) & (W.returns(m.close, 50) > 0),
        lambda m: W.tanh(W.returns(m.close, 5) - W.returns(m.close, 50)),
        lambda m: W.percent_rank(m.close, 5) * W.rsi(m.close, 9) / 100,
        lambda m: W.hold(m.close > W.sma(m.close, 9), m.close > W.sma(m.close, 50)),
        lambda m: W.tanh(W.returns(m.close, 5)) / W.returns(m.close, 9),
        lambda m: W.tanh(W.returns(m.close - W.sma(m.close, 20), 5)),
        lambda m: W.where(m.close > W.sma(m.close, 9), -W.tanh(W.zscore(m.close, 9)), 0),
    ],
)
def test_what_no_rule_decides_is_unknown(signal: Any) -> None:
    assert direction(graph(signal)) is None


def test_the_clock_has_no_direction() -> None:
    assert direction(graph(lambda m: m.weekday < 2)) == 0


@pytest.mark.parametrize(
    ("signal", "low", "high"),
    [
        (lambda m: m.close > W.sma(m.close, 9), 0, 1),
        (lambda m: W.rsi(m.close, 9) / 50 - 1, -1, 1),
        (lambda m: W.percent_rank(m.close, 9) * 0.5 + 0.25, 0.25, 0.75),
        (lambda m: abs(W.tanh(W.zscore(m.close, 9))), 0, 1),
        (lambda m: 0 - W.range_position(m.close, 9) / 4, -0.25, 0),
        (lambda m: W.sma(W.range_position(m.close, 9), 5) / 2, 0, 0.5),
        (lambda m: W.min(0.5, W.max(W.zscore(m.close, 9), 0.25)), 0.25, 0.5),
        (lambda m: 0.5 / W.efficiency_ratio(m.close, 9), 0.5, 1),
        (lambda m: 1 / (1 + W.efficiency_ratio(m.close, 9)), 0.5, 1),
    ],
)
def test_bounds_of_a_signal_are_proved(signal: Any, low: float, high: float) -> None:
    made = graph(signal)
    assert intervals(made)[made.outputs["signal"]] == (low, high)


def test_what_cannot_be_negative_serves_a_goal_without_shorts() -> None:
    goal = goal_of("no shorting", fields=FIELDS)
    assert serves(goal, graph(lambda m: (1 + W.returns(m.close, 20)) / 2)) is None
    assert serves(goal, graph(lambda m: 0.5 - W.tanh(W.stdev(m.close, 9) / m.close) / 2)) is None
    found = serves(goal, graph(lambda m: W.returns(m.close, 20) / 2))
    assert found is not None and "below 0" in found


def test_families_are_those_of_operators_fields_and_exits() -> None:
    made = graph(momentum, exits=lambda m, p: Exits(stop_loss=0.1))
    assert families(serialise(made)) == {"momentum", "oscillator", "exits"}
    made = graph(lambda m: W.where(m.month == 1, m.funding, W.returns(m.close, 3)))
    assert families(serialise(made)) == {"seasonality", "carry", "short move"}
    assert families("no graph at all") == set()
