"""Probing: what a graph earns on a few bars of a few assets, before it is worth measuring."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np

from genomes.language.graph import Graph
from sandbox.book import keep_books
from sandbox.execute import Executor, check_windows
from sandbox.fills import Costs, Fills
from sandbox.market.panel import F64, Panel, cut

ASSETS = 4
BARS = 500  # scored, after max_window bars of warm-up
CACHE_BYTES = 16 << 20
REMEMBERED = 512


class Probe:
    """The net returns of graphs on a sample of a market; a function of the graph alone.

    Two strategies that act alike on the sample, exits and all, have the same returns there.
    """

    def __init__(self, panel: Panel, *, max_window: int, costs: Costs, fills: Fills) -> None:
        """Take the sample: the last bars, of the assets that have most of them.

        Args:
            panel: The market's training bars.
            max_window: Longest memory of a strategy, clock bars.
            costs: What trading costs.
            fills: Where orders fill.
        """
        start = max(0, panel.bars - max_window - BARS)
        counts = [
            int(np.count_nonzero(panel.bar[panel.offsets[a] : panel.offsets[a + 1]] >= start))
            for a in range(panel.assets)
        ]
        most = sorted(range(panel.assets), key=lambda a: (-counts[a], a))[:ASSETS]
        self._panel = cut(panel, assets=sorted(most), start=start, stop=panel.bars)
        self._window = (min(max_window, self._panel.bars - 1), self._panel.bars)
        self._max_window, self._costs, self._fills = max_window, costs, fills
        self._executor = Executor(self._panel, cache_bytes=CACHE_BYTES)
        self._known: OrderedDict[str, F64 | None] = OrderedDict()

    def __call__(self, graph: Graph) -> F64 | None:
        """Net returns on the sample, (n,) finite; None for a graph the market refuses."""
        key = graph.key
        if key not in self._known:
            self._known[key] = self._look(graph)
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return self._known[key]

    def _look(self, graph: Graph) -> F64 | None:
        if check_windows(graph, self._max_window) is not None:
            return None
        targets = self._executor.evaluate(graph).targets
        return keep_books(
            self._panel,
            targets,
            window=self._window,
            costs=self._costs,
            fills=self._fills,
            paths=False,
        ).net
