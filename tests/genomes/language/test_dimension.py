"""Dimensions: their algebra, and what may not go together."""

# ruff: noqa: E501 (one case a line)

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genomes.language.dimension import NUMBER, PRICE, VOLUME, Dimension
from genomes.language.errors import LanguageError
from tests.genomes.language.drawing import Tracer

powers = st.integers(-6, 6)
dimensions = st.builds(Dimension, price=powers, volume=powers, time=powers)


@given(dimensions, dimensions)
def test_dividing_undoes_multiplying(a, b):
    assert (a * b) / b == a
    assert a * b == b * a
    assert a * NUMBER == a


@given(dimensions)
def test_the_root_undoes_the_square(a):
    assert (a**2).root() == a
    assert a**2 == a * a


@given(dimensions)
def test_text_is_read_back(a):
    assert Dimension.parse(str(a)) == a


@pytest.mark.parametrize("text", ["", "prices", "price^", "price + volume", "price^1.5", "5"])
def test_what_is_no_dimension_is_refused(text):
    with pytest.raises(ValueError, match="is not price, volume or time"):
        Dimension.parse(text)


def test_phrases_read_as_words():
    assert [d.phrase for d in (NUMBER, PRICE, VOLUME)] == ["a number", "a price", "a volume"]
    assert (PRICE * VOLUME).phrase == "price * volume"
    assert (NUMBER / PRICE).phrase == "price^-1"


@pytest.mark.parametrize(
    ("expression", "dimension"),
    [
        ("m.close * m.volume", PRICE * VOLUME),
        ("m.close / m.open", NUMBER),
        ("1 / m.close", NUMBER / PRICE),
        ("m.close ** 3", PRICE**3),
        ("m.close ** -1", NUMBER / PRICE),
        ("(m.close * m.open) ** 0.5", PRICE),
        ("variance(m.volume, 5)", VOLUME**2),
        ("sqrt(variance(m.close, 5))", PRICE),
        ("covariance(m.close, m.volume, 5)", PRICE * VOLUME),
        ("beta(m.close, m.volume, 5)", PRICE / VOLUME),
        ("residual(m.close, m.volume, 5)", PRICE),
        ("weighted_mean(m.close, m.volume, 5)", PRICE),
        ("slope(m.close, 5)", PRICE),
        ("atr(m.high, m.low, m.close, 5)", PRICE),
        ("obv_change(m.close, m.volume, 5)", VOLUME),
        ("where(m.close > m.open, m.close, 0)", PRICE),
        ("where(m.close > m.open, 0, m.close)", PRICE),
        ("m.close * 0", None),
        ("0 / m.close", None),
        ("m.close * 0 + m.volume", VOLUME),
        ("where(m.close > 0, 0, 0)", None),
        ("sign(m.close - m.open)", NUMBER),
        ("log(m.close) - log(m.open)", NUMBER),
        ("m.weekday + 1", NUMBER),
    ],
)
def test_a_result_has_the_dimension_of_its_formula(expression, dimension):
    assert Tracer().node(expression).dimension == dimension


