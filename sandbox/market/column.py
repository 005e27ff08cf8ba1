"""Further columns: which value was known at which bar, and what funding a bar paid. Pure NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sandbox.market.config import Column
from sandbox.market.panel import F64, I64
from sandbox.market.span import span_ns


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
