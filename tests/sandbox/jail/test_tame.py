"""Tame code: what may share a process, what may not, and that sharing changes no answer."""

from __future__ import annotations

from types import CodeType

import pytest

from genomes.records.outcome import Refused
from genomes.strategies import texts
from sandbox.jail import life, warm
from sandbox.jail.caps import Caps
from sandbox.jail.client import Drawn, Jail
from sandbox.jail.guards import GLOBALS, Guards
from sandbox.jail.prepared import FILENAME, Prepared
from sandbox.jail.preparing import prepare
from sandbox.jail.tame import codes_in, is_tame
from tests.genomes.refused import strategy
from tests.genomes.test_check import EXAMPLE, RICH
from tests.sandbox.jail.test_drawing import FIELDS, SLOW, drawn, graph_of


def tame(source: str) -> bool:
    codes = codes_in(compile(source, FILENAME, "exec"))
    own = {each.co_name for each in codes[0].co_consts if isinstance(each, CodeType)}
    return is_tame(codes, GLOBALS, own)


@pytest.mark.parametrize("text", [EXAMPLE, RICH, *texts().values()])
def test_benign_strategies_are_tame(text):
    prepared = prepare(text)
    assert isinstance(prepared, Prepared)
    assert prepared.tame


def test_whatever_the_checker_lets_through_is_tame_or_is_drawn_alike_alone():
    bodies = ["x = p.n is None\nreturn m.close * x", "return m.close if None is not None else 1"]
    with Jail(FIELDS) as jail:
        for body in bodies:
            prepared = prepare(strategy(body))
            assert isinstance(prepared, Prepared)
            found = jail.draw(strategy(body))
            assert isinstance(found, Drawn | Refused)
            assert isinstance(found, Refused) or found.graph == graph_of(strategy(body))
    first = prepare(strategy(bodies[0]))
    assert isinstance(first, Prepared)
    assert not first.tame


def test_the_text_that_warms_a_zygote_up_is_drawn_in_shared_company():
    market = life.Market(fields=warm.FIELDS, caps=Caps())
    found = life.answer_if_tame({"text": warm.TEXT, "values": None}, market)
    assert isinstance(found, dict)
    assert found.keys() == {"graph"}


MARKET = life.Market(fields=FIELDS, caps=Caps())


@pytest.mark.parametrize(
    ("body", "shared"),
    [
        ("return m.close", True),
        ("return m.volume + m.close", True),  # refused, by a rule of the language
        ("x = p.n is None\nreturn m.close", False),  # not tame
        ("return {'a': 1}['b']", False),  # fails in a way that may depend on the process
    ],
)
def test_a_shared_process_answers_for_what_depends_on_the_text_alone(body, shared):
    request = {"text": strategy(body), "values": None}
    found = life.answer_if_tame(request, MARKET)
    assert found == (life.answer(request, MARKET) if shared else prepare(request["text"]))


def test_what_could_grow_without_bound_is_tame_and_refused_by_fuel():
    for body in SLOW:
        prepared = prepare(strategy(body))
        assert isinstance(prepared, tuple) or prepared.tame, body


@pytest.mark.parametrize(
    "body",
    [
        "x.y", "x.y = 1", "del x.y", "x.y()", "import os", "from os import path",
        "global z; z = 1", "del x", "x is y", "x + y", "x += y", "x[0]", "-x", "~x", "f'{x}'",
        "{1, 2}", "{x for x in y}", "print(x)", "open", "__builtins__", "lambda: open(1)",
        "[z.a for z in x]", "try: x\n except Exception: pass", "with x: pass", "class A: pass",
        "raise x", "assert x", "yield from x", "x @ y", "del x[0]", "f(*x)", "f(**x)",
        "async def g(): pass", "nonlocal_ = ema.mro",
    ],
)  # fmt: skip
def test_code_that_reaches_further_is_not_tame(body):
    assert not tame(f"def factor(x, y):\n {body}")
    assert not tame(f"def helper(x):\n return 1\ndef factor(x, y):\n {body}")


def test_plain_calls_and_loops_are_tame():
    assert tame(
        "def helper(x):\n return (x, [1], {'a': x})\n"
        "def factor(m, p):\n"
        " for i in _getiter_(range(3)):\n"
        "  if not i and ema(m, n=i) in (1, 2): a = helper(i)\n"
        " return [_binary_('+', i, 1) for i in _getiter_(range(2))]\n"
    )


def test_code_that_takes_the_name_of_a_guard_is_not_tame():
    assert not tame("def _binary_(op, x, y):\n return x")
    assert not tame("def ema(x):\n return x")


def test_the_names_it_may_load_are_those_it_is_given():
    everything = Guards(1, 1).namespace(GLOBALS)
    assert everything.keys() - GLOBALS == {"__builtins__", "__name__"}
    assert everything.keys() >= GLOBALS
    assert {"ema", "sum"} <= everything.keys() - Guards(1, 1).namespace({"lag"}).keys()


def test_a_stream_draws_each_text_as_a_fresh_process_does():
    bodies = [*SLOW, "return m.close", "return {'a': 1}['b']", "return 1 / 0", "return zscore(m)"]
    everything = [EXAMPLE, RICH, *texts().values(), *map(strategy, bodies)]
    with Jail(FIELDS) as jail:
        once = jail.draw_many(everything)
        again = jail.draw_many(reversed(everything))
        assert once == again[::-1]
    for text, found in zip(everything, once, strict=True):
        here = drawn(text)
        if isinstance(here, tuple):
            assert found == Refused(refusals=here)
        else:
            assert isinstance(found, Drawn)
            assert found.graph == here
