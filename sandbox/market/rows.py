"""Rows: bars as a source has them, by which names, and what cannot be read. Not judged yet."""

from __future__ import annotations

import dataclasses
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from sandbox.market.errors import MarketError
from sandbox.market.panel import F64, I32, I64, OHLCV

if TYPE_CHECKING:
    import pandas as pd

NO_STAMP = int(np.iinfo(np.int64).min)
Unread = dict[tuple[str, str], str]  # (asset, column of the market or "stamp") -> its first text

STAMP = "stamp"
_DATES = (
    *("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y.%m.%d", "%Y/%m/%d"),
    *("%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%b-%Y", "%d %b %Y", "%b %d, %Y", "%d-%b-%y"),
)
_TIMES = ("", " %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p")
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+\.\d+")
_EUROPEAN = re.compile(r"[+-]?\d{1,3}(\.\d{3})+,\d+")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+")
_COMMA = re.compile(r"[+-]?\d+,\d+")

TIME_NAMES = ("time", "date", "timestamp", "datetime", "open_time", "opentime", "ts")
INDEX_NAMES = ("", "unnamed: 0", "index", "__index_level_0__")
SYMBOL_NAMES = ("symbol", "ticker", "asset", "instrument", "sym")
ALIASES = {
    "open": ("open", "o", "open_price", "adj open", "adj_open"),
    "high": ("high", "h", "high_price", "adj high", "adj_high"),
    "low": ("low", "l", "low_price", "adj low", "adj_low"),
    "close": ("close", "c", "close_price", "adj close", "adj_close", "adjclose"),
    "volume": ("volume", "vol", "v", "adj volume", "adj_volume"),
}

_TICKER = re.compile(r"[A-Z0-9^][A-Z0-9.^=/_-]{0,14}")  # what a wide table calls its columns
_NAMED = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """n rows in the source's order.

    Attributes:
        symbols: Asset names, sorted.
        code: (n,) index into symbols.
        stamp: (n,) UTC nanoseconds; NO_STAMP where unreadable.
        values: Name in the market -> (n,), NaN where the file has no number.
        unread: The first text of each asset that is not a stamp, or not a number in a column.
        silent: A sentence on each part of the source, such as a file, without a readable stamp.
        unused: Columns of the source that no value was made of.
    """

    symbols: tuple[str, ...]
    code: I32
    stamp: I64
    values: dict[str, F64]
    unread: Unread = dataclasses.field(default_factory=dict[tuple[str, str], str])
    silent: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()

    def take(self, where: NDArray[np.bool_] | I64) -> Rows:
        """These rows only, in this order; assets keep their codes."""
        values = {name: column[where] for name, column in self.values.items()}
        return replace(self, code=self.code[where], stamp=self.stamp[where], values=values)

    def without_empty(self) -> Rows:
        """The same rows, without the names of assets that have none."""
        present = np.bincount(self.code, minlength=len(self.symbols)) > 0
        if present.all():
            return self
        return replace(
            self,
            symbols=tuple(s for s, p in zip(self.symbols, present, strict=True) if p),
            code=(np.cumsum(present) - 1).astype(np.int32)[self.code],
        )


def find_name(names: Iterable[str], known: Iterable[str]) -> str | None:
    """The first known name that is among names, whatever its case; as the file spells it."""
    lower = {str(name).strip().lower(): name for name in reversed(list(names))}
    return next((lower[k] for k in known if k in lower), None)


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


