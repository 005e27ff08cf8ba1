"""What is said of a graph without data holds on data: no value leaves its interval."""

from __future__ import annotations

import random
from functools import cache

import numpy as np
import pytest

from genomes.language.analysis.intervals import intervals
from genomes.language.dimension import NUMBER, PRICE, VOLUME
from genomes.language.errors import LanguageError
from genomes.language.graph import Builder, Graph
from genomes.language.operators import OPERATORS
from genomes.language.table import Kind
from genomes.strategies import texts
from genomes.variation import OPERATORS as VARIATIONS
from genomes.variation import propose
from genomes.variation.sites import Setting, read
from sandbox.execute import Executor
from sandbox.market.panel import Panel
from tests.markets import make_panel

PRICES = dict.fromkeys(("open", "high", "low", "close"), PRICE)
FIELDS = PRICES | {"volume": VOLUME, "weekday": NUMBER, "month": NUMBER}
ROUNDING = 1e-9


def panel(seed: int) -> Panel:
    """Walks with gaps, jumps, constant stretches and bars without volume."""
    rng = np.random.default_rng(seed)
    bars = 260
    closes, opens, highs, lows, volumes, skip = {}, {}, {}, {}, {}, {}
    for name in ("A", "B", "C"):
        moves = rng.normal(0, 0.03, bars) * (rng.random(bars) < 0.8)
        moves[rng.random(bars) < 0.03] *= 15
        moves[50:90] *= name != "B"
        close = 50 * np.exp(np.cumsum(np.clip(moves, -1.5, 1.5)))
        opened = np.r_[close[:1], close[:-1]] * np.exp(rng.normal(0, 0.01, bars))
        closes[name], opens[name] = close, opened
        highs[name] = np.fmax(opened, close) * (1 + 0.02 * (rng.random(bars) < 0.7))
        lows[name] = np.fmin(opened, close) / (1 + 0.02 * (rng.random(bars) < 0.7))
        volumes[name] = rng.integers(0, 1000, bars) * (rng.random(bars) < 0.9)
        skip[name] = np.flatnonzero(rng.random(bars) < (0.2 if name == "C" else 0.01))
    return make_panel(closes, opens=opens, highs=highs, lows=lows, volumes=volumes, skip=skip)


@cache
def panels() -> tuple[tuple[Panel, Executor], ...]:
    made = [panel(seed) for seed in (1, 2)]
    return tuple((each, Executor(each)) for each in made)


def assert_inside(graph: Graph) -> int:
    """How many values were looked at."""
    bounds = intervals(graph)
    seen = 0
    for market, executor in panels():
        run = executor._run(0)
        for index, value in executor._values(graph, range(len(graph.nodes)), run).items():
            node, (low, high) = graph.nodes[index], bounds[index]
            known = value[value < 2] if node.kind is Kind.MASK else value[np.isfinite(value)]
            if len(known):
                slack = ROUNDING * max(1.0, float(np.abs(known).max()))
                assert low - slack <= known.min(), (node.op, node.args, low, known.min())
                assert known.max() <= high + slack, (node.op, node.args, high, known.max())
                seen += len(known)
        assert market.size
    return seen


@cache
def corpus() -> tuple[Graph, ...]:
    """Graphs of the seed strategies and of children of children."""
    setting = Setting(fields=FIELDS, max_window=120)
    rng = random.Random(5)
    pool = list(texts().values())
    found = [read(text, setting).graph for text in pool]
    for _ in range(6):
        for operator in VARIATIONS:
            child = propose(operator, [rng.choice(pool), rng.choice(pool)], rng, setting)
            pool.append(child.text)
            found.append(child.graph)
    return tuple(graph for graph in found if graph is not None)


def test_no_value_of_a_real_strategy_leaves_its_interval() -> None:
    graphs = corpus()
    assert len(graphs) > 100
    assert sum(map(assert_inside, graphs)) > 1_000_000


LEAVES = ("open", "high", "low", "close", "volume", "weekday")


def grown(rng: random.Random, nodes: int) -> Graph:
    """A graph of random operators on random arguments that fit."""
    builder = Builder(FIELDS)
    made = [builder.field(name) for name in LEAVES]
    made += [builder.const(rng.choice([-1.5, -0.5, 0.0, 0.25, 1.0, 3.0])) for _ in range(3)]
    names = sorted(OPERATORS)
    while len(made) < nodes + len(LEAVES) + 3:
        operator = OPERATORS[rng.choice(names)]
        args = [rng.choice(made) for _ in operator.nodes]
        statics = [
            rng.randint(2, 12) if arg.kind is Kind.BARS else rng.choice([0.25, 0.5, 1.0, 2.0])
            for arg in operator.statics
        ]
        try:
            made.append(builder.apply(operator.name, tuple(args), tuple(statics)))
        except LanguageError:  # kinds, dimensions or windows that do not fit
            continue
    return Graph(tuple(builder.nodes), {"weight": made[-1]})


@pytest.mark.parametrize("seed", range(60))
def test_no_value_of_a_random_graph_leaves_its_interval(seed: int) -> None:
    assert assert_inside(grown(random.Random(seed), 40)) > 0
