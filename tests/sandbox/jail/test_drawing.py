"""Reading an untrusted text in this process: what it gives, what it refuses, never an exception."""

from __future__ import annotations

import ast
import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import genomes.interpreter
from genomes.check import Checked, check
from genomes.interpreter import Caps, read, read_checked, read_text
from genomes.language.dimension import NUMBER, PRICE, VOLUME
from genomes.language.graph import Graph
from genomes.language.serial import deserialise, serialise
from genomes.records.refusal import Refusal
from genomes.strategies import texts
from tests.genomes.refused import DRAWN, Case, headed, strategy
from tests.genomes.test_check import EXAMPLE, RICH, WORDS_OF_PYTHON

FIELDS = {
    **dict.fromkeys(("open", "high", "low", "close"), PRICE),
    "volume": VOLUME,
    **dict.fromkeys(
        ("funding", "hour", "weekday", "month", "minute_of_day", "bars_from_open"), NUMBER
    ),
    "days_to_month_end": NUMBER,
}


def drawn(text: str, values=None, **caps: int) -> Graph | tuple[Refusal, ...]:
    return read_text(text, values, FIELDS, Caps(**caps))


def graph_of(text: str, values=None) -> Graph:
    found = drawn(text, values)
    assert isinstance(found, Graph), found
    return found


def refusal_of(text: str, values=None, **caps: int) -> Refusal:
    found = drawn(text, values, **caps)
    assert isinstance(found, tuple), "drawn"
    assert len(found) == 1
    return found[0]


def name_of(case: Case) -> str:
    return f"{case.rule}-{case.text[60:-40]!r}"


@pytest.mark.parametrize("case", DRAWN, ids=name_of)
def test_a_rule_broken_on_values_is_named_with_its_place(case):
    found = refusal_of(case.text)
    assert (found.rule, found.line, found.column) == (case.rule, case.line, case.column), found
    assert case.instead in found.instead


@pytest.mark.parametrize("text", [EXAMPLE, RICH, *texts().values()])
def test_benign_strategies_draw(text):
    graph = graph_of(text)
    assert serialise(deserialise(serialise(graph), FIELDS)) == serialise(graph)


def test_the_guards_leave_the_meaning_as_it_is():
    plain = strategy("return ema(m.close, 3) / m.close - 1 + 2 * 3 - p.n // 3 % 4 + 2 ** 3")
    same = strategy("return ema(m.close, 3) / m.close - 1 + 6 - 2 + 8")
    assert graph_of(plain).key == graph_of(same).key


@pytest.mark.parametrize(
    ("expression", "number"),
    [
        ("sum([1, 2, 3]) + sum(x for x in (1, 2)) + sum([], 4)", 13),
        ("max(1, 2) + min([3, 4]) + max(x for x in range(4))", 8),
        ("len([1, 2]) + len(range(3)) + int(2.7) + round(2.6)", 10),
        ("round(0.123, 2) + float(3) + abs(-2)", 5.12),
        ("sorted((3, 1, 2))[0] + sorted([1, 2], reverse=True)[0]", 3),
        ("[b for a, b in zip((1, 2), (3, 4))][1]", 4),
        ("[i * x for i, x in enumerate((5, 6), 1)][1]", 12),
        ("dict(a=2)['a'] + dict([('b', 1)], c=2)['b'] + dict({'d': 3})['d']", 6),
        ("list((1, 2))[1] + tuple([1, 2])[0] + (1, 2, 3)[0:2][1]", 5),
        ("(any((0, 1)) + all([1, 1]) + bool(2)) * 1", 3),
        ("{k: v for k, v in (('a', 1), ('b', 2))}['b']", 2),
        ("2 if 1 < p.n <= 60 and not p.n in (1, 2) else 3", 2),
        ("~1 + -p.n + +p.n", -2),
        ("(1, 2)[-1] + ([1] * 3 + [2])[3] + 7 % 4 + 7 // 2", 10),
    ],
)
def test_plain_python_means_what_it_means(expression, number):
    graph = graph_of(strategy(f"return {expression}"))
    node = graph.nodes[graph.outputs["factor"]]
    assert (node.op, node.statics[0]) == ("const", pytest.approx(number))


def test_names_need_no_import():
    imported = "from genomes.language import ema\n" + headed("")
    assert graph_of(headed("")).key == graph_of(imported).key


def test_values_stand_in_for_defaults_and_one_check_serves_them_all():
    text = strategy("return ema(m.close, p.n) / m.close")
    checked = check(text)
    assert isinstance(checked, Checked)
    for n in (5, 6, 7, 20, 5):
        assert read_checked(checked, {"n": n}, FIELDS, Caps()) == graph_of(text, {"n": n})
    assert len({graph_of(text, {"n": n}).key for n in (5, 6, 7)}) == 3
    assert graph_of(text, {"n": 20}).key == graph_of(text).key


