"""New defaults in a text: only the numbers themselves move."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genomes.check import Checked, check
from genomes.genome import Genome
from genomes.language.params import Value
from genomes.strategies import texts
from genomes.variation.defaults import with_defaults
from genomes.variation.program import literal

ODD = '''"""Idee – "stretched"."""

from genomes.language import Bool, Choice, Float, Int, ema, sma

# what a person found out
PARAMS: dict = {"n": Int(  20,low=5, high=60), # days – not bars
    "x": Float(low=-1.0, high=1.0, default=-0.5),
    "on": Bool(True), "kind": Choice(
        "sma",
        options=("sma", "ema"),  # two means
    )}


def factor(m, p):
    mean = sma(m.close, p.n) if p.kind == "sma" else ema(m.close, p.n)
    return (m.close / mean - 1 + p.x) if p.on else m.close / mean  # n = 20


def signal(f, m, p):
    return f > 0
'''


def params_of(text: str) -> dict[str, Value]:
    checked = check(text)
    assert isinstance(checked, Checked), checked
    return {name: param.default for name, param in checked.params.items()}


def test_only_the_defaults_themselves_are_replaced() -> None:
    new = with_defaults(ODD, {"n": 35, "x": 0.25, "on": False, "kind": "ema"})
    expected = ODD.replace("(  20,", "(  35,").replace("default=-0.5", "default=0.25")
    expected = expected.replace("Bool(True)", "Bool(False)").replace('"sma",\n', '"ema",\n')
    assert new == expected
    assert params_of(new) == {"n": 35, "x": 0.25, "on": False, "kind": "ema"}


def test_values_left_out_keep_theirs_and_none_changes_nothing() -> None:
    assert params_of(with_defaults(ODD, {"x": 0.0})) == {**params_of(ODD), "x": 0.0}
    assert with_defaults(ODD, {}) == ODD


def test_the_docstring_says_what_changed_and_keeps_its_idea() -> None:
    text = texts()["macd_regime"]
    once = with_defaults(text, {"fast": 15}, change="Tuned fast 12 -> 15 in 16 trials.")
    twice = with_defaults(once, {"fast": 20}, change="Tuned fast 15 -> 20 in 16 trials.")
    assert Genome(text=once).idea == Genome(text=twice).idea == Genome(text=text).idea
    assert Genome(text=once).change == "Tuned fast 12 -> 15 in 16 trials."
    assert Genome(text=twice).change == "Tuned fast 15 -> 20 in 16 trials."
    before, after = text.split('"""', 2)[2], twice.split('"""', 2)[2]
    assert after == before.replace("Int(12,", "Int(20,")


def test_a_file_without_a_docstring_gets_one() -> None:
    bare = ODD.split("\n\n", 1)[1]
    new = with_defaults(bare, {"n": 35}, change="Tuned n 20 -> 35 in 2 trials.")
    assert Genome(text=new).change == "Tuned n 20 -> 35 in 2 trials."
    assert params_of(new)["n"] == 35


def test_a_value_for_no_parameter_is_an_error_that_names_it() -> None:
    with pytest.raises(ValueError, match="defaults for m: declared are n, x, on, kind"):
        with_defaults(ODD, {"m": 3})


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=24))
def test_any_word_is_written_so_that_it_reads_back(word: str) -> None:
    assert ast.literal_eval(literal(word)) == word
    assert literal(word).isprintable() or not word.isprintable()


@pytest.mark.parametrize("name", sorted(texts()))
def test_seeds_with_their_own_defaults_are_themselves(name: str) -> None:
    text = texts()[name]
    own = params_of(text)
    assert params_of(with_defaults(text, own)) == own
    assert check(with_defaults(text, own)).text == text  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "words",
    [
        '"""\nimport os\n"""',
        'ends in a quote"',
        "a \\ in it",
        "a \\",
        'three """ of them',
        "'''",
        "\\N{x}",
    ],
)
def test_a_strangers_words_cannot_leave_the_docstring(words: str) -> None:
    told = with_defaults(
        texts()["breakout" if "breakout" in texts() else next(iter(texts()))], {}, words
    )
    tree = ast.parse(told)
    said = " ".join((ast.get_docstring(tree) or "").split())
    assert said.endswith("Changed: " + " ".join(words.replace('"""', "'''").split()))
    assert not any(isinstance(node, ast.Import) for node in ast.walk(tree))
