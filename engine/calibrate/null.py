"""The null of real bars: their size, order and volume as they were, the sign of each bar drawn."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np

from engine.calibrate.bars import F64, Bars, business_days

LIMIT = 0.95
"""A bar's return is held within this before it is mirrored, so that its mirror has a price."""


@cache
def _shapes() -> tuple[tuple[str, ...], dict[str, F64]]:
    """The embedded market's training bars, relative to the previous close, and their volume."""
    from engine.startup import load_market

    panel = load_market("", Path.cwd()).panel
    if np.any(np.diff(panel.offsets) != panel.bars):
        raise ValueError("the embedded market lacks bars; its assets need the same clock")
    grid = {
        name: panel.fields[name].reshape(panel.assets, panel.bars)
        for name in ("open", "high", "low", "close", "volume")
    }
    before = grid["close"][:, :-1]
    shapes = {name: grid[name][:, 1:] / before - 1 for name in ("open", "high", "low", "close")}
    shapes = {name: np.clip(values, -LIMIT, LIMIT) for name, values in shapes.items()}
    return panel.symbols, shapes | {"volume": grid["volume"][:, 1:]}


def sign_flipped(
    params: Mapping[str, int | float], strength: float, rng: np.random.Generator, n: int
) -> Bars:
    """Real training bars, over and over, each with a sign that all assets share.

    A bar with sign -1 has the simple return -r; its high is the mirror of its low. Absolute
    returns, their clusters, and volume stay. No rule that sees the past has an edge.

    Args:
        params: None are used.
        strength: Is not used.
        rng: Draws the signs.
        n: Bars.
    """
    symbols, shapes = _shapes()
    length = shapes["close"].shape[1]
    place = np.arange(n) % length
    sign = rng.choice(np.array([-1.0, 1.0]), n)
    moved = {name: sign * shapes[name][:, place] for name in ("open", "high", "low", "close")}
    close = 100 * np.cumprod(1 + moved["close"], axis=1, dtype=np.float64)
    before = close / (1 + moved["close"])
    start = before * (1 + moved["open"])
    extremes = (before * (1 + moved["high"]), before * (1 + moved["low"]), start, close)
    prices: dict[str, F64] = {
        "open": start,
        "high": np.maximum.reduce(extremes),
        "low": np.minimum.reduce(extremes),
        "close": close,
        "volume": shapes["volume"][:, place],
    }
    return Bars(
        symbols=symbols,
        stamps=business_days(n),
        prices=prices,
        weights=np.zeros_like(close),
        edge=np.zeros(n),
    )
