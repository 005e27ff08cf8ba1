"""Every mistake that can be foreseen ends in a sentence, never in a bare Python error."""

# ruff: noqa: E501 (one case a line)

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from genomes.language.errors import LanguageError
from tests.genomes.language.drawing import Tracer

UP = "(m.close > m.open)"
WINDOW = "m.close.rolling(5)"
HUGE = "10**400"

MISTAKES = [
    # truth, loops, lengths, indexing
    ("not m.close", "truth", "uses a Series as a boolean"),
    (f"1 if {UP} else 2", "truth", "uses a Mask as a boolean"),
    (f"{UP} and {UP}", "truth", "uses a Mask"),
    ("m.open < m.close < m.high", "truth", "chained comparison"),
    ("sorted([m.close, m.open])", "truth", "uses a Mask"),
    ("m.close in [m.open]", "truth", "uses a Mask"),
    ("list(m.close)", "iteration", "loops over a Series"),
    ("[x for x in m.close]", "iteration", "loops over a Series"),
    ("5 in m.close", "iteration", "loops over a Series"),
    ("len(m.close)", "length", "asks for the length of a Series"),
    (f"len({UP})", "length", "asks for the length of a Mask"),
    ("m.close[-1]", "indexing", "indexes a Series"),
    ("m.close[1:]", "indexing", "indexes a Series"),
    # operators without meaning
    ("m.close // 2", "operator", "uses // on a Series"),
    ("2 // m.close", "operator", "uses // on a Series"),
    (f"{UP} // 2", "operator", "uses // on a Mask"),
    ("m.weekday % 2", "operator", "uses % on a Series"),
    ("m.close @ m.close", "operator", "uses @ on a Series"),
    ("m.close << 2", "operator", "uses << on a Series"),
    ("2 >> m.close", "operator", "uses >> on a Series"),
    ("divmod(m.close, 2)", "operator", r"uses divmod\(\) on a Series"),
    ("round(m.close)", "operator", r"uses round\(\) on a Series"),
    (f"round({UP}, 2)", "operator", r"uses round\(\) on a Mask"),
    ("int(m.close)", "operator", r"uses int\(\) on a Series"),
    (f"float({UP})", "operator", r"uses float\(\) on a Mask"),
    ("complex(m.close)", "operator", r"uses complex\(\) on a Series"),
    ("2 ** m.close", "operator", r"uses \*\* on a Series"),
    ("range(m.close)", "operator", "makes an index or a range of a Series"),
    ("[1, 2][m.close]", "operator", "makes an index or a range of a Series"),
    ("{m.close: 1}", "operator", "makes a key of a Series"),
    ("hash(m.close)", "operator", "makes a key of a Series"),
    ("m.close()", "operator", "makes a call of a Series"),
    ("~m.close", "operator", r"uses & \| \^ ~ on a Series; compare first"),
    (f"m.close & {UP}", "operator", r"uses & \| \^ ~ on a Series"),
    # powers
    ("m.close ** 5", "power", "raises a Series to 5"),
    ("m.close ** 0", "power", "raises a Series to 0"),
    ("m.close ** True", "power", "raises a Series to True"),
    ("m.close ** m.close", "power", "raises a Series to a Series"),
    ("m.close ** 'a'", "power", "raises a Series to 'a'"),
    (f"m.close ** {HUGE}", "power", "raises a Series to a huge whole number"),
    # kinds
    ("m.close + 'a'", "kind", "gets 'a' for an operand"),
    ("m.close + None", "kind", r"gets None \(did a function forget to return\?\)"),
    ("m.close + [1]", "kind", "gets a list"),
    ("m.close + 1j", "kind", "gets a complex"),
    ("m.close + sma", "kind", r"gets a function \(call it\)"),
    ("m.close == None", "kind", "gets None"),
    ("m.close - m", "kind", "gets m for an operand"),
    (f"{UP} & 1", "kind", "joins a Mask with 1; put each comparison in parentheses"),
    (f"{UP} & m.close", "kind", "joins a Mask with a Series"),
    (f"{UP} ^ 5", "kind", "joins a Mask with 5"),
    (f"{UP} | None", "kind", "joins a Mask with None"),
    (f"{UP} > 1", "kind", "compares a Mask"),
    (f"1 == {UP}", "kind", "compares a Mask"),
    (f"min(m.close, {UP})", "kind", r"min\(\) gets a Mask"),
    ("where(m.close, 1, 2)", "kind", "gets a Series for condition of where"),
    ("hold(m.close, m.open)", "kind", "gets a Series for enter of hold"),
    ("count(m.close, 3)", "kind", "it needs a Mask: compare something"),
    ("cross_share(m.close)", "kind", "it needs a Mask"),
    ("lag_mask(m.close, 2)", "kind", "it needs a Mask"),
    ("sma(5, 20)", "kind", r"sma\(\) gets no Series; write sma\(x, n\)"),
    ("sma('close', 20)", "kind", "gets no Series"),
    (f"sma({WINDOW}, 20)", "kind", "gets no Series"),
    (f"{WINDOW} + 1", "kind", "uses a rolling window as a value; ask it for something"),
    (f"1 - {WINDOW}", "kind", "uses a rolling window"),
    (f"{WINDOW} > 1", "kind", "uses a rolling window"),
    (f"{WINDOW} == 1", "kind", "uses a rolling window"),
    (f"m.close > {WINDOW}", "kind", "gets a rolling window for an operand"),
    (f"bool({WINDOW})", "kind", "uses a rolling window"),
    (f"len({WINDOW})", "kind", "uses a rolling window"),
    (f"{WINDOW}[0]", "kind", "uses a rolling window"),
    ("m.close.ewm(span=5, adjust=False) + 1", "kind", r"uses x.ewm\(...\) as a value"),
    ("m + 1", "kind", "uses m as a value; name a field"),
    ("m['close']", "kind", "uses m as a value"),
    ("m()", "kind", "uses m as a value"),
    # look-ahead
    *[
        (f"{call}", "look_ahead", "shifts by -1, which looks into the future")
        for call in (
            "m.close.shift(-1)", "m.close.shift(periods=-1)", "m.close.diff(-1)", "lag(m.close, -1)",
            "m.close.pct_change(-1)", "change(m.close, -1)", "returns(m.close, -1)",
            "log_return(m.close, -1)", "log(m.close).shift(-1)", "log(m.close).diff(-1)",
            f"{UP}.shift(-1)", f"lag({UP}, -1)",
        )
    ],
    # windows and numbers
    ("m.close.shift(0)", "range", r"lag\(\) gets n = 0; it needs 1 to 5000"),
    ("m.close.shift(1.5)", "range", "windows are whole numbers of bars"),
    ("sma(m.close, 20.5)", "range", "n = 20.5; windows are whole"),
    ("sma(m.close, 0)", "range", r"n = 0; it needs 1 to 5000"),
    ("sma(m.close, 5001)", "range", "it needs 1 to 5000"),
    (f"sma(m.close, {HUGE})", "range", "n = a huge whole number"),
    ("sma(m.close, float('nan'))", "range", "n = nan"),
    ("sma(m.close, 1e308 * 10)", "range", "n = inf"),
    ("stdev(m.close, 1)", "range", "it needs 2 to 5000"),
    ("quantile(m.close, 5, 2)", "range", "q = 2; it needs 0 to 1"),
    ("quantile(m.close, 5, float('nan'))", "range", "q = nan"),
    ("clip(m.hour, 2, 1)", "range", "low = 2.0 above high = 1.0"),
    ("clip(5, 2, 1)", "range", "low = 2.0 above high = 1.0"),
    ("cap(m.hour, -1)", "range", "limit = -1"),
    ("cap(5, -1)", "range", "limit = -1"),
    ("cross_top(m.hour, 0)", "range", "k = 0"),
    ("sma(m.close, True)", "arguments", "gets True for n; give a plain number"),
    ("sma(m.close, m.close)", "arguments", "gets a Series for n"),
    ("sma(m.close, '20')", "arguments", "gets '20' for n"),
    ("m.close.shift(m.close)", "arguments", "gets a Series for n"),
    ("m.close.rolling('5d').mean()", "arguments", "gets '5d' for n"),
    ("m.hour + float('inf')", "number", "computes the number inf"),
    ("m.hour + float('nan')", "number", "computes the number nan"),
    (f"m.hour * {HUGE}", "number", "computes the number a huge whole number"),
    ("m.hour * 10**5000", "number", "computes the number a huge whole number"),
    ("log(0)", "number", r"log\(0\) is not a number"),
    ("sqrt(-1)", "number", r"sqrt\(-1\) is not a number"),
    ("exp(1000)", "number", r"exp\(1000\) is not a number"),
    (f"sqrt({HUGE})", "number", r"sqrt\(a huge whole number\)"),
    ("sign(float('nan'))", "number", r"sign\(nan\) is not a number"),
    # arguments
    ("sma(m.close)", "arguments", r"sma\(\) misses n; write sma\(x, n\)"),
    ("sma(m.close, 2, 3)", "arguments", "gets 3 arguments"),
    ("sma(m.close, x=20)", "arguments", "gets x twice"),
    ("sma(m.close, window=20)", "arguments", "gets an unknown argument window"),
    ("atr(m.close, 14)", "arguments", r"write atr\(high, low, close, n\)"),
    ("min()", "arguments", r"min\(\) of nothing"),
    ("min([])", "arguments", r"min\(\) of nothing"),
    ("max(m.close)", "arguments", r"max\(\) of a Series alone; write max\(x, y\), or x.rolling"),
    ("min('abc')", "arguments", r"min\(\) of 'abc' alone"),
    ("min([m.close, m.open], key=abs)", "arguments", r"min\(\) gets key"),
    ("m.close.shift(1, 2)", "arguments", r"\.shift\(\): .*; write \.shift\(periods=1\)"),
    ("m.close.shift(period=1)", "arguments", r"\.shift\(\): .*'period'"),
    ("m.close.rolling()", "arguments", r"\.rolling\(\): .*'window'"),
    ("m.close.rolling(5, center=True)", "arguments", "'center'"),
    (f"{UP}.rolling(3, min_periods=1)", "arguments", "'min_periods'"),
    (f"{WINDOW}.mean(3)", "arguments", r"\.mean\(\): too many"),
    (f"{WINDOW}.corr()", "arguments", r"write \.corr\(other\)"),
    ("m.close.where(m.close > m.open)", "arguments", r"write \.where\(cond, other\)"),
    ("m.close.fillna(method='ffill')", "arguments", r"write \.fillna\(value\)"),
    ("m.close.ewm(span=5, min_periods=3)", "arguments", "'min_periods'"),
    # rolling and ewm
    ("m.close.rolling(5, min_periods=2)", "rolling", "min_periods=2; leave it out"),
    (f"{WINDOW}.std(ddof=0)", "rolling", "asks for ddof=0; ddof is 1"),
    ("m.close.ewm(span=5)", "ewm", "leaves adjust at True; write ewm"),
    ("m.close.ewm(span=5, adjust=0)", "ewm", "leaves adjust at True"),
    ("m.close.ewm(adjust=False)", "ewm", "needs one of span, com, alpha"),
    ("m.close.ewm(span=5, com=2, adjust=False)", "ewm", "needs one of span, com, alpha"),
    ("m.close.ewm(halflife=5, adjust=False)", "ewm", "needs one of span, com, alpha"),
    ("m.close.ewm(alpha=0, adjust=False)", "ewm", "alpha = 0"),
    ("m.close.ewm(alpha='a', adjust=False)", "ewm", "gets 'a' for alpha"),
    ("m.close.ewm(span=m.close, adjust=False)", "ewm", "gets a Series for span"),
    ("m.close.ewm(span=True, adjust=False)", "ewm", "gets True for span"),
    ("m.close.ewm(alpha=0.3, adjust=False).mean()", "ewm", "windows are whole"),
    ("m.close.ewm(span=float('inf'), adjust=False).mean()", "ewm", "a window of inf bars"),
    ("m.close.ewm(span=float('nan'), adjust=False).mean()", "ewm", "a window of nan bars"),
    # unknown names
    ("m.foo", "unknown_field", "m.foo is not a field of this market; it has: .*close"),
    ("m.sma", "unknown_field", r"write sma\(x, n\)"),
    ("m.every('1d')", "unknown_field", "slower bars are not in the language yet"),
    ("m.role('hedge')", "unknown_field", "roles are not in the language yet"),
    ("m.index", "unknown_field", "sees no dates"),
    ("m.close.foo", "unknown_method", "uses .foo of a Series; it has: abs, between"),
    (f"{UP}.diff()", "unknown_method", "uses .diff of a Mask; it has: astype"),
    (f"{UP}.any()", "unknown_method", r"use count\(mask, n\) > 0"),
    ("m.close.iloc[-1]", "unknown_method", r"use x.shift\(n\)"),
    ("m.close.mean()", "unknown_method", "over which bars"),
    ("m.close.cumsum()", "unknown_method", "a sum must end"),
    ("m.close.bfill()", "unknown_method", "looks into the future"),
    (f"{WINDOW}.apply(abs)", "unknown_method", r"uses .rolling\(n\).apply; it has: corr"),
    ("m.close.ewm(span=5, adjust=False).std()", "unknown_method", "use ew_stdev"),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "rule", "text"), MISTAKES, ids=[m[0] for m in MISTAKES])
