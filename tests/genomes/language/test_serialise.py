"""Serialised graphs: one text for one graph, and nothing else is read."""

# ruff: noqa: E501 (one case a line)

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from genomes.language.errors import GraphError, LanguageError
from genomes.language.graph import MAX_DEPTH, MAX_NODES, OUTPUTS, Builder, Graph
from genomes.language.operators import OPERATORS
from genomes.language.serial import HEADER, MAX_BYTES, deserialise, serialise
from genomes.language.table import Kind
from tests.genomes.language.drawing import FIELDS, body, draw_text

DRAWN = draw_text(
    body(
        "m.close / sma(m.close, 20) - 1",
        "where(f > 0.02, quantile(f, 30, 0.5), -1)",
        "def exits(m, p): return Exits(stop_loss=0.05, max_held=m.hour + 1)",
    )
)
TEXT = serialise(DRAWN)


def random_graph(data: st.DataObject, steps: int) -> Graph:
    """A graph grown from the table: random calls, those that do not fit left out."""
    builder = Builder(FIELDS)
    for name in data.draw(st.lists(st.sampled_from(sorted(FIELDS)), min_size=2, max_size=6)):
        builder.field(name)
    builder.apply("lt", (builder.field("close"), builder.field("open")))
    builder.apply("div", (builder.field("close"), builder.field("open")))
    for _ in range(steps):
        row = OPERATORS[data.draw(st.sampled_from(sorted(OPERATORS)))]
        args: list[int] = []
        for arg in row.nodes:
            fitting = [i for i, n in enumerate(builder.nodes) if n.kind is arg.kind]
            args.append(data.draw(st.sampled_from(fitting)))
        statics: list[Any] = []
        for arg in row.statics:
            if arg.kind is Kind.BARS:
                statics.append(data.draw(st.integers(int(arg.low), int(arg.high))))
            else:
                statics.append(data.draw(st.floats(arg.low, arg.high)))
        try:
            builder.apply(row.name, tuple(args), tuple(statics))
            builder.const(data.draw(st.floats(-1e9, 1e9)))
        except LanguageError:
            continue
    series = [i for i, n in enumerate(builder.nodes) if n.kind is Kind.SERIES]
    plain = [
        i for i in series if builder.nodes[i].dimension is None or builder.nodes[i].dimension.is_plain
    ]  # fmt: skip
    signal = builder.apply("clip_signal", (data.draw(st.sampled_from(plain)),))
    outputs = {
        "factor": data.draw(st.sampled_from(series)),
        "signal": signal,
        "weight": data.draw(st.sampled_from([*plain, signal])),
    }
    moving = [i for i in plain if builder.nodes[i].op != "const"]
    for name in data.draw(st.sets(st.sampled_from(OUTPUTS[3:]))):
        outputs[name] = data.draw(st.sampled_from(moving))
    return builder.finish(outputs)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), st.integers(0, 25))
def test_any_graph_of_the_table_is_read_back(data, steps):
    graph = random_graph(data, steps)
    text = serialise(graph)
    again = deserialise(text, FIELDS)
    assert again == graph
    assert again.key == graph.key
    assert again.warm_up == graph.warm_up
    assert again.memory == graph.memory
    assert serialise(again) == text


def _read(text: str) -> Graph | None:
    try:
        return deserialise(text, FIELDS)
    except GraphError:
        return None


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), st.integers(0, 8))
def test_a_corrupted_text_is_refused_or_is_a_graph_to_the_letter(data, steps):
    text = serialise(random_graph(data, steps))
    at = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 2))
    other = data.draw(st.text(st.sampled_from("0123456789-+._ e\n>abnzA\r\té"), max_size=3))
    corrupted = text[:at] + other + text[at + length :]
    assume(corrupted != text)
    graph = _read(corrupted)
    assert graph is None or serialise(graph) == corrupted


def test_every_single_character_of_a_text_matters():
    for at in range(len(TEXT)):
        for other in ("", "0", "1", "9", "-", ".", " ", "\n", "x", "_", ">"):
            corrupted = TEXT[:at] + other + TEXT[at + 1 :]
            if corrupted == TEXT:
                continue
            graph = _read(corrupted)
            if graph is not None:
                assert serialise(graph) == corrupted
                assert graph != DRAWN


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_text_at_all_is_refused_in_a_graph_error(text):
    for whole in (text, f"{HEADER}\n{text}", f"{HEADER}\n{text}\n"):
        assert _read(whole) is None


