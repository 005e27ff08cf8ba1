"""Files: one file of a market, how it is read, and its rows batch after batch up to a stamp."""

from __future__ import annotations

import dataclasses
import io
import zipfile
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sandbox.market.config import MarketConfig
from sandbox.market.errors import MarketError
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
from sandbox.market.shapes.arrow import arrow_batches
from sandbox.market.shapes.container import Container, opened
from sandbox.market.shapes.groups import Groups
from sandbox.market.shapes.marks import Marks
from sandbox.market.shapes.recognise import Bars, Table, broken_file

if TYPE_CHECKING:
    import pandas as pd

_PLAIN = (".parquet", ".pq", ".csv", ".csv.gz", ".txt", ".tsv", ".tsv.gz")
_MORE = (
    *(".feather", ".arrow", ".xlsx", ".json", ".jsonl", ".ndjson", ".json.gz", ".txt.gz"),
    *(".csv.zip", ".zip", ".csv.bz2", ".csv.xz"),
)
ENDINGS = (*_PLAIN, *_MORE)
_BATCH = 200_000
_NO_NUMBER = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "-", "."]
_FOOTERS = 5  # lines at a text's end that may be no bars, such as a total
_SENTENCE = 40  # characters: longer than any stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFile:
    """One file and how its rows are found.

    Attributes:
        path: The file.
        container: What it is.
        names: Its columns.
        time: Its time column.
        clock: Its column of the time of day, where `time` has dates only.
        time_format: Of stamps that are text but not ISO 8601.
        symbol: Its column of asset names; None: all rows are of `asset`.
        asset: The asset of a file without asset names.
        columns: Ours -> the file's name, of all values to read.
        groups: Each asset's own columns, instead of `columns`; a row where an asset's cells are all
            empty is not a bar of it.
        adjusted: The file's column of adjusted closes, to which prices are scaled.
        separator: Between a text's columns.
        skip: A text's lines above its first bar.
        text: What stands for a workbook or a JSON document.
        marks: How numbers are written, where a program would write them in another way.
        zone: Zone of stamps that carry none.
        said: How it was read, where that is worth a word.
        headless: Whether its names were found from its bars.
        closes: Whether each of its columns holds an asset's closes.
    """

    path: Path
    container: Container
    names: tuple[str, ...]
    time: str
    clock: str | None = None
    time_format: str | None = None
    symbol: str | None = None
    asset: str = ""
    columns: dict[str, str] = dataclasses.field(default_factory=dict[str, str])
    groups: Groups = ()
    adjusted: str | None = None
    separator: str = ","
    skip: int = 1
    text: str | None = dataclasses.field(default=None, repr=False)
    marks: Marks | None = None
    zone: str = "UTC"
    said: tuple[str, ...] = ()
    headless: bool = False
    closes: bool = False

    @property
    def used(self) -> set[str]:
        """All its columns that something is made of."""
        names = {self.time, self.clock, self.symbol, self.adjusted, *self.columns.values()}
        return {n for n in (*names, *(n for _, c in self.groups for n in c.values())) if n}


def data_file(path: Path, table: Table, bars: Bars, config: MarketConfig, asset: str) -> DataFile:
    """A file whose columns have been found."""
    marks = Marks(decimal=config.decimal, thousands=config.thousands or "")
    return DataFile(
        path=path,
        container=table.container,
        names=table.names,
        time=bars.time,
        clock=bars.clock,
        symbol=bars.symbol,
        asset=asset,
        columns=bars.columns,
        groups=bars.groups,
        adjusted=bars.adjusted,
        separator=table.separator,
        skip=table.skip,
        text=table.text,
        marks=None if marks == Marks() else marks,
        zone=config.timezone,
        headless=table.headless or config.names is not None,
        closes=bars.closes,
    )


def ending_of(path: Path) -> str | None:
    """The longest ending of ENDINGS that a file's name has."""
    found = [e for e in ENDINGS if path.name.lower().endswith(e)]
    return max(found, key=len, default=None)


def stem(path: Path) -> str:
    """A file's name without that ending: the asset, where the file names none."""
    ending = ending_of(path)
    return path.name[: -len(ending)] if ending else path.stem


