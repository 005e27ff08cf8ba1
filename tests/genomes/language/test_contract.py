"""The frozen contract: stored graphs and keys, to the letter."""

from __future__ import annotations

import json

import pytest

from genomes.language.serial import deserialise, serialise
from genomes.language.table import OPERATORS
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


def test_the_fixture_uses_every_operator():
    lines = [line for held in FROZEN.values() for line in held["graph"].splitlines()]
    assert set(OPERATORS) - {line.split(" ")[0] for line in lines} == set()


def test_seeds_and_odd_strategies_are_the_ones_frozen():
    assert {name: held["source"] for name, held in FROZEN.items()} == texts() | ODD


def test_keys_of_different_strategies_differ():
    assert len({held["key"] for held in FROZEN.values()}) == len(FROZEN)