@pytest.mark.parametrize("values", [{"n": 3}, {"n": 2.5}, {"n": True}, {"window": 20}, {"n": "a"}])
def test_values_outside_the_declared_ranges_are_refused(values):
    assert refusal_of(strategy("return m.close"), values).rule == "parameter"


def test_a_layer_that_returns_the_wrong_thing_is_named_at_its_first_line():
    found = refusal_of(headed("").replace("return f\n", "return m.close\n"))
    assert (found.rule, found.line, found.column) == ("dimension", 6, 1)


def test_helpers_that_call_helpers_twice_run_out_of_fuel():
    helpers = "def f0(x): return x\n" + "".join(
        f"def f{i}(x): return f{i - 1}(x) and f{i - 1}(x)\n" for i in range(1, 36)
    )
    text = headed(helpers).replace("return f\n", "return f35(1)\n")
    assert refusal_of(text).rule == "fuel"


def test_fuel_is_a_cap_of_the_caller():
    text = strategy("x = 0\nfor i in range(100):\n    x = x + i\nreturn x")
    assert isinstance(drawn(text), Graph)
    assert refusal_of(text, fuel=150).rule == "fuel"


def test_a_long_text_burns_more_fuel_a_turn():
    loop = "for i in range(2000):\n    y = 1\n"
    assert isinstance(drawn(strategy(f"{loop}return 1")), Graph)
    padded = "\n".join(f"x{i} = (p, p, p, p, p)" for i in range(300))
    assert refusal_of(strategy(f"{padded}\n{loop}return 1")).rule == "fuel"


def test_nodes_are_a_cap_of_the_caller():
    text = strategy("return ema(m.close, 3) / ema(m.close, 4)")
    assert refusal_of(text, max_nodes=3).rule == "too_large"


SLOW = [
    "a = (1,)\nb = (1,)\nfor i in range(40):\n    a = (a, a)\n    b = (b, b)\nreturn a == b",
    "a = (1,)\nfor i in range(40):\n    a = (a, a)\nx = {}\nx[a] = 1\nreturn 1",
    "a = (1,)\nfor i in range(40):\n    a = (a, a)\nreturn sorted([a, a])",
    "a = (1,)\nfor i in range(40):\n    a = (a, a)\nreturn max(a)",
    "a = (1,)\nfor i in range(40):\n    a = (a, a)\nreturn sum(a)",
    "a = [1]\nfor i in range(40):\n    a = [a, a]\nreturn m.close.shift(a)",
    "a = [1]\nfor i in range(40):\n    a = [a, a]\nreturn a",
    "a = [1]\nfor i in range(40):\n    a = [a, a]\nreturn m.close ** a",
    "a = [1]\nfor i in range(40):\n    a = [a, a]\nreturn m.close + a",
    "a = [1]\nfor i in range(40):\n    a = [a, a]\nreturn Exits(a)",
    "a = (1,)\nfor i in range(40):\n    a = (a, a)\nreturn {'b': 1}[a]",
    "a = (1,)\nfor i in range(40):\n    a = (a, a)\nreturn a in (a, 1)",
    "x = 2\nfor i in range(300):\n    x *= x\nreturn x",
    "x = 2.0\nfor i in range(3000):\n    x *= x\nreturn x",
    "x = [1]\nfor i in range(3000):\n    x += x\nreturn x",
    "x = ['a' * 3]\nreturn x",
    "return round(p.n, -1000000000)",
    "return int(1000000000.0 ** 4 ** 2)",
    "return range(10 ** 4 * 10 ** 4 * 10 ** 4)",
    "return [0] * -1 + [1] * 1000000000",
    "return list(zip(range(9999), range(9999), range(9999)))",
    "return [(i, j) for i in range(9999) for j in range(9999)]",
    "x = [1]\nx[0] = x\nreturn x == x",
    "x = [1]\nx[0] = x\nreturn max(x)",
    "return '%1000000000d' % 1",
    "x = '%s'\nx %= 1\nreturn x",
]


@pytest.mark.parametrize("body", SLOW)
def test_what_could_grow_without_bound_is_refused(body):
    found = refusal_of(strategy(body))
    assert found.line >= 4
    assert found.rule != "memory"
    assert len(found.found) <= 300


MANY_LOCALS = "\n".join(
    "=".join(f"a{i:x}" for i in range(k, k + 70)) + "=p" for k in range(0, 1100, 70)
)
COPIES = {  # what copies much at each turn
    "a dict": ("d = {i: i for i in range(4700)}", ["dict(d)"] * 20),
    "a list": ("d = [p] * 9999", ["d[1:]"] * 20),
    "all locals, for a comprehension": (MANY_LOCALS, ["[p for x in ()]"] * 20),
}