def in_folder(path: Path) -> list[Path]:
    """The files of bars in a folder: CSV and Parquet, or where it has none, all kinds."""
    files = sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith("."))
    known = [p for p in files if ending_of(p) in _PLAIN]
    return known or [p for p in files if ending_of(p) is not None]


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


@dataclass(frozen=True, slots=True)
class _Batch:
    """Rows of a file: when and whose; values only of the rows that are taken."""

    keys: pd.DataFrame
    take: Callable[[NDArray[np.bool_], list[str]], pd.DataFrame]
    there: Callable[[list[str]], NDArray[np.bool_]]


def batches(
    data: DataFile,
    ours: Sequence[str],
    until: int | None,
    keep: frozenset[str] | None = None,
    unread: Unread | None = None,
    left: list[str] | None = None,
) -> Iterator[tuple[NDArray[Any], I64, pd.DataFrame]]:
    """(labels, stamps, cells by our names) of the wanted rows, batch after batch.

    Args:
        data: The file.
        ours: Which of its columns to read, by our names; "adjusted" for its adjusted close.
        until: Rows stamped at or after it stay in the file.
        keep: The assets to read; None for all.
        unread: Where the first stamp of each asset that cannot be read is noted.
        left: Where the lines below a text's last bar are noted.

    Raises:
        MarketError: The file is broken.
    """
    import pandas as pd

    own = data.columns | ({"adjusted": data.adjusted} if data.adjusted else {})
    groups: Any = data.groups or ((None, own),)
    with _told(data):
        for batch in _raw(data, ours, left):
            stamps = to_stamps(time_cells(batch.keys, data), data.zone, data.time_format)
            before = np.ones(len(stamps), dtype=bool) if until is None else stamps < until
            for asset, columns in groups:
                mask = before
                if asset is not None:
                    if keep is not None and asset not in keep:
                        continue
                    mask = before & batch.there(_prices(columns))
                    labels = np.full(len(stamps), asset)
                else:
                    labels = _labels(batch.keys, data)
                    if keep is not None:
                        names, local = np.unique(labels, return_inverse=True)
                        mask = mask & np.array([n in keep for n in names], dtype=bool)[local]
                if unread is not None:
                    cells = time_cells(batch.keys, data)
                    note(unread, STAMP, labels, cells, mask & (stamps == NO_STAMP))
                theirs = {o: columns[o] for o in ours if o in columns}
                frame = batch.take(mask, list(dict.fromkeys(theirs.values())))
                cells = {o: column_of(frame, t) for o, t in theirs.items()}
                yield labels[mask], stamps[mask], pd.DataFrame(cells, index=frame.index)


def time_cells(keys: pd.DataFrame, data: DataFile) -> pd.Series:
    """The cells of a batch's stamps, date and time of day in one."""
    cells = column_of(keys, data.time)
    if data.clock is None:
        return cells
    clock = column_of(keys, data.clock).astype("string").str.strip()
    digits = clock.str.fullmatch(r"\d+").fillna(False).astype(bool)
    width = 6 if (clock.where(digits).str.len() > 4).any() else 4
    clock = clock.where(~digits, clock.str.zfill(width))
    return cells.astype("string").str.strip() + " " + clock


def stamps_of(data: DataFile) -> Iterator[pd.Series]:
    """The cells of all stamps, batch after batch: no value is read.

    Raises:
        MarketError: The file is broken.
    """
    with _told(data):
        for batch in _raw(data, (), None):
            yield time_cells(batch.keys, data)


@contextmanager
def _told(data: DataFile) -> Generator[None]:
    try:
        yield
    except MarketError:
        raise
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, KeyError) as error:
        form = "csv" if data.container.kind == "text" else data.container.kind
        raise MarketError(broken_file(data.path, form, error)) from error


def _raw(data: DataFile, ours: Sequence[str], left: list[str] | None) -> Iterator[_Batch]:
    keys = [n for n in (data.time, data.clock, data.symbol) if n is not None]
    own = [data.columns | ({"adjusted": data.adjusted} if data.adjusted else {})]
    sets = [c for _, c in data.groups] or own
    values = [c[o] for c in sets for o in ours if o in c]
    values += [n for _, c in data.groups for n in _prices(c)]
    values = list(dict.fromkeys(values))
    if data.container.kind in ("parquet", "feather"):
        return _arrow_rows(data, keys, values)
    return _text_rows(data, keys, values, left)


