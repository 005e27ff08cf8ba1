"""Variations of one parent: before and after, operator by operator."""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Callable

import pytest

from genomes.language.graph import Graph
from genomes.language.params import Bool, Choice, Float, Int
from genomes.strategies import texts as texts_of_seeds
from genomes.variation import layers, mutate, sizing, swap, tune
from genomes.variation.edits import Draft
from genomes.variation.program import declaration, text_of
from genomes.variation.reading import Reading, read, understand
from genomes.variation.sites import Setting
from genomes.variation.tidy import tidy

Make = Callable[[list[Reading], random.Random, Setting], Draft | None]


@pytest.fixture
def children(setting: Setting) -> Callable[[Make, str, int], list[tuple[str, Draft]]]:
    """The children an operator makes of a text that draw, with their drafts."""

    def make(operator: Make, text: str, count: int) -> list[tuple[str, Draft]]:
        reading = read(text, setting)
        found: list[tuple[str, Draft]] = []
        for seed in range(count):
            draft = operator([reading], random.Random(seed), setting)
            if draft is None:
                continue
            program = tidy(draft.program, reading.program)
            if understand(program, setting).graph is not None:
                found.append((text_of(program), draft))
        return found

    return make


Children = Callable[[Make, str, int], list[tuple[str, Draft]]]


def changed(before: str, after: str) -> tuple[set[str], set[str]]:
    """The lines that went and the lines that came."""
    old, new = set(before.split("\n")), set(after.split("\n"))
    return old - new, new - old


def test_tuning_moves_declared_defaults_within_their_ranges_and_nothing_else(
    programs: dict[str, str], children: Children
) -> None:
    found = children(tune.tune_parameter, programs["trend"], 40)
    assert len(found) == 40
    for text, draft in found:
        gone, come = changed(programs["trend"], text)
        assert 1 <= len(gone) == len(come) <= 2
        assert all(re.match(r'    "(fast|slow|margin)": (Int|Float)\(', line) for line in come)
        assert draft.change.startswith("the parameter")
    assert any(
        '"margin": Float(0.015, low=0.0, high=0.05),  # of the slow mean' in t for t, _ in found
    )


@pytest.mark.parametrize(
    "param",
    [
        Int(20, low=5, high=60),
        Int(1, low=1, high=2),
        Float(0.01, low=0.0, high=0.05),
        Float(0.01, low=0.002, high=0.03, log=True),
        Choice("a", options=("a", "b", "c")),
        Bool(default=True),
    ],
)
def test_a_moved_parameter_lies_in_its_range_and_is_another(param: object) -> None:
    for seed in range(20):
        new = tune.moved(param, random.Random(seed))  # type: ignore[arg-type]
        assert new is not None
        assert new.default != param.default  # type: ignore[attr-defined]


def test_a_strangers_word_cannot_end_the_string_that_it_is_printed_in() -> None:
    words = ('", "a")) or open("b', "\\", "two\nlines", "café", "'", '"')
    param = Choice(words[0], options=words)
    call = ast.parse(declaration(param), mode="eval").body
    assert isinstance(call, ast.Call)
    assert ast.literal_eval(call.args[0]) == words[0]
    assert ast.literal_eval(call.keywords[0].value) == words


def test_a_parameter_without_room_is_left_alone() -> None:
    assert tune.moved(Int(5, low=5, high=5), random.Random(1)) is None


def test_a_literal_is_nudged_or_becomes_a_parameter_named_for_its_role(
    programs: dict[str, str], children: Children
) -> None:
    found = children(tune.change_constant, programs["plain"], 60)
    assert all(re.search(r"range_position\(m.close, .*\) - 0.5", text) for text, _ in found)
    texts = [text for text, _ in found]
    assert any("range_position(m.close, 75)" in text for text in texts)
    lifted = [text for text in texts if "p.rank_window" in text]
    assert lifted
    assert all(re.search(r'"rank_window": Int\(\d+, low=\d+, high=\d+\)', t) for t in lifted)
    assert any('"strong_level": Float(' in text for text in texts)


def test_numbers_of_formulas_and_calendars_are_no_constants_to_change(
    setting: Setting, children: Children
) -> None:
    text = '''"""x."""


def factor(m, p):
    return m.close / m.close.shift(1) - 1


def signal(f, m, p):
    return (f > 0.02) & (m.weekday <= 3)
'''
    texts = [text for text, _ in children(tune.change_constant, text, 30)]
    assert texts
    assert all("shift(1) - 1\n" in text and "m.weekday <= 3" in text for text in texts)


