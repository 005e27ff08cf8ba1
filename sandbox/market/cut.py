"""Cutting a panel: some assets, some bars, as if there were no others. Pure NumPy, no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sandbox.market.panel import Panel


def cut(panel: Panel, *, assets: Sequence[int], start: int, stop: int) -> Panel:
    """The bars of some assets from one clock bar to another.

    Args:
        panel: The whole.
        assets: Indices of assets, rising.
        start: First clock bar.
        stop: One past the last.

    Returns:
        A panel of its own. `listed` and `bars_per_year` are the whole's.

    Raises:
        ValueError: No assets, or the bars are not inside the clock.
    """
    if not assets or not 0 <= start < stop <= panel.bars:
        raise ValueError(
            f"cut of assets {list(assets)}, bars {start} to {stop}: needs an asset and bars within "
            f"0 to {panel.bars}"
        )
    kept = [
        np.arange(panel.offsets[a], panel.offsets[a + 1])[
            (panel.bar[panel.offsets[a] : panel.offsets[a + 1]] >= start)
            & (panel.bar[panel.offsets[a] : panel.offsets[a + 1]] < stop)
        ]
        for a in assets
    ]
    keep = np.concatenate(kept)
    bar = panel.bar[keep] - np.int32(start)
    order = np.argsort(bar, kind="stable").astype(np.int32)
    return replace(
        panel,
        symbols=tuple(panel.symbols[a] for a in assets),
        clock=panel.clock[start:stop],
        offsets=np.cumsum([0, *(len(k) for k in kept)], dtype=np.int64),
        bar=bar,
        fields={name: values[keep] for name, values in panel.fields.items()},
        funding=None if panel.funding is None else panel.funding[keep],
        listed=panel.listed[start:stop],
        order=order,
        order_offsets=np.searchsorted(bar[order], np.arange(stop - start + 1)).astype(np.int64),
    )
