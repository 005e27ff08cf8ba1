"""What is seen of a market's bars at a glance: the first of them, gaps, hours. Nothing sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sandbox.market.panel import DAY_NS, OHLCV, Panel, local_ns, span_text, stamp_text
from sandbox.market.remark import own_stamps

if TYPE_CHECKING:
    from rich.table import Table

FIRST = 3
_ASSETS = 3
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MISSING = 4  # bars: a longer step is a gap, where the market was not closed
_WEEKEND = 5 * DAY_NS  # with holidays around it
_SATURDAY = 5


def first_bars(panel: Panel) -> Table:
    """The first bars of the first assets, as they were read."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    fields = [f for f in OHLCV if f in panel.fields]
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("first bars", no_wrap=True)
    table.add_column("stamp (UTC)", no_wrap=True)
    for name in fields:
        table.add_column(name, justify="right")
    for a in range(min(_ASSETS, panel.assets)):
        for i in range(
            int(panel.offsets[a]), int(min(panel.offsets[a] + FIRST, panel.offsets[a + 1]))
        ):
            values = [f"{panel.fields[f][i]:,.10g}" for f in fields]
            symbol = panel.symbols[a] if i == panel.offsets[a] else ""
            table.add_row(symbol, stamp_text(int(panel.clock[panel.bar[i]])), *values)
    return table


def gaps(panel: Panel) -> str:
    """How many steps between an asset's bars are longer than its usual ones, and the longest.

    A step is a gap above four bars; of an asset without a bar on a Saturday, above what a long
    weekend takes.
    """
    count, longest, where = 0, 0, ""
    for a, symbol in enumerate(panel.symbols):
        stamps = own_stamps(panel, a)
        steps = np.diff(stamps)
        if len(steps) < 2:
            continue
        usual = int(np.median(steps))
        week = stamps[-1] - stamps[0] > 7 * DAY_NS and usual <= DAY_NS
        closes = week and not ((np.floor_divide(stamps, DAY_NS) + 3) % 7 == _SATURDAY).any()
        over = steps > max(_MISSING * usual, _WEEKEND if closes else 0)
        count += int(over.sum())
        if over.any() and int(steps.max()) > longest:
            longest = int(steps.max())
            where = f"{symbol} after {stamp_text(int(stamps[int(np.argmax(steps))]))}"
    if not count:
        return "none"
    return f"{count:,}, the longest {span_text(longest)} ({where})"


def hours(panel: Panel, zone: str) -> str:
    """On which days and between which times of day bars are stamped, in a zone."""
    local = local_ns(panel.clock, zone)
    minute = local % DAY_NS // 60_000_000_000
    day = (np.floor_divide(local, DAY_NS) + 3) % 7
    share = np.bincount(day, minlength=7) / len(day)
    days = [d for d, s in zip(_DAYS, share, strict=True) if s > 0.005]
    named = f"{days[0]} to {days[-1]}" if len(days) > 2 else ", ".join(days)
    first, last = (f"{m // 60:02d}:{m % 60:02d}" for m in (int(minute.min()), int(minute.max())))
    at = f"at {first}" if first == last else f"{first} to {last}"
    return f"stamped {at}, {named}, {zone}"
