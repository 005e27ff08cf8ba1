"""Spans of time as markets write them: "7d", "36h", "30min", "2w"; and stamps as text."""

from __future__ import annotations

import re

import numpy as np

DAY_NS = 86_400_000_000_000
YEAR_DAYS = 365.25
_UNITS = {"min": DAY_NS // 1440, "h": DAY_NS // 24, "d": DAY_NS, "w": 7 * DAY_NS}
_SPAN = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(min|h|d|w)\s*$")


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
