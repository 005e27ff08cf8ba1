"""Small panels for the tests of the books: built by hand, or random with gaps and early ends."""

from __future__ import annotations

import numpy as np

from genomes.language.dimension import PRICE, VOLUME
from sandbox.market.panel import Panel

DAY_NS = 86_400_000_000_000


def panel_of(
    assets: list[list[tuple[int, float, float, float, float]]],
    *,
    bars: int | None = None,
    volume: float = 1000.0,
    funding: list[list[float]] | None = None,
    bars_per_year: float = 252.0,
) -> Panel:
    """A panel from rows (clock bar, open, high, low, close), one list an asset."""
    rows = [row for asset in assets for row in asset]
    bar = np.array([row[0] for row in rows], dtype=np.int32)
    n = bars if bars is not None else int(bar.max()) + 1
    offsets = np.cumsum([0] + [len(asset) for asset in assets]).astype(np.int64)
    columns = np.array([row[1:] for row in rows], dtype=float)
    fields = {name: columns[:, i].copy() for i, name in enumerate(("open", "high", "low", "close"))}
    fields["volume"] = np.full(len(rows), volume)
    order = np.lexsort((np.arange(len(rows)), bar)).astype(np.int32)
    return Panel(
        symbols=tuple(f"A{a}" for a in range(len(assets))),
        clock=np.arange(n, dtype=np.int64) * DAY_NS,
        offsets=offsets,
        bar=bar,
        fields=fields,
        dimensions=dict.fromkeys(("open", "high", "low", "close"), PRICE) | {"volume": VOLUME},
        funding=None if funding is None else np.array([r for one in funding for r in one]),
        listed=np.full(n, len(assets), dtype=np.int32),
        order=order,
        order_offsets=np.searchsorted(bar[order], np.arange(n + 1)).astype(np.int64),
        bars_per_year=bars_per_year,
    )


def flat_bars(prices: list[float], start: int = 0) -> list[tuple[int, float, float, float, float]]:
    """Bars whose open, high, low and close are one price."""
    return [(start + i, p, p, p, p) for i, p in enumerate(prices)]


def random_panel(
    rng: np.random.Generator,
    *,
    bars: int,
    assets: int,
    gaps: float = 0.0,
    early_end: bool = False,
    volatility: float = 0.03,
    funding: bool = False,
) -> Panel:
    """Random walks whose opens gap; with `gaps`, that share of bars is absent."""
    series: list[list[tuple[int, float, float, float, float]]] = []
    for a in range(assets):
        price = float(np.exp(rng.normal(2, 1)))
        own: list[tuple[int, float, float, float, float]] = []
        end = bars - (bars // 2 if early_end and a == 0 else 0)
        for t in range(end):
            open_ = price * float(np.exp(rng.normal(0, volatility / 2)))
            close = open_ * float(np.exp(rng.normal(0, volatility)))
            high = max(open_, close) * (1 + abs(float(rng.normal(0, volatility / 2))))
            low = min(open_, close) / (1 + abs(float(rng.normal(0, volatility / 2))))
            price = close
            if rng.random() >= gaps or t == 0:
                own.append((t, open_, high, low, close))
        series.append(own)
    rates = None
    if funding:
        rates = [
            list(np.where(rng.random(len(s)) < 0.1, np.nan, rng.normal(0, 0.001, len(s))))
            for s in series
        ]
    return panel_of(series, bars=bars, volume=50.0, funding=rates)


def random_weights(rng: np.random.Generator, panel: Panel) -> np.ndarray:
    """Held directions with sizes, flat stretches, unknowns, and a few beyond every cap."""
    out = np.empty(panel.size)
    now = 0.0
    for i in range(panel.size):
        if rng.random() < 0.25:
            now = float(rng.choice([0.0, 0.0, 0.3, -0.3, 0.5, -0.8, 1.7, np.nan]))
        out[i] = now
    return out
