"""Reading market files: only their stamps, or only the rows before a stamp."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sandbox.market.assemble import same_file_columns
from sandbox.market.config import EMBEDDED, MarketConfig
from sandbox.market.embedded import TIME_FORMAT, embedded_files
from sandbox.market.errors import MarketError
from sandbox.market.files import broken_file, file_format, file_header, market_files
from sandbox.market.panel import F64, I64
from sandbox.market.rows import (
    NO_STAMP,
    Rows,
    column_of,
    find_ohlcv,
    find_symbol,
    find_time,
    to_numbers,
    to_stamps,
)
from sandbox.market.unread import STAMP, Unread, note

if TYPE_CHECKING:
    import pandas as pd

_BATCH = 200_000
_NO_NUMBER = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "-"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
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
    decimal: str = "."
    thousands: str | None = None


def market_sources(config: MarketConfig) -> tuple[Source, ...]:
    """The files of a market, their headers read.

    Raises:
        MarketError: A file is missing, unreadable, or lacks a column; all of them at once.
    """
    if config.path == EMBEDDED:
        files, time_format = embedded_files(), TIME_FORMAT
    else:
        files, time_format = market_files(config), config.time_format
    problems: list[str] = []
    found: list[Source] = []
    for asset, path in files.items():
        try:
            form = config.format or file_format(path)
            names, separator = file_header(path, form)
            where = path.name
            bars = find_ohlcv(names, config.columns.model_dump(), where)
            found.append(
                Source(
                    path=path,
                    format=form,
                    names=tuple(names),
                    time=find_time(names, config.time, where),
                    time_format=time_format,
                    symbol=find_symbol(names, config.symbol, where),
                    asset=asset,
                    columns=bars | same_file_columns(config, names, where),
                    separator=separator,
                    decimal=config.decimal,
                    thousands=config.thousands,
                )
            )
        except MarketError as error:
            problems += error.problems
    if problems:
        raise MarketError(problems)
    return tuple(found)


def read_rows(
    sources: tuple[Source, ...],
    zone: str,
    *,
    values: bool,
    until: int | None = None,
    keep: frozenset[str] | None = None,
) -> Rows:
    """The files' rows, in their order.

    Args:
        sources: The files.
        zone: Zone of stamps that carry none.
        values: Whether to read the values, or only stamps and asset names.
        until: Rows stamped at or after it are left in the file.
        keep: The assets to read; None for all.

    Raises:
        MarketError: A file is broken.
    """
    codes: dict[str, int] = {}
    code: list[NDArray[np.int64]] = []
    stamp: list[I64] = []
    columns: dict[str, list[F64]] = {}
    unread: Unread = {}
    ours = sorted({name for s in sources for name in s.columns}) if values else []
    for source in sources:
        wanted = {n: source.columns[n] for n in ours if n in source.columns}
        needed = list(dict.fromkeys(wanted.values()))
        for labels, stamps, frame in _batches(source, zone, needed, until, keep, unread):
            names, local = np.unique(labels, return_inverse=True)
            place = np.array([codes.setdefault(str(n), len(codes)) for n in names], dtype=np.int64)
            code.append(place[local])
            stamp.append(stamps)
            for name in ours:
                read = np.full(len(stamps), np.nan)
                if name in wanted:
                    cells = column_of(frame, wanted[name])
                    read = to_numbers(cells)
                    note(unread, name, labels, cells, ~np.isfinite(read))
                columns.setdefault(name, []).append(read)
    symbols = sorted(codes)
    rank = np.array([symbols.index(s) for s in codes], dtype=np.int32)
    return Rows(
        symbols=tuple(symbols),
        code=rank[np.concatenate(code)] if code else np.empty(0, np.int32),
        stamp=np.concatenate(stamp) if stamp else np.empty(0, np.int64),
        values={n: np.concatenate(parts) for n, parts in columns.items()},
        unread=unread,
    )


def read_column(path: Path, name: str, config: MarketConfig, until: int | None) -> pd.DataFrame:
    """The rows before a stamp of `config.column[name]`'s own file, with all its columns.

    Raises:
        MarketError: The file is missing or broken, or has no time column.
    """
    import pandas as pd

    column = config.column[name]
    form = file_format(path)
    names, separator = file_header(path, form)
    source = Source(
        path=path,
        format=form,
        names=tuple(names),
        time=find_time(names, column.time, path.name),
        time_format=None,
        symbol=None,
        asset="",
        columns={n: n for n in names if n == (column.from_ or name)},
        separator=separator,
        decimal=config.decimal,
        thousands=config.thousands,
    )
    others = [n for n in names if n != source.time]
    parts = [
        frame.assign(**{source.time: stamps.view("M8[ns]")})
        for _, stamps, frame in _batches(source, config.timezone, others, until)
    ]
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names)
    frame[source.time] = pd.to_datetime(frame[source.time], utc=True)
    return frame


def _batches(
    source: Source,
    zone: str,
    columns: list[str],
    until: int | None,
    keep: frozenset[str] | None = None,
    unread: Unread | None = None,
) -> Iterator[tuple[NDArray[Any], I64, pd.DataFrame]]:
    """(labels, stamps, the columns) of the wanted rows, batch after batch."""
    reader = _parquet_batches if source.format == "parquet" else _csv_batches
    chosen = [source.time] if source.symbol is None else [source.time, source.symbol]

    def wanted(frame: pd.DataFrame) -> tuple[NDArray[Any], I64, NDArray[np.bool_]]:
        stamps = to_stamps(column_of(frame, source.time), zone, source.time_format)
        labels = _labels(frame, source)
        mask = np.ones(len(stamps), dtype=bool) if until is None else stamps < until
        if keep is not None:
            names, local = np.unique(labels, return_inverse=True)
            mask &= np.array([n in keep for n in names], dtype=bool)[local]
        if unread is not None:
            cells = column_of(frame, source.time)
            note(unread, STAMP, labels, cells, mask & (stamps == NO_STAMP))
        return labels[mask], stamps[mask], mask

    try:
        yield from reader(source, chosen, columns, wanted)
    except MarketError:
        raise
    except (OSError, ValueError, EOFError) as error:
        raise MarketError(broken_file(source.path, source.format, error)) from error


def _parquet_batches(
    source: Source, chosen: list[str], columns: list[str], wanted: Any
) -> Iterator[tuple[NDArray[Any], I64, pd.DataFrame]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    every = list(dict.fromkeys(chosen + columns))
    with pq.ParquetFile(source.path) as file:
        for batch in file.iter_batches(batch_size=_BATCH, columns=every):
            table = pa.Table.from_batches([batch])
            place = table.schema.get_field_index(source.time)
            if pa.types.is_date(table.schema.field(place).type):
                table = table.set_column(
                    place, source.time, table.column(place).cast(pa.timestamp("ms"))
                )
            labels, stamps, mask = wanted(table.select(chosen).to_pandas(ignore_metadata=True))
            # What is not wanted is dropped before any of its values reaches Python.
            rest = table.select(columns).filter(pa.array(mask))
            yield labels, stamps, rest.to_pandas(ignore_metadata=True)


def _csv_batches(
    source: Source, chosen: list[str], columns: list[str], wanted: Any
) -> Iterator[tuple[NDArray[Any], I64, pd.DataFrame]]:
    import pandas as pd

    every = list(dict.fromkeys(chosen + columns))
    numbers = [c for c in every if c != source.symbol]
    marked = _marked(source, columns)
    texts = [*marked, *([source.symbol] if source.symbol else [])]
    # Asset names are never missing values: NA and NAN are tickers.
    reader = pd.read_csv(
        source.path,
        sep=source.separator,
        encoding="utf-8-sig",
        header=0,
        names=list(source.names),
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
            yield labels, stamps, _unmarked(frame.loc[mask, columns], marked, source)


def _marked(source: Source, columns: list[str]) -> list[str]:
    """The columns whose numbers are not as a program writes them: to be read as text."""
    if source.decimal == "." and source.thousands is None:
        return []
    return [c for c in columns if c in source.columns.values() and c != source.time]


def _unmarked(frame: pd.DataFrame, marked: list[str], source: Source) -> pd.DataFrame:
    plain: dict[str, pd.Series] = {}
    for name in marked:
        text = column_of(frame, name).astype("string")
        if source.thousands is not None:
            text = text.str.replace(source.thousands, "", regex=False)
        plain[name] = text.str.replace(source.decimal, ".", regex=False)
    return frame.assign(**plain) if plain else frame


def _labels(frame: pd.DataFrame, source: Source) -> NDArray[Any]:
    if source.symbol is None:
        return np.full(len(frame), source.asset)
    category = frame[source.symbol].astype("category")
    codes = category.cat.codes.to_numpy()
    names = np.array([*(str(c) for c in category.cat.categories), ""], dtype=np.str_)
    return names[codes]  # a missing name has code -1: ""
