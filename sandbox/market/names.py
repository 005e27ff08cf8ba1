"""Names: which column of a table is the time, the asset, a price or the volume, by its name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from sandbox.market.errors import MarketError
from sandbox.market.panel import OHLCV

# What comes first is taken first. All are compared as `plain` has them.
TIME_NAMES = (
    *("time", "date", "timestamp", "datetime", "open_time", "opentime", "ts", "date time"),
    *("dtyyyymmdd", "trade date", "trading date", "observation date", "gmt time", "local time"),
    *("bar time", "start time", "starttime", "start at", "begins at", "window start", "day", "dt"),
    *("candle begin time", "candle time", "unix", "unix timestamp", "unix time", "epoch", "t"),
)
INDEX_NAMES = ("", "unnamed: 0", "index", "__index_level_0__")
SYMBOL_NAMES = (
    *("symbol", "ticker", "asset", "instrument", "sym", "code", "tic", "stock", "security", "pair"),
    *("coin", "ric", "contract", "name"),
)
CLOSES = ("close/last", "last", "price", "settle", "settlement price")
ALIASES = {
    "open": ("open", "o", "open price", "opening price", "adj open"),
    "high": ("high", "h", "high price", "highest price", "adj high"),
    "low": ("low", "l", "low price", "lowest price", "adj low"),
    "close": ("close", "c", "close price", "closing price", "adj close", "adjclose", *CLOSES),
    "volume": ("volume", "vol", "v", "tickvol", "tick volume", "total volume", "adj volume"),
}
ADJUSTED = ("adj close", "adjclose", "adjusted close", "close adjusted", "close adj", "adjusted")
ADJUSTED_SET = {
    "open": ("adj open", "adjopen", "adjusted open"),
    "high": ("adj high", "adjhigh", "adjusted high"),
    "low": ("adj low", "adjlow", "adjusted low"),
    "close": ADJUSTED,
    "volume": ("adj volume", "adjvolume", "adjusted volume"),
}
TICKER = re.compile(r"[A-Z0-9^][A-Z0-9.^=/_:-]{0,19}")  # what a wide table calls its columns
_NUMBERED = re.compile(r"^\d+[a-z]?\.\s+")  # Alpha Vantage: "1. open"
_APART = re.compile(r"[\s_.-]+")
_NAMED = 12


def plain(name: str) -> str:
    """A name without case, brackets, numbering and the marks between its words."""
    text = _NUMBERED.sub("", name.strip().lower().strip("<>\ufeff"))
    return _APART.sub(" ", text).strip()


def find_name(names: Iterable[str], known: Iterable[str]) -> str | None:
    """The first known name that is among names, whatever its case; as the file spells it."""
    turned = list(reversed([str(n) for n in names]))
    exact = {n.strip().lower(): n for n in turned}
    loose = {plain(n): n for n in turned if n.strip()}
    for name in known:
        found = exact.get(name) or loose.get(plain(name) if name else "\0")
        if found is None and name in exact:
            found = exact[name]
        if found is not None:
            return found
    return None


def find_time(names: list[str], given: str | None, where: str) -> str:
    """The time column's name.

    Raises:
        MarketError: The given one is missing, or none can be inferred.
    """
    return _given(names, given, where, "time") or _inferred_time(names, where)


def find_symbol(names: list[str], given: str | None, where: str) -> str | None:
    """The column of asset names; None where the file has none.

    Raises:
        MarketError: The given one is missing.
    """
    return _given(names, given, where, "symbol") or find_name(names, SYMBOL_NAMES)


def find_ohlcv(names: list[str], given: Mapping[str, str | None], where: str) -> dict[str, str]:
    """Bars' columns: ours -> the file's. `volume` is left out where the file has none.

    Raises:
        MarketError: A given name is missing; open, high, low or close cannot be inferred; or two
            columns may be the close.
    """
    problems: list[str] = []
    found: dict[str, str] = {}
    for field in OHLCV:
        wanted = given.get(field)
        name = wanted if wanted in names else None
        if wanted is not None and name is None:
            problems.append(
                f"{where}: columns.{field} = {wanted!r} is not there; it has {', '.join(names)}"
            )
        elif name is None:
            name = find_name(names, ALIASES[field])
        if name is not None:
            found[field] = name
    missing = [f for f in OHLCV[:4] if f not in found and given.get(f) is None]
    if len(missing) == 4:
        problems.append(_column_file(names, where))
    elif missing:
        problems.append(
            f"{where}: no column for {', '.join(missing)} (it has {', '.join(names)}); name them "
            f'in the market\'s TOML, as in columns.{missing[0]} = "..."'
        )
    rivals = [n for n in names if plain(n) in CLOSES]
    if not given.get("close") and found.get("close") in rivals and len(rivals) > 1:
        lines = " or ".join(f'columns.close = "{n}"' for n in rivals)
        problems.append(f"{where}: which column is the close? write {lines} in the market's TOML")
    if problems:
        raise MarketError(problems)
    return found


def _given(names: list[str], given: str | None, where: str, key: str) -> str | None:
    if given is not None and given not in names:
        raise MarketError(f"{where}: {key} = {given!r} is not there; it has {', '.join(names)}")
    return given


def _inferred_time(names: list[str], where: str) -> str:
    found = find_name(names, TIME_NAMES)
    if found is None:
        found = find_name(names, INDEX_NAMES)
    if found is None:
        raise MarketError(
            f"{where}: no time column (looked for {', '.join(TIME_NAMES[:7])}...; it has "
            f'{", ".join(names)}); name it: time = "..."'
        )
    return found


def _column_file(names: list[str], where: str) -> str:
    keys = TIME_NAMES + SYMBOL_NAMES + INDEX_NAMES
    others = [n for n in names if find_name([n], keys) is None and "symbol" not in n.lower()]
    has = f"{where}: no open, high, low, close (it has {', '.join(names[:_NAMED])}"
    has += f" and {len(names) - _NAMED} more)" if len(names) > _NAMED else ")"
    long = (
        "needs a long table (time, symbol, open, high, low, close, volume), or one file per symbol "
        "(time, open, high, low, close, volume)"
    )
    wide = len(others) > 1 and find_name(names, SYMBOL_NAMES) is None
    if wide and all(TICKER.fullmatch(n) for n in others):
        return f"{has}: a wide table, with one column per asset; {long}"
    source = others[0] if others else "..."
    name = "".join(c if c.isalnum() else "_" for c in source.lower()).strip("_") or "name"
    between = (
        f", so it is not bars. Where each column is an asset: {long}. Where they are"
        if wide
        else ", so it is not bars but"
    )
    attach = "attach" if wide else "Attach"
    return (
        f"{has}{between} further columns{':' if wide else '.'} {attach} it to a market that has "
        "bars, in that market's TOML:\n"
        f'    [column.{name}]\n    file = "{where}"\n    from = "{source}"\n'
        '    known = "next_bar"    # or "same_bar", or a span after its stamp such as "1d"'
    )