@pytest.mark.parametrize("name", COPIES)
def test_what_is_copied_burns_fuel(name):
    first, copies = COPIES[name]
    body = f"{first}\nfor i in range(9999):\n    y = {', '.join(copies)}\nreturn 1"
    found = refusal_of(strategy(body))
    assert found.rule == "fuel"
    one = strategy(f"{first}\ny = ({copies[0]})\nreturn 1")
    assert isinstance(drawn(one, fuel=11_000), Graph)
    began = time.process_time()
    drawn(strategy(body))
    assert time.process_time() - began < 1.0


WALKED = {  # what is no whole number is looked for in a range item by item, an Exits slowest
    "a float": "5.5",
    "nothing": "None",
    "a tuple": "()",
    "exits": "Exits(0.1)",
}


@pytest.mark.parametrize("name", WALKED)
def test_looking_for_something_in_a_range_burns_fuel(name):
    tests = "\n".join(["    y = x in r"] * 60)
    body = f"r = range(9999)\nx = {WALKED[name]}\nfor i in range(9999):\n{tests}\nreturn 1"
    began = time.process_time()
    assert refusal_of(strategy(body)).rule == "fuel"
    assert time.process_time() - began < 1.0
    few = strategy("y = [n for n in range(100) if n in range(8) or n in range(2, 9)]\nreturn 1")
    assert isinstance(drawn(few), Graph)


def test_errors_are_escaped_and_short():
    found = refusal_of(strategy(f"x = {{'a': 1}}\nreturn x['\\xe9{'a' * 150}']"))
    assert found.rule == "error"
    assert found.found.isascii()
    assert found.found.isprintable()
    assert len(found.found) <= 220


def test_memory_that_runs_out_is_a_refusal(monkeypatch):
    def out_of_memory(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(read, "draw", out_of_memory)
    assert refusal_of(strategy("return 1")).rule == "memory"


def unchecked(text: str) -> Graph | tuple[Refusal, ...]:
    """What the interpreter alone says of a text, as if the checker had passed anything."""
    return read_checked(Checked(text=text, tree=ast.parse(text), params={}), None, FIELDS, Caps())


# With the checker gone, the guards alone must hold.
ESCAPES = [
    "m.close.refuse",
    "m.close.rolling(3).mean.gi_frame",
    "ema.func_globals",
    "where.mro",
    "().count",
    "'{0.a}'.format(m)",
    "'a'.join",
    "p.items",
    "[].append",
    "{}.keys",
    "(x for x in (1, 2)).gi_code",
    "m.close.T",
    "[1, 2]['a']",
    "'abc'[0]",
    "open('/etc/passwd')",
    "len.a",
    "getattr(m, 'close')",
    "f'{m}'.a",
    "[x for x in 'abc']",
    "ema(m.close, lambda: 1)",
]


@pytest.mark.parametrize("expression", ESCAPES)
def test_the_guards_hold_without_the_checker(expression):
    found = unchecked(
        f"def factor(m, p):\n    return {expression}\ndef signal(f, m, p): return f\n"
    )
    assert isinstance(found, tuple), "drawn"


UNKNOWN = [
    "while True:\n        pass\n    return 1",
    "x = f'{m}'\n    return m.close",
    "return {f'{m}': m for m in (1, 2)}",
    "for x in f'{1:999999999}': pass\n    return 1",
    "import os\n    return os",
    "class A: pass\n    return 1",
    "try:\n        return 1\n    except Exception: pass",
    "with m: return 1",
    "global x\n    return 1",
    "def f(): return 1\n    return f()",
    "return (lambda: 1)()",
    "return (yield 1)",
    "return (x := 1)",
    "return ema(*m)",
    "return ema(**p)",
    "return {1, 2}",
    "del m\n    return 1",
    "raise m",
    "m.close = 1\n    return 1",
    "*a, b = (1, 2)\n    return 1",
    "return m.close @ m.open",
    "x = 1\n    x <<= 100000000\n    return x",
    "return 1 << 100000000",
]


@pytest.mark.parametrize("body", UNKNOWN)
def test_what_the_walk_does_not_know_is_an_error_without_the_checker(body):
    found = unchecked(f"def factor(m, p):\n    {body}\ndef signal(f, m, p): return f\n")
    assert isinstance(found, tuple), "drawn"
    assert found[0].rule in ("error", "attribute", "arguments")


@pytest.mark.parametrize(
    ("body", "line", "column", "words"),
    [
        ("return ema(x=m.close, x=m.close)", 5, 27, "gives the argument x twice"),
        ("y = m.close\nbreak\nreturn y", 6, 5, "break outside of a loop"),
        ("for i in (1,):\n    pass\nelse:\n    continue\nreturn 1", 8, 9, "continue outside"),
    ],
)
def test_what_parses_and_does_not_compile_is_refused_at_its_place(body, line, column, words):
    found = refusal_of(strategy(body))
    assert (found.rule, found.line, found.column) == ("syntax", line, column), found
    assert words in found.found


HELPER = "def trend(x, n=3): return x / ema(x, n)\n"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("trend(m.close, 3, 4)", "trend() gets 3 arguments"),
        ("trend()", "trend() gets no x"),
        ("trend(m.close, k=3)", "trend() gets an argument k"),
        ("trend(m.close, x=3)", "trend() gets x twice"),
    ],
)
def test_a_helper_called_wrongly_says_how_it_is_defined(call, words):
    found = refusal_of(headed(HELPER).replace("return f\n", f"return {call}\n"))
    assert (found.rule, found.found) == ("arguments", words)
    assert found.instead == "it is defined as trend(x, n)"