def test_an_operator_is_swapped_for_its_like_wherever_it_reads_the_same(
    programs: dict[str, str], children: Children
) -> None:
    texts = [t for t, _ in children(swap.swap_operator, programs["trend"], 20)]
    assert any("rma(m.close, p.fast) / rma(m.close, p.slow) - 1" in text for text in texts)
    assert all("hold(enter=f > p.margin, exit=f < 0)" in text for text in texts)
    texts = [t for t, _ in children(swap.swap_operator, programs["reversal"], 40)]
    assert any("rising = m.close > median(m.close, 100)" in text for text in texts)
    assert all("# a falling market goes on falling" in text for text in texts)


def test_fields_are_swapped_where_that_means_something_and_in_all_linked_places(
    children: Children,
) -> None:
    text = '''"""x."""

from genomes.language import atr, highest, hold, lowest


def factor(m, p):
    return m.close.diff(5) / atr(m.high, m.low, m.close, 20)


def signal(f, m, p):
    long = hold(enter=m.close > highest(m.high, 20).shift(1), exit=f < 0)
    short = hold(enter=m.close < lowest(m.low, 20).shift(1), exit=f > 0)
    return long - short
'''
    texts = [t for t, _ in children(swap.swap_field, text, 10)]
    assert texts
    for child in texts:
        assert "highest(m.close, 20)" in child
        assert "lowest(m.close, 20)" in child
        assert "m.close.diff(5) / atr(m.high, m.low, m.close, 20)" in child


def test_a_test_of_a_mean_gets_stricter_by_the_bars_edges(
    programs: dict[str, str], children: Children
) -> None:
    texts = {t for t, _ in children(swap.swap_field, programs["reversal"], 20)}
    assert any("rising = m.low > sma(m.close, 100)" in t for t in texts)
    assert any("rising = m.close > sma(m.high, 100)" in t for t in texts)


def test_regrowing_replaces_an_expression_by_another_that_plays_its_part(
    programs: dict[str, str], children: Children
) -> None:
    found = children(mutate.regrow, programs["reversal"], 80)
    assert len({text for text, _ in found}) > 8
    for text, draft in found:
        assert re.search(r"    (rising = |return \(f > p.entry\) & )", text)
        assert "-stretched(m.close, p.window)" in text
        assert " now asks that " in draft.change or " is now " in draft.change
    assert any("slope(m.close, 100) > 0" in text for text, _ in found)  # with the old window


def test_wrapping_smooths_what_is_not_smooth_and_asks_for_bars_in_a_row(
    programs: dict[str, str], children: Children
) -> None:
    texts = [t for t, _ in children(mutate.wrap, programs["trend"], 60)]
    assert texts
    assert all(re.search(r"enter=streak\(f > p.margin, (\d)\) >= \1", t) for t in texts)
    texts = [t for t, _ in children(mutate.wrap, programs["looped"], 60)]
    for shape in (r"return (sma|ema)\(f.clip\(-1, 1\), \d\)",
                  r"return (ema|sma|median)\(total / 3, \d\)"):  # fmt: skip
        assert any(re.search(shape, t) for t in texts), shape


def test_shrinking_leaves_a_part_and_drops_what_only_the_rest_used(children: Children) -> None:
    text = texts_of_seeds()["vwap_reversion"]
    for child, draft in children(mutate.shrink, text, 10):
        assert "short" not in child.split("PARAMS")[1]
        assert "return hold(enter=quiet & (f > p.entry), exit=f < 0)" in child
        assert draft.anew
    text = texts_of_seeds()["volatility_managed"]
    found = {t for t, _ in children(mutate.shrink, text, 20)}
    assert any("garman_klass" not in t for t in found)
    assert any("garman_klass" in t and "max(" not in t for t in found)


