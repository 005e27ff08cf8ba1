"""Paths of returns under other terms: window, costs, delay, fills."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from genomes import strategies
from sandbox.errand import Request
from sandbox.pool import InProcess
from sandbox.returns import Question, Returns
from tests.sandbox.panels import random_panel
from tests.suites.test_pools import setup_of

SETUP_BARS = 600


@pytest.fixture(scope="module")
def pool() -> Iterator[InProcess]:
    panel = random_panel(np.random.default_rng(4), bars=SETUP_BARS, assets=3, gaps=0.05)
    made = InProcess(panel, setup_of(panel))
    yield made
    made.close()


@pytest.fixture(scope="module")
def graph(pool: InProcess) -> str:
    texts = list(strategies.texts().values())[:6]
    asked = [Request(operator="seed", text=text) for text in texts]
    drawings = dict(pool.propose(asked))
    graphs = [drawings[i].graph for i in sorted(drawings) if drawings[i].graph]
    return max(graphs, key=lambda each: float(np.abs(path(pool, each).net).sum()))


def path(pool: InProcess, graph: str, **asked: object) -> Returns:
    found = dict(pool.returns([Question(graph=graph, **asked)]))[0]  # type: ignore[arg-type]
    assert found is not None
    return found


def test_the_path_is_what_fitness_is_made_of(pool: InProcess, graph: str) -> None:
    outcome = dict(pool.measure([graph]))[0]
    found = path(pool, graph)
    assert len(found.stamps) == len(found.net) == len(found.excess) == 500
    assert found.sharpe == pytest.approx(outcome.metrics["excess_sharpe"])  # type: ignore[union-attr]


def test_another_window_is_flat_before_it_and_knows_the_bars_before(
    pool: InProcess, graph: str
) -> None:
    terms = setup_of(pool._worker.panel).terms
    later = replace(terms, window=(300, 600), edges=tuple(range(300, 601, 50)))
    found, whole = path(pool, graph, terms=later), path(pool, graph)
    assert len(found.net) == 300
    # Once in its position it earns what it earns from the start on, costs of sizes aside.
    assert np.corrcoef(found.net[50:], whole.net[250:])[0, 1] > 0.99


def test_higher_costs_and_later_decisions_change_the_path(pool: InProcess, graph: str) -> None:
    plain = path(pool, graph).net
    assert path(pool, graph, cost_factor=3.0).net.sum() < plain.sum()
    assert not np.array_equal(path(pool, graph, delay=1).net, plain)
    terms = setup_of(pool._worker.panel).terms
    other = replace(terms, fills=terms.fills.model_copy(update={"fill": "next_close"}))
    assert not np.array_equal(path(pool, graph, terms=other).net, plain)


def test_a_graph_that_cannot_run_has_no_path(pool: InProcess) -> None:
    assert dict(pool.returns([Question(graph="no graph")])) == {0: None}


def test_a_negative_delay_is_refused(pool: InProcess, graph: str) -> None:
    with pytest.raises(ValueError, match="delay = -1"):
        path(pool, graph, delay=-1)
