"""Variations of two parents: before and after."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

import pytest

from genomes import crossover
from genomes.draft import tidy
from genomes.language.graph import Graph
from genomes.program import parse, text_of
from genomes.sites import Setting, read, understand

Crossed = Callable[[str, str, int], list[str]]


def crossing(operator: Callable[..., object], setting: Setting) -> Crossed:
    def cross(first: str, second: str, count: int) -> list[str]:
        parents = [read(first, setting), read(second, setting)]
        found: list[str] = []
        for seed in range(count):
            draft = operator(parents, random.Random(seed), setting)
            if draft is not None:
                program = tidy(draft.program, *(p.program for p in parents))  # type: ignore[attr-defined]
                if understand(program, setting, places=False).graph is not None:
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
    return crossing(crossover.cross_expression, setting)


def test_a_child_has_the_factor_of_one_and_the_signal_of_the_other(
    programs: dict[str, str], swapped: Crossed
) -> None:
    texts = swapped(programs["trend"], programs["reversal"], 30)
    both = [t for t in texts if "return (f > p.entry)" in t]
    assert both
    for text in both:
        assert "ema(m.close, p.fast) / ema(m.close, p.slow) - 1" in text
        assert '"entry": Float(1.5, low=0.5, high=3.0),' in text
        assert '"margin"' not in text
        assert "hold" not in text
    assert any("def size" in t and "def exits" not in t for t in both)


def test_thresholds_of_a_score_meet_a_factor_turned_into_one(
    programs: dict[str, str], swapped: Crossed
) -> None:
    texts = swapped(programs["trend"], programs["reversal"], 30)
    assert any("zscore(ema(m.close, p.fast) / ema(m.close, p.slow) - 1, 100)" in t for t in texts)


def test_a_parameter_of_the_same_name_and_meaning_is_shared_another_gets_a_new_name(
    programs: dict[str, str], setting: Setting
) -> None:
    ours, theirs = parse(programs["reversal"]), parse(programs["trend"])
    same = theirs.with_param("window", ours.params["window"])
    other = programs["trend"].replace('"slow": Int(100', '"window": Int(100')
    other = other.replace("p.slow", "p.window")
    program, (factor,) = crossover.carry(
        ours, parse(other), [parse(other).by_name["factor"]], "trend"
    )
    code = text_of(program.with_function(factor))
    assert "ema(m.close, p.trend_window)" in code
    assert '"trend_window": Int(100, low=60, high=240),' in code
    assert '"window": Int(20, low=5, high=60),' in code
    shared, _ = crossover.carry(ours, same, [ours.by_name["factor"]], "trend")
    assert shared.declared == ours.declared


def test_a_helper_comes_along_and_one_of_the_same_name_is_renamed(
    programs: dict[str, str], setting: Setting, drawn: Callable[[str], Graph]
) -> None:
    source = parse(programs["reversal"])
    target = parse(programs["trend"])
    program, (factor,) = crossover.carry(target, source, [source.by_name["factor"]], "factor")
    text = text_of(tidy(program.with_function(factor), target, source))
    assert text.index("def stretched(x, n)") < text.index("def factor(m, p)")
    drawn(text)
    clash = parse(
        programs["trend"]
        .replace("\n\ndef factor", "\n\ndef stretched(x):\n    return x\n\n\ndef factor")
        .replace("ema(m.close, p.fast)", "stretched(ema(m.close, p.fast))")
    )
    program, (signal,) = crossover.carry(clash, source, [source.by_name["factor"]], "factor")
    assert "factor_stretched" in program.by_name
    assert "factor_stretched(m.close, p.window)" in text_of(program.with_function(signal))


def test_an_expression_takes_its_locals_and_parameters_along(
    programs: dict[str, str], crossed: Crossed, drawn: Callable[[str], Graph]
) -> None:
    texts = crossed(programs["reversal"], programs["trend"], 60)
    assert len(set(texts)) > 3
    assert any(re.search(r"ema\(m.close, p.(fast|slow)\)", t) for t in texts)
    back = crossed(programs["plain"], programs["reversal"], 60)
    assert any("rising = m.close > sma(m.close, 100)" in t for t in back)
    for text in (*texts, *back):
        drawn(text)


def test_a_local_the_receiver_computes_already_is_not_computed_again(
    programs: dict[str, str], crossed: Crossed
) -> None:
    other = programs["reversal"].replace("-stretched(m.close, p.window)", "-stretched(m.open, 30)")
    for text in crossed(programs["reversal"], other, 60):
        assert text.count("= m.close > sma(m.close, 100)") <= 1
