"""A market with fewer assets: what a scan of a very large one computes its atoms on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sandbox.market.panel import I64, Panel

FEWEST_ASSETS = 12


def thinned(panel: Panel, most: int) -> tuple[Panel, I64]:
    """Every k-th asset, so that about `most` packed bars are left, but at least 12 assets.

    The clock, and how many assets are listed, stay those of the whole market; what is compared
    across assets is compared among those left.

    Returns:
        The panel, and the (n,) packed bars of the whole one that it holds.
    """
    if panel.size <= most or panel.assets <= FEWEST_ASSETS:
        return panel, np.arange(panel.size)
    count = max(FEWEST_ASSETS, panel.assets * most // panel.size)
    assets = (np.arange(count) * panel.assets) // count
    keep = np.concatenate([np.arange(panel.offsets[a], panel.offsets[a + 1]) for a in assets])
    bar = panel.bar[keep]
    order = np.argsort(bar, kind="stable").astype(np.int32)  # packed by asset: ties stay in order
    return (
        replace(
            panel,
            symbols=tuple(panel.symbols[a] for a in assets),
            offsets=np.concatenate(([0], np.cumsum(np.diff(panel.offsets)[assets]))),
            bar=bar,
            fields={name: values[keep] for name, values in panel.fields.items()},
            funding=None if panel.funding is None else panel.funding[keep],
            order=order,
            order_offsets=np.searchsorted(bar[order], np.arange(panel.bars + 1)).astype(np.int64),
        ),
        keep,
    )
