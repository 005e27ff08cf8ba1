"""Pandas spellings and plain numbers: other ways to write the same node."""

from __future__ import annotations

import pytest

from genomes.language.table import OPERATORS
from tests.genomes.language.drawing import Tracer

UP = "(m.close > m.open)"


@pytest.mark.parametrize(
    ("pandas", "word"),
    [
        ("m.close.rolling(9).mean()", "sma(m.close, 9)"),
        ("m.close.rolling(window=9).mean()", "sma(m.close, 9)"),
        ("m.close.rolling(9, min_periods=9).mean()", "sma(m.close, 9)"),
        ("m.close.rolling(9.0).mean()", "sma(m.close, 9)"),
        ("m.close.rolling(9).sum()", "total(m.close, 9)"),
        ("m.close.rolling(9).std()", "stdev(m.close, 9)"),
        ("m.close.rolling(9).std(ddof=1)", "stdev(m.close, 9)"),
        ("m.close.rolling(9).var()", "variance(m.close, 9)"),
        ("m.close.rolling(9).max()", "highest(m.close, 9)"),
        ("m.close.rolling(9).min()", "lowest(m.close, 9)"),
        ("m.close.rolling(9).median()", "median(m.close, 9)"),
        ("m.close.rolling(9).skew()", "skewness(m.close, 9)"),
        ("m.close.rolling(9).kurt()", "kurtosis(m.close, 9)"),
        ("m.close.rolling(9).quantile(0.3)", "quantile(m.close, 9, 0.3)"),
        ("m.close.rolling(9).rank(pct=True)", "percent_rank(m.close, 9)"),
        ("m.close.rolling(9).rank()", "percent_rank(m.close, 9) * 9"),
        ("m.close.rolling(9).corr(m.volume)", "correlation(m.close, m.volume, 9)"),
        ("m.close.rolling(9).cov(m.volume)", "covariance(m.close, m.volume, 9)"),
        ("m.close.shift(3)", "lag(m.close, 3)"),
        ("m.close.shift()", "lag(m.close)"),
        ("m.close.shift(2.0)", "lag(m.close, 2)"),
        ("m.close.diff(3)", "change(m.close, 3)"),
        ("m.close.pct_change(3)", "returns(m.close, 3)"),
        ("m.close.ewm(span=9, adjust=False).mean()", "ema(m.close, 9)"),
        ("m.close.ewm(com=4, adjust=False).mean()", "ema(m.close, 9)"),
        ("m.close.ewm(alpha=1 / 9, adjust=False).mean()", "rma(m.close, 9)"),
        ("m.close.ewm(alpha=0.1, adjust=False).mean()", "rma(m.close, 10)"),
        ("m.close.ewm(alpha=2 / (20 + 1), adjust=False).mean()", "ema(m.close, 20)"),
        ("m.close.fillna(0)", "fill(m.close, 0)"),
        ("m.close.notna()", "known(m.close)"),
        ("m.close.isna()", "~known(m.close)"),
        ("m.close.abs()", "abs(m.close)"),
        ("m.close.clip(m.low, m.high)", "min(max(m.close, m.low), m.high)"),
        ("m.close.clip(upper=m.high)", "min(m.close, m.high)"),
        ("m.close.clip()", "m.close"),
        (f"m.close.where({UP}, m.open)", f"where({UP}, m.close, m.open)"),
        (f"m.close.mask({UP}, m.open)", f"where({UP}, m.open, m.close)"),
        ("m.close.where(True, m.open)", "m.close"),
        ("m.close.between(m.low, m.high)", "(m.close >= m.low) & (m.close <= m.high)"),
        (f"{UP}.shift(2)", f"lag_mask({UP}, 2)"),
        (f"lag({UP}, 2)", f"lag_mask({UP}, 2)"),
        (f"{UP}.rolling(9).sum()", f"total({UP} * 1, 9)"),
        (f"{UP}.astype(int)", f"as_number({UP})"),
        (f"{UP} + 0.5", f"as_number({UP}) + 0.5"),
        (f"1 - {UP}", f"1 - as_number({UP})"),
        (f"2 / {UP}", f"2 / as_number({UP})"),
        (f"-{UP}", f"-as_number({UP})"),
        (f"+{UP}", f"as_number({UP})"),
        (f"abs({UP})", f"abs(as_number({UP}))"),
        (f"{UP} ** 2", f"as_number({UP}) * as_number({UP})"),
        (f"{UP} ^ False", UP),
        (f"True ^ {UP}", f"~{UP}"),
        (f"{UP} ^ (m.hour > 3)", f"({UP} & ~(m.hour > 3)) | (~{UP} & (m.hour > 3))"),
        (f"where({UP}, m.hour > 3, False)", f"{UP} & (m.hour > 3)"),
        (f"where({UP}, True, False)", UP),
        ("m.close > m.open", "m.open < m.close"),
        ("m.close >= m.open", "m.open <= m.close"),
        ("m.close ** 3", "m.close * m.close * m.close"),
        ("m.close ** 1", "m.close"),
        ("(m.close / m.open) ** 0.5", "sqrt(m.close / m.open)"),
        ("m.close ** -1", "1 / m.close"),
        ("min(m.close, m.open, m.low)", "min(min(m.close, m.open), m.low)"),
        ("max([m.close, m.open])", "max(m.close, m.open)"),
        ("max(x for x in (m.close, m.open))", "max(m.close, m.open)"),
        ("min(m.hour, 3, 2)", "min(min(m.hour, 3), 2)"),
        ("max(2, 3, m.hour)", "max(3, m.hour)"),
        ("rsi(m.close)", "rsi(m.close, 14)"),
        ("rsi(n=7, x=m.close)", "rsi(m.close, 7)"),
        ("sma(m.close, 20.0)", "sma(m.close, 20)"),
        ("m.hour * True", "m.hour"),
        ("hold(m.close > m.open, False)", "hold(m.open < m.close, where(True, False, True))"),
    ],
)  # fmt: skip
def test_two_ways_to_write_are_one_node(pandas, word):
    desk = Tracer()
    desk.words["where"] = desk.words["where"]
    one, other = desk(pandas), desk(word)
    assert type(one) is type(other)
    assert one._node == other._node


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("min(3, 1, 2)", 1), ("max([1, 2])", 2), ("abs(-3)", 3), ("sign(-3)", -1), ("sqrt(4)", 2),
        ("exp(0)", 1), ("log(1)", 0), ("tanh(0)", 0), ("clip(5, 0, 1)", 1), ("cap(-5, 2)", -2),
        ("where(True, 1, 2)", 1), ("where(False, 1, 2)", 2),
    ],
)  # fmt: skip
def test_words_on_plain_numbers_give_plain_numbers(expression, value):
    assert Tracer()(expression) == value


def test_every_spelling_of_the_table_is_the_operator():
    desk = Tracer()
    desk.words |= {"x": desk("m.close"), "y": desk("m.open"), "n": 9, "q": 0.5}
    desk.words |= {"mask": desk("m.close > m.open")}
    for row in OPERATORS.values():
        if not row.spelled or row.name in ("and", "or", "not"):
            continue
        expression = row.spelled
        assert desk.node(expression).op == row.name, expression