def _prices(columns: dict[str, str]) -> list[str]:
    return list(dict.fromkeys(columns[f] for f in ("open", "high", "low", "close")))


def _arrow_rows(data: DataFile, keys: list[str], values: list[str]) -> Iterator[_Batch]:
    import pyarrow as pa
    import pyarrow.compute

    pc: Any = pyarrow.compute
    every = list(dict.fromkeys(keys + values))
    for batch in arrow_batches(data.path, data.container.kind, every, _BATCH):
        table = pa.Table.from_batches([batch])
        place = table.schema.get_field_index(data.time)
        if pa.types.is_date(table.schema.field(place).type) and data.clock is None:
            table = table.set_column(place, data.time, table.column(place).cast(pa.timestamp("ms")))

        def take(mask: NDArray[np.bool_], names: list[str], table: Any = table) -> pd.DataFrame:
            # What is not wanted is dropped before any of its values reaches Python.
            return table.select(names).filter(pa.array(mask)).to_pandas(ignore_metadata=True)

        def there(names: list[str], table: Any = table) -> NDArray[np.bool_]:
            some = [pc.is_null(table.column(n), nan_is_null=True).to_numpy() for n in names]
            return ~np.logical_and.reduce(some)

        yield _Batch(table.select(keys).to_pandas(ignore_metadata=True), take, there)


def _text_rows(
    data: DataFile, keys: list[str], values: list[str], left: list[str] | None
) -> Iterator[_Batch]:
    import pandas as pd

    every = list(dict.fromkeys(keys + values))
    numbers = [c for c in every if c != data.symbol]
    texts = [data.symbol] if data.symbol else []
    texts += values if data.marks is not None else []
    texts += [data.time] if data.time_format or data.clock else []
    texts += [data.clock] if data.clock else []
    with _text(data) as file:
        # Asset names are never missing values: NA and NAN are tickers.
        reader = pd.read_csv(
            file,
            sep=data.separator,
            header=None,
            skiprows=data.skip,
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
            for frame in _trimmed(reader, data, left):

                def take(
                    mask: NDArray[np.bool_], names: list[str], frame: pd.DataFrame = frame
                ) -> pd.DataFrame:
                    return frame.loc[mask, names]

                def there(names: list[str], frame: pd.DataFrame = frame) -> NDArray[np.bool_]:
                    return np.logical_or.reduce([column_of(frame, n).notna() for n in names])

                yield _Batch(frame.loc[:, keys], take, there)


@contextmanager
def _text(data: DataFile) -> Generator[Any]:
    if data.text is not None:
        yield io.StringIO(data.text)
        return
    with opened(data.path, data.container) as file:
        yield file


def _trimmed(
    reader: Iterable[pd.DataFrame], data: DataFile, left: list[str] | None
) -> Iterator[pd.DataFrame]:
    """The frames, without what stands below a text's last bar: totals, sentences, empty rows."""
    last: pd.DataFrame | None = None
    for frame in reader:
        if last is not None:
            yield last
        last = frame
    if last is None:
        return
    end = len(last)
    while end > max(0, len(last) - _FOOTERS) and _is_footer(last[data.time].iloc[end - 1]):
        end -= 1
        if left is not None:
            left.append(str(last[data.time].iloc[end]))
    yield (
        last
        if end == len(last)
        else last.iloc[:end].assign(**{data.time: _as_read(last[data.time].iloc[:end])})
    )


def _as_read(cells: pd.Series) -> pd.Series:
    """Cells as they would have been read without a text below them."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(cells):
        return cells
    numbers = pd.Series(pd.to_numeric(cells, errors="coerce"))
    return cells if numbers.isna().any() else numbers


def _is_footer(cell: object) -> bool:
    text = "" if cell is None or cell != cell else str(cell)
    return not any(c.isdigit() for c in text) or len(text) > _SENTENCE


def _labels(frame: pd.DataFrame, data: DataFile) -> NDArray[Any]:
    if data.symbol is None:
        return np.full(len(frame), data.asset)
    category = frame[data.symbol].astype("category")
    codes = category.cat.codes.to_numpy()
    names = np.array([*(str(c) for c in category.cat.categories), ""], dtype=np.str_)
    return names[codes]  # a missing name has code -1: ""
