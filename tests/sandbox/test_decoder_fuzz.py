"""The decoder under fire: whatever comes, it is a graph to the letter or a GraphError."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genomes.language.errors import GraphError
from genomes.language.graph import MAX_NODES, OUTPUTS, Graph
from genomes.language.serial import MAX_BYTES, Reader, deserialise, serialise
from genomes.language.table import OPERATORS, Kind
from tests.benchmarks.fuzz_decoder_and_checker import Graphs
from tests.sandbox.jail.test_drawing import FIELDS

GRAPHS = Graphs()
WORDS = st.sampled_from(
    [*OPERATORS, "field", "const", "truth", "close", "volume", "0", "1", "2", "3", "-1", "0.5", "5",
     "20", "1e-300", "nan", "inf", "1.0", "-0.0", ">", *OUTPUTS, "finch-graph", "\n", "\n", "\n"]
)  # fmt: skip


EXPERIENCED = Reader(FIELDS)  # reads every text that any test here has


def decoded(text: str) -> Graph | None:
    """What the decoder says; that it says nothing else, whatever it read before, is the test."""
    try:
        graph = deserialise(text, FIELDS)
    except GraphError as error:
        assert str(error)
        with pytest.raises(GraphError) as again:
            EXPERIENCED.read(text)
        assert str(again.value) == str(error)
        return None
    assert serialise(graph) == text
    assert EXPERIENCED.read(text) == graph
    return graph


def is_sound(graph: Graph) -> bool:
    """Whether every node is one that the table can draw."""
    for index, node in enumerate(graph.nodes):
        row = OPERATORS.get(node.op)
        if row is None:
            if node.op not in ("field", "const", "truth") or node.args:
                return False
            continue
        kinds = [graph.nodes[i].kind for i in node.args]
        ranged = all(a.low <= s <= a.high for a, s in zip(row.statics, node.statics, strict=True))
        if not (
            kinds == [arg.kind for arg in row.nodes]
            and all(0 <= i < index for i in node.args)
            and ranged
            and node.kind in (Kind.SERIES, Kind.MASK)
        ):
            return False
    return len(graph.nodes) <= MAX_NODES and {"factor", "signal", "weight"} <= set(graph.outputs)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**64))
def test_a_mutated_graph_is_refused_or_sound(seed):
    graph = decoded(GRAPHS.make(random.Random(seed)))
    assert graph is None or is_sound(graph)


@settings(max_examples=300, deadline=None)
@given(st.lists(WORDS, max_size=80).map(" ".join), st.booleans())
def test_words_of_the_format_in_any_order_are_refused_or_sound(words, headed):
    text = words.replace(" \n ", "\n")
    graph = decoded(f"finch-graph 1\n{text}\n" if headed else text)
    assert graph is None or is_sound(graph)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_refused(text):
    assert decoded(text) is None


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(GRAPHS.seeds), st.integers(0, 10_000), st.integers(0, 127))
def test_a_graph_with_one_letter_changed_is_another_graph_or_none(text, at, letter):
    at %= len(text)
    changed = text[:at] + chr(letter) + text[at + 1 :]
    graph = decoded(changed)
    assert changed == text or graph is None or serialise(graph) != text


def longest_line(name: str) -> str:
    row = OPERATORS[name]
    number = "-1.2345678901234567e-300"
    words = [str(MAX_NODES - 1)] * len(row.nodes)
    words += [str(int(a.high)) if a.kind is Kind.BARS else number for a in row.statics]
    return " ".join([name, *words]) + "\n"


@pytest.mark.parametrize("op", ["mul {0} {0}", "div {0} {1}", "covariance {0} {0} 100000"])
def test_towers_and_huge_dimensions_are_refused_or_sound(op):
    lines = ["field close", *(op.format(i, max(0, i - 1)) for i in range(260))]
    text = "\n".join(["finch-graph 1", *lines, f"clip_signal {len(lines) - 1}", ""])
    assert decoded(text) is None


def test_the_largest_graph_that_can_be_drawn_can_be_sent():
    longest = max(len(longest_line(name)) for name in OPERATORS)
    assert MAX_NODES * longest + 500 <= MAX_BYTES
