"""Typed places: what each expression of a strategy is, without executing it."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from genomes.language.dimension import NUMBER, PRICE
from genomes.language.graph import Graph
from genomes.language.table import Kind, Scale
from genomes.strategies import texts
from genomes.variation.printer import code
from genomes.variation.reading import Reading, read
from genomes.variation.scale import swaps_of
from genomes.variation.sites import Reason, Setting, Site


def trial(text: str, setting: Setting) -> Graph | Reason | None:
    """What a text draws, or why it is not worth an evaluation."""
    found = read(text, setting)
    return found.graph or found.reason


def site(reading: Reading, text: str) -> Site:
    return next(s for s in reading.sites if code(s.node) == text)


def test_every_expression_has_its_kind_dimension_and_scale(
    programs: dict[str, str], setting: Setting
) -> None:
    reading = read(programs["trend"], setting)
    mean = site(reading, "ema(m.close, p.fast)")
    assert (mean.kind, mean.dimension, mean.scale, mean.op) == (
        Kind.SERIES,
        PRICE,
        Scale.LEVEL,
        "ema",
    )
    ratio = site(reading, "ema(m.close, p.fast) / ema(m.close, p.slow)")
    assert (ratio.dimension, ratio.scale) == (NUMBER, Scale.RATIO)
    factor = site(reading, "ema(m.close, p.fast) / ema(m.close, p.slow) - 1")
    assert (factor.dimension, factor.scale) == (NUMBER, Scale.RETURN)
    assert site(reading, "f > p.margin").kind is Kind.MASK
    window = site(reading, "p.fast")
    assert (window.kind, window.number) == (Kind.NUMBER, 20)
    assert window.use is not None
    assert (window.use.operator, window.use.argument) == ("ema", "n")


def test_a_place_that_nothing_uses_is_not_live(setting: Setting) -> None:
    text = '''"""x."""

from genomes.language import sma


def factor(m, p):
    idle = sma(m.open, 9)
    return sma(m.close, 9) / m.close


def signal(f, m, p):
    return f > 1
'''
    reading = read(text, setting)
    assert not site(reading, "sma(m.open, 9)").live
    assert site(reading, "sma(m.close, 9)").live


def test_a_field_an_operator_asks_for_by_name_is_known_as_such(setting: Setting) -> None:
    text = '''"""x."""

from genomes.language import atr, sma


def factor(m, p):
    return sma(m.high, 3) / atr(m.high, m.low, m.close, 9)


def signal(f, m, p):
    return f > 1
'''
    highs = [s for s in read(text, setting).sites if s.field == "high"]
    assert [s.is_asked_for for s in highs] == [False, True]


def test_helpers_loops_and_comprehensions_are_followed(
    programs: dict[str, str], setting: Setting, drawn: Callable[[str], Graph]
) -> None:
    for name in ("looped", "reversal"):
        graph = trial(programs[name], setting)
        assert isinstance(graph, Graph)
        assert graph.key == drawn(programs[name]).key
    odd = '''"""x."""

from genomes.language import Choice, ema, returns, sma

PARAMS = {"way": Choice("ema", options=("sma", "ema"))}


def mean(x, n, way="sma"):
    return ema(x, n) if way == "ema" else sma(x, n)


def factor(m, p):
    a, b = [mean(m.close, n, way=p.way) for n in (10, 20)]
    parts = {k: returns(m.close, k) for k in (5, 10)}
    if p.way == "sma" and not p.way == "ema":
        return a
    x = a / b - 1 + parts[5] + parts[10]
    x += max(returns(m.close, 3), parts[5])
    return abs(x) ** 0.5 if 1 < 2 < 3 else x


def signal(f, m, p):
    return f > 1e-3
'''
    odd = odd.replace("abs(x) ** 0.5", "abs(x)")
    graph = trial(odd, setting)
    assert isinstance(graph, Graph)
    assert graph.key == drawn(odd).key


@pytest.mark.parametrize("name", sorted(texts()))
def test_a_trial_draws_what_executing_the_seed_draws(
    name: str, setting: Setting, drawn: Callable[[str], Graph]
) -> None:
    graph = trial(texts()[name], setting)
    assert isinstance(graph, Graph)
    assert graph == drawn(texts()[name])


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        ("range_position(m.close, 50)", "range_position(m.close, 300)", "max_window"),
        ("range_position(m.close, 50)", "range_position(m.close.shift(150), 150)", "max_window"),
        ("range_position(m.close, 50)", "range_position(m.close + m.volume, 50)", "dimension"),
        ("range_position(m.close, 50)", "range_position(m.gold, 50)", "unknown_field"),
        ("range_position(m.close, 50) - 0.5", "0.5", "constant"),
        ("range_position(m.close, 50)", "open('/etc/passwd')", "error"),
        ("range_position(m.close, 50)", "m.close.__class__", "attribute"),
        ("range_position(m.close, 50)", "9 ** 9 ** 9", "number"),
        ("range_position(m.close, 50)", "sum(range(10 ** 9))", "size"),
        ("    return strong", "    while True:\n        pass", "error"),
        ("sma(f, 5) > 0.2", "1 / 0", "error"),
        ("def factor", "def (", "layout"),
        ("PARAMS = {}", "LIMIT = 3", "layout"),
    ],
)
def test_a_text_not_worth_sending_gets_a_reason(
    programs: dict[str, str], setting: Setting, before: str, after: str, rule: str
) -> None:
    found = trial(programs["plain"].replace(before, after), setting)
    assert isinstance(found, Reason)
    assert found.rule == rule


def test_values_an_expression_only_repeats_are_noticed(
    programs: dict[str, str], setting: Setting
) -> None:
    def needless(form: str) -> int:
        text = programs["plain"].replace("range_position(m.close, 50) - 0.5", form)
        reading = read(text, setting)
        return len(reading.needless(reading.program.by_name["factor"].lines))

    assert needless("range_position(m.close, 50) - 0.5") == 0
    assert needless("abs(abs(m.close / m.open - 1))") == 1
    assert needless("(m.close / m.open) * 1") == 1
    assert needless("(m.close - m.close) / m.open") == 1
    assert needless("max(m.close, m.close) / m.open") == 1


@pytest.mark.parametrize(
    ("code", "scale"),
    [
        ("rsi(m.close, 14)", Scale.PERCENT),
        ("rsi(m.close, 14) - 50", Scale.WIDE),
        ("percent_rank(m.close, 20) * zscore(m.close, 20)", Scale.SCORE),
        ("(m.close - sma(m.close, 20)) / stdev(m.close, 20)", Scale.SCORE),
        ("stdev(m.close, 20) / m.close", Scale.SPREAD),
        ("abs(returns(m.close))", Scale.SPREAD),
        ("m.volume / sma(m.volume, 20)", Scale.RATIO),
        ("since(m.close > m.open, 9)", Scale.COUNT),
    ],
)
def test_plain_numbers_have_the_size_a_person_would_expect(
    programs: dict[str, str], setting: Setting, code: str, scale: Scale
) -> None:
    text = programs["plain"].replace("range_position(m.close, 50) - 0.5", code)
    text = text.replace("import range_position, sma", "import sma")
    assert site(read(text, setting), code).scale is scale


def test_operators_swap_only_with_their_like() -> None:
    assert "median" in swaps_of("sma")
    assert "stdev" not in swaps_of("sma")
    assert "ew_stdev" in swaps_of("stdev")
    assert swaps_of("crossover") == ()
    assert swaps_of("rsi") == ()


def test_reading_uses_no_chance(programs: dict[str, str], setting: Setting) -> None:
    state = random.getstate()
    read(programs["trend"], setting)
    assert random.getstate() == state
