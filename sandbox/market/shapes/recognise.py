"""Recognising a file: its content and a market's config in, how its bars are read out."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.market.config import MarketConfig
from sandbox.market.errors import MarketError
from sandbox.market.names import (
    ADJUSTED,
    ADJUSTED_SET,
    ALIASES,
    CLOSES,
    INDEX_NAMES,
    SYMBOL_NAMES,
    TICKER,
    TIME_NAMES,
    find_name,
    find_ohlcv,
    find_symbol,
    find_time,
    plain,
)
from sandbox.market.panel import OHLCV
from sandbox.market.shapes.arrow import arrow_table
from sandbox.market.shapes.container import Container, look, opened
from sandbox.market.shapes.groups import Groups, closes, grouped, single_letters
from sandbox.market.shapes.heading import CLOCK, read_heading
from sandbox.market.shapes.known import Order, known_shape
from sandbox.market.shapes.sheets import excel_text, json_text

_DATED = ("date", "dtyyyymmdd", "trade date", "trading date", "day", "gmt date")
_NOTHING = ("", "-", ".", "NA", "N/A", "NaN", "nan", "null", "None")
_CLOCKS = ("time", "hour", "time of day")
_QUOTES = {"usd", "usdt", "usdc", "busd", "eur", "gbp", "jpy", "krw", "try", "currency", "quote"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A file's columns, before any is understood.

    Attributes:
        container: What the file is.
        names: Its columns.
        tickers: As in Heading.
        sample: Name -> its first cells as text; of columns of numbers in Parquet none.
        text: The text that stands for a workbook or a JSON document.
        separator: As in Heading.
        skip: As in Heading.
        said: What is worth a word.
        headless: As in Heading.
    """

    container: Container
    names: tuple[str, ...]
    tickers: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    sample: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    text: str | None = None
    separator: str = ""
    skip: int = 1
    said: tuple[str, ...] = ()
    headless: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Which columns of a table are its bars.

    Attributes:
        shape: What the line calls the file; "" where it is a plain table.
        time: The time column.
        clock: The column of the time of day, where `time` has dates only.
        symbol: The column of asset names.
        columns: Ours -> the file's.
        groups: Each asset's own columns, where the table has some for each.
        adjusted: The adjusted close that open, high, low and close are scaled to.
        order: As in Shape.
        said: What is worth a word.
        closes: Whether each column is an asset's closes.
    """

    shape: str
    time: str
    clock: str | None
    symbol: str | None
    columns: dict[str, str]
    groups: Groups = ()
    adjusted: str | None = None
    order: Order | None = None
    said: tuple[str, ...] = ()
    closes: bool = False


def read_table(path: Path, config: MarketConfig, *, form: str | None = None) -> Table:
    """The columns of a file, whatever it is.

    Raises:
        MarketError: It is broken, or holds no table.
    """
    try:
        container = Container(kind=form) if form == "parquet" else look(path, config.member)
        if container.kind in ("parquet", "feather"):
            names, sample = arrow_table(path, container.kind)
            return Table(container=container, names=names, sample=sample)
        text, said = None, container.said
        if container.kind == "excel":
            text, sheet = excel_text(path, config.member or "")
            said = (f"sheet {sheet!r} of an Excel workbook",)
        elif container.kind == "json":
            text, said = json_text(path, container), ("JSON", *said)
        if text is not None:
            heading = read_heading(io.StringIO(text), path.name, config.names)
        else:
            with opened(path, container) as file:
                heading = read_heading(file, path.name, config.names)
    except MarketError:
        raise
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, KeyError) as error:
        raise MarketError(broken_file(path, form or "csv", error)) from error
    columns = list(zip(*(_padded(r, len(heading.names)) for r in heading.body), strict=True))
    return Table(
        container=container,
        names=heading.names,
        tickers=heading.tickers,
        sample={n: list(c) for n, c in zip(heading.names, columns, strict=False)},
        text=text,
        separator=heading.separator,
        skip=heading.skip,
        said=(*said, *heading.said) if not heading.headless else (*heading.said, *said),
        headless=heading.headless,
    )


def broken_file(path: Path, form: str, error: Exception) -> str:
    """The sentence for a file that a reader gave up on."""
    if form == "csv" and path.name.lower().endswith((".parquet", ".pq")):
        form = "parquet"
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return f"{path.name}: cannot be read as {form} ({reason}); is it complete, and of that format?"


def find_bars(table: Table, config: MarketConfig, where: str) -> Bars:
    """Which columns of a table are its bars.

    Raises:
        MarketError: A column cannot be found, or two readings are possible; all problems at once.
    """
    names = list(table.names)
    shape = None if table.headless else known_shape(names)
    wanted = shape.columns if shape is not None else {}
    time = config.time or find_name(names, [wanted["time"]] if "time" in wanted else [])
    clock = config.clock
    if time is None and (pair := _two_columns(table)) is not None:
        time, clock = pair
    time = find_time(names, time, where)
    given = config.columns.model_dump()
    said = (shape.note,) if shape is not None and shape.note else ()
    groups = () if any(given.values()) or table.headless else grouped(names, table.tickers)
    if groups:
        return _of_groups(groups, table, config, time)
    wide = (
        None
        if any(given.values()) or (config.layout is None and _spelt(names, where))
        else _closes(table, config, time, where)
    )
    if wide is not None:
        return wide
    symbol = find_symbol(names, config.symbol, where)
    for ours, theirs in wanted.items():
        if ours != "time" and given[ours] is None:
            given[ours] = find_name(names, [theirs])
    if given["volume"] is None:
        given["volume"] = _volume(table, symbol, where)
    columns, adjusted, told = _adjusted(names, given, config)
    columns = find_ohlcv(names, columns, where)
    volume = table.sample.get(columns.get("volume", ""), [])
    if volume and config.columns.volume is None and all(c in _NOTHING for c in volume):
        del columns["volume"]
        said = (*said, "no volume: its column is empty in the first lines")
    if told is None and adjusted is not None:
        told = (
            f"{adjusted} used: open, high and low scaled by it, volume as in the file (adjusted = "
            "false reads the prices as traded)"
        )
    return Bars(
        shape=shape.name if shape is not None else table.said[0] if table.headless else "",
        time=time,
        clock=clock,
        symbol=symbol,
        columns=columns,
        adjusted=adjusted,
        order=shape.order if shape is not None else None,
        said=(*said, *((told,) if told else ())),
    )


def _padded(row: list[str], width: int) -> list[str]:
    return [*row, *[""] * (width - len(row))][:width]


def _two_columns(table: Table) -> tuple[str, str] | None:
    """The columns of date and time of day, where each stands alone."""
    date = find_name(table.names, _DATED)
    clock = find_name([n for n in table.names if n != date], _CLOCKS)
    if date is None or clock is None:
        return None
    times = [t for t in table.sample.get(clock, []) if t]
    dates = [t for t in table.sample.get(date, []) if t]
    if not times or not all(CLOCK.fullmatch(t) for t in times) or any(":" in t for t in dates):
        return None
    return date, clock


def _spelt(names: list[str], where: str) -> bool:
    """Whether open, high, low and close are all there.

    Raises:
        MarketError: They are O, H, L and C among columns that may all be tickers.
    """
    found = [find_name(names, ALIASES[f]) for f in OHLCV[:4]]
    if None in found:
        return False
    if any(n is None or len(n) > 1 or n.islower() for n in found):
        return True
    keys = (*TIME_NAMES, *SYMBOL_NAMES, *INDEX_NAMES, *ALIASES["volume"])
    others = [n for n in names if TICKER.fullmatch(n) and find_name([n], keys) is None]
    if others := [n for n in others if n not in found]:
        open_, high, low, close = found
        raise MarketError(
            f"{where}: O, H, L and C may be prices or tickers beside {', '.join(others[:5])}; "
            "write layout = \"closes\" in the market's TOML where each column holds an asset's "
            "closes, or "
            f'columns = {{ open = "{open_}", high = "{high}", low = "{low}", close = "{close}" }}'
        )
    return True


def _of_groups(groups: Groups, table: Table, config: MarketConfig, time: str) -> Bars:
    pandas = any(n.startswith("(") for n in table.names) or bool(table.tickers)
    name = "yfinance" if pandas else "a table with columns for each asset"
    number = "several tickers" if len(groups) > 1 else "one ticker"
    scaled = all("adjusted" in columns for _, columns in groups) and config.adjusted is not False
    kept = tuple(
        (asset, {o: n for o, n in columns.items() if o != "adjusted" or scaled})
        for asset, columns in groups
    )
    told = "Adj Close used: open, high and low scaled by it (adjusted = false reads them as traded)"
    return Bars(
        shape=f"{name}, {number}", time=time, clock=None, symbol=None,
        columns={f: f for f in OHLCV if all(f in c for _, c in kept)},
        groups=kept, said=(told,) if scaled else (),
    )  # fmt: skip


def _closes(table: Table, config: MarketConfig, time: str, where: str) -> Bars | None:
    """The bars of a table that has a close and nothing else for each of its assets."""
    names = list(table.names)
    letters = single_letters(names)
    own = [n for n in names if n != time and table.sample.get(n) is not None]
    known = find_name([n for n in own if n not in letters], ("open", "high", "low", "close"))
    others = [n for n in own if n not in letters and TICKER.fullmatch(n)]
    asked = config.layout == "closes"
    if not asked and (alone := _single_close(table, names, time)) is not None:
        return alone
    if not asked and (known or find_symbol([n for n in own if n not in letters], None, where)):
        return None
    numbers = [n for n in own if _numbers(table.sample[n])]
    if not numbers or (len(numbers) != len(own) and not asked):
        return None
    if not asked and len(letters) > 3 and len(others) < 4:
        return None
    groups, sure = closes(names if asked else own, (time,))
    if asked or (sure and len(own) > 1) or (sure and _fred(time)):
        name = "FRED, one column of values" if len(own) == 1 else "one close for each asset"
        return Bars(
            shape=name, time=time, clock=None, symbol=None,
            columns={f: f for f in OHLCV[:4]}, groups=groups,
            closes=True, said=("open, high and low are the close",),
        )  # fmt: skip
    if len(own) > 1:
        problem = ""
        try:
            find_ohlcv(names, {}, where)
        except MarketError as error:
            problem = str(error)
        if "further columns" in problem:
            raise MarketError(
                f"{problem}\nWhere each column holds an asset's closes, write in the market's "
                'TOML:\n    layout = "closes"'
            )
    return None


def _single_close(table: Table, names: list[str], time: str) -> Bars | None:
    """Bars of a close (and a volume) alone."""
    if find_name(names, ("open", "high", "low", "o", "h", "l")) is not None:
        return None
    close = find_name(names, ("close", "close price", "closing price"))
    if close is None and len(names) == 2:
        close = find_name(names, ("price", "last", "settle", *(("value",) if _fred(time) else ())))
    if close is None or find_name([n for n in names if n != close], (*CLOSES, *ADJUSTED)):
        return None
    volume = find_name(names, ("volume", "vol"))
    columns = dict.fromkeys(OHLCV[:4], close) | ({"volume": volume} if volume else {})
    return Bars(
        shape="closes alone", time=time, clock=None,
        symbol=find_symbol(names, None, ""), columns=columns,
        said=("open, high and low are the close",),
    )  # fmt: skip


def _fred(time: str) -> bool:
    return time == "DATE" or plain(time) == "observation date"


def _numbers(cells: Sequence[str]) -> bool:
    full = [c for c in cells if c not in _NOTHING]
    return bool(full) and all(any(d.isdigit() for d in c) and not c[0].isalpha() for c in full)


def _volume(table: Table, symbol: str | None, where: str) -> str | None:
    """The volume in units of the asset, where there is one in money beside it."""
    own = [n for n in table.names if plain(n).startswith("volume ")]
    if find_name(table.names, ("volume",)) or not own:
        return None
    if len(own) == 1:
        return own[0]
    units = {n: plain(n).removeprefix("volume ").strip("()") for n in own}
    first = next(iter(table.sample.get(symbol, [])), "").lower() if symbol else ""
    found = [n for n, unit in units.items() if first.startswith(unit)]
    found = found if len(found) == 1 else [n for n, unit in units.items() if unit not in _QUOTES]
    if len(found) == 1:
        return found[0]
    lines = " or ".join(f'columns.volume = "{n}"' for n in own)
    raise MarketError(f"{where}: which column is the volume? write {lines} in the market's TOML")


def _adjusted(
    names: list[str], given: dict[str, str | None], config: MarketConfig
) -> tuple[dict[str, str | None], str | None, str | None]:
    """Which columns to read, which to scale by, and a word on it where it is not the usual one."""
    close = find_name(names, ADJUSTED)
    raw = given["close"] or find_name(names, ("close", "c", "last", "close price"))
    own = config.columns
    chosen = any((own.open, own.high, own.low, own.close))
    if close is None or raw is None or close == raw or config.adjusted is False:
        return given, None, None
    if chosen and not config.adjusted:
        return given, None, None
    all_of = {f: find_name(names, ADJUSTED_SET[f]) for f in OHLCV}
    if all(all_of[f] for f in OHLCV[:4]):
        used = given | {f: n for f, n in all_of.items() if n is not None}
        return used, None, "the adjusted prices used (adjusted = false reads them as traded)"
    return given, close, None