def test_the_text_is_short_and_plain():
    graph = draw_text(body("m.close / sma(m.close, 20) - 1"))
    assert serialise(graph) == (
        "finch-graph 1\nfield close\nsma 0 20\ndiv 0 1\nconst 1.0\nsub 2 3\nconst 0.0\nlt 5 4\n"
        "as_number 6\nequal_weight 7\n> factor 4\n> signal 7\n> weight 8\n"
    )


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("finch-graph 1", "finch-graph 2", "does not begin with"),
        ("> weight 8\n", "> weight 8", "does not begin with"),
        ("> weight 8\n", "", "has no output named weight"),
        ("> signal 7\n", "", "has no output named signal"),
        ("> factor 4\n", "", "has no output named factor"),
        ("> signal 7", "> signal 4", "a signal that is not clipped"),
        ("> weight 8", "> weight 9", "line 13: '9' is not a node"),
        ("> weight 8", "> weight 0", "weight is a price; it must be a plain number"),
        ("> weight 8", "> weight 6", "weight is a Mask"),
        ("> weight 8", "> weight 08", "'08' is not a node"),
        ("> weight 8", "> weigth 8", "is not an output"),
        ("> weight 8\n", "> weight 8\n> weight 8\n", "is not an output"),
        ("> factor 4\n> signal 7", "> signal 7\n> factor 4", "not in canonical form"),
        ("field close", "field Close", "m.Close is not a field"),
        ("field close", "field close ", "is not a node"),
        ("field close", "field cl-se", "is not an operator with such words"),
        ("sma 0 20", "sma 0 20 20", "sma takes 2 words"),
        ("sma 0 20", "sma 0", "sma takes 2 words"),
        ("sma 0 20", "sma 0 0", r"n = 0; it needs 1 to 5000"),
        ("sma 0 20", "sma 0 5001", "it needs 1 to 5000"),
        ("sma 0 20", "sma 0 20.0", "'20.0' is not a whole number"),
        ("sma 0 20", "sma 0 020", "'020' is not a whole number"),
        ("sma 0 20", "sma 1 20", "'1' is not an earlier node"),
        ("sma 0 20", "smo 0 20", "is not an operator with such words"),
        ("const 1.0", "const 1", "is not a finite number in shortest form"),
        ("const 1.0", "const 1.00", "is not a finite number in shortest form"),
        ("const 1.0", "const nan", "is not a finite number"),
        ("const 1.0", "const inf", "is not a finite number"),
        ("const 1.0", "const 1e999", "is not a finite number"),
        ("const 0.0", "const -0.0", "not in canonical form"),
        ("const 1.0\n", "const 1.0\nconst 1.0\n", "line 6: is not in canonical form"),
        ("sub 2 3", "sub 0 3", "subtracts a price and a number"),
        ("lt 5 4", "and 5 4", "gets a Series for x"),
        ("lt 5 4", "truth 3", "is not an operator with such words"),
        ("as_number 6", "as_number 5", "gets a Series for mask"),
        ("\n> factor", "\n\n> factor", "is not a node"),
        ("> factor 4\n", "> factor 4\nconst 3.0\n", "is not a node"),
    ],
)
def test_a_broken_text_says_what_is_wrong(old, new, found):
    text = serialise(draw_text(body("m.close / sma(m.close, 20) - 1")))
    assert text.count(old) == 1
    with pytest.raises(GraphError, match=found):
        deserialise(text.replace(old, new), FIELDS)


def test_what_could_have_been_rewritten_is_not_canonical():
    text = serialise(draw_text(body("m.hour", "0 - f")))
    with pytest.raises(GraphError, match="not in canonical form"):
        deserialise(text.replace("sub 1 0", "neg 0"), FIELDS)
    double = (
        f"{HEADER}\nfield hour\nneg 0\nneg 1\nclip_signal 2\n> factor 2\n> signal 3\n> weight 3\n"
    )
    with pytest.raises(GraphError, match="line 4: is not in canonical form"):
        deserialise(double, FIELDS)


def test_commuted_operands_have_one_order():
    text = serialise(draw_text(body("m.hour + m.month", "sign(f)")))
    add = next(line for line in text.splitlines() if line.startswith("add"))
    _, one, other = add.split()
    with pytest.raises(GraphError, match="not in canonical form"):
        deserialise(text.replace(add, f"add {other} {one}"), FIELDS)


