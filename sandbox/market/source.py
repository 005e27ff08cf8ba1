"""Sources: what gives a market's bars, files or arrays, and never a price beyond a stamp."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sandbox.market.config import EMBEDDED, MARKETS, MarketConfig
from sandbox.market.errors import MarketError
from sandbox.market.files import ENDINGS, DataFile, batches, in_folder, silence, stem
from sandbox.market.names import find_ohlcv, find_symbol, find_time
from sandbox.market.panel import CLOCK_FIELDS, F64, I64, Panel
from sandbox.market.reading import bars_file, column_file, marks_of, scaled
from sandbox.market.rows import (
    STAMP,
    Rows,
    Unread,
    column_of,
    note,
    to_numbers,
    to_stamps,
)
from sandbox.market.shapes.marks import Marks, to_marked

if TYPE_CHECKING:
    import pandas as pd

_INDICES = {"SP500": "sp500/sp500.csv.gz", "NASDAQ": "nasdaq/nasdaq.csv.gz"}
_INDICES_TIME = "%m/%d/%Y"


class Source(Protocol):
    """What gives a market's bars. The next connector is a class with these two methods.

    Rows come in the source's own order and are not judged: a stamp that cannot be read is
    NO_STAMP, a number NaN, with the first such text in `Rows.unread`. Both methods answer the same
    at every call, and `rows` gives a part of what `stamps` gave. `tests/suites/test_sources.py`
    holds every source to this.
    """

    def stamps(self) -> Rows:
        """Asset and stamp of every bar, those of the sealed part too; no values.

        Raises:
            MarketError: The source cannot be read.
        """
        ...

    def rows(self, *, until: int | None, keep: frozenset[str] | None) -> Rows:
        """The bars with open, high, low, close, volume if any, and the config's own columns.

        Args:
            until: UTC nanoseconds. No value of a bar stamped at or after it is read; None: all are.
            keep: The assets to read; None for all.

        Raises:
            MarketError: The source cannot be read.
        """
        ...


def source_of(config: MarketConfig) -> Source:
    """The source that a config names: its own, or files; errors as in Files."""
    return config.source or Files(config)


class Files:
    """The files of a market, CSV or Parquet: a long table, or one file per asset."""

    def __init__(self, config: MarketConfig) -> None:
        """Find out how each file is read.

        Raises:
            MarketError: A file is missing, unreadable, lacks a column, or reads in more than one
                way; all of them at once.
        """
        embedded = config.path == EMBEDDED
        files = _embedded_files() if embedded else _market_files(config)
        if embedded:
            config = config.model_copy(update={"time_format": _INDICES_TIME, "adjusted": False})
        problems: list[str] = []
        found: list[DataFile] = []
        for asset, path in files.items():
            try:
                found.append(bars_file(path, config, asset, partial(_same_file_columns, config)))
            except MarketError as error:
                problems += error.problems
        if problems:
            raise MarketError(problems)
        self.files: tuple[DataFile, ...] = tuple(found)
        unused = {n for f in found for n in f.names if n not in f.used}
        self._unused = tuple(sorted(unused))
        self._embedded = embedded
        told = not {"decimal", "thousands"}.isdisjoint(config.model_fields_set)
        self._marks: dict[Path, Marks | None] = dict.fromkeys(files.values()) if told else {}

    def stamps(self) -> Rows:
        """As in Source."""
        return self._read([], None, None)

    def rows(self, *, until: int | None, keep: frozenset[str] | None) -> Rows:
        """As in Source."""
        return self._read(sorted({name for f in self.files for name in f.columns}), until, keep)

    def resolved(self) -> tuple[DataFile, ...]:
        """The files, each with the marks of its numbers as far as `rows` had to find them."""
        return tuple(replace(f, marks=self._marks.get(f.path) or f.marks) for f in self.files)

    def _read(self, ours: list[str], until: int | None, keep: frozenset[str] | None) -> Rows:
        codes: dict[str, int] = {}
        code: list[NDArray[np.int64]] = []
        stamp: list[I64] = []
        columns: dict[str, list[F64]] = {name: [] for name in ours}
        unread: Unread = {}
        silent: list[str] = []
        said: dict[str, list[str]] = {}
        for data in self.files:
            own: Unread = {}
            first = len(stamp)
            data, left, parts = self._file(data, ours, until, keep, own)
            for labels, stamps, values in parts:
                names, local = np.unique(labels, return_inverse=True)
                place = [codes.setdefault(str(n), len(codes)) for n in names]
                code.append(np.array(place, dtype=np.int64)[local])
                stamp.append(stamps)
                for name in ours:
                    columns[name].append(values.get(name, np.full(len(stamps), np.nan)))
            silent += silence(data, stamp[first:], own)
            unread = own | unread
            if sentence := _sentence(data, left):
                said.setdefault(sentence, []).append(data.path.name)
        symbols = sorted(codes)
        rank = np.array([symbols.index(s) for s in codes], dtype=np.int32)
        return Rows(
            symbols=tuple(symbols),
            code=rank[np.concatenate(code)] if code else np.empty(0, np.int32),
            stamp=np.concatenate(stamp) if stamp else np.empty(0, np.int64),
            values={n: np.concatenate(p) if p else np.empty(0) for n, p in columns.items()},
            unread=unread,
            silent=tuple(silent),
            unused=self._unused,
            said=() if self._embedded else tuple(_said(said, len(self.files))),
        )

    def _file(
        self,
        data: DataFile,
        ours: list[str],
        until: int | None,
        keep: frozenset[str] | None,
        own: Unread,
    ) -> tuple[DataFile, list[str], list[_Part]]:
        """A file's rows; where a number is not as a program writes it, by the marks it has."""
        if data.marks is None and self._marks.get(data.path) is not None:
            data = replace(data, marks=self._marks[data.path])
        left: list[str] = []
        parts = list(_parts(data, ours, until, keep, own, left))
        odd = any(name != STAMP for _, name in own)
        if not odd or data.marks is not None or data.path in self._marks:
            return data, left, parts
        marks = self._marks[data.path] = marks_of(data)
        if marks is None:
            return data, left, parts
        own.clear()
        data, left = replace(data, marks=marks), []
        return data, left, list(_parts(data, ours, until, keep, own, left))


