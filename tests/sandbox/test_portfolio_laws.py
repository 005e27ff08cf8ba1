"""Laws of the books that hold for every market and every strategy."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.book import Targets, keep_books
from sandbox.fills import Costs, Fills
from sandbox.kernels import book_layout as layout
from sandbox.market.panel import Panel
from tests.sandbox.panels import DAY_NS, random_panel, random_weights

BARS = 60
seeds = st.integers(0, 2**32 - 1)
fills = st.builds(
    Fills,
    fill=st.sampled_from(["next_open", "next_close"]),
    stops_armed=st.sampled_from(["at_fill", "next_bar"]),
    stop_base=st.sampled_from(["fill", "decision_close"]),
    gap=st.sampled_from(["open", "stop"]),
    target_gap=st.sampled_from(["open", "target"]),
    first=st.sampled_from(["stop", "target"]),
    signal_first=st.booleans(),
    reenter=st.sampled_from(["reset", "immediate"]),
    no_trade_band=st.sampled_from([0.0, 0.02]),
    max_gross=st.sampled_from([0.7, 1.0, 2.0]),
)
costs = st.builds(
    Costs,
    fee_bps=st.sampled_from([0.0, 10.0]),
    slippage_bps=st.sampled_from([0.0, 10.0]),
    impact_bps=st.sampled_from([0.0, 200.0]),
    borrow_bps_per_year=st.sampled_from([0.0, 300.0]),
    capital=st.sampled_from([1.0, 300.0]),
)


def drawn(seed: int) -> tuple[Panel, Targets]:
    rng = np.random.default_rng(seed)
    panel = random_panel(
        rng,
        bars=BARS,
        assets=int(rng.integers(1, 4)),
        gaps=float(rng.choice([0.0, 0.2])),
        early_end=bool(rng.random() < 0.4),
        funding=bool(rng.random() < 0.4),
    )
    exits = {
        name: rng.uniform(0.01, 0.1, panel.size)
        for name in ("stop_loss", "take_profit", "trailing_stop")
        if rng.random() < 0.5
    }
    if rng.random() < 0.3:
        exits["max_held"] = np.full(panel.size, 7.0)
    return panel, Targets(weights=random_weights(rng, panel), **exits)


def keep(panel, targets, costs, fills, **more):
    return keep_books(panel, targets, window=(3, BARS), costs=costs, fills=fills, **more)


@settings(max_examples=60, deadline=None)
@given(seeds, costs, fills)
def test_equity_is_the_start_plus_what_each_asset_earned(seed, costs, fills):
    panel, targets = drawn(seed)
    book = keep(panel, targets, costs, fills, records=True)
    np.testing.assert_allclose(1 + book.stats[:, layout.A_PNL].sum(), book.equity[-1], rtol=1e-9)
    assert book.trades is not None
    np.testing.assert_allclose(1 + book.trades[:, 6].sum(), book.equity[-1], rtol=1e-9)
    np.testing.assert_allclose(np.cumprod(1 + book.net), book.equity, rtol=1e-9)


@settings(max_examples=60, deadline=None)
@given(seeds, costs, fills)
def test_costs_and_traded_notional_are_never_negative(seed, costs, fills):
    book = keep(*drawn(seed), costs, fills)
    assert (book.path[layout.COST] >= 0).all()
    assert (book.path[layout.TRADED] >= 0).all()
    assert (book.stats[:, layout.A_COST] >= 0).all()
    assert (book.path[layout.GROSS] >= np.abs(book.path[layout.NET_EXPOSURE]) - 1e-12).all()


@settings(max_examples=60, deadline=None)
@given(seeds, costs, fills, st.integers(-40, 40))
def test_scaling_one_assets_prices_by_a_power_of_two_changes_nothing_to_the_bit(
    seed, costs, fills, power
):
    panel, targets = drawn(seed)
    own = slice(int(panel.offsets[0]), int(panel.offsets[1]))
    fields = {name: values.copy() for name, values in panel.fields.items()}
    for name in ("open", "high", "low", "close"):
        fields[name][own] *= 2.0**power
    fields["volume"][own] *= 2.0**-power  # shares of a cheaper asset are that many more
    book = keep(panel, targets, costs, fills)
    scaled = keep(replace(panel, fields=fields), targets, costs, fills)
    assert book.path.tobytes() == scaled.path.tobytes()
    assert book.stats.tobytes() == scaled.stats.tobytes()


@settings(max_examples=60, deadline=None)
@given(seeds, costs, fills, st.integers(4, BARS - 1))
def test_what_comes_after_a_bar_changes_nothing_up_to_it(seed, costs, fills, cut):
    panel, targets = drawn(seed)
    later = panel.bar >= cut
    rng = np.random.default_rng(seed + 1)
    fields = {name: values.copy() for name, values in panel.fields.items()}
    factor = rng.uniform(0.2, 5, int(later.sum()))
    for name in ("open", "high", "low", "close", "volume"):
        fields[name][later] *= factor
    weights = np.where(later, -1.0, targets.weights)
    stop = None if targets.stop_loss is None else np.where(later, 0.001, targets.stop_loss)
    funding = None if panel.funding is None else np.where(later, 0.5, panel.funding)
    book = keep(panel, targets, costs, fills)
    other = keep(
        replace(panel, fields=fields, funding=funding),
        replace(targets, weights=weights, stop_loss=stop),
        costs,
        fills,
    )
    assert book.path[:, : cut - 3].tobytes() == other.path[:, : cut - 3].tobytes()


@settings(max_examples=40, deadline=None)
@given(seeds, st.integers(4, BARS - 1), st.floats(0.5, 2))
def test_orders_at_the_open_know_nothing_of_the_rest_of_the_bar(seed, cut, factor):
    panel, targets = drawn(seed)
    bare = Targets(weights=targets.weights)
    fields = {name: values.copy() for name, values in panel.fields.items()}
    for name in ("high", "low", "close", "volume"):
        fields[name][panel.bar == cut] *= factor
    book = keep(panel, bare, Costs(), Fills())
    other = keep(replace(panel, fields=fields), bare, Costs(), Fills())
    until = cut - 3 + 1
    assert book.path[layout.TRADED, :until].tobytes() == other.path[layout.TRADED, :until].tobytes()


@settings(max_examples=30, deadline=None)
@given(seeds, costs, fills, st.integers(5, BARS - 1))
def test_ending_the_window_or_the_data_earlier_changes_nothing_before(seed, costs, fills, cut):
    panel, targets = drawn(seed)
    whole = keep(panel, targets, costs, fills)
    short = keep_books(panel, targets, window=(3, cut), costs=costs, fills=fills)
    assert whole.path[:, : cut - 3].tobytes() == short.path.tobytes()


@settings(max_examples=40, deadline=None)
@given(seeds, costs, st.sampled_from(["next_open", "next_close"]))
def test_doubling_costs_never_earns_more_on_orders_in_shares(seed, costs, fill):
    panel, targets = drawn(seed)
    in_shares = Targets(weights=np.nan_to_num(targets.weights) * 0.01, units="shares")
    once = keep(panel, in_shares, costs, Fills(fill=fill))
    twice = keep(panel, in_shares, costs, Fills(fill=fill), cost_factor=2.0)
    assert twice.equity[-1] <= once.equity[-1] + 1e-12


@settings(max_examples=20, deadline=None)
@given(seeds, costs, fills)
def test_the_same_call_gives_the_same_bytes(seed, costs, fills):
    panel, targets = drawn(seed)
    one, two = (keep(panel, targets, costs, fills) for _ in range(2))
    assert one.path.tobytes() == two.path.tobytes()
    assert one.stats.tobytes() == two.stats.tobytes()


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_an_asset_nobody_trades_changes_nothing(seed):
    panel, targets = drawn(seed)
    n = int(panel.offsets[1])
    only = replace(
        panel,
        symbols=panel.symbols[:1],
        offsets=panel.offsets[:2],
        bar=panel.bar[:n],
        fields={name: values[:n] for name, values in panel.fields.items()},
        funding=None if panel.funding is None else panel.funding[:n],
    )
    weights = targets.weights.copy()
    weights[n:] = 0
    among = keep(panel, Targets(weights=weights), Costs(), Fills())
    alone = keep(only, Targets(weights=weights[:n]), Costs(), Fills())
    assert among.equity.tobytes() == alone.equity.tobytes()


@settings(max_examples=60, deadline=None)
@given(seeds, st.booleans())
def test_a_constant_weight_has_no_excess_whatever_gaps_there_are(seed, early_end):
    rng = np.random.default_rng(seed)
    assets = int(rng.integers(1, 4))
    panel = random_panel(
        rng, bars=BARS, assets=assets, gaps=float(rng.choice([0.0, 0.3, 0.9])), early_end=early_end
    )
    constant = np.repeat(rng.uniform(-1, 1, assets) / assets, np.diff(panel.offsets))
    free = Costs(fee_bps=0, slippage_bps=0)
    stale_ns = int(rng.choice([2, 7])) * DAY_NS
    book = keep(panel, Targets(weights=constant), free, Fills(fill="next_close"), stale_ns=stale_ns)
    # An asset's first bar with a position has no past to be compared with.
    own = [panel.bar[begin:end] for begin, end in itertools.pairwise(panel.offsets)]
    entered = max([int(bars[bars >= 3][2]) for bars in own if (bars >= 3).sum() > 2], default=BARS)
    late = any(0 < (bars >= 3).sum() <= 2 for bars in own)
    since = BARS if late else entered - 3 + 1
    np.testing.assert_allclose(book.net[since:], book.benchmark[since:], rtol=1e-9, atol=1e-12)
