"""Clock fields: hour, weekday, month and the like of each bar, and who is listed. Known ahead."""

from __future__ import annotations

from datetime import time

import numpy as np

from sandbox.market.panel import F64, I32, I64
from sandbox.market.span import DAY_NS

_MINUTE_NS = DAY_NS // 1440


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