_Part = tuple[NDArray[Any], I64, dict[str, F64]]


def _parts(
    data: DataFile,
    ours: list[str],
    until: int | None,
    keep: frozenset[str] | None,
    own: Unread,
    left: list[str],
) -> Iterator[_Part]:
    """(labels, stamps, values) of a file, batch after batch, adjusted where it is to be."""
    asked = [*ours, "adjusted"] if ours else []
    for labels, stamps, cells in batches(data, asked, until, keep, own, left):
        values: dict[str, F64] = {}
        for name in cells.columns:
            column = column_of(cells, name)
            numbers = to_numbers if data.marks is None else partial(to_marked, marks=data.marks)
            values[name] = numbers(column)
            note(own, name, labels, column, ~np.isfinite(values[name]))
        yield labels, stamps, scaled(values)


def _sentence(data: DataFile, left: list[str]) -> str:
    parts = list(data.said)
    if data.marks is not None and data.marks.said:
        parts += [data.marks.said]
    if left:
        parts += [f"{len(left)} line{'s' if len(left) > 1 else ''} below the last bar left out"]
    if not parts:
        return ""
    return "; ".join(parts if data.said else ["a table", *parts])


def _said(said: dict[str, list[str]], files: int) -> Iterator[str]:
    for sentence, names in said.items():
        few = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        yield f"{f'{few}: ' if files > 1 else ''}read as {sentence}"


@dataclass(frozen=True, slots=True)
class Memory:
    """Bars in memory: made ones, those of a panel, or a frame's.

    Attributes:
        bars: All of them, with values.
    """

    bars: Rows

    @classmethod
    def of_arrays(cls, clock: I64, symbols: Sequence[str], values: Mapping[str, F64]) -> Memory:
        """Bars on a common clock.

        Args:
            clock: (T,) UTC nanoseconds, rising.
            symbols: A asset names.
            values: Name -> (T, A): open, high, low, close; volume and further columns if any. An
                asset has no bar where its close is NaN.

        Raises:
            ValueError: An array's shape is not (T, A), or open, high, low or close is missing.
        """
        shape = (len(clock), len(symbols))
        wrong = [f"{n} is {v.shape}" for n, v in values.items() if v.shape != shape]
        wrong += [f"{n} is missing" for n in ("open", "high", "low", "close") if n not in values]
        if wrong:
            raise ValueError(f"bars in memory need arrays of {shape} (clock, symbols): {wrong}")
        asset, bar = np.nonzero(~np.isnan(values["close"].T))
        order = sorted(range(len(symbols)), key=lambda a: symbols[a])
        return cls(
            Rows(
                symbols=tuple(symbols[a] for a in order),
                code=np.argsort(order).astype(np.int32)[asset],
                stamp=np.asarray(clock, dtype=np.int64)[bar],
                values={n: np.asarray(v, dtype=np.float64)[bar, asset] for n, v in values.items()},
            )
        )

    @classmethod
    def of_panel(cls, panel: Panel) -> Memory:
        """A panel's bars, with its further columns as they were known at each bar's close.

        A config for them says `known = "same_bar"` of each such column. Funding is not among them.
        """
        counts = np.diff(panel.offsets)
        return cls(
            Rows(
                symbols=panel.symbols,
                code=np.repeat(np.arange(panel.assets, dtype=np.int32), counts),
                stamp=panel.clock[panel.bar],
                values={n: v for n, v in panel.fields.items() if n not in CLOCK_FIELDS},
            )
        )

    @classmethod
    def of_frame(cls, frame: pd.DataFrame, config: MarketConfig) -> Memory:
        """A frame's bars, in its order; its columns are found as those of a file.

        Raises:
            MarketError: A column that is needed cannot be found.
        """
        where = config.name
        frame = with_time_column(frame)
        names = [str(name) for name in frame.columns]
        wanted = find_ohlcv(names, config.columns.model_dump(), where)
        wanted |= _same_file_columns(config, names, where)
        time = find_time(names, config.time, where)
        symbol = find_symbol(names, config.symbol, where)
        labels = [where] * len(frame) if symbol is None else [str(s) for s in frame[symbol]]
        symbols, code = np.unique(np.array(labels, dtype=object).astype(str), return_inverse=True)
        return cls(
            Rows(
                symbols=tuple(str(s) for s in symbols),
                code=code.astype(np.int32),
                stamp=to_stamps(column_of(frame, time), config.timezone, config.time_format),
                values={o: to_numbers(column_of(frame, t)) for o, t in wanted.items()},
                unused=tuple(sorted({*names} - {*wanted.values(), time, symbol})),
            )
        )

    def stamps(self) -> Rows:
        """As in Source."""
        return replace(self.bars, values={})

    def rows(self, *, until: int | None, keep: frozenset[str] | None) -> Rows:
        """As in Source."""
        bars = self.bars
        kept = np.array([keep is None or s in keep for s in bars.symbols], dtype=bool)
        return bars.take(kept[bars.code] & (True if until is None else bars.stamp < until))


