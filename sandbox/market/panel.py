"""The panel: every bar of a market as packed, read-only arrays. Pure NumPy, no I/O."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genomes.language.dimension import Dimension

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]

OHLCV = ("open", "high", "low", "close", "volume")
CLOCK_FIELDS = (
    "hour",
    "weekday",
    "month",
    "minute_of_day",
    "bars_from_open",
    "days_to_month_end",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A market's bars, packed asset after asset; a bar an asset does not have is absent, not NaN.

    Asset a owns the packed positions offsets[a] to offsets[a + 1]; `bar` tells each one's place on
    the common clock. N is the number of packed bars, A of assets, T of clock bars.

    Attributes:
        symbols: A names, sorted.
        clock: (T,) the bars' stamps as the files have them, UTC nanoseconds, strictly increasing.
        offsets: (A + 1,) where each asset's packed bars begin.
        bar: (N,) clock index of each packed bar, strictly increasing within an asset.
        fields: name -> (N,) values *as known at the close of the bar*: open, high, low, close,
            volume, the market's further columns (already delayed to when they were known; NaN
            where unknown), and the clock fields.
        dimensions: name -> dimension of each field.
        funding: (N,) the rate longs pay during the bar as a fraction of notional, undelayed, for
            the books only; None where the market has none.
        listed: (T,) how many assets are listed: those with a bar at or within `stale_after`
            before the clock bar (causal: a later bar never changes an earlier count).
        order: (N,) packed positions sorted by (clock index, asset): the cross-sections.
        order_offsets: (T + 1,) where each clock bar's cross-section begins in `order`.
        bars_per_year: Clock bars in a year, measured from the stamps.
    """

    symbols: tuple[str, ...]
    clock: I64
    offsets: I64
    bar: I32
    fields: dict[str, F64]
    dimensions: dict[str, Dimension]
    funding: F64 | None
    listed: I32
    order: I32
    order_offsets: I64
    bars_per_year: float

    @property
    def assets(self) -> int:
        """A, the number of assets."""
        return len(self.symbols)

    @property
    def bars(self) -> int:
        """T, the number of clock bars."""
        return len(self.clock)

    @property
    def size(self) -> int:
        """N, the number of packed bars over all assets."""
        return len(self.bar)
