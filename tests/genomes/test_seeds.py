"""The seed strategies: readable, drawable on every market, and of different families."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import genomes.strategies
from genomes.language.serial import deserialise, serialise
from genomes.strategies import texts
from tests.genomes.language.drawing import FIELDS, draw_text, namespace_of

SEEDS = texts()
EVERYWHERE = {name: d for name, d in FIELDS.items() if name != "funding"}


def test_there_are_enough_seeds_sorted_by_name():
    assert len(SEEDS) >= 14
    assert list(SEEDS) == sorted(SEEDS)
    assert "time_series_momentum" in SEEDS
    assert "__init__" not in SEEDS


@pytest.mark.parametrize("name", SEEDS)
def test_a_seed_reads_well(name):
    tree = ast.parse(SEEDS[name])
    doc = ast.get_docstring(tree)
    assert doc is not None
    assert doc.count(". ") <= 1, "one or two sentences"
    assert len(SEEDS[name].splitlines()) <= 45
    declared = set(namespace_of(SEEDS[name])["PARAMS"])
    used = {
        n.attr
        for n in ast.walk(tree)
        if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id == "p"
    }
    assert used == declared


@pytest.mark.parametrize("name", SEEDS)
def test_a_seed_is_warm_within_a_year_and_in_time_at_its_widest(name):
    params = namespace_of(SEEDS[name])["PARAMS"]
    assert draw_text(SEEDS[name]).warm_up < 250
    assert draw_text(SEEDS[name], {k: v.high for k, v in params.items()}).warm_up < 400
    draw_text(SEEDS[name], {k: v.low for k, v in params.items()})


@pytest.mark.parametrize("name", SEEDS)
def test_a_seed_needs_only_fields_that_every_market_has(name):
    graph = serialise(draw_text(SEEDS[name]))
    deserialise(graph, EVERYWHERE)


def test_few_seeds_need_volume():
    assert sum("field volume" in serialise(draw_text(t)) for t in SEEDS.values()) <= 3


def test_the_layers_are_all_used_and_no_two_seeds_behave_alike():
    assert sum("def size" in t for t in SEEDS.values()) >= 4
    assert sum("def exits" in t for t in SEEDS.values()) >= 4
    assert sum("long - short" in t for t in SEEDS.values()) >= 3
    assert len({draw_text(t).key for t in SEEDS.values()}) == len(SEEDS)


def test_seeds_are_formatted():
    folder = Path(genomes.strategies.__file__).parent
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--check", "--line-length", "100", str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
