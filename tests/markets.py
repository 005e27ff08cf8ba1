"""Hand-made markets for tests: bars in memory, through the same code path as files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sandbox.market import MarketConfig, Panel, assemble


def make_frame(
    closes: Mapping[str, Sequence[float]],
    *,
    opens: Mapping[str, Sequence[float]] | None = None,
    highs: Mapping[str, Sequence[float]] | None = None,
    lows: Mapping[str, Sequence[float]] | None = None,
    volumes: Mapping[str, Sequence[float]] | None = None,
    columns: Mapping[str, Mapping[str, Sequence[float]]] | None = None,
    start: str = "2020-01-06",
    bar: str = "1D",
    skip: Mapping[str, Sequence[int]] | None = None,
) -> pd.DataFrame:
    """A long frame: time, symbol, open, high, low, close, volume and further columns.

    Args:
        closes: Asset -> its closes, one per clock bar.
        opens: By default the previous close (of the first bar: its close).
        highs: By default the larger of open and close.
        lows: By default the smaller of open and close.
        volumes: By default 1000.
        columns: Name -> asset -> values.
        start: Stamp of the first clock bar; a Monday by default.
        bar: Distance of two clock bars.
        skip: Asset -> clock bars that it does not have (the value given there is not used).
    """
    frames: list[pd.DataFrame] = []
    for symbol, values in closes.items():
        close = np.asarray(values, dtype=float)
        open_ = np.asarray((opens or {}).get(symbol, np.r_[close[:1], close[:-1]]), dtype=float)
        high = np.asarray((highs or {}).get(symbol, np.fmax(open_, close)), dtype=float)
        low = np.asarray((lows or {}).get(symbol, np.fmin(open_, close)), dtype=float)
        volume = np.asarray((volumes or {}).get(symbol, np.full(len(close), 1000.0)), dtype=float)
        data: dict[str, Any] = {
            "time": pd.date_range(start, periods=len(close), freq=bar),
            "symbol": symbol,
            "open": open_,
            "high": high,
            "low": low,
            "close": close,
            "volume": volume,
        }
        for name, by_symbol in (columns or {}).items():
            data[name] = np.asarray(by_symbol.get(symbol, np.full(len(close), np.nan)), dtype=float)
        frame = pd.DataFrame(data)
        frames.append(frame.drop(index=list((skip or {}).get(symbol, ()))))
    return pd.concat(frames, ignore_index=True)


def make_config(**keys: Any) -> MarketConfig:
    """A config for bars in memory; any key of a market's TOML may be given."""
    return MarketConfig.model_validate({"name": "made", "path": "memory", **keys})


def make_panel(
    closes: Mapping[str, Sequence[float]],
    *,
    config: MarketConfig | None = None,
    series: Mapping[str, pd.DataFrame] | None = None,
    **frame: Any,
) -> Panel:
    """The panel of `make_frame(closes, **frame)`.

    Args:
        closes: As in make_frame.
        config: By default one that names every further column, known in the same bar.
        series: Frames of columns with a file of their own, as in `assemble`.
        frame: Further arguments of make_frame.
    """
    if config is None:
        config = make_config(column={n: {"known": "same_bar"} for n in frame.get("columns") or ()})
    return assemble(make_frame(closes, **frame), config, series)
