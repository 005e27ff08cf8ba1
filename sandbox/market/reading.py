"""Reading: from a path to a file whose columns, stamps and shape have been found out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from sandbox.market.config import Column, MarketConfig
from sandbox.market.errors import MarketError
from sandbox.market.files import DataFile, batches, data_file, stamps_of, time_cells
from sandbox.market.names import find_time
from sandbox.market.panel import F64
from sandbox.market.rows import NO_STAMP, to_stamps
from sandbox.market.shapes.dates import Dates, zone_of
from sandbox.market.shapes.known import Order
from sandbox.market.shapes.marks import Marks, find_marks
from sandbox.market.shapes.recognise import Table, find_bars, read_table

_FIRST_EPOCH = 100_000_000  # seconds: March 1973; what is below is a date or a count


def bars_file(
    path: Path,
    config: MarketConfig,
    asset: str,
    own_columns: Callable[[list[str], str], Mapping[str, str]],
) -> DataFile:
    """A file of bars.

    Args:
        path: The file.
        config: What is known of it.
        asset: Whose its bars are, where it names no assets.
        own_columns: Names and the file's name -> the further columns that lie beside its bars.

    Raises:
        MarketError: It is broken, a column cannot be found, or it reads in more than one way.
    """
    table = read_table(path, config, form=config.format)
    bars = find_bars(table, config, path.name)
    further = dict(own_columns(list(table.names), path.name))
    if bars.groups and further:
        raise MarketError(
            f"{path.name}: has columns for each asset, so {', '.join(further)} cannot come from it;"
            " give [column.NAME] a file of its own"
        )
    bars = replace(bars, columns=bars.columns | further)
    data = data_file(path, table, bars, config, asset)
    said = [bars.shape or "a table", *bars.said, *(s for s in table.said if s != bars.shape)]
    if bars.clock is not None:
        said.append(f"{bars.time} and {bars.clock} are one stamp")
    if config.time_format is not None:
        data = replace(data, time_format=config.time_format)
    else:
        form = _form(data, table, bars.order)
        if form is not None:
            data = replace(data, time_format=form, zone=zone_of(form) or data.zone)
            said.append(f"stamps as {form}")
    plain = said == ["a table"]
    return replace(data, said=() if plain else tuple(said))


def column_file(path: Path, column: Column, config: MarketConfig) -> DataFile:
    """The file of a further column; its columns are read by their own names.

    Raises:
        MarketError: It is broken, or has no time column.
    """
    own = config.model_copy(update={"member": None, "names": None})
    table = read_table(path, own)
    names = list(table.names)
    time = find_time(names, column.time, path.name)
    marks = Marks(decimal=config.decimal, thousands=config.thousands or "")
    return DataFile(
        path=path,
        container=table.container,
        names=table.names,
        time=time,
        columns={n: n for n in names if n != time},
        separator=table.separator,
        skip=table.skip,
        text=table.text,
        marks=None if marks == Marks() else marks,
        zone=config.timezone,
    )


def marks_of(data: DataFile) -> Marks | None:
    """How a file writes its numbers, over all its cells; None where that can be read two ways.

    It looks at marks between digits only, wherever they stand; no number is made of them.

    Raises:
        MarketError: The file is broken.
    """
    import pandas as pd

    every = sorted({*data.columns, *(o for _, c in data.groups for o in c)})
    texts: list[pd.Series] = []
    for _, _, frame in batches(replace(data, marks=Marks()), every, None):
        for name in frame.columns:
            cells = frame[name]
            if not pd.api.types.is_numeric_dtype(cells):
                texts.append(pd.Series(cells.dropna().unique(), dtype=object))
    return find_marks(texts)


def _form(data: DataFile, table: Table, order: Order | None) -> str | None:
    """The form of stamps that are neither ISO 8601 nor epochs; None where they are.

    Raises:
        MarketError: Two forms read all of them, or they are counts.
    """
    import pandas as pd

    if not table.sample.get(data.time):
        return None
    keys = pd.DataFrame({n: table.sample[n] for n in (data.time, data.clock) if n is not None})
    texts = [str(c).strip() for c in time_cells(keys.astype(object), data)]
    if not (texts := [t for t in texts if t]):
        return None
    numbers = all(t.replace(".", "", 1).isdigit() for t in texts)
    if data.container.kind in ("parquet", "feather") and numbers:
        return None
    counts = numbers and float(max(texts, key=float)) < _FIRST_EPOCH and not _days(texts)
    stamps = to_stamps(pd.Series(texts, dtype=object), "UTC")
    unread = [t for t, s in zip(texts, stamps, strict=True) if s == NO_STAMP]
    if not unread and not counts:
        return None
    dates = Dates(texts[0] if counts else unread[0], order)
    if dates.failed:
        for cells in stamps_of(replace(data, time_format="as text")):
            dates.see(cells)
    form = dates.form(data.path.name, data.time)
    if form is None and counts:
        raise MarketError(
            f"{data.path.name}: {data.time!r} counts ({texts[0]}, ...) and is not a stamp: not an "
            'epoch, and not YYYYMMDD; name the time column (time = "..."), or write its stamps as '
            "2020-01-31"
        )
    return form


def _days(texts: list[str]) -> bool:
    return all(19_000_101 <= float(t) <= 22_001_231 for t in texts)


def scaled(values: dict[str, F64]) -> dict[str, F64]:
    """Prices in the scale of their adjusted closes, which are taken out of the values."""
    adjusted = values.pop("adjusted", None)
    if adjusted is None:
        return values
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = adjusted / values["close"]
    same = adjusted == values["close"]  # not a bit is changed where nothing was adjusted
    for name in ("open", "high", "low"):
        values[name] = np.where(same, values[name], values[name] * factor)
    values["close"] = adjusted
    return values
