"""Executing graphs: outputs, the cache, later starts, and what a market refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genomes.language import Exits
from genomes.language.graph import Graph
from genomes.language.strategy import draw
from genomes.language.table import OPERATORS
from genomes.language.words import WORDS
from sandbox import execute
from sandbox.execute import Executor, check_windows
from sandbox.kernels.catalog import ACROSS, ALONG, BARWISE, BOTH
from sandbox.market.panel import Panel
from tests.sandbox.panels import random_panel

W = WORDS


def small_panel(seed: int = 0, *, bars: int = 200) -> Panel:
    return random_panel(np.random.default_rng(seed), bars=bars, assets=3, gaps=0.1, early_end=True)


def graph_of(panel: Panel, signal: Any, **layers: Any) -> Graph:
    """A strategy of which the factor is the close."""
    return draw(
        {"factor": lambda m, p: m.close, "signal": lambda f, m, p: signal(m), **layers},
        None,
        panel.dimensions,
    )


def momentum(m: Any) -> Any:
    return W["tanh"](W["zscore"](m.close, 20))


def test_every_operator_of_the_table_has_a_kernel_and_no_kernel_is_left_over() -> None:
    assert {*BARWISE, *ALONG, *ACROSS, *BOTH} == set(OPERATORS)


def test_outputs_are_the_layers_of_the_strategy() -> None:
    panel = small_panel()
    graph = graph_of(panel, momentum, exits=lambda m, p: Exits(stop_loss=0.05, max_held=10))
    targets = Executor(panel).evaluate(graph)
    close = panel.fields["close"]
    assert targets.factor is not None and targets.signal is not None
    np.testing.assert_array_equal(targets.factor, close)
    own = close[: panel.offsets[1]]
    wanted = np.tanh((own[50] - own[31:51].mean()) / own[31:51].std(ddof=1))
    assert targets.signal[50] == pytest.approx(wanted, rel=1e-12)
    np.testing.assert_array_equal(targets.weight, targets.signal / 3)
    assert targets.stop_loss is not None and targets.max_held is not None
    np.testing.assert_array_equal(targets.stop_loss, np.full(panel.size, 0.05))
    np.testing.assert_array_equal(targets.max_held, np.full(panel.size, 10.0))
    assert targets.take_profit is None
    assert targets.trailing_stop is None


def test_outputs_cannot_be_written_to() -> None:
    panel = small_panel()
    targets = Executor(panel).evaluate(graph_of(panel, momentum))
    for values in (targets.weight, targets.signal, targets.factor):
        assert values is not None
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 1.0


def test_what_graphs_share_is_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    zscore = ALONG["zscore"]
    monkeypatch.setitem(ALONG, "zscore", lambda *a: calls.append(1) or zscore(*a))
    panel = small_panel()
    executor = Executor(panel)
    one = executor.evaluate(graph_of(panel, momentum))
    two = executor.evaluate(graph_of(panel, lambda m: -W["zscore"](m.close, 20)))
    again = executor.evaluate(graph_of(panel, momentum))
    assert len(calls) == 1
    assert again.weight is one.weight
    assert two.weight is not one.weight


@pytest.mark.parametrize("cache_bytes", [0, 5000, 20_000])
def test_a_full_cache_changes_no_value_and_stays_within_its_bytes(cache_bytes: int) -> None:
    panel = small_panel()
    graphs = [graph_of(panel, lambda m, n=n: W["zscore"](m.close, n)) for n in range(2, 20)]
    small, large = Executor(panel, cache_bytes=cache_bytes), Executor(panel)
    for graph in graphs * 2:
        got, wanted = small.evaluate(graph), large.evaluate(graph)
        assert got.weight.tobytes() == wanted.weight.tobytes()
        assert small.cached_bytes <= cache_bytes
    assert large.cached_bytes > 20_000


def test_the_least_recently_used_value_leaves_the_cache_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: list[int] = []
    sma = ALONG["sma"]
    monkeypatch.setitem(ALONG, "sma", lambda x, o, n: calls.append(n) or sma(x, o, n))
    panel = small_panel()
    one, two, three = (
        graph_of(panel, lambda m: 0.5, size=lambda s, m, p, n=n: W["sma"](m.volume / m.volume, n))
        for n in (3, 4, 5)
    )
    bare = Executor(panel)
    bare.evaluate(one)
    executor = Executor(panel, cache_bytes=bare.cached_bytes + 8 * panel.size)
    for graph in (one, two, one, three, one, two):
        executor.evaluate(graph)
    assert calls == [3, 3, 4, 5, 4]


def truncated(panel: Panel, start: int) -> Panel:
    keep = panel.bar >= start
    counts = [int(keep[panel.offsets[a] : panel.offsets[a + 1]].sum()) for a in range(panel.assets)]
    bar = panel.bar[keep]
    order = np.lexsort((np.arange(len(bar)), bar)).astype(np.int32)
    return Panel(
        symbols=panel.symbols,
        clock=panel.clock,
        offsets=np.cumsum([0, *counts]).astype(np.int64),
        bar=bar,
        fields={name: values[keep] for name, values in panel.fields.items()},
        dimensions=panel.dimensions,
        funding=None,
        listed=panel.listed,
        order=order,
        order_offsets=np.searchsorted(bar[order], np.arange(panel.bars + 1)).astype(np.int64),
        bars_per_year=panel.bars_per_year,
    )


@settings(max_examples=10, deadline=None, derandomize=True)
@given(seed=st.integers(0, 1000), start=st.integers(0, 199))
def test_a_later_start_is_a_run_on_data_that_begins_there(seed: int, start: int) -> None:
    panel = small_panel(seed)
    panel = replace(panel, listed=np.arange(1, 201, dtype=np.int32))

    def signal(m: Any) -> Any:
        trend = W["ema"](m.close, 5) / W["sma"](m.close, 9) - 1
        return W["cross_zscore"](trend) / 5 + W["cross_mean"](trend)

    size = lambda s, m, p: W["inverse_vol"](s, m.close.pct_change(), 4)  # noqa: E731
    for layers in ({}, {"size": size}):
        graph = graph_of(panel, signal, **layers)
        got = Executor(panel).evaluate(graph, start).weight
        wanted = Executor(truncated(panel, start)).evaluate(graph).weight
        assert got[panel.bar >= start].tobytes() == wanted.tobytes()
        assert np.isnan(got[panel.bar < start]).all()


@pytest.mark.parametrize("start", [-1, 200])
def test_a_start_outside_the_clock_is_an_error(start: int) -> None:
    panel = small_panel()
    with pytest.raises(
        ValueError, match=f"start = {start}; needs a clock bar of the panel, 0 to 199"
    ):
        Executor(panel).evaluate(graph_of(panel, momentum), start)


def test_bars_at_which_the_signal_is_clipped_are_counted() -> None:
    panel = small_panel()
    executor = Executor(panel)
    z = executor.evaluate(graph_of(panel, lambda m: W["zscore"](m.close, 20) / 1e6)).signal
    assert z is not None
    loud = int((np.abs(z * 1e6) > 1).sum())
    assert loud > 50
    assert executor.signal_clips(graph_of(panel, lambda m: W["zscore"](m.close, 20))) == loud
    assert executor.signal_clips(graph_of(panel, momentum)) == 0
    assert executor.signal_clips(graph_of(panel, lambda m: W["zscore"](m.close, 20) / 1e6)) == 0


def test_finite_memory_does_not_depend_on_the_start_and_needs_no_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    panel = small_panel()
    graph = graph_of(panel, momentum)
    monkeypatch.setattr(execute.Executor, "_values", None)
    assert Executor(panel).depends_on_start(graph, max_window=30, later_start=50) == 0.0


def test_fading_memory_is_forgotten_within_the_window_if_it_is_short() -> None:
    panel = small_panel(bars=400)
    executor = Executor(panel)
    quick = graph_of(panel, lambda m: m.close / W["ema"](m.close, 4) - 1)
    slow = graph_of(panel, lambda m: m.close / W["ema"](m.close, 400) - 1)
    assert executor.depends_on_start(quick, max_window=80, later_start=100) < 1e-12
    assert executor.depends_on_start(slow, max_window=80, later_start=100) > 1e-4


def test_a_state_that_remembers_its_first_bar_depends_on_the_start() -> None:
    panel = small_panel(bars=300)
    graph = graph_of(panel, lambda m: m.close / W["ratchet"](m.close, m.close < 0))
    full = Executor(panel).evaluate(graph).weight
    later = Executor(panel).evaluate(graph, 100).weight
    settled = np.zeros(panel.size, bool)
    for a in range(panel.assets):
        own = np.arange(panel.offsets[a], panel.offsets[a + 1])
        settled[own[panel.bar[own] >= 100][20:]] = True
    wanted = float(np.abs(np.nan_to_num(full) - np.nan_to_num(later))[settled].max())
    got = Executor(panel).depends_on_start(graph, max_window=20, later_start=100)
    assert got == wanted > 0


def test_an_exit_that_depends_on_the_start_counts_too() -> None:
    panel = small_panel(bars=300)
    exits = lambda m, p: Exits(stop_loss=W["ema"](m.close, 300) / m.close / 100)  # noqa: E731
    graph = graph_of(panel, lambda m: 0.5, exits=exits)
    assert Executor(panel).depends_on_start(graph, max_window=20, later_start=100) > 1e-5


def test_a_weight_that_stays_unknown_from_a_later_start_counts_as_zero() -> None:
    panel = small_panel(bars=300)
    close = panel.fields["close"].copy()
    close[panel.offsets[:-1]] *= 10  # only an asset's first bar rises that much
    panel = replace(panel, fields={**panel.fields, "close": close})

    def signal(m: Any) -> Any:
        unknown = (m.close - m.close) / (m.close - m.close)
        first = W["where"](m.close / m.open > 3, 0.75, unknown)
        return W["ratchet"](first, m.close < 0)

    graph = graph_of(panel, signal)
    assert np.isnan(Executor(panel).evaluate(graph, 100).weight).all()
    assert Executor(panel).depends_on_start(graph, max_window=20, later_start=100) == 0.25


def test_no_bar_late_enough_means_no_difference() -> None:
    panel = small_panel()
    graph = graph_of(panel, lambda m: m.close / W["ema"](m.close, 400) - 1)
    assert Executor(panel).depends_on_start(graph, max_window=500, later_start=100) == 0.0


def test_a_window_longer_than_the_market_allows_is_refused() -> None:
    panel = small_panel()
    graph = graph_of(panel, lambda m: m.close / W["ema"](m.close, 51) - 1)
    refusal = check_windows(graph, 50)
    assert refusal is not None
    assert (refusal.rule, refusal.found) == ("window", "ema() has n = 51")
    assert check_windows(graph, 51) is None


def test_windows_that_are_too_long_one_behind_the_other_are_refused() -> None:
    panel = small_panel()
    graph = graph_of(panel, lambda m: W["sma"](W["zscore"](m.close, 30), 30) / 9)
    refusal = check_windows(graph, 57)
    assert refusal is not None
    assert refusal.rule == "warm_up"
    assert refusal.found == "needs 58 bars before every output is known"
    assert check_windows(graph, 58) is None


def test_a_number_of_assets_is_no_window() -> None:
    panel = small_panel()
    graph = graph_of(panel, lambda m: W["cross_top"](W["returns"](m.close, 5), 90) * 1)
    assert check_windows(graph, 10) is None
