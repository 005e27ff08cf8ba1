"""Sign-flipped twins: what they keep, what they mirror, and that nothing is left to predict."""

from __future__ import annotations

import numpy as np

from sandbox.market.panel import F64, Panel
from sandbox.market.twin import flipped
from tests.sandbox.panels import random_panel


def total(panel: Panel, a: int) -> F64:
    """An asset's returns from its second bar on, after the funding that longs pay."""
    own = slice(int(panel.offsets[a]), int(panel.offsets[a + 1]))
    close = panel.fields["close"][own]
    paid = 0.0 if panel.funding is None else np.nan_to_num(panel.funding[own][1:])
    return close[1:] / close[:-1] - 1 - paid


def market(**more: bool) -> Panel:
    return random_panel(np.random.default_rng(1), bars=400, assets=3, gaps=0.1, **more)


def test_every_total_return_keeps_its_size_and_all_assets_share_the_sign() -> None:
    panel = market(funding=True)
    made = flipped(panel, np.random.default_rng(5))
    signs = np.zeros(panel.bars)
    for a in range(panel.assets):
        before, after = total(panel, a), total(made, a)
        np.testing.assert_allclose(np.abs(after), np.abs(before), atol=1e-12)
        bars = panel.bar[panel.offsets[a] + 1 : panel.offsets[a + 1]]
        sign = np.sign(after * before)
        known = signs[bars] != 0
        assert np.array_equal(sign[known], signs[bars][known])
        signs[bars] = sign
    assert 0.4 < (signs > 0).mean() < 0.6


def test_bars_stay_consistent_and_all_but_prices_stays() -> None:
    panel = market(funding=True)
    made = flipped(panel, np.random.default_rng(5))
    bars = made.fields
    assert (bars["low"] > 0).all()
    assert (bars["high"] >= np.maximum(bars["open"], bars["close"])).all()
    assert (bars["low"] <= np.minimum(bars["open"], bars["close"])).all()
    np.testing.assert_array_equal(bars["volume"], panel.fields["volume"])
    np.testing.assert_array_equal(made.funding, panel.funding)
    ranges = [p.fields["high"] - p.fields["low"] for p in (panel, made)]
    starts = [p.fields["open"] for p in (panel, made)]
    shares = [r / s for r, s in zip(ranges, starts, strict=True)]
    assert np.corrcoef(shares[0], shares[1])[0, 1] > 0.9


def test_a_mirrored_bar_has_its_high_where_its_low_was() -> None:
    panel = market()
    made = flipped(panel, np.random.default_rng(5))
    first = slice(0, int(panel.offsets[1]))
    close, other = panel.fields["close"][first], made.fields["close"][first]
    turned = np.flatnonzero((other[1:] / other[:-1] - 1) * (close[1:] / close[:-1] - 1) < 0) + 1
    high = made.fields["high"][first][turned] / other[turned - 1] - 1
    low = panel.fields["low"][first][turned] / close[turned - 1] - 1
    np.testing.assert_allclose(high, -low, atol=1e-12)


def test_a_drift_and_a_trend_are_gone() -> None:
    """On 60 twins of a market that only rises, holding it earns nothing on average."""
    rng = np.random.default_rng(2)
    panel = random_panel(rng, bars=400, assets=1)
    rising = np.abs(total(panel, 0))
    panel.fields["close"][1:] = panel.fields["close"][0] * np.cumprod(1 + rising)
    scores = []
    for seed in range(60):
        earned = total(flipped(panel, np.random.default_rng(seed)), 0)
        scores.append(earned.mean() / earned.std() * np.sqrt(len(earned)))
    assert abs(np.mean(scores)) < 3 / np.sqrt(60)


def test_a_seed_is_a_twin_and_the_bars_before_do_not_depend_on_those_after() -> None:
    from sandbox.market.panel import cut

    panel = random_panel(np.random.default_rng(1), bars=400, assets=2)
    whole = flipped(panel, np.random.default_rng(9))
    again = flipped(panel, np.random.default_rng(9))
    other = flipped(panel, np.random.default_rng(10))
    np.testing.assert_array_equal(whole.fields["close"], again.fields["close"])
    assert not np.array_equal(whole.fields["close"], other.fields["close"])
    part = flipped(cut(panel, assets=[0, 1], start=0, stop=250), np.random.default_rng(9))
    kept = cut(whole, assets=[0, 1], start=0, stop=250)
    np.testing.assert_array_equal(part.fields["close"], kept.fields["close"])