@pytest.mark.parametrize(
    ("body", "number"),
    [
        ("x = 5\ny = [x for x in (1, 2)]\nreturn x", 5),
        ("t = 0\nfor i in range(5):\n    if i == 2:\n        continue\n    t = t + i\nreturn t", 8),
        ("for i in range(5):\n    if i == 3:\n        break\nelse:\n    return 9\nreturn i", 3),
        ("for i in range(2):\n    pass\nelse:\n    return 9\nreturn i", 9),
        ("return 1 if 3 < 2 < 1 / 0 else 4", 4),
        ("return 0 or 3 and 7", 7),
        ("return any(x / (x - 2) > 0 for x in (3, 2)) * 2", 2),
        (
            "d = {}\nfor k, (a, b) in ((1, (3, 4)), (2, (5, 6))):\n    d[k] = a * b\nreturn d[2]",
            30,
        ),
        ("x = [0, 0]\nx[0], x[1] = 1, 2\nreturn x[0] + x[1] * 10", 21),
        ("return [y for x in ((1, 2), (3,)) for y in x if y > 1][1]", 3),
        ("x = 2\nx **= 3\nx -= 1\nreturn x", 7),
    ],
)
def test_statements_mean_what_they_mean_in_python(body, number):
    graph = graph_of(strategy(body))
    node = graph.nodes[graph.outputs["factor"]]
    assert (node.op, node.statics[0]) == ("const", pytest.approx(number))


def test_a_value_that_was_never_set_is_an_error_at_its_place():
    for body in ("if p.n > 30:\n    q = 1\nreturn q", "y = (1,)\nq = [q for q in y]\nreturn x"):
        found = drawn(strategy(body))
        assert isinstance(found, tuple)
    found = refusal_of(strategy("if p.n > 30:\n    q = 1\nreturn q"))
    assert (found.rule, found.line, found.column) == ("error", 7, 12)
    inner = refusal_of(strategy("y = (1,)\nreturn [y for x in (1,) for y in y][0]"))
    assert (inner.rule, inner.line) == ("error", 6)


def tower(helpers: int, signs: int) -> str:
    """Helpers that call one another, each in an expression of some depth."""
    deep = "- " * signs
    below = "".join(f"def f{i}(x): return {deep}f{i - 1}(x)\n" for i in range(1, helpers))
    return headed(f"def f0(x): return x\n{below}").replace(
        "return f\n", f"return f{helpers - 1}(1)\n"
    )


def test_depth_is_bounded_by_the_text_and_not_by_pythons_stack():
    assert isinstance(drawn(tower(38, 2)), Graph)
    deep = tower(38, 50)

    def below(frames: int) -> object:
        return below(frames - 1) if frames else drawn(deep)

    found = refusal_of(deep)
    assert found.rule == "too_deep"
    assert below(600) == (found,)


def test_every_rule_of_the_guards_is_reached_by_a_case():
    folder = Path(genomes.interpreter.__file__).parent
    source = "".join(path.read_text() for path in folder.glob("*.py"))
    rules = set(re.findall(r"LanguageError\(\s*\"([a-z_]+)\"", source))
    reached = {case.rule for case in DRAWN} | {"too_deep"}
    assert len(rules) > 8
    assert rules <= reached


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_mutated_strategy_is_drawn_or_refused_and_twice_alike(data):
    text = data.draw(st.sampled_from([EXAMPLE, RICH]))
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 12)))
        text = text[:start] + data.draw(WORDS_OF_PYTHON) + text[end:]
    once = drawn(text)
    again = drawn(text)
    if isinstance(once, Graph):
        assert isinstance(again, Graph)
        assert serialise(once) == serialise(again)
    else:
        assert once == again
