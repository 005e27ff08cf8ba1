"""Declared parameters: their ranges, and what a tuner may ask for."""

# ruff: noqa: E501 (one case a line)

from __future__ import annotations

import pytest

from genomes.language.errors import LanguageError
from genomes.language.params import MAX_PARAMS, Bool, Choice, Float, Int, ParamValues, resolve

HUGE = 10**400


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (lambda: Int(5), r"Int\(\): .*; write Int\(20, low=5, high=60\)"),
        (lambda: Int(5, low=1, hi=3), "'high'"),
        (lambda: Int(5.0, low=1, high=9), "Int has 5.0; give whole numbers"),
        (lambda: Int(True, low=0, high=9), "Int has True"),
        (lambda: Int("5", low=1, high=9), "Int has '5'"),
        (lambda: Int(0, low=1, high=9), "the default must lie from low to high"),
        (lambda: Int(10, low=1, high=9), "the default must lie from low to high"),
        (lambda: Int(5, low=1, high=HUGE), "a huge whole number; numbers go up to 1,000,000,000"),
        (lambda: Float(5), r"Float\(\): "),
        (lambda: Float("a", low=0, high=1), "Float has 'a'; give numbers"),
        (lambda: Float(True, low=0, high=1), "Float has True"),
        (lambda: Float(float("nan"), low=0, high=1), "Float has nan"),
        (lambda: Float(0, low=0, high=float("inf")), "Float has inf"),
        (lambda: Float(0, low=0, high=HUGE), "Float has a huge whole number"),
        (lambda: Float(2, low=0, high=1), "the default must lie from low to high"),
        (lambda: Float(0, low=1, high=0), "the default must lie from low to high"),
        (lambda: Float(0, low=0, high=1, log=True), "a log range begins above 0"),
        (lambda: Bool(), r"Bool\(\): "),
        (lambda: Bool(1), r"Bool has 1; write Bool\(True\)"),
        (lambda: Choice("a"), r"Choice\(\): .*; write Choice"),
        (lambda: Choice("a", options=("a",)), "give 2 to 16 of them"),
        (lambda: Choice("a", options="ab"), "give 2 to 16 of them"),
        (lambda: Choice(1, options=range(17)), "give 2 to 16 of them"),
        (lambda: Choice(1, options=(1, [2])), "Choice has option a list"),
        (lambda: Choice(1, options=(1, True)), "Choice has option True"),
        (lambda: Choice(1, options=(1, "x" * 25)), "options are numbers or short words"),
        (lambda: Choice(1, options=(1, 1)), "Choice repeats an option"),
        (lambda: Choice("c", options=("a", "b")), r"Choice default 'c'; the default is one of"),
        (lambda: Choice(1.0, options=(1, 2)), "Choice default 1.0"),
    ],
)
def test_a_wrong_declaration_is_refused_in_a_sentence(make, found):
    with pytest.raises(LanguageError, match=found):
        make()


@pytest.mark.parametrize(
    ("param", "yes", "no"),
    [
        (Int(5, low=1, high=9), [1, 5, 9], [0, 10, 5.0, True, "5", None, HUGE]),
        (Float(0.5, low=0, high=1), [0, 0.25, 1], [-0.1, 1.1, True, "a", float("nan"), HUGE]),
        (Bool(True), [True, False], [0, 1, None]),
        (Choice("a", options=["a", "b"]), ["a", "b"], ["c", 0]),
        (Choice(1, options=(1, 2.5)), [1, 2.5], [1.0, True, 2]),
    ],
)
def test_a_parameter_accepts_its_range_and_nothing_else(param, yes, no):
    assert [param.accepts(v) for v in yes] == [True] * len(yes)
    assert [param.accepts(v) for v in no] == [False] * len(no)


PARAMS = {"n": Int(5, low=1, high=9), "x": Float(0.5, low=0, high=1)}


def test_values_take_the_place_of_defaults():
    assert resolve(PARAMS, None) == {"n": 5, "x": 0.5}
    assert resolve(PARAMS, {"n": 9}) == {"n": 9, "x": 0.5}
    assert resolve({}, {}) == {}


@pytest.mark.parametrize(
    ("params", "values", "found"),
    [
        (PARAMS, {"k": 1}, "a value for 'k'; declared are: n, x"),
        ({}, {"k": 1}, "declared are: none"),
        (PARAMS, {"n": 10}, r"n = 10; the range is Int\(default=5, low=1, high=9\)"),
        (PARAMS, {"n": 5.0}, "n = 5.0"),
        (PARAMS, {"x": HUGE}, "x = a huge whole number"),
        ({"n": 5}, None, r"PARAMS\['n'\] is 5; declare Int"),
        ({"n": Int}, None, r"PARAMS\['n'\] is the type Int"),
        ({1: Bool(True)}, None, "PARAMS has the key 1"),
        ({"_n": Bool(True)}, None, "PARAMS has the key '_n'"),
        ({"a b": Bool(True)}, None, "PARAMS has the key 'a b'"),
        ({f"n{i}": Bool(True) for i in range(MAX_PARAMS + 1)}, None, "declares 33; declare at most 32"),
    ],
)  # fmt: skip
def test_what_cannot_be_resolved_says_what_is_declared(params, values, found):
    with pytest.raises(LanguageError, match=found) as caught:
        resolve(params, values)
    assert caught.value.rule == "parameter"


def test_p_gives_values_by_name():
    p = ParamValues({"n": 5, "flag": True})
    assert p.n == 5
    assert p.n // 2 == 2
    assert p.flag is True
    with pytest.raises(LanguageError, match=r"p.m is not declared in PARAMS; .* one of: n, flag"):
        _ = p.m
    with pytest.raises(LanguageError, match="none are declared"):
        _ = ParamValues({}).n


@pytest.mark.parametrize(
    "use",
    [lambda p: p["n"], lambda p: p + 1, list, len, bool, int, lambda p: p == 1, lambda p: p()],
)
def test_p_itself_is_no_value(use):
    with pytest.raises(LanguageError, match="uses p as a value; name a parameter"):
        use(ParamValues({"n": 5}))
