"""Preparing texts: what is remembered of one changes no answer for another."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genomes.check.pieces import split
from genomes.strategies import texts
from sandbox.jail import pieces as known
from sandbox.jail import prepared as handing
from sandbox.jail.caps import Caps
from sandbox.jail.drawing import draw_prepared
from sandbox.jail.pieces import prepare_in_pieces
from sandbox.jail.prepared import Prepared, handed_over, taken_over
from sandbox.jail.preparing import forget, prepare, prepare_as_a_whole
from tests.genomes.refused import DRAWN, strategy
from tests.genomes.test_check import EXAMPLE, RICH, WORDS_OF_PYTHON
from tests.sandbox.jail.test_drawing import FIELDS

HELPED = '''"""Helped."""
from genomes.language import Int, ema

PARAMS = {"n": Int(20, low=5, high=60)}


def trend(x, n=20):
    return x / ema(x, n) - 1


def factor(m, p):
    return trend(m.close, p.n)


def signal(f, m, p):
    return f > 0
'''


@pytest.fixture(autouse=True)
def nothing_known() -> Iterator[None]:
    forget()
    yield
    forget()


def both(text: str) -> tuple[Prepared | None, object]:
    """What pieces and the whole say of a text, both drawn where they can be."""
    return prepare_in_pieces(text), prepare_as_a_whole(text)


def answer(prepared: Prepared) -> object:
    return draw_prepared(prepared, None, FIELDS, Caps())


@pytest.mark.parametrize("text", [EXAMPLE, RICH, HELPED, *texts().values()])
def test_pieces_say_what_the_whole_says(text):
    pieces, whole = both(text)
    assert isinstance(pieces, Prepared)
    assert isinstance(whole, Prepared)
    for name in ("text", "params", "layers", "nodes", "tame"):
        assert getattr(pieces, name) == getattr(whole, name)
    assert pieces.names <= whole.names
    assert answer(pieces) == answer(whole)


@pytest.mark.parametrize("case", DRAWN, ids=lambda case: f"{case.rule}-{case.text[60:-40]!r}")
def test_pieces_name_the_same_place(case):
    pieces, whole = both(case.text)
    assert isinstance(whole, Prepared)
    assert pieces is not None
    assert answer(pieces) == answer(whole)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_pieces_draw_whatever_the_whole_draws_or_are_silent(data):
    text = data.draw(st.sampled_from([EXAMPLE, RICH, HELPED]))
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 12)))
        text = text[:start] + data.draw(WORDS_OF_PYTHON | st.just("\n")) + text[end:]
    pieces, whole = both(text)
    if pieces is not None:
        assert isinstance(whole, Prepared)
        assert replace(pieces, functions={}, below={}, names=whole.names) == replace(
            whole, module=None
        )
        assert answer(pieces) == answer(whole)


APART = {
    "a layer is missing": HELPED.replace("def signal", "def other"),
    "a function stands twice": HELPED + "\n\ndef trend(x, n):\n    return x\n",
    "PARAMS stands twice": HELPED + '\n\nPARAMS = {"n": Int(2, low=1, high=3)}\n',
    "PARAMS stands in a function's piece": HELPED.replace("def signal", "x = 1\ndef signal"),
    "functions lead back to each other": HELPED.replace("x / ema(x, n) - 1", "other(x)")
    + "\n\ndef other(x):\n    return trend(x)\n",
    "the import is at the end": HELPED + "\n\nfrom genomes.language import eval\n",
    "a string stands below": HELPED.replace("PARAMS", '"""Words."""\nPARAMS'),
    "too many functions": HELPED + "".join(f"\ndef f{i}(x):\n    return x\n" for i in range(40)),
    "too many numbers": HELPED
    + "".join(f"\ndef f{i}(x):\n    y = [{'1, ' * 30}]\n    return x\n" for i in range(14)),
    "too many nodes": HELPED
    + "".join(f"\ndef f{i}(x):\n    return {' + '.join(['x'] * 45)}\n" for i in range(38)),
}


@pytest.mark.parametrize("text", APART.values(), ids=APART.keys())
def test_pieces_that_are_well_apart_make_no_file(text):
    prepare(HELPED)
    pieces, whole = both(text)
    assert pieces is None
    assert isinstance(whole, tuple)
    assert prepare(text) == whole


def test_pieces_together_are_the_text_and_a_def_in_words_is_none_of_them():
    assert "".join(split(EXAMPLE)) == EXAMPLE
    words = HELPED.replace("Helped.", "Helped.\n\ndef is what a function begins with.\n")
    pieces, whole = both(words)
    assert pieces is None  # only slower
    assert prepare(words) == whole


def test_a_function_met_before_is_none_where_it_stands_in_a_string():
    """What is known is left out when the rest is read: nothing may be open around it."""
    assert isinstance(prepare(HELPED), Prepared)
    trend = split(HELPED)[3]
    head, _, rest = HELPED.partition(trend)
    quoted = f'"""Words.\n\n{trend}def what is it: """\n{head.partition(chr(10))[2]}{rest}'
    pieces, whole = both(quoted)
    assert pieces is None
    assert [each.rule for each in whole] == ["unknown_name"]  # type: ignore[attr-defined]


def test_parameters_declared_where_they_are_not_looked_for_are_found_all_the_same():
    text = HELPED.replace('"""Helped."""\n', "").replace("PARAMS", '"""Helped."""; PARAMS')
    text = text.replace("from genomes.language import Int, ema\n\n", "")
    pieces, whole = both(text)
    assert pieces is None
    assert isinstance(whole, Prepared)
    assert whole.params
    without = text.replace(text.split("\n")[0], '"""Helped."""')
    assert [each.rule for each in prepare(without)] == ["unknown_parameter"]  # type: ignore[union-attr]


LONE = "def trend(x, n=20): return x / ema(x, n) - 1; \\\n"
UNFINISHED = {  # what is well behind a line that goes on, and what is not, of the same pieces
    "into the next function": (
        HELPED.replace("- 1\n", "- 1 \\\n"), HELPED.replace("- 1\n\n\n", "- 1 \\\n"),
    ),
    "out of the file": (HELPED + "\\\n\ndef z(x):\n    return x\n", HELPED + "\\\n"),
    "out of the file, moved": (
        HELPED.replace("- 1\n", "- 1\n\\\n"),
        HELPED.replace(split(HELPED)[3], "") + "\n\n" + split(HELPED)[3].rstrip() + "\n\\\n",
    ),
    "into PARAMS": (
        HELPED.replace(split(HELPED)[3], LONE + "\n"),
        HELPED.replace(split(HELPED)[3], "").replace("PARAMS", LONE + "PARAMS"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("well", "broken"), UNFINISHED.values(), ids=UNFINISHED.keys())
def test_a_line_that_goes_on_belongs_to_what_follows(well, broken):
    assert isinstance(prepare(well), Prepared)
    pieces, whole = both(broken)
    assert pieces is None
    assert isinstance(whole, tuple)
    assert prepare(broken) == whole


def test_a_function_met_before_is_judged_by_the_file_it_stands_in():
    assert isinstance(prepare(HELPED), Prepared)
    without = HELPED.replace("def trend", "def tend")
    assert [each.rule for each in prepare(without)] == ["unknown_name"]  # type: ignore[union-attr]
    undeclared = HELPED.replace('"n": Int', '"k": Int')
    found = prepare(undeclared)
    assert isinstance(found, tuple)
    assert [(each.rule, each.line) for each in found] == [("unknown_parameter", 12)]
    taken = HELPED.replace("return f > 0", "long = f > 0\n    return long")
    assert isinstance(prepare(taken), Prepared)
    taken += "\n\ndef long(x):\n    return x\n"
    assert prepare(taken) == prepare_as_a_whole(taken)
    assert [each.rule for each in prepare(taken)] == ["rebinding"]  # type: ignore[union-attr]
    other = HELPED.replace("x / ema(x, n) - 1", "ema(x, n) / x - 1")
    assert answer(prepare(other)) == answer(prepare_as_a_whole(other))  # type: ignore[arg-type]


def test_functions_are_remembered_wherever_they_stand():
    prepare(HELPED)
    before = set(known._memory)
    moved = HELPED.replace('"""Helped."""', '"""Helped, again.\n\nWhy: it is moved.\n"""')
    found = prepare(moved)
    assert set(known._memory) == before
    failing = moved.replace("trend(m.close, p.n)", "trend(m.close, m)")
    refused = draw_prepared(prepare(failing), None, FIELDS, Caps())  # type: ignore[arg-type]
    assert isinstance(refused, tuple)
    assert refused == draw_prepared(prepare_as_a_whole(failing), None, FIELDS, Caps())  # type: ignore[arg-type]
    assert isinstance(found, Prepared)
    assert refused[0].line == found.layers["factor"] - 3  # in trend, whose code was known


@pytest.mark.parametrize("text", [EXAMPLE, RICH, HELPED, strategy("return m.close")])
def test_what_is_handed_over_is_what_was_prepared(text):
    found = prepare(text)
    assert isinstance(found, Prepared)
    again, values = taken_over(handed_over(found, {"n": 2.5, "way": "ema"}))
    assert again == found
    assert values == {"n": 2.5, "way": "ema"}
    assert answer(again) == answer(found)


def test_what_is_too_long_to_hand_over_is_prepared_again(monkeypatch):
    found = prepare(EXAMPLE)
    assert isinstance(found, Prepared)
    monkeypatch.setattr(handing, "MAX_FRAME", len(handed_over(found, None)) - 1)
    assert handed_over(found, None) == b""
