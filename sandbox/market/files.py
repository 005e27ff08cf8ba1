"""Files: a table's format, its header, and its rows batch after batch up to a stamp."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sandbox.market.config import MarketConfig
from sandbox.market.errors import MarketError
from sandbox.market.names import find_time
from sandbox.market.panel import I64
from sandbox.market.rows import (
    NO_STAMP,
    STAMP,
    Unread,
    column_of,
    note,
    stamp_remedy,
    to_stamps,
)

if TYPE_CHECKING:
    import pandas as pd

_TEXT = (".csv", ".csv.gz", ".txt", ".tsv", ".tsv.gz")
ENDINGS = {".parquet": "parquet", ".pq": "parquet", **dict.fromkeys(_TEXT, "csv")}
_BATCH = 200_000
_NO_NUMBER = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "-"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFile:
    """One file and how its rows are found.

    Attributes:
        path: The file.
        format: csv or parquet.
        names: Its columns.
        time: Its time column.
        time_format: Of stamps that are text but not ISO 8601.
        symbol: Its column of asset names; None: all rows are of `asset`.
        asset: The asset of a file without asset names.
        columns: Ours -> the file's name, of all values to read.
        separator: Between a CSV file's columns.
        decimal: What a CSV file's numbers have before their fraction.
        thousands: What they have between groups of three digits, if anything.
        zone: Zone of stamps that carry none.
    """

    path: Path
    format: str
    names: tuple[str, ...]
    time: str
    time_format: str | None
    symbol: str | None
    asset: str
    columns: dict[str, str]
    separator: str
    decimal: str
    thousands: str | None
    zone: str


def ending_of(path: Path) -> str | None:
    """The ending of ENDINGS that a file's name has."""
    return next((e for e in ENDINGS if path.name.lower().endswith(e)), None)


def stem(path: Path) -> str:
    """A file's name without that ending: the asset, where the file names none."""
    ending = ending_of(path)
    return path.name[: -len(ending)] if ending else path.stem


def file_format(path: Path) -> str:
    """The format, csv or parquet, by the ending.

    Raises:
        MarketError: The ending tells nothing.
    """
    ending = ending_of(path)
    if ending is None:
        raise MarketError(
            f"{path.name}: cannot tell its format; needs an ending of {', '.join(ENDINGS)}, or "
            'format = "csv" or "parquet"'
        )
    return ENDINGS[ending]


def file_header(path: Path, form: str) -> tuple[list[str], str]:
    """Column names, and a CSV file's separator.

    Raises:
        MarketError: The file is broken, or its first line is not a header.
    """
    try:
        if form == "parquet":
            import pyarrow.parquet as pq

            return [str(n) for n in pq.read_schema(path).names], ""
        opener: Any = gzip.open if path.name.lower().endswith(".gz") else open
        with opener(path, "rt", encoding="utf-8-sig") as file:
            line = str(file.readline()).rstrip("\r\n")
    except (OSError, ValueError, EOFError) as error:  # pyarrow's errors are ValueErrors
        raise MarketError(broken_file(path, form, error)) from error
    separator = max(",;\t|", key=line.count)
    names = [n.strip().strip('"') for n in line.split(separator)]
    if len(names) < 2:
        raise MarketError(
            f"{path.name}: its first line ({line[:60]!r}) is not a header of several columns; "
            "needs names such as time,open,high,low,close,volume"
        )
    return names, separator


def broken_file(path: Path, form: str, error: Exception) -> str:
    """The sentence for a file that a reader gave up on."""
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return f"{path.name}: cannot be read as {form} ({reason}); is it complete, and of that format?"


def data_file(
    path: Path,
    config: MarketConfig,
    time: str | None,
    *,
    form: str | None = None,
    asset: str = "",
) -> DataFile:
    """A file with its header read; what it holds is for the caller to say.

    Args:
        path: The file.
        config: Says how its numbers are written, and the zone of its stamps.
        time: Its time column; None: found by name.
        form: csv or parquet; None: by its ending.
        asset: Whose its rows are, where it names no assets.

    Raises:
        MarketError: It is broken, or has no header or no time column.
    """
    form = form or file_format(path)
    names, separator = file_header(path, form)
    return DataFile(
        path=path,
        format=form,
        names=tuple(names),
        time=find_time(names, time, path.name),
        time_format=None,
        symbol=None,
        asset=asset,
        columns={},
        separator=separator,
        decimal=config.decimal,
        thousands=config.thousands,
        zone=config.timezone,
    )


def silence(data: DataFile, parts: Iterable[I64], unread: Unread) -> list[str]:
    """Why a file gave no bar with a readable stamp; nothing where it gave one."""
    where, given = data.path.name, data.time_format
    stamps = [s for s in parts if len(s)]
    if not stamps:
        return [f"{where}: has a header and no rows"]
    if any((s != NO_STAMP).any() for s in stamps):
        return []
    text = next((t for (_, name), t in unread.items() if name == STAMP), None)
    if text is None:
        return [f"{where}: {data.time!r}, its time column, is empty in every row"]
    verb = "can be read" if given is None else f'is as time_format = "{given}" says'
    remedy = stamp_remedy(text, given)
    return [f'{where}: no stamp of {data.time!r} {verb}, e.g. "{text}"; {remedy}']


