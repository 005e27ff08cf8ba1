"""Editing trees and leaving them tidy: before and after."""

from __future__ import annotations

import ast
import random

import libcst as cst
import pytest

from genomes.genome import Genome, split_docstring, title_of
from genomes.language.params import Float, Int
from genomes.strategies import texts
from genomes.variation import OPERATORS, propose
from genomes.variation.edits import float_param, replaced, tidy_bars, tidy_number, window_param
from genomes.variation.printer import code
from genomes.variation.program import Function, declaration, text_of
from genomes.variation.reading import read
from genomes.variation.sites import Setting
from genomes.variation.source import parse
from genomes.variation.tidy import tidy
from genomes.variation.tree import (
    expression,
    fresh_name,
    loaded_names,
    rename,
    rename_parameters,
    replace,
    walk,
)


def function(text: str) -> Function:
    return parse(text).functions[0]


def tidied(text: str) -> str:
    """The first function of a text as tidying leaves it where every line of it was changed."""
    program = parse(text + "\n\ndef signal(f, m, p):\n    return f > 0\n")
    first = program.functions[0]
    changed = first.with_lines(tuple(line.changed(_copy(line.node)) for line in first.lines))
    return tidy(program.with_function(changed)).functions[0].printed()


def _copy(node: ast.stmt) -> ast.stmt:
    return (
        ast.parse(ast.unparse(node)).body[0]
        if not isinstance(node, ast.Return)
        else ast.Return(value=node.value)
    )


def named(tree: ast.AST, name: str) -> ast.AST:
    return next(n for n in walk(tree) if isinstance(n, ast.Name) and n.id == name)


@pytest.mark.parametrize(
    ("before", "new", "after"),
    [
        ("x * 2", "a + b", "(a + b) * 2"),
        ("x + 2", "a * b", "a * b + 2"),
        ("2 - x", "a - b", "2 - (a - b)"),
        ("-x", "a + b", "-(a + b)"),
        ("-x", "a(b)", "-a(b)"),
        ("x.shift(1)", "a - b", "(a - b).shift(1)"),
        ("x**2", "a * b", "(a * b) ** 2"),
        ("sma(x, 5)", "a - b", "sma(a - b, 5)"),
        ("y & x", "a > b", "y & (a > b)"),
        ("x > 0", "a + b", "a + b > 0"),
        ("where(x, 1, 0)", "a > b", "where(a > b, 1, 0)"),
        ("(a + x) * 2", "b", "(a + b) * 2"),
    ],
)
def test_a_replaced_expression_is_put_in_parentheses_only_where_its_place_asks(
    before: str, new: str, after: str
) -> None:
    tree = expression(before)
    assert code(replace(tree, {id(named(tree, "x")): expression(new)})) == after


@pytest.mark.parametrize(
    "text",
    [
        "(a if b else c) + 1", "-(a + b)", "(-a) ** 2", "-a**2", "(a, b)[0]", "f(x for x in y)",
        "f((x for x in y), 1)", "not (a and b)", "a - (b - c)", "a / (b * c)", "(a < b) & (c < d)",
        "~(a > b)", "x[1:2]", "[i for i in range(3) if i]", "{k: v for k, v in z}", "(a & b) | c",
        "a and (b or c)", "(a or b) and c", "f((1, 2))", "a**-b", "(a**b) ** c", "a ** (b**c)",
        "[(1, 2), (3,)]", 'f("it\'s", k=1e-05)', "a < b < c", "a is not None",
    ],
)  # fmt: skip
def test_what_is_printed_reads_as_the_tree_that_it_was(text: str) -> None:
    tree = expression(text)
    assert ast.dump(expression(code(tree))) == ast.dump(tree)


def test_every_statement_of_the_seeds_is_printed_as_it_reads() -> None:
    for text in texts().values():
        program = parse(text)
        for one in program.functions:
            again = parse(
                one.with_lines(
                    tuple(line.changed(_copy(line.node)) for line in one.lines)
                ).printed()
            )
            assert [ast.dump(line.node) for line in again.functions[0].lines] == [
                ast.dump(line.node) for line in one.lines
            ]


def test_printed_children_are_read_by_libcst_and_given_back_to_the_letter(
    setting: Setting,
) -> None:
    rng = random.Random(8)
    pool = list(texts().values())
    for _ in range(6):
        for operator in OPERATORS:
            parents = [rng.choice(pool), rng.choice(pool)]
            pool.append(propose(operator, parents, rng, setting).text)
            assert cst.parse_module(pool[-1]).code == pool[-1]


def test_what_is_not_above_an_edit_is_shared() -> None:
    tree = expression("f(a.b, c + x)")
    new = replace(tree, {id(named(tree, "x")): expression("y")})
    assert new.args[0] is tree.args[0]
    assert new.args[1] is not tree.args[1]
    assert code(tree) == "f(a.b, c + x)"