@pytest.mark.parametrize(
    "expression",
    ["m.close > 0", "m.volume == 0", "m.close != 0.0", "max(m.close - m.open, 0)",
     "m.close.fillna(0)", "m.close.clip(0)", "crossover(m.close - m.open, 0)", "0 - m.volume",
     "sum([m.close, m.open])", "m.close >= -0.0"],
)  # fmt: skip
def test_zero_fits_every_dimension(expression):
    Tracer()(expression)


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("m.close + m.volume", "adds a price and a volume"),
        ("m.volume - m.close", "subtracts a volume and a price"),
        ("m.close + 1", "adds a price and a number"),
        ("m.close > 5", "compares a number and a price"),
        ("m.close < 5", "compares a price and a number"),
        ("m.close == 5", "compares a price and a number"),
        ("1 < m.close < 2", "compares a number and a price"),
        ("min(m.close, 5)", r"min\(\) gets a price and a number, which must be alike"),
        ("m.close.fillna(5)", r"fill\(\) gets a price and a number"),
        ("where(m.close > 0, m.close, 5)", r"where\(\) gets a price and a number"),
        ("crossover(m.close, m.volume)", r"crossover\(\) gets a price and a volume"),
        ("sqrt(m.close)", "takes the square root of a price"),
        ("m.close ** 0.5", "takes the square root of a price"),
        ("sqrt(m.close * m.volume)", r"takes the square root of price \* volume"),
        ("exp(m.close)", r"exp\(\) gets a price for x, which must be a number"),
        ("cross_rank(m.close)", r"cross_rank\(\) gets a price for x, which must be a number"),
        ("clip(m.close, 0, 1)", r"clip\(\) gets a price for x"),
        ("vol_target(1, m.close, 20, 0.1)", r"gets a price for returns, which must be a number"),
        ("vwap(m.high, m.low, m.close, m.close, 9)", r"gets a price for volume, which must be a v"),
        ("atr(m.high, m.low, m.volume, 9)", r"gets a volume for close, which must be a price"),
    ],
)
def test_what_does_not_go_together_is_refused_with_a_way_out(expression, found):
    with pytest.raises(LanguageError, match=found) as caught:
        Tracer()(expression)
    assert caught.value.rule == "dimension"
    assert caught.value.instead


def test_the_way_out_is_named():
    with pytest.raises(LanguageError) as caught:
        Tracer()("m.close > 5")
    assert "close / sma(close, 20) > 1.05" in caught.value.instead
    with pytest.raises(LanguageError) as caught:
        Tracer()("sqrt(m.close)")
    assert "sqrt(x / y)" in caught.value.instead


@pytest.mark.parametrize(
    ("logs", "plain"),
    [
        ("log(m.close) - log(m.open)", "log(m.close / m.open)"),
        ("log(m.close).diff(3)", "log_return(m.close, 3)"),
        ("log(m.close).diff()", "log_return(m.close, 1)"),
        ("change(log(m.close), 3)", "log_return(m.close, 3)"),
        ("log(m.volume) - log(m.volume).shift(2)", "log(m.volume / m.volume.shift(2))"),
        ("log(m.volume) - lag(log(m.volume), 2)", "log(m.volume / m.volume.shift(2))"),
        ("log(m.close * m.volume) - log(m.close) - log(m.volume)",
         "log(m.close * m.volume / m.close / m.volume)"),
        ("log(m.close > m.open)", "log((m.close > m.open) * 1)"),
    ],
)  # fmt: skip
def test_differences_of_logs_are_numbers(logs, plain):
    desk = Tracer()
    assert desk(logs)._node == desk(plain)._node


@pytest.mark.parametrize(
    "expression",
    ["log(m.close) + 1", "1 + log(m.close)", "log(m.close) - 1", "1 - log(m.close)",
     "log(m.close) * 2", "log(m.close) / m.close", "-log(m.close)", "abs(log(m.close))",
     "log(m.close) > 1", "log(m.close) == log(m.open)", "log(m.close) + log(m.open)",
     "sma(log(m.close), 5)", "log(m.close).rolling(5)", "log(log(m.close))", "m.close - log(m.close)",
     "max(log(m.close), log(m.open))", "where(m.close > 0, log(m.close), 1)", "log(m.close) ** 2",
     "2 ** log(m.close)", "log(m.close) // 1", "round(log(m.close))", "float(log(m.close))",
     "len(log(m.close))", "log(m.close)[0]", "bool(log(m.close))", "list(log(m.close))",
     "~log(m.close)", "hash(log(m.close))", "(m.close > 0) - log(m.close)"],
)  # fmt: skip
def test_the_log_of_a_price_is_no_number(expression):
    with pytest.raises(LanguageError, match="uses the log of a price as a number") as caught:
        Tracer()(expression)
    assert "log(x) - log(y)" in caught.value.instead
