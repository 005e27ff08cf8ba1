"""Variations of two parents: before and after."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from genomes.language.graph import Graph
from genomes.strategies import texts
from genomes.variation import crossover, graft
from genomes.variation.program import text_of
from genomes.variation.reading import read, understand
from genomes.variation.sites import Setting
from genomes.variation.source import parse
from genomes.variation.tidy import tidy

Crossed = Callable[[str, str, int], list[str]]


def crossing(operator: Callable[..., object], setting: Setting) -> Crossed:
    def cross(first: str, second: str, count: int) -> list[str]:
        parents = [read(first, setting), read(second, setting)]
        found: list[str] = []
        for seed in range(count):
            draft = operator(parents, random.Random(seed), setting)
            if draft is not None:
                program = tidy(draft.program, *(p.program for p in parents))  # type: ignore[attr-defined]
                if understand(program, setting).graph is not None:
                    found.append(text_of(program))
        return found

    return cross


@pytest.fixture
def swapped(setting: Setting) -> Crossed:
    """Children of swap_layer that draw."""
    return crossing(crossover.swap_layer, setting)


@pytest.fixture
def crossed(setting: Setting) -> Crossed:
    """Children of cross_expression that draw."""
    return crossing(graft.cross_expression, setting)


def test_a_child_has_the_factor_of_one_and_the_signal_of_the_other(swapped: Crossed) -> None:
    seeds = texts()
    found = swapped(seeds["vwap_reversion"], seeds["short_term_reversal"], 30)
    both = [t for t in found if "enter=(f > p.entry) & rising" in t]
    assert both
    for text in both:
        assert "return (fair - m.close) / stdev(m.close, p.window)" in text
        assert '"trend": Int(200, low=50, high=240),' in text
        assert '"quiet"' not in text


def test_a_signal_goes_only_to_factors_that_lean_its_way_and_must_read_them(
    swapped: Crossed,
) -> None:
    seeds = texts()
    for factor, signal in (("moving_average_trend", "vwap_reversion"),
                           ("moving_average_trend", "volatility_managed")):  # fmt: skip
        line = seeds[factor].split("def signal")[1].split("\n")[1]
        assert all(line in t for t in swapped(seeds[factor], seeds[signal], 20))


def test_thresholds_of_a_score_meet_a_factor_turned_into_one(swapped: Crossed) -> None:
    seeds = texts()
    found = swapped(seeds["moving_average_trend"], seeds["time_series_momentum"], 30)
    assert any("zscore(ema(m.close, p.fast) / ema(m.close, p.slow) - 1, 100)" in t for t in found)


def test_a_parameter_of_the_same_name_and_meaning_is_shared_another_gets_a_new_name(
    programs: dict[str, str], setting: Setting
) -> None:
    ours = parse(programs["reversal"])
    other = programs["trend"].replace('"slow": Int(100', '"window": Int(100')
    other = other.replace("p.slow", "p.window")
    program, (factor,) = crossover.carry(ours, parse(other), ("factor",), "trend")
    code = text_of(program.with_function(factor))
    assert "ema(m.close, p.trend_window)" in code
    assert '"trend_window": Int(100, low=60, high=240),' in code
    assert '"window": Int(20, low=5, high=60),' in code
    same = other.replace(
        '"window": Int(100, low=60, high=240)', ours.declared[0].lines[0].strip(" ,")
    )
    shared, _ = crossover.carry(ours, parse(same), ("factor",), "trend")
    assert [one.name for one in shared.declared] == ["window", "entry", "fast"]


def test_a_helper_comes_along_and_one_of_the_same_name_is_renamed(
    programs: dict[str, str], setting: Setting, drawn: Callable[[str], Graph]
) -> None:
    source = parse(programs["reversal"])
    target = parse(programs["trend"])
    program, (factor,) = crossover.carry(target, source, ("factor",), "factor")
    text = text_of(tidy(program.with_function(factor), target, source))
    assert text.index("def stretched(x, n)") < text.index("def factor(m, p)")
    drawn(text)
    clash = parse(
        programs["trend"]
        .replace("\n\ndef factor", "\n\ndef stretched(x):\n    return x\n\n\ndef factor")
        .replace("ema(m.close, p.fast)", "stretched(ema(m.close, p.fast))")
    )
    program, (signal,) = crossover.carry(clash, source, ("factor",), "factor")
    assert "factor_stretched" in program.by_name
    assert "factor_stretched(m.close, p.window)" in text_of(program.with_function(signal))


def test_an_expression_takes_the_place_of_one_that_plays_its_part(
    crossed: Crossed, drawn: Callable[[str], Graph]
) -> None:
    seeds = texts()
    found = crossed(seeds["low_volatility_tilt"], seeds["volatility_managed"], 20)
    assert any("-garman_klass(m.open, m.high, m.low, m.close, p.window)" in t for t in found)
    for text in found:
        drawn(text)


def test_a_condition_is_borrowed_with_its_locals_and_parameters(
    crossed: Crossed, drawn: Callable[[str], Graph]
) -> None:
    seeds = texts()
    found = crossed(seeds["channel_breakout"], seeds["macd_regime"], 40)
    borrowed = [t for t in found if "enter=above & trending" in t]
    assert borrowed
    for text in borrowed:
        assert "enter=below & trending" in text
        assert "trending = adx(m.high, m.low, m.close, 14) > p.trending" in text
        assert '"trending": Float(18.0, low=10.0, high=35.0),' in text
        drawn(text)


def test_an_exit_is_borrowed_as_the_other_writes_it(crossed: Crossed) -> None:
    seeds = texts()
    found = crossed(seeds["short_term_reversal"], seeds["volume_breakout"], 20)
    stop = "stop_loss=3 * atr(m.high, m.low, m.close, 20) / m.close, max_held=p.patience"
    assert any(stop in t for t in found)
