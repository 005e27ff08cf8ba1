"""The frozen contract: stored graphs and keys, to the letter."""

from __future__ import annotations

import json

import pytest

from genomes.language.dimension import NUMBER, PRICE, VOLUME, Dimension
from genomes.language.graph import Builder
from genomes.language.serial import deserialise, serialise
from genomes.language.table import OPERATORS, Arg, Kind
from genomes.strategies import texts
from tests.genomes.language.drawing import FIELDS, draw_text
from tests.genomes.language.freeze import FIXTURE
from tests.genomes.language.odd import ODD

FROZEN: dict[str, dict[str, str]] = json.loads(FIXTURE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", FROZEN)
def test_a_frozen_source_draws_its_graph_to_the_letter(name):
    graph = draw_text(FROZEN[name]["source"])
    assert serialise(graph) == FROZEN[name]["graph"]
    assert graph.key == FROZEN[name]["key"]


@pytest.mark.parametrize("name", FROZEN)
def test_a_frozen_graph_is_read_back_with_its_key(name):
    graph = deserialise(FROZEN[name]["graph"], FIELDS)
    assert graph.key == FROZEN[name]["key"]
    assert serialise(graph) == FROZEN[name]["graph"]


@pytest.mark.parametrize("name", OPERATORS)
def test_a_stored_call_is_its_name_its_arguments_and_its_plain_values(name):
    row = OPERATORS[name]
    builder = Builder({arg.name: of(arg) for arg in row.nodes})
    args = [builder.field(arg.name) for arg in row.nodes]
    for place, arg in enumerate(row.nodes):
        if arg.kind is Kind.MASK:
            args[place] = builder.apply("lt", (builder.const(0.25), args[place]))
    low = tuple(int(a.low) if a.kind is Kind.BARS else float(a.low) for a in row.statics)
    node = builder.apply(name, tuple(args), low)
    if row.result is Kind.MASK:
        node = builder.apply("as_number", (node,))
    still = builder.apply("clip_signal", (builder.const(0),))
    graph = builder.finish({"factor": node, "signal": still, "weight": still})
    stored = serialise(graph)
    lines = [line.split(" ") for line in stored.splitlines()]
    call = next(
        words for words in lines[1:] if words[0] == name and len(words[1:]) == len(row.args)
    )
    assert [float(word) for word in call[1 + len(row.nodes) :]] == list(low)
    assert deserialise(stored, {a.name: of(a) for a in row.nodes}).key == graph.key


def of(arg: Arg) -> Dimension:
    """A dimension that an argument takes."""
    return {"price": PRICE, "volume": VOLUME}.get(arg.dimension, NUMBER)


def test_seeds_and_odd_strategies_are_the_ones_frozen():
    assert {name: held["source"] for name, held in FROZEN.items()} == texts() | ODD


def test_keys_of_different_strategies_differ():
    assert len({held["key"] for held in FROZEN.values()}) == len(FROZEN)
