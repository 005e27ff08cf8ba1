"""What is said of a direction holds on data: a rise in an asset's last bar is answered so."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from genomes.language.analysis.direction import PRICES, leaning
from genomes.language.graph import Graph
from genomes.language.table import Kind
from sandbox.execute import Executor
from sandbox.market.panel import F64
from tests.sandbox.test_intervals import corpus, panel


@cache
def executors() -> tuple[tuple[Executor, Executor, int], ...]:
    """Pairs of panels, the second with one asset's last bar higher; and where that bar is.

    One asset at a time: where all rise together, what compares assets need not move at all.
    """
    pairs = []
    for seed in (3, 4, 5):
        calm = panel(seed)
        for last in calm.offsets[1:].tolist():
            fields = {name: values.copy() for name, values in calm.fields.items()}
            for name in PRICES:
                fields[name][last - 1] *= 1.03
            pairs.append((Executor(calm), Executor(replace(calm, fields=fields)), last - 1))
    return tuple(pairs)


def answers(graph: Graph, index: int) -> F64:
    """How much a node's last values rise with the last bar's prices, known ones only."""
    found = []
    for calm, risen, last in executors():
        one = calm._values(graph, [index], calm._run(0))[index][[last]].astype(float)
        other = risen._values(graph, [index], risen._run(0))[index][[last]].astype(float)
        if graph.nodes[index].kind is Kind.MASK:
            one, other = (np.where(each == 2, np.nan, each) for each in (one, other))
        change = other - one
        scale = np.maximum(1e-12, 1e-9 * np.maximum(np.abs(one), np.abs(other)))
        found.append(np.where(np.abs(change) < scale, 0, change)[np.isfinite(change)])
    return np.concatenate(found)


@pytest.mark.parametrize("said", [1, -1])
def test_a_factor_answers_a_rise_as_is_said(said: int) -> None:
    """In all but a few cases: a divisor that grows with the move, as a volatility, may outdo it."""
    agrees = against = 0
    for graph in corpus():
        index = graph.outputs["factor"]
        if leaning(graph, index) == said:
            change = answers(graph, index) * said
            agrees += int(np.count_nonzero(change > 0))
            against += int(np.count_nonzero(change < 0))
    assert agrees > 100
    assert against < 0.03 * agrees, (agrees, against)