def find_ohlcv(names: list[str], given: dict[str, str | None], where: str) -> dict[str, str]:
    """Bars' columns: ours -> the file's. `volume` is left out where the file has none.

    Raises:
        MarketError: A given name is missing, or open, high, low or close cannot be inferred.
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
    if problems:
        raise MarketError(problems)
    return found


def to_stamps(series: pd.Series, zone: str, time_format: str | None = None) -> I64:
    """Stamps as UTC nanoseconds; NO_STAMP where a value cannot be read as a time.

    Numbers are epoch seconds, milliseconds, microseconds or nanoseconds by their size, or
    YYYYMMDD; text is ISO 8601 or in `time_format`. Stamps without a zone are wall-clock times in
    `zone`; of an hour that comes twice, the first.
    """
    import pandas as pd

    if pd.api.types.is_numeric_dtype(series):
        parsed = _from_numbers(series)
    elif pd.api.types.is_datetime64_any_dtype(series):
        parsed = series
    else:
        text = series.astype("string") if time_format is None else series
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                parsed = pd.to_datetime(text, format=time_format or "ISO8601", errors="coerce")
            except ValueError:  # mixed zones
                parsed = pd.to_datetime(
                    text, format=time_format or "ISO8601", errors="coerce", utc=True
                )
    if parsed.dt.tz is None:
        if zone != "UTC":
            index = pd.DatetimeIndex(parsed)
            twice = np.ones(len(index), dtype=bool)
            index = index.tz_localize(zone, ambiguous=twice, nonexistent="shift_forward")
            parsed = pd.Series(index.tz_convert("UTC").tz_localize(None))
    else:
        parsed = parsed.dt.tz_convert("UTC").dt.tz_localize(None)
    return parsed.to_numpy(dtype="M8[ns]").view(np.int64).copy()


def column_of(frame: pd.DataFrame, name: str) -> pd.Series:
    """The column of that name (pandas' own types allow a frame here)."""
    return cast("pd.Series", frame[name])


def to_numbers(series: pd.Series) -> F64:
    """Values as float64; NaN where there is no number. A float32 becomes the float64 it equals."""
    import pandas as pd

    if not pd.api.types.is_numeric_dtype(series):
        series = pd.Series(pd.to_numeric(series.astype("string"), errors="coerce"))
    return series.to_numpy(dtype=np.float64, na_value=np.nan)


def _from_numbers(series: pd.Series) -> pd.Series:
    import pandas as pd

    values = series.to_numpy(dtype=np.float64, na_value=np.nan)
    size = float(np.nanmax(np.abs(values))) if np.isfinite(values).any() else 0.0
    if 19_000_101 <= size <= 22_001_231 and np.nanmin(values) >= 19_000_101:
        text = series.astype("Int64").astype("string")
        return pd.to_datetime(text, format="%Y%m%d", errors="coerce")
    unit = "s" if size < 1e11 else "ms" if size < 1e14 else "us" if size < 1e17 else "ns"
    return pd.to_datetime(series, unit=unit, errors="coerce")


def _given(names: list[str], given: str | None, where: str, key: str) -> str | None:
    if given is not None and given not in names:
        raise MarketError(f"{where}: {key} = {given!r} is not there; it has {', '.join(names)}")
    return given


def _inferred_time(names: list[str], where: str) -> str:
    found = find_name(names, TIME_NAMES) or find_name(names, INDEX_NAMES)
    if found is None:
        raise MarketError(
            f"{where}: no time column (looked for {', '.join(TIME_NAMES)}; it has "
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
    if wide and all(_TICKER.fullmatch(n) for n in others):
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


def note(
    unread: Unread, name: str, labels: NDArray[Any], series: pd.Series, bad: NDArray[np.bool_]
) -> None:
    """Keep the first text of each asset that could not be read; empty cells have none.

    Args:
        unread: Where it is kept.
        name: The column, in the market's own words.
        labels: (n,) asset names.
        series: (n,) the cells as the file has them.
        bad: (n,) which could not be read.
    """
    if not bad.any():
        return
    at = np.flatnonzero(bad & series.notna().to_numpy(dtype=bool))
    assets, first = np.unique(labels[at], return_index=True)
    for asset, place in zip(assets, first, strict=True):
        unread.setdefault((str(asset), name), str(series.iloc[int(at[place])]))


def time_formats(text: str) -> tuple[str, ...]:
    """The usual strptime formats that read a text: two where day and month may be either."""
    found: list[str] = []
    for form in (date + time for date in _DATES for time in _TIMES):
        try:
            datetime.strptime(text.strip(), form)
        except ValueError:
            continue
        found.append(form)
    return tuple(found)


def stamp_remedy(text: str, given: str | None) -> str:
    """What to write in a market's TOML so that a stamp is read.

    Args:
        text: The stamp.
        given: The time_format that did not read it.
    """
    forms = [f'"{form}"' for form in time_formats(text) if form != given]
    if not forms:
        return 'write time_format = "..." in the market\'s TOML, as in "%d/%m/%Y %H:%M"'
    other = f" (or {forms[1]})" if len(forms) > 1 else ""
    return f"write time_format = {forms[0]}{other} in the market's TOML"


def number_remedy(text: str) -> str:
    """What to do about a text where a number is needed."""
    text = text.strip()
    if _EUROPEAN.fullmatch(text):
        return 'write decimal = "," and thousands = "." in the market\'s TOML'
    if _GROUPED.fullmatch(text):
        return 'write thousands = "," in the market\'s TOML'
    if _THOUSANDS.fullmatch(text):
        return 'write thousands = "," (or decimal = ",") in the market\'s TOML'
    if _COMMA.fullmatch(text):
        return 'write decimal = "," in the market\'s TOML'
    return "needs plain, finite numbers such as 1234.5"
