"""Children of a given expression: a strategy made of it, or a parent with it added."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from genomes.check import Checked, check
from genomes.genome import Genome
from genomes.language.graph import Graph
from genomes.variation import Proposal, propose_from, propose_with
from genomes.variation.given import Part
from genomes.variation.sites import Reason, Setting

PHRASE = "what fell early in the week comes back."


def made(found: Proposal | Reason) -> Proposal:
    assert isinstance(found, Proposal), found
    assert isinstance(check(found.text), Checked)
    return found


@pytest.mark.parametrize(
    ("text", "factor", "signal"),
    [
        ("-zscore(close, 20)", "-zscore(m.close, 20)", "sign(f)"),
        ("sign(zscore(close, 20)) * (weekday < 3)", "sign(zscore(m.close, 20)) * (m.weekday < 3)",
         "f"),
        ("m.close > sma(close, 50)", "where(m.close > sma(m.close, 50), 1, 0)", "f"),
    ],
)  # fmt: skip
def test_an_expression_becomes_a_strategy_traded_by_its_sign_or_as_it_is(
    text: str, factor: str, signal: str, setting: Setting, drawn: Callable[[str], Graph]
) -> None:
    child = made(propose_from(text, PHRASE, setting))
    assert f"    return {factor}\n" in child.text
    assert f"    return {signal}\n" in child.text
    assert Genome(text=child.text).idea == "What fell early in the week comes back."
    assert child.operator == "given"
    assert child.graph == drawn(child.text)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("close.__class__", "attribute"),
        ("import os", "given"),
        ("close > 1; open > 1", "given"),
        ("gold > 3", "unknown_name"),
        ("returns(close) + close", "dimension"),
        ("sma(close, 300) / close", "max_window"),
        ("close > " + "(" * 3000, "size"),
        ("3", "constant"),
    ],
)
def test_what_is_no_expression_of_the_market_is_refused_with_a_reason(
    text: str, rule: str, setting: Setting
) -> None:
    found = propose_from(text, PHRASE, setting)
    assert isinstance(found, Reason)
    assert found.rule == rule


@pytest.mark.parametrize(
    ("part", "line", "change"),
    [
        ("filter", "enter=(f > p.margin) & low_weekday, exit=f < 0)",
         "The signal enters only while it is early in the week."),
        ("gate", "return where(low_weekday, hold(enter=f > p.margin, exit=f < 0), 0)",
         "The signal stands only while it is early in the week; else it is 0."),
        ("leg", "return (hold(enter=f > p.margin, exit=f < 0) + (m.weekday < 3)) / 2",
         "Half of the weight now follows a second leg: it is early in the week."),
    ],
)  # fmt: skip
def test_an_expression_is_added_to_a_parent_whose_idea_stays(
    part: Part,
    line: str,
    change: str,
    programs: dict[str, str],
    setting: Setting,
    drawn: Callable[[str], Graph],
) -> None:
    parent = programs["trend"]
    child = made(propose_with(parent, part, "weekday < 3", "it is early in the week", setting))
    assert line in child.text
    genome = Genome(text=child.text)
    assert (genome.idea, genome.change) == (Genome(text=parent).idea, change)
    assert child.note == change
    assert child.graph == drawn(child.text)


def test_a_number_added_as_a_condition_stands_for_its_being_above_0(
    programs: dict[str, str], setting: Setting
) -> None:
    child = made(propose_with(programs["trend"], "filter", "zscore(volume, 20)", "x", setting))
    assert "zscore(m.volume, 20) > 0\n" in child.text


def test_a_child_that_a_probe_finds_idle_is_refused(
    programs: dict[str, str], setting: Setting
) -> None:
    import numpy as np

    found = propose_with(
        programs["trend"], "filter", "weekday < 3", "x", setting, lambda _: np.zeros(3)
    )
    assert found == Reason(rule="judged", found="acts like its parent")


def test_a_filter_needs_a_signal_with_sides(programs: dict[str, str], setting: Setting) -> None:
    found = propose_with(programs["looped"], "filter", "weekday < 3", "x", setting)
    assert isinstance(found, Reason)
    assert found.rule == "signal"
