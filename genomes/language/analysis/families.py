"""What kind of idea a graph is, by the operators and fields in it: no data, no drawing. Pure."""

from __future__ import annotations

from genomes.language.table import OPERATORS
from genomes.language.table.change import FAMILY as CHANGES

OHLCV = ("open", "high", "low", "close", "volume")
CLOCK = ("weekday", "month", "days_to_month_end", "hour", "minute_of_day", "bars_from_open")

_EXITS = ("stop_loss", "take_profit", "trailing_stop", "max_held")
MONTHLY = 10  # bars from which on a change is momentum; over fewer a short move

FAMILIES = (
    "moving average", "oscillator", "breakout", "trend strength", "volatility", "volume",
    "cross-section", "regression", "shape", "event memory", "risk sizing", "momentum",
    "short move", "seasonality", "carry", "exits",
)  # fmt: skip


def families(graph: str) -> frozenset[str]:
    """The families of FAMILIES that a serialised graph belongs to; empty for other text."""
    found: set[str] = set()
    for line in set(graph.split("\n")):
        words = line.split(" ")
        op = words[0]
        if op in OPERATORS:
            row = OPERATORS[op]
            found.update(row.families)
            if row.family == CHANGES and op not in ("lag", "lag_mask"):
                window = words[-1]
                if window.isdigit() and int(window) > 1:
                    found.add("momentum" if int(window) >= MONTHLY else "short move")
        elif op == "field":
            found.update(family_of_field(words[-1]))
        elif op == ">" and len(words) > 1 and words[1] in _EXITS:
            found.add("exits")
    return frozenset(found)


def family_of_field(name: str) -> tuple[str, ...]:
    """The family of a market's field; none for prices."""
    if name in CLOCK:
        return ("seasonality",)
    if name == "volume":
        return ("volume",)
    return () if name in OHLCV else ("carry",)