def test_names_read_are_told_from_names_assigned_attributes_and_keywords() -> None:
    one = function(
        "def f(m, p):\n    a = g(m.close, n=p.k)\n    return [a + i for i in range(3)]\n"
    )
    assert one.loaded == {"g", "m", "p", "a", "i", "range"}
    assert one.parameters == {"k"}
    assert loaded_names(expression("x.y(z=w)")) == {"x", "w"}


def test_renaming_leaves_attributes_and_keywords_alone() -> None:
    tree = expression("ema(m.fast, fast=p.fast) + fast")
    assert code(rename(tree, {"fast": "quick"})) == "ema(m.fast, fast=p.fast) + quick"
    assert code(rename_parameters(tree, {"fast": "quick"})) == "ema(m.fast, fast=p.quick) + fast"


def test_a_fresh_name_is_neither_taken_nor_a_word_of_the_language() -> None:
    assert fresh_name(("trend", "drift"), {"trend"}) == "drift"
    assert fresh_name(("slope", "drift"), set()) == "drift"
    assert fresh_name(("trend",), {"trend"}) == "other_trend"


def test_locals_that_nothing_reads_go_with_what_only_they_read() -> None:
    text = (
        "def factor(m, p):\n"
        "    a = m.open\n"
        "    b = a + 1\n"
        "    total = 0\n"
        "    for k in range(3):\n"
        "        total = total + k\n"
        "    # the answer\n"
        "    c, d = m.close, b\n"
        "    return c * 2\n"
    )
    assert (
        tidied(text) == "def factor(m, p):\n    # the answer\n    c = m.close\n    return c * 2\n"
    )


def test_a_long_changed_line_is_broken_by_a_local_named_for_what_it_holds() -> None:
    text = tidied(
        "def factor(m, p):\n"
        "    # why\n"
        "    return where(m.close > sma(m.close, p.window), zscore(returns(m.close, p.lookback), "
        "p.memory), 0) + stdev(m.volume, 20)\n"
    )
    assert all(len(line) <= 100 for line in text.split("\n"))
    assert "    # why\n    stretch = zscore(returns(m.close, p.lookback), p.memory)\n" in text
    assert "return where(m.close > sma(m.close, p.window), stretch, 0) + stdev" in text


def test_a_changed_statement_over_several_lines_becomes_one_and_keeps_its_comments() -> None:
    text = tidied(
        "def factor(m, p):\n    return where(\n        m.x > 0,  # up\n        1, 0\n    )\n"
    )
    assert text == "def factor(m, p):\n    # up\n    return where(m.x > 0, 1, 0)\n"


def test_a_line_that_was_not_changed_keeps_its_layout_in_a_function_that_was() -> None:
    text = (
        "def factor(m, p):\n"
        "    x = where(\n        m.x > 0,  # up\n        1, 0)\n"
        "    return x + sma( m.close,5 )\n\n\n"
        "def signal(f, m, p):\n    return f > 0\n"
    )
    program = parse(text)
    one = program.functions[0]
    last = one.lines[1].changed(ast.Return(value=expression("x + 1")))
    edited = tidy(program.with_function(one.with_lines((one.lines[0], last))), program)
    assert edited.functions[0].printed() == text.split("    return")[0] + "    return x + 1\n"
    assert edited.functions[1] is program.functions[1]


@pytest.mark.parametrize("name", sorted(texts()))
def test_a_seed_survives_being_taken_apart_tidied_and_put_together(name: str) -> None:
    program = parse(texts()[name])
    assert text_of(program) == texts()[name]
    assert text_of(tidy(program, program)) == texts()[name]


def test_words_of_a_docstring_are_not_taken_for_code(programs: dict[str, str]) -> None:
    doc = "Trend by two averages:\n\ndef factor(m, p): and PARAMS = {} are words here"
    text = programs["trend"].replace("Trend by two averages:", doc)
    assert [f.name for f in parse(text).functions] == ["factor", "signal", "exits"]
    assert "def factor(m, p): and PARAMS" in parse(text).idea


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


def test_a_local_that_an_edit_leaves_as_another_name_goes(
    programs: dict[str, str], setting: Setting
) -> None:
    text = programs["plain"].replace("strong = sma(f, 5) > 0.2\n    return strong",
                                     "mean = sma(f, 5)\n    return mean > 0.2")  # fmt: skip
    reading = read(text, setting)
    site = next(s for s in reading.sites if code(s.node) == "sma(f, 5)")
    program = tidy(replaced(reading.program, [(site, expression("f"))]), reading.program)
    assert program.by_name["signal"].printed() == "def signal(f, m, p):\n    return f > 0.2\n"


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


def test_titles_are_cut_at_a_word() -> None:
    assert title_of("word " * 30).endswith("word...")
    assert len(title_of("word " * 30)) <= 60
    assert split_docstring("Only an idea.") == ("Only an idea.", "")
