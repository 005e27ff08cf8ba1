"""Twins: a market's bars with the sign of each bar drawn, on which no rule has an edge."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sandbox.market.load import Market, fingerprint
from sandbox.market.panel import F64, Panel

LIMIT = 0.95
"""A bar's return is held within this before it is mirrored, so that its mirror has a price."""


def twin(market: Market, seed: int) -> Market:
    """The market with a sign drawn for each clock bar, shared by all assets.

    A bar with sign -1 has the mirrored total return: with the simple return r over the asset's
    previous close and the funding f that longs pay during the bar, r becomes 2f - r, so that r - f
    becomes f - r; its high is the mirror of its low. Absolute returns, their clusters, the relation
    of assets, volume, funding and every further column stay. Each asset starts at its own first
    price.

    Args:
        market: Loaded through any part; the bars before do not depend on how far.
        seed: Of the signs.

    Returns:
        A market with its own fingerprint, the same split, config and name.

    Source: design section 8; reference/statistics.md, C1 (N2).
    """
    panel = flipped(market.panel, np.random.default_rng(seed))
    return replace(market, panel=panel, fingerprint=fingerprint(panel, market.split))


def flipped(panel: Panel, rng: np.random.Generator) -> Panel:
    """The panel of a twin; arguments as in `twin`."""
    sign = np.where(rng.random(panel.bars) < 0.5, -1.0, 1.0)
    fields = dict(panel.fields)
    made = {name: np.empty(panel.size) for name in ("open", "high", "low", "close")}
    for a in range(panel.assets):
        own = slice(int(panel.offsets[a]), int(panel.offsets[a + 1]))
        funding = None if panel.funding is None else panel.funding[own]
        bars = {name: fields[name][own] for name in made}
        for name, values in _mirrored(bars, sign[panel.bar[own]], funding).items():
            made[name][own] = values
    for values in made.values():
        values.setflags(write=False)
    return replace(panel, fields=fields | made)


def _mirrored(bars: dict[str, F64], sign: F64, funding: F64 | None) -> dict[str, F64]:
    close = bars["close"]
    n = len(close)
    if n == 0:
        return bars
    before = np.concatenate((close[:1], close[:-1]))
    moved = {name: np.clip(values / before - 1, -LIMIT, LIMIT) for name, values in bars.items()}
    moved["close"][0] = 0.0  # nothing is known before the first bar: it stays as it is
    sign = sign.copy()
    sign[0] = 1.0
    paid = np.zeros(n) if funding is None else np.nan_to_num(funding)  # NaN pays nothing
    turned = {
        name: np.clip(sign * (values - paid) + paid, -LIMIT, None) for name, values in moved.items()
    }
    grown = close[0] * np.cumprod(1 + turned["close"])
    start = np.concatenate((grown[:1], grown[:-1]))
    path = {name: start * (1 + values) for name, values in turned.items()}
    path["close"] = grown
    corners = np.array(list(path.values()))
    return {
        "open": path["open"],
        "high": corners.max(axis=0),
        "low": corners.min(axis=0),
        "close": grown,
    }
