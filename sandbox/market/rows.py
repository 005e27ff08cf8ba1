"""Rows: bars as a source has them, by which names, and what cannot be read. Not judged yet."""

from __future__ import annotations

import dataclasses
import re
import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from sandbox.market.panel import F64, I32, I64
from sandbox.market.shapes.dates import time_formats

if TYPE_CHECKING:
    import pandas as pd

NO_STAMP = int(np.iinfo(np.int64).min)
Unread = dict[tuple[str, str], str]  # (asset, column of the market or "stamp") -> its first text

STAMP = "stamp"
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+\.\d+")
_EUROPEAN = re.compile(r"[+-]?\d{1,3}(\.\d{3})+,\d+")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+")
_COMMA = re.compile(r"[+-]?\d+,\d+")


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
        said: How the source was read, a sentence for each way that is not the usual one.
    """

    symbols: tuple[str, ...]
    code: I32
    stamp: I64
    values: dict[str, F64]
    unread: Unread = dataclasses.field(default_factory=dict[tuple[str, str], str])
    silent: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    said: tuple[str, ...] = ()

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


def to_stamps(series: pd.Series, zone: str, time_format: str | None = None) -> I64:
    """Stamps as UTC nanoseconds; NO_STAMP where a value cannot be read as a time.

    Numbers are epoch seconds, milliseconds, microseconds or nanoseconds by their size, or
    YYYYMMDD; text is ISO 8601 or in `time_format`. Stamps without a zone are wall-clock times in
    `zone`; of an hour that comes twice, the first.
    """
    import pandas as pd

    if time_format is None and (numbers := _as_numbers(series)) is not None:
        parsed = _from_numbers(numbers)
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


def _as_numbers(series: pd.Series) -> pd.Series | None:
    """Stamps that are numbers, or digits in text, as numbers; None where they are neither."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(series):
        return series
    if pd.api.types.is_datetime64_any_dtype(series):
        return None
    text = series.astype("string").str.strip()
    digits = text.str.fullmatch(r"\d{9,19}(\.\d*)?").fillna(False).astype(bool)
    if not digits.any() or digits.sum() < 0.9 * text.notna().sum():
        return None
    return pd.Series(pd.to_numeric(text.where(digits), dtype_backend="numpy_nullable"))


def _from_numbers(series: pd.Series) -> pd.Series:
    import pandas as pd

    values = series.to_numpy(dtype=np.float64, na_value=np.nan)
    size = float(np.nanmax(np.abs(values))) if np.isfinite(values).any() else 0.0
    if 19_000_101 <= size <= 22_001_231 and np.nanmin(values) >= 19_000_101:
        text = series.astype("Int64").astype("string")
        return pd.to_datetime(text, format="%Y%m%d", errors="coerce")
    unit = "s" if size < 1e11 else "ms" if size < 1e14 else "us" if size < 1e17 else "ns"
    return pd.to_datetime(series, unit=unit, errors="coerce")


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