def read_column(path: Path, name: str, config: MarketConfig, until: int | None) -> pd.DataFrame:
    """The rows before a stamp of `config.column[name]`'s own file, with all its columns.

    Raises:
        MarketError: The file is missing or broken, or has no time column.
    """
    import pandas as pd

    data = column_file(path, config.column[name], config)
    value = config.column[name].from_ or name
    parts: list[pd.DataFrame] = []
    for _, stamps, frame in batches(data, list(data.columns), until):
        if data.marks is not None and value in frame:
            frame = frame.assign(**{value: to_marked(column_of(frame, value), data.marks)})
        parts.append(frame.assign(**{data.time: stamps.view("M8[ns]")}))
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=data.names)
    frame[data.time] = pd.to_datetime(frame[data.time], utc=True)
    return frame


def missing_file(config: MarketConfig, key: str, written: str) -> str:
    """The sentence for a path of a config that leads nowhere."""
    path = config.place(written)
    if config.folder == MARKETS and (MARKETS / f"{config.name}.toml").is_file():
        return (
            f"{config.name}: an example that needs data which do not come with Finch: "
            f"configs/markets/{config.name}.toml expects them at {path.resolve()} ({key} = "
            f"{written!r}); put them there, or write a TOML of your own with another {key}"
        )
    return (
        f"{config.name}: {key} = {written!r}: {path} does not exist; a path is taken relative to "
        "the folder of the TOML that names it"
    )


def with_time_column(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with a DatetimeIndex, if it has one, as a column."""
    import pandas as pd

    if isinstance(frame.index, pd.DatetimeIndex):
        return frame.rename_axis(frame.index.name or "time").reset_index()
    return frame.reset_index(drop=True)


def _market_files(config: MarketConfig) -> dict[str, Path]:
    """Asset name (the file's, without its ending) -> file."""
    path = config.place(config.path)
    if path.is_file():
        return {stem(path): path}
    if not path.exists():
        raise MarketError(missing_file(config, "path", config.path))
    files = in_folder(path)
    if not files:
        raise MarketError(
            f"{config.name}: the folder {path} has no file ending in {', '.join(ENDINGS)}"
        )
    stems = [stem(p) for p in files]
    twice = sorted({s for s in stems if stems.count(s) > 1})
    if twice:
        raise MarketError(f"{path}: two files each for {', '.join(twice)}; keep one of each")
    return dict(zip(stems, files, strict=True))


def _embedded_files() -> dict[str, Path]:
    """S&P 500 and Nasdaq daily, 1999 to 2018, carried by the package arch.

    They are read from the package's folder: importing arch takes seconds (it brings scipy,
    statsmodels and its compiled models), finding it takes none. Adjusted close equals close in
    both, since an index pays no dividends: the four prices are consistent.
    """
    spec = find_spec("arch")
    folders = [Path(p) for p in (spec.submodule_search_locations or ())] if spec else []
    for folder in folders:
        files = {symbol: folder / "data" / name for symbol, name in _INDICES.items()}
        if all(path.is_file() for path in files.values()):
            return files
    raise MarketError(
        "the embedded market lies in the package arch, which is not installed or has no "
        f"data/{_INDICES['SP500']}: pip install 'arch>=7.2'"
    )


def _same_file_columns(config: MarketConfig, names: list[str], where: str) -> dict[str, str]:
    """The further columns that lie beside the bars: ours -> the file's name."""
    wanted = {n: c.from_ or n for n, c in config.column.items() if c.file is None}
    problems = [
        f"{where}: column.{ours} comes from {theirs!r}, which is not there; it has "
        f"{', '.join(names)}"
        for ours, theirs in wanted.items()
        if theirs not in names
    ]
    if problems:
        raise MarketError(problems)
    return wanted
