"""The words in which the rows of the table are written: usual arguments, warm-ups and ranges."""

from __future__ import annotations

from math import inf

from genomes.language.table.row import Arg, Bars, Kind, Range, Span

MAX_BARS = 5000  # no window is longer, whatever a market's max_window says


def series(name: str, dimension: str = "a") -> Arg:
    """A Series argument."""
    return Arg(name, Kind.SERIES, dimension)


def mask(name: str) -> Arg:
    """A Mask argument."""
    return Arg(name, Kind.MASK)


def bars(name: str = "n", low: int = 1, high: int = MAX_BARS, default: int | None = None) -> Arg:
    """A number of bars."""
    return Arg(name, Kind.BARS, "", low, high, default)


def number(name: str, low: float, high: float, default: float | None = None) -> Arg:
    """A plain number."""
    return Arg(name, Kind.NUMBER, "", low, high, default)


X, Y, SAME = series("x"), series("y", "b"), series("y")  # SAME: of the dimension of x
PLAIN = series("x", "1")
OPEN, HIGH, LOW, CLOSE = (series(name, "price") for name in ("open", "high", "low", "close"))
VOLUME = series("volume", "volume")
N, N2, N3, N14 = bars(), bars(low=2), bars(low=3), bars(default=14)
WIDTH = number("k", 0, 20, 2)

AT_ONCE = Bars()
NEXT = Bars({}, 1)  # known from the second bar on
FULL = Bars({"n": 1}, -1)  # known once n values are
STEP = Bars({"n": 1})  # known once n + 1 values are

FREE = Range(Span.FREE)
SAME_RANGE = Range(Span.SAME)
SIGN = Range(Span.SIGN)
COUNT = Range(Span.COUNT)
RULE = Range(Span.RULE)
SHARE = Range(Span.WITHIN, 0.0, 1.0)
UNIT = Range(Span.WITHIN, -1.0, 1.0)
PERCENT = Range(Span.WITHIN, 0.0, 100.0)
POSITIVE = Range(Span.WITHIN, 0.0, inf)
