"""The checker: what it accepts, what it refuses and where, and that nothing makes it raise."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import genomes
from genomes import check as check_module
from genomes.check import Checked, check, check_foreign
from genomes.check.names import BUILTINS, WORDS
from genomes.check.text import MAX_NODES
from genomes.check.tree import from_the_top
from genomes.language.params import Int
from genomes.records.refusal import Refusal
from genomes.strategies import texts
from tests.genomes.refused import CHECKED, DRAWN, HEAD, SIGNAL, Case, headed, strategy

EXAMPLE = '''"""Crowded funding fades: when longs pay much and the trend has stalled, lean away."""
from genomes.language import Exits, Float, Int, ema, hold, stdev, where, zscore

PARAMS = {
    "window": Int(168, low=24, high=720),
    "entry": Float(2.0, low=1.0, high=4.0),
}

def factor(m, p):
    stalled = abs(ema(m.close, 24) / ema(m.close, 96) - 1) < 0.02
    return where(stalled, -zscore(m.funding, p.window), 0)

def signal(f, m, p):
    long = hold(enter=f > p.entry, exit=f < p.entry / 4)
    short = hold(enter=f < -p.entry, exit=f > -p.entry / 4)
    return long - short

def size(s, m, p):
    return s * 0.002 / stdev(m.close / m.close.shift(1) - 1, 48)

def exits(m, p):
    return Exits(stop_loss=0.05, trailing_stop=0.08, max_held=60)
'''

RICH = '''"""All that the language has, in one file."""
from __future__ import annotations
from genomes.language import Bool, Choice, Int, ema, sma, where

PARAMS: dict = {
    "n": Int(20, low=5, high=60),
    "kind": Choice("sma", options=("sma", "ema")),
    "on": Bool(True),
}


def average(x: Series, n: int = 20, kind="sma") -> Series:
    """Of one kind or the other."""
    if kind == "sma":
        return sma(x, n)
    elif kind in ("ema", "rma"):
        return ema(x, n)
    else:
        return x


def factor(m: Market, p: "Params") -> pd.Series:
    fast, slow = p.n // 2, p.n
    weights = {"fast": 0.5, "slow": 1 - 0.5}
    parts: list = []
    for k, n in enumerate((fast, slow)):
        if k == 0 and not p.on:
            continue
        parts = parts + [average(m.close, n, p.kind) / m.close]
    total_parts = sum(part * 2 for part in parts)
    ranks = {n: ema(m.close, n) for n in range(2, 5)}
    spread = max(ranks[2], ranks[3], ranks[4]) / min([ranks[n] for n in ranks])
    weights["fast"] = weights["fast"] * 2
    total_parts += weights["fast"] ** 2
    return where(spread > 1.01, total_parts, -total_parts) if p.on else total_parts


def signal(f, m, p):
    return ((f > 1) & ~(m.close < m.open)) | (f < -1)
'''


def refusals_of(text: str | bytes) -> tuple[Refusal, ...]:
    found = check(text)
    assert isinstance(found, tuple), "accepted"
    return found


def name_of(case: Case) -> str:
    return f"{case.rule}-{case.text[-70:-30]!r}"


@pytest.mark.parametrize("case", CHECKED, ids=name_of)
def test_a_broken_rule_is_named_with_its_place_and_what_to_write_instead(case):
    first = refusals_of(case.text)[0]
    assert (first.rule, first.line, first.column) == (case.rule, case.line, case.column), first
    assert case.instead in first.instead
    assert first.found


@pytest.mark.parametrize("case", DRAWN, ids=name_of)
def test_what_depends_on_values_is_left_to_the_drawing(case):
    assert isinstance(check(case.text), Checked), check(case.text)


@pytest.mark.parametrize("text", [EXAMPLE, RICH, *texts().values()])
def test_benign_strategies_pass_for_us_and_for_strangers(text):
    for found in (check(text), check_foreign(text)):
        assert isinstance(found, Checked), found
        assert found.text == text


def test_every_refusal_of_a_text_is_told_at_once_in_the_order_of_the_text():
    text = "import numpy as np\n" + strategy(
        "x = np.log(1)\nwhile x:\n    y = lambda: 1\nreturn m.Close"
    )
    assert [(r.rule, r.line) for r in refusals_of(text)] == [
        ("import", 1),
        ("module", 2),
        ("unknown_name", 6),
        ("statement", 7),
        ("expression", 8),
        ("unknown_field", 9),
    ]


def test_at_most_twenty_refusals_are_told():
    assert len(refusals_of(strategy("\n".join(f"x{i} = y{i}" for i in range(30))))) == 20


def test_a_rebound_operator_is_one_mistake_and_not_two():
    assert len(refusals_of(strategy("rsi = rsi(m.close, 14)\nreturn rsi"))) == 1


def test_columns_count_characters_and_not_bytes():
    found = refusals_of(strategy('x = "\u00e9\u00e9"; y = zz\nreturn 1'))
    assert found[0].column == 19


def test_the_normal_form_keeps_every_line_where_it_was():
    text = "\ufeff" + EXAMPLE.replace("\n", "  \r\n") + "\n\n\n"
    found = check(text)
    assert isinstance(found, Checked)
    assert found.text == EXAMPLE
    again = check(text.encode())
    assert isinstance(again, Checked)
    assert again.text == EXAMPLE


def test_old_line_ends_and_utf8_cookies_are_read():
    found = check(("# -*- coding: utf-8 -*-\n" + EXAMPLE).replace("\n", "\r"))
    assert isinstance(found, Checked)
    assert "\r" not in found.text


def test_bytes_that_are_not_utf8_are_placed():
    first = refusals_of(b"x = 1\ny = '\xff'\n")[0]
    assert (first.rule, first.line, first.column) == ("encoding", 2, 6)


def test_declared_parameters_come_with_the_tree():
    found = check(HEAD + "def factor(m, p):\n    return m.close\n" + SIGNAL)
    assert isinstance(found, Checked)
    assert dict(found.params) == {"n": Int(20, low=5, high=60)}


def test_a_file_needs_neither_params_nor_imports_nor_a_docstring():
    assert isinstance(check(headed("")), Checked)


def test_annotations_are_accepted_and_leave_the_tree():
    found = check(RICH)
    assert isinstance(found, Checked)
    assert "Series" not in {n.id for n in ast.walk(found.tree) if isinstance(n, ast.Name)}
    assert not any(isinstance(n, ast.AnnAssign) for n in ast.walk(found.tree))
    assert "x: Series" in found.text


def test_more_than_thirty_two_parameters_are_too_many():
    many = ", ".join(f'"a{i}": Bool(True)' for i in range(33))
    first = refusals_of(headed(f"PARAMS = {{{many[:330]}\n{many[330:]}}}"))[0]
    assert (first.rule, "at most 32" in first.instead) == ("parameter", True)


def test_warnings_of_the_parser_are_not_shown():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check(strategy('x = "\\d" is 1\nreturn ()()'))


BOMBS = {
    "parentheses": "x = " + "(" * 5_000 + ")" * 5_000,
    "calls": "x = " + "f(" * 3_000 + ")" * 3_000,
    "sum": "x = 1" + " + 1" * 20_000,
    "short sum": "x = 1" + "+1" * 8_000,
    "lines": "\n" * 200_000,
    "minus": "x = " + "-" * 20_000 + "1",
    "not": "x = " + "not " * 4_000 + "1",
    "attributes": "x = a" + ".b" * 5_000,
    "subscripts": "x = a" + "[0]" * 5_000,
    "lambdas": "x = " + "lambda: " * 2_000 + "1",
    "power": "x = 1" + "**1" * 5_000,
    "comparison": "x = 1" + "<1" * 8_000,
    "elif": "if 1:\n 1\n" + "elif 1:\n 1\n" * 1_400,
    "digits": "x = " + "9" * 16_000,
    "hex": "x = 0x" + "f" * 16_000,
    "nested ifs": "".join(" " * i + "if 1:\n" for i in range(95)) + " " * 95 + "1",
    "wrapped sum": "x = (1\n" + "+1\n" * 5_000 + ")",
    "wrapped minus": "x = (\n" + "- - - -\n" * 800 + "1)",
    "strings": "x = (\n" + '"a"\n' * 900 + ")",
    "f-strings": 'x = f"{' * 40 + "1" + '}"' * 40,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_before_libcst_sees_it(name, monkeypatch):
    monkeypatch.setattr(check_module, "_refuse_structure", pytest.fail)
    assert isinstance(check_foreign(BOMBS[name]), tuple)


def test_the_deepest_text_that_passes_is_harmless_to_libcst():
    deep = "x = " + "(" * 25 + "m.close" + " + 1)" * 25
    flat = "\n".join(f"x = x + {i}" for i in range(350))
    assert isinstance(check_foreign(strategy(f"{deep}\n{flat}\nreturn x")), Checked)


def test_what_libcst_cannot_read_is_refused_and_not_raised():
    assert check_module._refuse_structure("def f(:\n")[0].rule == "structure"


def test_the_policy_of_restrictedpython_is_asked_too():
    found = check_module._refuse_policy("def factor(m, p):\n    return m._builder\n")
    assert (found[0].rule, found[0].line) == ("policy", 2)


def test_checking_needs_the_standard_library_only():
    program = (
        "import sys\nfrom genomes.check import check\ncheck(sys.stdin.read())\n"
        "print(sorted({n.split('.')[0] for n in sys.modules}"
        " - set(sys.stdlib_module_names) - {'__main__'}))"
    )
    root = str(Path(genomes.__file__).parents[1])
    run = subprocess.run(
        [sys.executable, "-S", "-c", program],
        input=EXAMPLE, capture_output=True, text=True, check=True, env={"PYTHONPATH": root},
    )  # fmt: skip
    assert run.stdout.strip() == "['genomes']"


def test_the_listed_names_are_words_or_builtins_and_never_both():
    assert not WORDS & BUILTINS
    assert {"ema", "where", "Exits"} <= WORDS


def test_every_rule_in_the_code_is_reached_by_a_case():
    rules: set[str] = set()
    for path in Path(check_module.__file__).parent.glob("*.py"):
        rules |= rules_in(path)
    assert len(rules) > 20
    assert rules - {case.rule for case in CHECKED} == {"structure", "policy"}


def rules_in(path: Path) -> set[str]:
    """The rules that a module names: words given where a refusal is made."""
    source = path.read_text()
    calls = r"(?:_refuse|report\.at|at_member)\(\s*[^,()]+(?:\([^()]*\))?,\s*\"([a-z_]+)\""
    plain = r"(?:report\.add|_whole|rule=|_RULE =)\(?\s*\"([a-z_]+)\""
    return set(re.findall(calls, source)) | set(re.findall(plain, source))


# -- whatever comes --------------------------------------------------------------------------------

WORDS_OF_PYTHON = st.sampled_from(
    [
        "def", "class", "if", "for", "in", "while", "lambda", "return", "import", "from", "not",
        "and", "is", "async", "await", "yield", "global", "nonlocal", "del", "try:", "except:",
        "with", "match", "case", "(", ")", "[", "]", "{", "}", ":", ",", ".", "=", "==", "**", "*",
        "-", "+", "~", "@", ":=", "->", "_", "x", "m", "p", "f", "factor", "signal", "PARAMS",
        "ema", "m.close", "genomes.language", "Int(", "1", "2.5", "'a'", "\"\"\"", "#", "\\", "\n",
        "\n\n", "    ", "\t", " ", "f'{", "}'", "b''", "1j", "...", "None", "True", "\u00e9",
        "\u0000", "\r",
    ]
)  # fmt: skip


def is_answer(text: str | bytes) -> bool:
    found = check(text)
    if isinstance(found, Checked):
        return len(from_the_top(found.tree)) <= MAX_NODES + 1
    return 0 < len(found) <= 20 and all(
        each.rule and each.found.isascii() and each.found.isprintable() and each.instead.isascii()
        for each in found
    )


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200) | st.lists(WORDS_OF_PYTHON, max_size=60).map(" ".join))
def test_random_text_is_answered_and_never_raises(text):
    assert is_answer(text)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes_are_answered_and_never_raise(data):
    assert is_answer(data)


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_a_mutated_strategy_is_answered_and_never_raises(data):
    text = data.draw(st.sampled_from([EXAMPLE, RICH]))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 12)))
        text = text[:start] + data.draw(WORDS_OF_PYTHON) + text[end:]
    assert is_answer(text)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([EXAMPLE, RICH]), st.randoms(use_true_random=False))
def test_a_strategy_whose_tree_was_shuffled_is_answered(text, random):
    tree = ast.parse(text)
    spots = [n for n in ast.walk(tree) if isinstance(n, ast.expr)]
    spots = [n for n in spots if not isinstance(getattr(n, "ctx", None), ast.Store)]
    one, other = random.choice(spots), random.choice(spots)
    vars(one).update({**vars(other)})
    one.__class__ = other.__class__
    try:
        mutated = ast.unparse(tree)
    except (RecursionError, ValueError, AttributeError, TypeError):
        return
    assert is_answer(mutated)
