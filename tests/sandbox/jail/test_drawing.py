"""Drawing a stranger's text in this process: what it gives, what it refuses, never an exception."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sandbox.jail
from genomes.language.dimension import NUMBER, PRICE, VOLUME
from genomes.language.graph import Graph
from genomes.language.serial import deserialise, serialise
from genomes.records.refusal import Refusal
from genomes.strategies import texts
from sandbox.jail import drawing, preparing
from sandbox.jail.caps import Caps
from sandbox.jail.drawing import draw_text, prepare
from sandbox.jail.preparing import forget
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
    return draw_text(text, values, FIELDS, Caps(**caps))


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


def test_values_stand_in_for_defaults_and_one_compile_serves_them_all():
    text = strategy("return ema(m.close, p.n) / m.close")
    forget()
    keys = {graph_of(text, {"n": n}).key for n in (5, 6, 7)}
    assert len(keys) == 3
    assert prepare.cache_info().misses == 1
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


def test_errors_are_escaped_and_short():
    found = refusal_of(strategy(f"x = {{'a': 1}}\nreturn x['\\x1b[31m{'a' * 150}']"))
    assert found.rule == "error"
    assert found.found.isascii()
    assert found.found.isprintable()
    assert len(found.found) <= 220


def test_memory_that_runs_out_is_a_refusal(monkeypatch):
    def out_of_memory(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(drawing, "draw", out_of_memory)
    assert refusal_of(strategy("return 1")).rule == "memory"


def test_restrictedpython_is_asked_even_if_the_checker_had_a_gap(monkeypatch):
    real = preparing.check

    def forgetful(text: str):
        return real(text) if "_builder" not in text else checked_by_nobody(text)

    def checked_by_nobody(text: str):
        import ast

        from genomes.check import Checked

        return Checked(text=text, tree=ast.parse(text), params={})

    monkeypatch.setattr(preparing, "check", forgetful)
    found = refusal_of("def factor(m, p):\n    return m._builder\n")
    assert (found.rule, found.line) == ("policy", 2)


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
def test_the_guards_hold_without_the_checker(expression, monkeypatch):
    import ast

    from genomes.check import Checked

    forget()
    monkeypatch.setattr(
        preparing, "check", lambda text: Checked(text=text, tree=ast.parse(text), params={})
    )
    found = drawn(f"def factor(m, p):\n    return {expression}\ndef signal(f, m, p): return f\n")
    forget()
    assert isinstance(found, tuple), "drawn"
    assert found[0].line == 2


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("while True:\n        pass\n    return 1", "While"),
        ("x = f'{m}'\n    return m.close", "JoinedStr"),
        ("return {f'{m}': m for m in (1, 2)}", "JoinedStr"),
        ("for x in f'{1:999999999}': pass\n    return 1", "JoinedStr"),
    ],
)
def test_what_no_guard_could_count_is_denied_without_the_checker(body, kind, monkeypatch):
    import ast

    from genomes.check import Checked

    forget()
    monkeypatch.setattr(
        preparing, "check", lambda text: Checked(text=text, tree=ast.parse(text), params={})
    )
    found = refusal_of(f"def factor(m, p):\n    {body}\ndef signal(f, m, p): return f\n")
    forget()
    assert (found.rule, found.line) == ("policy", 2)
    assert f"{kind} statements are not allowed" in found.found


@pytest.mark.parametrize(
    ("body", "line", "column", "words"),
    [
        ("return ema(x=m.close, x=m.close)", 5, 27, "keyword argument repeated: x"),
        ("y = m.close\nbreak\nreturn y", 6, 5, "'break' outside loop"),
    ],
)
def test_what_parses_and_does_not_compile_is_refused_at_its_place(body, line, column, words):
    found = refusal_of(strategy(body))
    assert (found.rule, found.line, found.column) == ("syntax", line, column), found
    assert words in found.found


def test_imports_fail_without_the_checker(monkeypatch):
    import ast

    from genomes.check import Checked

    forget()
    monkeypatch.setattr(
        preparing, "check", lambda text: Checked(text=text, tree=ast.parse(text), params={})
    )
    text = "def factor(m, p):\n    import os\n    return os\ndef signal(f, m, p): return f\n"
    found = drawn(text)
    forget()
    assert isinstance(found, tuple)
    assert "ImportError" in found[0].found


def test_every_rule_of_the_guards_is_reached_by_a_case():
    folder = Path(sandbox.jail.__file__).parent
    source = "".join(path.read_text() for path in folder.glob("*.py"))
    rules = set(re.findall(r"LanguageError\(\s*\"([a-z_]+)\"", source))
    rules |= set(re.findall(r"_refusal\(\s*\"([a-z_]+)\"", source))
    reached = {case.rule for case in DRAWN} | {"memory", "syntax"}
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
    forget()
    again = drawn(text)
    if isinstance(once, Graph):
        assert isinstance(again, Graph)
        assert serialise(once) == serialise(again)
    else:
        assert once == again
