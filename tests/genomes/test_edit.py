"""Editing trees and leaving them tidy: before and after."""

from __future__ import annotations

import libcst as cst
import pytest

from genomes.genome import Genome, origin_of, split_docstring, title_of
from genomes.language.params import Float, Int
from genomes.strategies import texts
from genomes.variation.describe import names_for, opposite
from genomes.variation.draft import float_param, put, tidy, tidy_bars, tidy_number, window_param
from genomes.variation.edit import (
    code_of,
    expression,
    fresh_name,
    loaded_names,
    rename,
    rename_parameters,
    replace,
    walk,
)
from genomes.variation.program import declaration, parse, text_of
from genomes.variation.settle import prune_locals, settle
from genomes.variation.sites import Setting, read


def function(text: str) -> cst.FunctionDef:
    tree = cst.parse_statement(text)
    assert isinstance(tree, cst.FunctionDef)
    return tree


def named(tree: cst.CSTNode, name: str) -> cst.CSTNode:
    return next(n for n in walk(tree) if isinstance(n, cst.Name) and n.value == name)


@pytest.mark.parametrize(
    ("before", "new", "after"),
    [
        ("x * 2", "a + b", "(a + b) * 2"),
        ("x + 2", "a * b", "a * b + 2"),
        ("2 - x", "a - b", "2 - (a - b)"),
        ("-x", "a + b", "-(a + b)"),
        ("-x", "a(b)", "-a(b)"),
        ("x.shift(1)", "a - b", "(a - b).shift(1)"),
        ("x**2", "a * b", "(a * b)**2"),
        ("sma(x, 5)", "a - b", "sma(a - b, 5)"),
        ("y & x", "a > b", "y & (a > b)"),
        ("x > 0", "a + b", "a + b > 0"),
        ("where(x, 1, 0)", "a > b", "where(a > b, 1, 0)"),
    ],
)
def test_a_replaced_expression_is_put_in_parentheses_only_where_its_place_asks(
    before: str, new: str, after: str
) -> None:
    tree = expression(before)
    assert code_of(replace(tree, {id(named(tree, "x")): expression(new)})) == after


def test_parentheses_go_when_what_needed_them_goes() -> None:
    tree = expression("(a + x) * 2")
    outer = next(n for n in walk(tree) if isinstance(n, cst.BinaryOperation) and n.lpar)
    assert code_of(replace(tree, {id(outer): expression("b")})) == "b * 2"


def test_what_is_not_above_an_edit_is_shared() -> None:
    tree = function("def f(m, p):\n    a = m.x\n    return a + m.y\n")
    new = replace(tree, {id(named(tree.body.body[1], "a")): cst.Name("b")})
    assert new.body.body[0] is tree.body.body[0]
    assert new.body.body[1] is not tree.body.body[1]


def test_names_read_are_told_from_names_assigned_attributes_and_keywords() -> None:
    tree = function(
        "def f(m, p):\n    a = g(m.close, n=p.k)\n    return [a + i for i in range(3)]\n"
    )
    assert loaded_names(tree) == {"g", "m", "p", "a", "i", "range"}


def test_renaming_leaves_attributes_and_keywords_alone() -> None:
    tree = function("def f(m, p):\n    fast = ema(m.fast, fast=p.fast)\n    return fast\n")
    assert "quick = ema(m.fast, fast=p.fast)" in code_of(rename(tree, {"fast": "quick"}))
    assert "fast = ema(m.fast, fast=p.quick)" in code_of(rename_parameters(tree, {"fast": "quick"}))


def test_a_fresh_name_is_neither_taken_nor_a_word_of_the_language() -> None:
    assert fresh_name(("trend", "drift"), {"trend"}) == "drift"
    assert fresh_name(("slope", "drift"), set()) == "drift"
    assert fresh_name(("trend",), {"trend"}) == "other_trend"


def test_locals_that_nobody_reads_go_with_what_only_they_read() -> None:
    tree = function(
        "def f(m, p):\n"
        "    a = m.open\n"
        "    b = a + 1\n"
        "    total = 0\n"
        "    for k in range(3):\n"
        "        total = total + k\n"
        "    # the answer\n"
        "    c = m.close\n"
        "    return c\n"
    )
    after = "def f(m, p):\n    # the answer\n    c = m.close\n    return c\n"
    assert code_of(prune_locals(tree)) == after


def test_a_long_changed_line_is_broken_by_a_local_named_for_what_it_holds() -> None:
    tree = function(
        "def f(m, p):\n"
        "    # why\n"
        "    return where(m.close > sma(m.close, p.window), zscore(returns(m.close, p.lookback), "
        "p.memory), 0) + stdev(m.volume, 20)\n"
    )
    text = code_of(settle(tree, set(), names_for))
    assert all(len(line) <= 100 for line in text.split("\n"))
    assert "    # why\n    stretch = zscore(returns(m.close, p.lookback), p.memory)\n" in text
    assert "return where(m.close > sma(m.close, p.window), stretch, 0) + stdev" in text