def test_a_constant_exit_out_of_its_range_is_refused_on_receipt():
    assert "const 0.05" in TEXT
    with pytest.raises(GraphError, match=r"Exits has stop_loss = 5.0"):
        deserialise(TEXT.replace("const 0.05", "const 5.0"), FIELDS)


def test_a_field_of_another_market_is_refused():
    text = serialise(draw_text(body("m.funding", "sign(f)")))
    with pytest.raises(GraphError, match=r"m.funding is not a field of this market"):
        deserialise(text, {n: d for n, d in FIELDS.items() if n != "funding"})


def test_fields_with_capitals_travel():
    fields = FIELDS | {"openInterest": FIELDS["volume"]}
    builder = Builder(fields)
    node = builder.apply("sign", (builder.field("openInterest"),))
    graph = builder.finish({"factor": node, "signal": node, "weight": node})
    assert deserialise(serialise(graph), fields) == graph


def test_a_text_too_long_or_not_ascii_is_not_even_read():
    with pytest.raises(GraphError, match=f"at most {MAX_BYTES}"):
        deserialise(f"{HEADER}\n" + "x" * MAX_BYTES, FIELDS)
    with pytest.raises(GraphError, match="ASCII"):
        deserialise(TEXT.replace("close", "clóse"), FIELDS)


def test_a_graph_has_at_most_so_many_nodes():
    many = body(f"sum([m.close.shift(i) for i in range(1, {MAX_NODES})]) / m.close")
    with pytest.raises(LanguageError, match=f"draws more than {MAX_NODES} values") as caught:
        draw_text(many)
    assert caught.value.rule == "too_large"
    few = body("m.close / sma(m.close, 20) - 1")
    assert len(draw_text(few, max_nodes=9).nodes) == 9
    with pytest.raises(LanguageError, match="draws more than 8 values"):
        draw_text(few, max_nodes=8)
    with pytest.raises(GraphError, match="draws more than 8 values"):
        deserialise(serialise(draw_text(few)), FIELDS, max_nodes=8)


def test_a_graph_is_at_most_so_deep():
    def deep(n: int) -> str:
        return body(f"nest(m, {n})", "sign(f)", "def nest(m, n):", " x = m.close",
                    " for i in range(n): x = x.shift(1)", " return x")  # fmt: skip

    assert max(n.depth for n in draw_text(deep(MAX_DEPTH - 2)).nodes) == MAX_DEPTH
    with pytest.raises(LanguageError, match=f"nests {MAX_DEPTH + 1} operators") as caught:
        draw_text(deep(MAX_DEPTH + 1))
    assert caught.value.rule == "too_deep"


# -- lines that were read before -------------------------------------------------------------------


def test_a_line_that_was_read_before_is_held_against_its_new_graph():
    assert deserialise(TEXT, FIELDS) == DRAWN
    assert deserialise(TEXT, FIELDS) == DRAWN
    lines = TEXT.splitlines()
    with pytest.raises(GraphError, match=r"m\.close is not a field"):
        deserialise(TEXT, {"hour": FIELDS["hour"]})
    late = next(i for i, line in enumerate(lines) if line.startswith("sma "))
    early = "\n".join([lines[0], *lines[late : late + 1], *lines[1:]]) + "\n"
    with pytest.raises(GraphError, match=r"line 2: .* is not an earlier node"):
        deserialise(early, FIELDS)
    with pytest.raises(GraphError, match="not in canonical form"):
        deserialise("\n".join([*lines[:2], *lines[1:]]) + "\n", FIELDS)


@pytest.mark.parametrize(
    "line",
    [
        "const 1",
        "const -0.0",
        "const 1e400",
        "field 9",
        "truth 3",
        "truth 01",
        "const",
        "field a b",
    ],
)
def test_a_leaf_that_is_not_to_the_letter_is_refused_however_often_it_is_read(line):
    said: set[str] = set()
    for _ in range(2):
        with pytest.raises(GraphError) as refused:
            deserialise(TEXT.replace("\n", f"\n{line}\n", 1), FIELDS)
        said.add(str(refused.value))
    assert len(said) == 1


@pytest.mark.parametrize("line", ["div 0", "sma 0", "sma 0 20 20", "field close open"])
def test_a_line_of_too_few_words_or_too_many_is_refused_for_their_number(line):
    with pytest.raises(GraphError, match=r"takes [0-9] words|with such words"):
        deserialise(f"{HEADER}\nfield close\n{line}\n", FIELDS)