def batches(
    data: DataFile,
    columns: list[str],
    until: int | None,
    keep: frozenset[str] | None = None,
    unread: Unread | None = None,
) -> Iterator[tuple[NDArray[Any], I64, pd.DataFrame]]:
    """(labels, stamps, the columns) of the wanted rows, batch after batch.

    Args:
        data: The file.
        columns: Its own names of the columns to read, beside time and symbol.
        until: Rows stamped at or after it stay in the file.
        keep: The assets to read; None for all.
        unread: Where the first stamp of each asset that cannot be read is noted.

    Raises:
        MarketError: The file is broken.
    """
    reader = _parquet_batches if data.format == "parquet" else _csv_batches
    chosen = [data.time] if data.symbol is None else [data.time, data.symbol]

    def wanted(frame: pd.DataFrame) -> tuple[NDArray[Any], I64, NDArray[np.bool_]]:
        stamps = to_stamps(column_of(frame, data.time), data.zone, data.time_format)
        labels = _labels(frame, data)
        mask = np.ones(len(stamps), dtype=bool) if until is None else stamps < until
        if keep is not None:
            names, local = np.unique(labels, return_inverse=True)
            mask &= np.array([n in keep for n in names], dtype=bool)[local]
        if unread is not None:
            cells = column_of(frame, data.time)
            note(unread, STAMP, labels, cells, mask & (stamps == NO_STAMP))
        return labels[mask], stamps[mask], mask

    try:
        yield from reader(data, chosen, columns, wanted)
    except MarketError:
        raise
    except (OSError, ValueError, EOFError) as error:
        raise MarketError(broken_file(data.path, data.format, error)) from error


def _parquet_batches(
    data: DataFile, chosen: list[str], columns: list[str], wanted: Any
) -> Iterator[tuple[NDArray[Any], I64, pd.DataFrame]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    every = list(dict.fromkeys(chosen + columns))
    with pq.ParquetFile(data.path) as file:
        for batch in file.iter_batches(batch_size=_BATCH, columns=every):
            table = pa.Table.from_batches([batch])
            place = table.schema.get_field_index(data.time)
            if pa.types.is_date(table.schema.field(place).type):
                table = table.set_column(
                    place, data.time, table.column(place).cast(pa.timestamp("ms"))
                )
            labels, stamps, mask = wanted(table.select(chosen).to_pandas(ignore_metadata=True))
            # What is not wanted is dropped before any of its values reaches Python.
            rest = table.select(columns).filter(pa.array(mask))
            yield labels, stamps, rest.to_pandas(ignore_metadata=True)


def _csv_batches(
    data: DataFile, chosen: list[str], columns: list[str], wanted: Any
) -> Iterator[tuple[NDArray[Any], I64, pd.DataFrame]]:
    import pandas as pd

    every = list(dict.fromkeys(chosen + columns))
    numbers = [c for c in every if c != data.symbol]
    marked = _marked(data, columns)
    texts = [*marked, *([data.symbol] if data.symbol else [])]
    # Asset names are never missing values: NA and NAN are tickers.
    reader = pd.read_csv(
        data.path,
        sep=data.separator,
        encoding="utf-8-sig",
        header=0,
        names=list(data.names),
        usecols=every,
        chunksize=_BATCH,
        dtype=dict.fromkeys(texts, str),
        na_values=dict.fromkeys(numbers, _NO_NUMBER),
        keep_default_na=False,
        low_memory=False,
        skipinitialspace=True,
        index_col=False,
    )
    with reader:
        for frame in reader:
            labels, stamps, mask = wanted(frame)
            yield labels, stamps, _unmarked(frame.loc[mask, columns], marked, data)


def _marked(data: DataFile, columns: list[str]) -> list[str]:
    """The columns whose numbers are not as a program writes them: to be read as text."""
    if data.decimal == "." and data.thousands is None:
        return []
    return [c for c in columns if c in data.columns.values() and c != data.time]


def _unmarked(frame: pd.DataFrame, marked: list[str], data: DataFile) -> pd.DataFrame:
    plain: dict[str, pd.Series] = {}
    for name in marked:
        text = column_of(frame, name).astype("string")
        if data.thousands is not None:
            text = text.str.replace(data.thousands, "", regex=False)
        plain[name] = text.str.replace(data.decimal, ".", regex=False)
    return frame.assign(**plain) if plain else frame


def _labels(frame: pd.DataFrame, data: DataFile) -> NDArray[Any]:
    if data.symbol is None:
        return np.full(len(frame), data.asset)
    category = frame[data.symbol].astype("category")
    codes = category.cat.codes.to_numpy()
    names = np.array([*(str(c) for c in category.cat.categories), ""], dtype=np.str_)
    return names[codes]  # a missing name has code -1: ""