def test_a_changed_statement_over_several_lines_becomes_one_and_keeps_its_comments() -> None:
    tree = function(
        "def f(m, p):\n    return where(\n        m.x > 0,  # up\n        1, 0\n    )\n"
    )
    after = "def f(m, p):\n    # up\n    return where(m.x > 0, 1, 0)\n"
    assert code_of(settle(tree, set(), names_for)) == after


def test_a_statement_nobody_changed_stays_as_it_was_laid_out() -> None:
    tree = function("def f(m, p):\n    return where(\n        m.x > 0,\n        1, 0\n    )\n")
    assert settle(tree, {id(tree.body.body[0])}, names_for).deep_equals(tree)


@pytest.mark.parametrize("name", sorted(texts()))
def test_a_seed_survives_being_taken_apart_tidied_and_put_together(name: str) -> None:
    program = parse(texts()[name])
    assert text_of(program) == texts()[name]
    assert text_of(tidy(program, program)) == texts()[name]


def test_tidying_drops_unused_parameters_helpers_and_imports_and_keeps_comments() -> None:
    text = '''"""An idea."""

from genomes.language import Exits, Float, Int, ema, sma, where, zscore

PARAMS = {
    # about windows
    "window": Int(20, low=5, high=60),  # a month
    "unused": Float(1.0, low=0.5, high=2.0),
}


def helper(x, n):
    return sma(x, n)


# the edge
def factor(m, p):
    return zscore(m.close, p.window)


def signal(f, m, p):
    return f > 0
'''
    after = '''"""An idea."""

from genomes.language import Int, zscore

PARAMS = {
    # about windows
    "window": Int(20, low=5, high=60),  # a month
}


# the edge
def factor(m, p):
    return zscore(m.close, p.window)


def signal(f, m, p):
    return f > 0
'''
    program = parse(text)
    assert text_of(tidy(program, program)) == after
    assert text_of(tidy(parse(after), parse(after))) == after


def test_an_import_too_long_for_a_line_is_one_name_a_line_classes_first(
    programs: dict[str, str],
) -> None:
    words = "highest lowest efficiency_ratio garman_klass downside_stdev range_position"
    calls = " + ".join(f"{w}(m.close, 5)" for w in words.split())
    text = programs["plain"].replace("range_position(m.close, 50) - 0.5", calls)
    lines = text_of(parse(text)).split("\n")
    assert lines[2] == "from genomes.language import ("
    assert lines[3:5] == ["    downside_stdev,", "    efficiency_ratio,"]


def test_a_local_given_another_value_gets_another_name(
    programs: dict[str, str], setting: Setting
) -> None:
    reading = read(programs["reversal"], setting)
    site = next(s for s in reading.sites if s.text == "m.close > sma(m.close, 100)")

    def factor(code: str, meaning: str) -> str:
        program = put(reading.program, site, expression(code), meaning=meaning)  # type: ignore[arg-type]
        return code_of(program.by_name["factor"])

    assert "falling = m.close < sma(m.close, 100)" in factor(
        "m.close < sma(m.close, 100)", "opposite"
    )
    assert "where(high_oscillator, " in factor("rsi(m.close, 14) > 50", "other")
    assert "rising = m.close > sma(m.close, 50)" in factor("m.close > sma(m.close, 50)", "same")


def test_conditions_turned_round_are_called_the_opposite() -> None:
    assert opposite("calm") == "restless"
    assert opposite("above_average") == "below_average"
    assert opposite("afraid") == "not_afraid"
    assert opposite("not_afraid") == "afraid"


def test_numbers_are_written_as_a_person_would() -> None:
    assert [tidy_bars(n) for n in (3.2, 13, 27, 133)] == [3, 12, 25, 130]
    assert tidy_number(0.042345) == 0.042
    assert declaration(float_param(0.08, high=0.5)) == "Float(0.08, low=0.03, high=0.2)"


def test_new_windows_have_a_range_round_them_within_what_the_market_allows(
    setting: Setting,
) -> None:
    assert window_param(20, setting) == Int(20, low=5, high=80)
    assert window_param(100, setting) == Int(100, low=25, high=250)
    assert isinstance(float_param(1.5), Float)


def test_a_genome_tells_its_idea_title_change_and_layers() -> None:
    genome = Genome(
        text='"""Reversal: it snaps back.\n\nChanged: The window\nis 10.\n"""\n'
        "def factor(m, p):\n    return m.x\n\ndef size(s, m, p):\n    return s\n"
    )
    assert genome.idea == "Reversal: it snaps back."
    assert genome.title == "Reversal"
    assert genome.change == "The window is 10."
    assert genome.layers == ("factor", "size")
    assert genome.lines == 10
    assert Genome(text="def (").idea == ""


def test_titles_are_cut_at_a_word_and_descent_names_the_origin() -> None:
    assert title_of("word " * 30).endswith("word...")
    assert len(title_of("word " * 30)) <= 60
    assert origin_of('After "Old idea": long only.') == "Old idea"
    assert split_docstring("Only an idea.") == ("Only an idea.", "")
