"""The panel: a market's bars as packed, read-only arrays on a common clock; spans and stamps."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import time

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
DAY_NS = 86_400_000_000_000
YEAR_DAYS = 365.25
_UNITS = {"min": DAY_NS // 1440, "h": DAY_NS // 24, "d": DAY_NS, "w": 7 * DAY_NS}
_SPAN = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(min|h|d|w)\s*$")
_MINUTE_NS = DAY_NS // 1440


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
        bars_per_year: Clock bars in a year of the whole market before its sealed part.
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

    def density(self, start: int, stop: int) -> float:
        """Clock bars in a year from one clock bar to another (exclusive), by their own stamps.

        What annualises a figure of these bars: a market that is joined by round-the-clock assets
        has more bars in a year later than sooner. `bars_per_year` below two bars.
        """
        own = self.clock[start:stop]
        return bars_per_year(own) if len(own) > 1 else self.bars_per_year

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


def bars_per_year(clock: I64) -> float:
    """Clock bars in 365.25 days, measured over the span of the stamps; nan below two bars."""
    if len(clock) < 2:
        return float("nan")
    years = float(clock[-1] - clock[0]) / (DAY_NS * YEAR_DAYS)
    return (len(clock) - 1) / years


def span_ns(text: str) -> int:
    """A span in nanoseconds.

    Raises:
        ValueError: Not a number above zero with min, h, d or w.
    """
    found = _SPAN.match(text)
    if found is None or float(found[1]) == 0:
        raise ValueError(f'needs a span above zero such as "7d" (units: {", ".join(_UNITS)})')
    return round(float(found[1]) * _UNITS[found[2]])


def span_text(ns: int) -> str:
    """A span in its largest fitting unit: 4h, 1d, 226.5d."""
    for unit in ("d", "h", "min"):
        if ns >= _UNITS[unit]:
            return f"{ns / _UNITS[unit]:.4g}{unit}"
    return f"{ns / 1e9:.4g}s"


def stamp_text(ns: int) -> str:
    """A stamp as ISO text in UTC: 2020-03-12, 2020-03-12T08:00, 2020-03-12T08:00:07."""
    text = str(np.datetime64(int(ns), "ns"))[:19]
    return text.removesuffix(":00").removesuffix("T00:00")


def local_ns(stamps: I64, zone: str) -> I64:
    """Wall-clock nanoseconds of UTC stamps in a zone."""
    if zone == "UTC":
        return stamps
    import pandas as pd

    wall = pd.DatetimeIndex(stamps.view("M8[ns]"), tz="UTC").tz_convert(zone).tz_localize(None)
    return wall.to_numpy(dtype="M8[ns]").view(np.int64)


def clock_fields(
    clock: I64, offsets: I64, bar: I32, *, zone: str, session_start: time
) -> dict[str, F64]:
    """The fields in `panel.CLOCK_FIELDS`, each (N,): functions of a bar's own and earlier stamps.

    Args:
        clock: (T,) UTC nanoseconds.
        offsets: (A + 1,) of the panel.
        bar: (N,) of the panel.
        zone: IANA zone in which hours and days are told.
        session_start: Wall-clock time at which a session begins.
    """
    wall = local_ns(clock, zone)
    day = np.floor_divide(wall, DAY_NS)
    month = (day.view("M8[D]") if day.dtype == np.int64 else day).astype("M8[M]")
    month_end = (month + 1).astype("M8[D]").view(np.int64) - 1
    minute = np.floor_divide(wall - day * DAY_NS, _MINUTE_NS)
    begins = (session_start.hour * 60 + session_start.minute) * _MINUTE_NS
    # The maximum keeps a clock that is set back from opening yesterday's session again.
    session = np.maximum.accumulate(np.floor_divide(wall - begins, DAY_NS)) if len(wall) else day
    on_clock = {
        "hour": minute // 60,
        "weekday": (day + 3) % 7,  # 1970-01-01 was a Thursday
        "month": month.astype(np.int64) % 12 + 1,
        "minute_of_day": minute,
        "days_to_month_end": month_end - day,
    }
    fields = {name: values.astype(np.float64)[bar] for name, values in on_clock.items()}
    fields["bars_from_open"] = _bars_from_open(session[bar], offsets)
    return fields


def _bars_from_open(session: I64, offsets: I64) -> F64:
    """(N,) how many own bars since the session's first; restarts at each asset."""
    n = len(session)
    place = np.arange(n, dtype=np.int64)
    first = np.ones(n, dtype=bool)
    first[1:] = session[1:] != session[:-1]
    first[offsets[:-1][offsets[:-1] < n]] = True
    opened = np.maximum.accumulate(np.where(first, place, 0)) if n else place
    return (place - opened).astype(np.float64)


def listed_count(clock: I64, offsets: I64, bar: I32, stale_ns: int) -> I32:
    """(T,) how many assets have a bar at or within stale_ns before each clock bar."""
    change = np.zeros(len(clock) + 1, dtype=np.int64)
    until = np.searchsorted(clock, clock[bar] + stale_ns, side="right")
    for a in range(len(offsets) - 1):
        begin, end = int(offsets[a]), int(offsets[a + 1])
        if begin == end:
            continue
        last = until[begin:end].copy()
        last[:-1] = np.minimum(last[:-1], bar[begin + 1 : end])
        np.add.at(change, bar[begin:end], 1)
        np.subtract.at(change, last, 1)
    return np.cumsum(change[:-1]).astype(np.int32)
