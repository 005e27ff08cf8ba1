"""What is said of a graph without data holds on data: no value leaves its interval."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from genomes.language.analysis.intervals import intervals
from genomes.language.dimension import NUMBER, PRICE, VOLUME
from genomes.language.errors import LanguageError
from genomes.language.graph import Builder, Graph
from genomes.language.strategy import draw
from genomes.language.table import OPERATORS, Kind
from genomes.language.words import WORDS
from genomes.strategies import texts
from genomes.variation import OPERATORS as VARIATIONS
from genomes.variation import propose
from genomes.variation.reading import read
from genomes.variation.sites import Setting
from sandbox.execute import Executor
from sandbox.market.panel import Panel
from tests.markets import make_panel

PRICES = dict.fromkeys(("open", "high", "low", "close"), PRICE)
FIELDS = PRICES | {"volume": VOLUME, "weekday": NUMBER, "month": NUMBER}
ROUNDING = 1e-9
W = SimpleNamespace(**WORDS)


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
def executors() -> tuple[Executor, ...]:
    return tuple(Executor(made) for made in (panel(1), panel(2), wild_panel(19)))


def wild_panel(seed: int) -> Panel:
    """A few assets of any size of price: still, jumping a hundredfold, halted, never traded."""
    rng = np.random.default_rng(seed)
    bars = int(rng.integers(20, 120))
    closes, opens, highs, lows, volumes, skip = {}, {}, {}, {}, {}, {}
    for name in ("A", "B", "C", "D")[: int(rng.integers(1, 5))]:
        moves = rng.normal(0, 0.03, bars) * (rng.random(bars) < rng.choice([0.0, 0.3, 1.0]))
        moves *= np.where(rng.random(bars) < rng.choice([0.0, 0.2]), 60, 1)
        close = 10 ** rng.uniform(-4, 6) * np.exp(np.cumsum(np.clip(moves, -5, 5)))
        close = np.clip(close, 1e-9, 1e12)
        opened = np.r_[close[:1], close[:-1]] * np.exp(rng.choice([0, 0.02]) * moves)
        closes[name], opens[name] = close, opened
        highs[name] = np.fmax(opened, close) * (1 + 0.02 * (rng.random(bars) < 0.5))
        lows[name] = np.fmin(opened, close) / (1 + 0.02 * (rng.random(bars) < 0.5))
        traded = rng.random(bars) < rng.choice([0.0, 0.5, 0.95])
        volumes[name] = rng.integers(0, 1000, bars) * traded * 10.0 ** rng.integers(0, 8)
        skip[name] = np.flatnonzero(rng.random(bars) < rng.choice([0, 0.05, 0.4]))
    return make_panel(closes, opens=opens, highs=highs, lows=lows, volumes=volumes, skip=skip)


def assert_inside(graph: Graph, executors: Iterable[Executor]) -> int:
    """How many values were looked at: all but unknown ones, an infinite one too."""
    bounds = intervals(graph)
    seen = 0
    for executor in executors:
        run = executor._run(0)
        for index, value in executor._values(graph, range(len(graph.nodes)), run).items():
            node, (low, high) = graph.nodes[index], bounds[index]
            assert low <= high, (node.op, low, high)
            known = value[value < 2] if node.kind is Kind.MASK else value[~np.isnan(value)]
            if len(known):
                sizes = np.abs(known[np.isfinite(known)])
                slack = ROUNDING * max(1.0, float(sizes.max(initial=0.0)))
                assert low - slack <= known.min(), (node.op, node.args, low, known.min())
                assert known.max() <= high + slack, (node.op, node.args, high, known.max())
                seen += len(known)
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
    assert sum(assert_inside(graph, executors()) for graph in graphs) > 1_000_000


def drawn(divisor: Callable[[Any], Any], top: float) -> Graph:
    """A number over a divisor, without what a signal adds to it."""
    layers = {"factor": lambda m, p: top / divisor(m), "signal": lambda f, m, p: f > 0}
    return draw(layers, None, FIELDS)


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


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(market=st.integers(0, 2**32 - 1), graph=st.integers(0, 2**32 - 1))
@example(market=52, graph=521)  # divided by a constant 0
@example(market=326, graph=3260)  # 0/0 at every bar
def test_no_value_of_a_random_graph_leaves_its_interval(market: int, graph: int) -> None:
    assert assert_inside(grown(random.Random(graph), 40), [Executor(wild_panel(market))]) > 0


ZEROS: dict[str, Callable[[Any], Any]] = {  # each is 0 at its bound, from above or from below
    "a difference of at most 0": lambda m: m.close - W.highest(m.close, 9),
    "the smaller of 0 and a number": lambda m: W.min(W.returns(m.close, 1), 0),
    "a product of two that are at most 0": lambda m: (
        (m.close - W.highest(m.close, 9)) * (m.low - m.high)
    ),
    "a negative of at least 0": lambda m: -W.stdev(m.close, 5),
    "a deviation": lambda m: W.stdev(m.close, 5),
}


@pytest.mark.parametrize("name", ZEROS)
def test_a_quotient_is_bounded_whatever_the_sign_of_a_zero(name: str) -> None:
    graphs = [drawn(ZEROS[name], top) for top in (1, -1)]
    assert sum(assert_inside(graph, executors()) for graph in graphs) > 0


def test_a_ratio_to_a_positive_value_keeps_its_sign() -> None:
    made = drawn(ZEROS["a deviation"], 1)
    top = made.nodes[made.outputs["factor"]]
    assert (top.op, intervals(made)[made.outputs["factor"]]) == ("div", (0.0, float("inf")))
