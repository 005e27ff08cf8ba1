"""Groups: tables with columns for each asset, by field and asset, or one close for each asset."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sandbox.market.names import ADJUSTED, ALIASES, TICKER, find_name, plain
from sandbox.market.panel import OHLCV

Groups = tuple[tuple[str, dict[str, str]], ...]  # (asset, ours -> the file's name)

_PAIR = re.compile(r"""\(\s*['"](.+?)['"]\s*,\s*['"](.*?)['"]\s*\)""")  # pandas in Parquet
_WORDS = ("open", "high", "low", "close", "volume", "adj close", "adjusted", "adj_close")
_SPLIT = tuple(
    re.compile(form.format("|".join(w.replace(" ", "[ _.]") for w in _WORDS)), re.IGNORECASE)
    for form in (r"(?P<asset>.+?)[ _.|:/](?P<field>{})", r"(?P<field>{})[ _.|:/](?P<asset>.+)")
)
# Before or after a field's name these say which kind of price it is, not whose.
_KINDS = {
    *("adj", "adjusted", "unadjusted", "raw", "bid", "ask", "mid", "price", "prev", "previous"),
    *("mark", "index", "spot", "day", "session", "last", "time", "interest", "usd", "usdt", "eur"),
}
# What a table calls a measure that is not a price.
_MEASURES = {
    *(
        "OI",
        "RSI",
        "VOLUME",
        "VOL",
        "FUNDING",
        "NAV",
        "PE",
        "EPS",
        "PB",
        "ROE",
        "BETA",
        "IV",
        "RATE",
    ),
    *("SMA", "EMA", "ATR", "MACD", "OBV", "VWAP", "SIGNAL", "RETURN", "WEIGHT", "ID", "COUNT"),
}


def grouped(names: Sequence[str], tickers: Mapping[str, tuple[str, str]]) -> Groups:
    """The columns of each asset; () where the columns are not grouped by asset.

    Args:
        names: The file's columns.
        tickers: Name -> (asset, field), where the header's lines say so.
    """
    told = dict(tickers)
    for name in names:
        if (pair := _PAIR.fullmatch(name)) is not None:
            first, second = pair.groups()
            field_first = plain(first) in {*_WORDS, "dividends", "stock splits", "capital gains"}
            told[name] = (second, plain(first)) if field_first else (first, plain(second))
    if not told and find_name(names, ALIASES["open"][:3]) is None:
        told = max((_split(names, form) for form in _SPLIT), key=len)
    groups: dict[str, dict[str, str]] = {}
    for name, (asset, field) in told.items():
        ours = "adjusted" if field in ADJUSTED else field
        if ours in (*OHLCV, "adjusted"):
            groups.setdefault(asset, {})[ours] = name
    for columns in groups.values():  # a lone adjusted close is the close
        if "adjusted" in columns and "close" not in columns:
            columns["close"] = columns.pop("adjusted")
    full = {a: c for a, c in groups.items() if {"open", "high", "low", "close"} <= c.keys()}
    return tuple(sorted(full.items())) if len(full) == len(groups) else ()


def _split(names: Sequence[str], form: re.Pattern[str]) -> dict[str, tuple[str, str]]:
    told: dict[str, tuple[str, str]] = {}
    for name in names:
        found = form.fullmatch(name.strip())
        if found is not None and plain(found["asset"]) not in _KINDS:
            told[name] = (found["asset"], plain(found["field"]))
    return told


def closes(names: Sequence[str], used: Sequence[str | None]) -> tuple[Groups, bool]:
    """One asset for each column beside the stamps: a wide table of closes.

    Args:
        names: The file's columns, all with numbers.
        used: Its time column.

    Returns:
        The groups, and whether their names can be nothing but assets.
    """
    own = [n for n in names if n not in used]
    sure = bool(own) and all(TICKER.fullmatch(n) and n not in _MEASURES for n in own)
    return tuple((n, dict.fromkeys(("open", "high", "low", "close"), n)) for n in own), sure


def single_letters(names: Sequence[str]) -> list[str]:
    """Names such as C or V, which may be a close, a volume, or an asset."""
    letters = {known for field in OHLCV for known in ALIASES[field] if len(known) == 1}
    return [n for n in names if n.lower() in letters and n == n.upper()]