def test_a_filter_or_gate_guards_the_entries_of_every_side_under_a_name(
    programs: dict[str, str], children: Children
) -> None:
    for operator in (layers.add_filter, layers.add_gate):
        texts = [t for t, _ in children(operator, programs["trend"], 40)]
        assert len(texts) > 20
        for text in texts:
            found = re.search(r"hold\(enter=\(f > p.margin\) & (\w+), exit=f < 0\)", text)
            assert found, text
            assert f"    {found[1]} = " in text
    for text, _ in children(layers.add_gate, texts_of_seeds()["vwap_reversion"], 30):
        long = re.search(r"long = hold\(enter=quiet & \(f > p.entry\) & (\w+), exit", text)
        short = re.search(r"short = hold\(enter=quiet & \(f < -p.entry\) & (\w+), exit", text)
        assert long
        assert short
        assert long[1] == short[1] or (long[1], short[1]) == ("rising", "falling")


def test_a_gate_sets_to_0_only_where_0_is_no_opinion(
    programs: dict[str, str], children: Children
) -> None:
    texts = [t for t, _ in children(layers.add_gate, programs["looped"], 40)]
    assert texts
    assert any(re.search(r"return where\(\w+, total / 3, 0\)", t) for t in texts)
    assert any(re.search(r"return where\(\w+, f.clip\(-1, 1\), 0\)", t) for t in texts)
    assert not children(layers.add_gate, texts_of_seeds()["cross_sectional_momentum"], 20)


def test_removing_a_filter_undoes_adding_one(programs: dict[str, str], children: Children) -> None:
    for text, _ in children(layers.add_filter, programs["trend"], 10):
        undone = [t for t, _ in children(layers.remove_filter, text, 8)]
        assert programs["trend"] in undone


def test_removing_a_gate_undoes_adding_one(programs: dict[str, str], children: Children) -> None:
    for text, _ in children(layers.add_gate, programs["looped"], 10):
        undone = [t for t, _ in children(layers.remove_gate, text, 4)]
        assert programs["looped"] in undone


def test_gates_and_filters_do_not_pile_up(programs: dict[str, str], setting: Setting) -> None:
    text = programs["reversal"]
    rng = random.Random(1)
    for _ in range(30):
        reading = read(text, setting)
        for operator in (layers.add_gate, layers.add_filter):
            draft = operator([reading], rng, setting)
            if draft is not None:
                text = text_of(tidy(draft.program, reading.program))
                reading = read(text, setting)
    assert text.count("where(") + text.count(" & ") <= 7


def test_exits_are_added_changed_and_dropped(programs: dict[str, str], children: Children) -> None:
    texts = [t for t, _ in children(sizing.change_exits, programs["trend"], 80)]
    assert any("def exits" not in t and "Exits" not in t for t in texts)
    assert any(re.search(r"Exits\(stop_loss=0.08, trailing_stop=", t) for t in texts)
    assert any("Exits(stop_loss=3 * atr(" in t for t in texts)
    assert not children(sizing.change_exits, programs["looped"], 20)  # it never comes to rest
    for text, _ in children(sizing.change_exits, texts_of_seeds()["channel_breakout"], 20):
        assert text.rstrip().split("\n")[-2] == "def exits(m, p):"


def test_a_size_stands_between_signal_and_exits_and_uses_the_signal(
    programs: dict[str, str], children: Children
) -> None:
    for text, _ in children(sizing.change_size, programs["trend"], 40):
        assert text.index("def signal") < text.index("def size") < text.index("def exits")
        assert re.search(r"def size\(s, m, p\):\n    return .*\bs\b", text)
    dropped = [t for t, _ in children(sizing.change_size, programs["reversal"], 40)]
    assert any("def size" not in t and "normalize" not in t for t in dropped)


@pytest.mark.parametrize(
    "operator",
    [
        tune.tune_parameter, tune.change_constant, swap.swap_operator, swap.swap_field,
        mutate.regrow, mutate.wrap, mutate.shrink, layers.add_filter, layers.add_gate,
        sizing.change_exits, sizing.change_size,
    ],
)  # fmt: skip
def test_what_an_operator_writes_draws_when_executed(
    operator: Make, programs: dict[str, str], children: Children, drawn: Callable[[str], Graph]
) -> None:
    for text in programs.values():
        for child, draft in children(operator, text, 12):
            drawn(child)
            assert draft.change.endswith(".")
            assert "\n" not in draft.change


def test_an_operator_with_nothing_to_do_says_so(programs: dict[str, str], setting: Setting) -> None:
    rng = random.Random(1)
    assert tune.tune_parameter([read(programs["looped"], setting)], rng, setting) is None
    assert layers.remove_gate([read(programs["trend"], setting)], rng, setting) is None
    assert layers.remove_filter([read(programs["trend"], setting)], rng, setting) is None