def test_a_mistake_is_refused_in_a_sentence(expression, rule, text):
    with pytest.raises(LanguageError, match=text) as caught:
        Tracer()(expression)
    assert caught.value.rule == rule
    assert str(caught.value) == f"{caught.value.found}; {caught.value.instead} [{rule}]"


@pytest.mark.parametrize(("expression", "rule", "text"), MISTAKES, ids=[m[0] for m in MISTAKES])
def test_a_refusal_is_the_same_on_every_machine(expression, rule, text):
    with pytest.raises(LanguageError) as caught:
        Tracer()(expression)
    assert " at 0x" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_symbol_shows_no_address():
    desk = Tracer()
    shown = [repr(desk(x)) for x in ("m", "m.close", "m.close > 0", WINDOW, "log(m.close)")]
    assert shown == ["m", "a Series", "a Mask", "a rolling window", "the log of a price or volume"]


VALUES = ["m", "m.close", "m.hour", UP, WINDOW, "log(m.close)", "m.close.ewm(span=3, adjust=False)",
          "5", "0", "-1.5", "True", "'a'", "None", "[1]", "sma", "10**400", "float('nan')", "1j"]  # fmt: skip
SHAPES = ["{} + {}", "{} - {}", "{} * {}", "{} / {}", "{} // {}", "{} % {}", "{} ** {}", "{} @ {}",
          "{} & {}", "{} | {}", "{} ^ {}", "{} < {}", "{} >= {}", "{} == {}", "{} << {}",
          "divmod({}, {})", "min({}, {})", "where({}, {}, 0)", "hold({}, {})", "sma({}, {})",
          "lag({}, {})", "clip({}, {}, 1)", "fill({}, {})", "m.close.clip({}, {})",
          "m.close.rolling({}).quantile({})", "m.close.where({}, {})", "m.hour.between({}, {})",
          "crossover({}, {})", "vol_target({}, {}, 20, 0.1)",
          "m.close.ewm(span={}, adjust={}).mean()", "cross_top({}, {})"]  # fmt: skip


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(SHAPES), st.sampled_from(VALUES), st.sampled_from(VALUES))
def test_no_mix_of_symbols_and_numbers_ends_in_a_bare_error(shape, one, other):
    expression = shape.format(f"({one})", f"({other})")
    assume("m." in shape or any(v == "m" or "m." in v for v in (one, other)))
    try:
        Tracer()(expression)
    except LanguageError as error:
        assert re.search(r"\[\w+\]$", str(error))


@pytest.mark.parametrize("symbol", ["m", "m.close", UP, WINDOW, "log(m.close)"])
@pytest.mark.parametrize(
    "use",
    ["-{}", "+{}", "~{}", "abs({})", "round({})", "int({})", "float({})", "complex({})", "len({})",
     "list({})", "hash({})", "{}[0]", "range({})", "not {}", "{}()", "{{{}: 1}}", "[1][{}]",
     "sum({})", "min({})", "'%d' % {}", "reversed({})", "dict({})", "{}.nothing"],
)  # fmt: skip
def test_no_use_of_a_symbol_ends_in_a_bare_error(symbol, use):
    try:
        Tracer()(use.format(f"{symbol}"))
    except LanguageError as error:
        assert error.instead
