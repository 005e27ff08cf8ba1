"""Why a strategy never trades, of a graph over a market made by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sandbox.execute import Executor
from sandbox.idle import idle_reasons
from tests.sandbox.test_execute import graph_of, small_panel


@pytest.mark.parametrize(("unknown", "said"), [(True, 1), (False, 0)])
def test_a_weight_that_is_unknown_throughout_is_told_as_such(unknown: bool, said: int) -> None:
    panel = small_panel()
    close = panel.fields["close"]
    if unknown:
        panel = replace(panel, fields=panel.fields | {"close": np.full(len(close), np.nan)})
    graph = graph_of(panel, lambda m: m.close.rolling(5).rank(pct=True))
    reasons = idle_reasons(Executor(panel), graph, (50, 200))
    assert len(reasons) == said
    assert all("its weight is unknown in every scored bar (it needs 4 bars" in r for r in reasons)


def test_only_the_scored_bars_count() -> None:
    panel = small_panel()
    close = panel.fields["close"].copy()
    close[panel.bar < 50] = 1e6
    panel = replace(panel, fields=panel.fields | {"close": close})
    graph = graph_of(panel, lambda m: (m.close / m.open > 1000) * 1)
    found = "never trades: (m.close / m.open) > 1000 is true in no scored bar"
    assert idle_reasons(Executor(panel), graph, (50, 200)) == (found,)
    assert idle_reasons(Executor(panel), graph, (0, 200)) == ()
