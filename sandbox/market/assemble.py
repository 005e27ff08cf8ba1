"""Assembling panels: rows and further columns in, packed read-only arrays out. No files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from genomes.language.dimension import NUMBER, PRICE, VOLUME, Dimension
from sandbox.market.config import Column, MarketConfig
from sandbox.market.errors import MarketError
from sandbox.market.names import find_symbol, find_time
from sandbox.market.panel import (
    CLOCK_FIELDS,
    F64,
    I64,
    OHLCV,
    Panel,
    clock_fields,
    listed_count,
    span_ns,
    stamp_text,
)
from sandbox.market.panel import bars_per_year as measured_bars_per_year
from sandbox.market.rows import (
    NO_STAMP,
    Rows,
    column_of,
    to_numbers,
    to_stamps,
)
from sandbox.market.source import Memory, with_time_column

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Feed:
    """One asset's values of a column, in the order of time.

    Attributes:
        stamp: (k,) UTC nanoseconds, strictly increasing.
        value: (k,) NaN where the value is unknown from that stamp on.
    """

    stamp: I64
    value: F64


Feeds = Mapping[str | None, Feed]  # by asset; None: the same for every asset


def assemble(
    frame: pd.DataFrame, config: MarketConfig, series: Mapping[str, pd.DataFrame] | None = None
) -> Panel:
    """The panel of a frame of bars, as `load` would make it of a file; the bars are not judged.

    Args:
        frame: Long: a time column (or a DatetimeIndex), open, high, low, close, and where there
            are any a symbol column, volume and further columns. Without a symbol column it is one
            asset named `config.name`. Any order; no row is dropped.
        config: Names, calendar, columns; its path and split are not used.
        series: For each `config.column` with a file of its own, that file's frame.

    Raises:
        MarketError: A column cannot be found, a stamp cannot be read, or a (symbol, stamp) comes
            twice.
    """
    rows = Memory.of_frame(frame, config).bars
    if (rows.stamp == NO_STAMP).any():
        raise MarketError(f"{config.name}: {(rows.stamp == NO_STAMP).sum()} stamps cannot be read")
    feeds: dict[str, Feeds] = {}
    for name, column in config.column.items():
        if series is not None and name in series:
            feeds[name] = frame_feeds(series[name], name, column, config, rows.symbols)
        elif column.file is not None:
            raise MarketError(
                f"{config.name}: column.{name} has a file ({column.file}), which assemble does not "
                f"read; pass its frame: series={{'{name}': frame}}"
            )
    return pack(rows, config, feeds)


def pack(
    rows: Rows, config: MarketConfig, feeds: Mapping[str, Feeds], bars_per_year: float | None = None
) -> Panel:
    """The panel of judged rows.

    Args:
        rows: Bars in any order, one per (symbol, stamp); further columns of the same file are
            among the values.
        config: Calendar, columns, stale_after.
        feeds: The columns that have a file of their own.
        bars_per_year: Where it is not to be measured from these rows.

    Raises:
        MarketError: There are no rows, or a (symbol, stamp) comes twice.
    """
    rows = rows.without_empty()
    if len(rows.stamp) == 0:
        raise MarketError(f"{config.name}: no bars are left to load")
    by_asset = np.lexsort((rows.stamp, rows.code))
    rows = rows.take(by_asset)
    assets = len(rows.symbols)
    offsets = np.searchsorted(rows.code, np.arange(assets + 1)).astype(np.int64)
    twice = (rows.code[1:] == rows.code[:-1]) & (rows.stamp[1:] == rows.stamp[:-1])
    if twice.any():
        first = int(np.argmax(twice))
        raise MarketError(
            f"{config.name}: {int(twice.sum())} bars come twice, the first of "
            f"{rows.symbols[rows.code[first]]} at {stamp_text(rows.stamp[first])}"
        )
    clock, place = np.unique(rows.stamp, return_inverse=True)
    bar = place.astype(np.int32)
    order = np.argsort(bar, kind="stable").astype(np.int32)
    order_offsets = np.concatenate(
        (np.zeros(1, np.int64), np.cumsum(np.bincount(bar, minlength=len(clock))))
    ).astype(np.int64)
    fields: dict[str, F64] = {f: rows.values[f].copy() for f in OHLCV if f in rows.values}
    dimensions: dict[str, Dimension] = {f: VOLUME if f == "volume" else PRICE for f in fields}
    funding = _add_columns(fields, dimensions, rows, offsets, config, feeds)
    fields |= clock_fields(
        clock, offsets, bar, zone=config.zone, session_start=config.calendar.session_start
    )
    dimensions |= dict.fromkeys(CLOCK_FIELDS, NUMBER)
    listed = listed_count(clock, offsets, bar, span_ns(config.stale_after))
    shared = [clock, offsets, bar, listed, order, order_offsets, *fields.values()]
    for array in shared if funding is None else [*shared, funding]:
        array.setflags(write=False)
    return Panel(
        symbols=rows.symbols,
        clock=clock,
        offsets=offsets,
        bar=bar,
        fields=fields,
        dimensions=dimensions,
        funding=funding,
        listed=listed,
        order=order,
        order_offsets=order_offsets,
        bars_per_year=measured_bars_per_year(clock) if bars_per_year is None else bars_per_year,
    )


def frame_feeds(
    frame: pd.DataFrame,
    name: str,
    column: Column,
    config: MarketConfig,
    symbols: tuple[str, ...],
) -> Feeds:
    """A column's own frame as feeds by asset of the market; none where it has no rows.

    Raises:
        MarketError: Its columns cannot be found, its assets are none of the market's, a stamp
            cannot be read, or an asset has two values at one stamp.
    """
    where = f"column.{name} ({column.file or 'frame'})"
    frame = with_time_column(frame)
    names = [str(n) for n in frame.columns]
    source = column.from_ or name
    if source not in names:
        raise MarketError(
            f'{where}: no column {source!r}; it has {", ".join(names)}: name it with from = "..."'
        )
    time = find_time(names, column.time, where)
    stamp = to_stamps(column_of(frame, time), config.timezone)
    value = to_numbers(column_of(frame, source))
    if (stamp == NO_STAMP).any():
        raise MarketError(f"{where}: {int((stamp == NO_STAMP).sum())} stamps cannot be read")
    by = None if column.symbol is not None else find_symbol(names, column.symbol_column, where)
    if by is None:
        _check_asset(column.symbol, symbols, where)
        return {column.symbol: _feed(stamp, value, where)}
    if len(stamp) == 0:  # the column begins later than what is loaded
        return {}
    labels = np.array([str(s) for s in frame[by]], dtype=object)
    shape = column.symbol_format or "{}"
    found = {shape.format(label): label for label in sorted(set(labels))}
    matched = {ours: label for ours, label in found.items() if ours in symbols}
    if not matched:
        raise MarketError(
            f"{where}: none of its {len(found)} assets ({', '.join(list(found)[:3])}...) is in the "
            f"market ({', '.join(symbols[:3])}...); map the names with symbol_column and "
            'symbol_format = "{}USDT", or give symbol = "..." where it belongs to one asset'
        )
    return {
        ours: _feed(stamp[labels == label], value[labels == label], f"{where}, {label}")
        for ours, label in matched.items()
    }


def _feed(stamp: I64, value: F64, where: str) -> Feed:
    order = np.argsort(stamp, kind="stable")
    stamp, value = stamp[order], value[order]
    twice = stamp[1:] == stamp[:-1]
    if twice.any():
        raise MarketError(
            f"{where}: {int(twice.sum())} stamps have two values, the first at "
            f"{stamp_text(stamp[int(np.argmax(twice))])}; name the column of asset names with "
            "symbol_column, or keep one value per stamp"
        )
    return Feed(stamp, value)


def _check_asset(symbol: str | None, symbols: tuple[str, ...], where: str) -> None:
    if symbol is not None and symbol not in symbols:
        raise MarketError(
            f"{where}: symbol = {symbol!r} is not in the market; it has {', '.join(symbols[:8])}"
            f"{'...' if len(symbols) > 8 else ''}"
        )


def _add_columns(
    fields: dict[str, F64],
    dimensions: dict[str, Dimension],
    rows: Rows,
    offsets: I64,
    config: MarketConfig,
    feeds: Mapping[str, Feeds],
) -> F64 | None:
    """Adds the further columns to fields and dimensions; returns what all paying ones pay."""
    ends = [(int(a), int(b)) for a, b in pairwise(offsets)]
    stamps = [rows.stamp[a:b] for a, b in ends]
    market_bar = spacing(stamps)
    funding: F64 | None = None
    for name, column in config.column.items():
        own: Feeds | None = feeds.get(name)
        if own is None:
            values = rows.values[name]
            own = {
                s: Feed(rows.stamp[a:b], values[a:b])
                for s, (a, b) in zip(rows.symbols, ends, strict=True)
                if column.symbol in (None, s)
            }
        fields[name], paid = join(own, column, rows.symbols, stamps, market_bar)
        dimensions[name] = Dimension.parse(column.dimension)
        if paid is not None:
            funding = paid if funding is None else funding + paid
    return funding


def spacing(stamps: list[I64]) -> int:
    """The median distance between neighbouring stamps, over all assets; 0 below two stamps."""
    gaps = [np.diff(s) for s in stamps if len(s) > 1]
    return int(np.median(np.concatenate(gaps))) if gaps else 0


def known_at_bars(feed: Feed, bars: I64, known: str, *, own_bar: int, market_bar: int) -> F64:
    """The latest value known at each bar's close, never one known later.

    Args:
        feed: The column's values.
        bars: (n,) the asset's own stamps, strictly increasing.
        known: As in `Column.known`.
        own_bar: The column's typical spacing, nanoseconds.
        market_bar: The market's typical spacing, nanoseconds.

    Returns:
        (n,) NaN before any value is known.
    """
    since, at = feed.stamp, bars
    if known == "next_bar" and own_bar > market_bar:
        # A slower column may be stamped at its period's start (a day's close at that day's 00:00):
        # its value is safe to use only when the column's next row begins.
        since = np.append(feed.stamp[1:], feed.stamp[-1:] + own_bar)
    elif known == "next_bar":
        at = np.concatenate((np.array([np.iinfo(np.int64).min]), bars[:-1]))
    elif known != "same_bar":
        since = feed.stamp + span_ns(known)
    latest = np.searchsorted(since, at, side="right") - 1
    values = np.full(len(bars), np.nan)
    some = latest >= 0
    values[some] = feed.value[latest[some]]
    return values


def paid_during_bars(feed: Feed, bars: I64, market_bar: int) -> F64:
    """The sum of the rates stamped from each bar's stamp up to the asset's next bar.

    Args:
        feed: Rates at their payment stamps; NaN pays nothing.
        bars: (n,) the asset's own stamps, strictly increasing.
        market_bar: How long the last bar lasts, nanoseconds.

    Returns:
        (n,) 0 in a bar without a payment.
    """
    paid = np.zeros(len(bars))
    if len(bars) == 0:
        return paid
    during = np.searchsorted(bars, feed.stamp, side="right") - 1
    some = (during >= 0) & (feed.stamp < bars[-1] + market_bar) & ~np.isnan(feed.value)
    np.add.at(paid, during[some], feed.value[some])
    return paid


def join(
    feeds: Feeds, column: Column, symbols: tuple[str, ...], stamps: list[I64], market_bar: int
) -> tuple[F64, F64 | None]:
    """A column on the packed bars: what was known, and what was paid where it pays funding.

    Args:
        feeds: The column by asset.
        column: Its config.
        symbols: The panel's assets.
        stamps: Each asset's own stamps.
        market_bar: The market's typical spacing.

    Returns:
        (N,) values known at each bar's close, and (N,) rates paid or None.
    """
    own_bar = spacing([feed.stamp for feed in feeds.values()])
    values: list[F64] = []
    paid: list[F64] = []
    for symbol, bars in zip(symbols, stamps, strict=True):
        feed = feeds.get(symbol, feeds.get(None))
        if feed is None or len(feed.stamp) == 0:
            values.append(np.full(len(bars), np.nan))
            paid.append(np.zeros(len(bars)))
            continue
        values.append(
            known_at_bars(feed, bars, column.known, own_bar=own_bar, market_bar=market_bar)
        )
        paid.append(paid_during_bars(feed, bars, market_bar))
    return np.concatenate(values), np.concatenate(paid) if column.pays_funding else None
