"""The kernel against its slow twin, over every combination of the named conventions."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from sandbox.book import Targets, keep_books
from sandbox.fills import Costs, Fills
from sandbox.kernels import book_layout as layout
from tests.sandbox.panels import random_panel, random_weights
from tests.sandbox.slow_books import SlowBooks

CONVENTIONS = [
    {
        "fill": fill,
        "stops_armed": armed,
        "stop_base": base,
        "gap": gap,
        "target_gap": target_gap,
        "first": first,
        "signal_first": signal_first,
        "reenter": reenter,
    }
    for fill, (armed, base), gap, target_gap, first, signal_first, reenter in itertools.product(
        ("next_open", "next_close"),
        (
            ("at_fill", "fill"),
            ("at_fill", "decision_close"),
            ("next_bar", "fill"),
            ("next_bar", "decision_close"),
            ("next_bar", "fill_bar_close"),
        ),
        ("open", "stop"),
        ("open", "target"),
        ("stop", "target"),
        (True, False),
        ("reset", "immediate"),
    )
]


def compare(panel, targets, window, costs, fills):
    book = keep_books(panel, targets, window=window, costs=costs, fills=fills, records=True)
    slow = SlowBooks(panel, targets, costs, fills).walk(*window)
    rows = (
        slow.equity,
        slow.net,
        slow.benchmark,
        slow.market,
        slow.traded,
        slow.cost,
        slow.gross,
        slow.net_exposure,
    )
    for name, fast, expected in zip(layout.PATH, book.path, rows, strict=True):
        np.testing.assert_allclose(fast, expected, rtol=1e-9, atol=1e-11, err_msg=name)
    assert book.ruined_at == slow.ruined_at
    assert book.trades is not None
    open_reasons = (layout.OPEN, layout.RUIN)
    done = book.trades[~np.isin(book.trades[:, 9], open_reasons)]
    assert [layout.REASONS[int(r)] for r in done[:, 9]] == slow.reasons
    if slow.trades:
        np.testing.assert_allclose(done[:, :9], slow.trades, rtol=1e-8, atol=1e-10)
    return slow


@pytest.mark.parametrize("fill", ["next_open", "next_close"])
def test_the_kernel_equals_its_slow_twin_under_every_convention(fill):
    seen: set[str] = set()
    for number, chosen in enumerate(c for c in CONVENTIONS if c["fill"] == fill):
        rng = np.random.default_rng(number)
        panel = random_panel(
            rng,
            bars=50,
            assets=int(rng.integers(1, 4)),
            gaps=float(rng.choice([0.0, 0.2])),
            early_end=bool(rng.random() < 0.5),
            funding=bool(rng.random() < 0.5),
        )
        exits = {
            name: np.where(rng.random(panel.size) < 0.1, np.nan, rng.uniform(0.01, 0.1, panel.size))
            for name in ("stop_loss", "take_profit", "trailing_stop")
            if rng.random() < 0.6
        }
        if rng.random() < 0.4:
            exits["max_held"] = rng.integers(1, 9, panel.size).astype(float)
        targets = Targets(weights=random_weights(rng, panel), **exits)
        costs = Costs(
            impact_bps=float(rng.choice([0, 300])),
            borrow_bps_per_year=float(rng.choice([0, 500])),
            capital=100.0,
        )
        fills = Fills(
            **chosen,
            no_trade_band=float(rng.choice([0.0, 0.05])),
            max_gross=float(rng.choice([1.0, 2.0])),
        )
        seen |= set(compare(panel, targets, (int(rng.integers(0, 5)), 50), costs, fills).reasons)
    assert seen == {
        "signal",
        "stop_loss",
        "take_profit",
        "trailing_stop",
        "max_held",
        "delisted",
    }


def test_the_kernel_equals_its_slow_twin_in_ruin():
    ruined = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        panel = random_panel(rng, bars=60, assets=2, gaps=0.1, volatility=0.15)
        fills = Fills(max_weight=8, max_gross=8, fill=["next_open", "next_close"][seed % 2])
        weights = 5 * random_weights(rng, panel)
        slow = compare(panel, Targets(weights=weights), (0, 60), Costs(), fills)
        ruined += slow.ruined_at is not None
    assert ruined > 5


def test_the_kernel_equals_its_slow_twin_with_orders_in_shares():
    for seed in range(10):
        rng = np.random.default_rng(seed)
        panel = random_panel(rng, bars=60, assets=2, gaps=0.1)
        shares = np.nan_to_num(random_weights(rng, panel)) * 3
        targets = Targets(weights=shares, units="shares", stop_loss=np.full(panel.size, 0.04))
        compare(panel, targets, (0, 60), Costs(capital=1000), Fills())
