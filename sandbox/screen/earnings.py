"""What positions earn, bar by bar: the window's entries as arrays that the kernel walks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sandbox.market.panel import F64, I64, Panel
from sandbox.screen.thin import FEWEST_ASSETS
from sandbox.terms import Terms

STRETCH = 250  # clock bars that a sample keeps together, about


@dataclass(frozen=True, slots=True, kw_only=True)
class Earnings:
    """A window of a market, or a sample of it, as `screen_nb.fold_sums` takes it.

    Attributes:
        rows: (n,) packed bars whose positions are needed, rising.
        per_asset: (n,) what a signal of 1 weighs there: one over the listed assets.
        asset: (E,) asset of each entry, numbered without gaps.
        before: (E,) place in `rows` of the bar that decided.
        old_earns: (E,) per weight held until the fill.
        new_earns: (E,) per weight held from the fill on.
        market: (E,) close to close; zeros where the benchmark is cash.
        bar_offsets: (T + 1,) where each clock bar's entries begin.
        fold_ends: (F,) one past each fold's last clock bar.
        lengths: (F,) clock bars of each fold.
        assets: How many there are.
        cost: Per traded weight.
        carry: Half of what a unit of short weight pays per bar.
        at_close: Whether fills are at the close.
    """

    rows: I64
    per_asset: F64
    asset: I64
    before: I64
    old_earns: F64
    new_earns: F64
    market: F64
    bar_offsets: I64
    fold_ends: I64
    lengths: F64
    assets: int
    cost: float
    carry: float
    at_close: bool

    @property
    def size(self) -> int:
        """E, the entries: own bars of assets that follow one with a position."""
        return len(self.asset)

    @property
    def bars(self) -> int:
        """T, the clock bars."""
        return len(self.bar_offsets) - 1


def earnings(panel: Panel, terms: Terms, *, most: int) -> tuple[Earnings, str]:
    """The window's entries, or a sample of at most about `most` of them.

    A sample takes every k-th asset first, down to 12, and then stretches of some 250 clock bars
    evenly from each fold, so that folds, turnover and the order of bars remain.

    Returns:
        The entries, and how the market was cut; empty where it was not.
    """
    start, stop = terms.window
    inside = panel.order[panel.order_offsets[start] : panel.order_offsets[stop]].astype(np.int64)
    assets = np.arange(panel.assets)
    said: list[str] = []
    if len(inside) > most and panel.assets > FEWEST_ASSETS:
        keep = max(FEWEST_ASSETS, int(panel.assets * most / len(inside)))
        assets = (np.arange(keep) * panel.assets) // keep
        said.append(f"{keep} of {panel.assets} assets")
    bars = np.ones(stop - start, dtype=bool)
    share = most / (len(inside) * len(assets) / panel.assets)
    if share < 0.9:
        bars = _stretches(terms, start, share)
        said.append(f"{bars.sum()} of {len(bars)} bars, in stretches from every fold")
    owner = np.repeat(np.arange(panel.assets), np.diff(panel.offsets))
    number = np.full(panel.assets, -1)
    number[assets] = np.arange(len(assets))
    first = np.zeros(panel.size + 1, dtype=bool)
    first[panel.offsets[:-1]] = True
    decided = ~first[inside] & (panel.bar[np.maximum(inside - 1, 0)] >= start)
    entry = inside[decided & (number[owner[inside]] >= 0) & bars[panel.bar[inside] - start]]
    rows, before = np.unique(entry - 1, return_inverse=True)
    open_, close = panel.fields["open"], panel.fields["close"]
    at_close = terms.fills.fill == "next_close"
    moved = close[entry] / close[entry - 1] - 1
    if at_close:
        old, new = moved.copy(), np.zeros(len(entry))
    else:
        old, new = open_[entry] / close[entry - 1] - 1, close[entry] / open_[entry] - 1
    held = old if at_close else new  # what is held after the open pays and is paid
    if panel.funding is not None:
        held -= np.nan_to_num(panel.funding[entry])
    half = terms.costs.borrow_bps_per_year / 10_000 / panel.bars_per_year / 2
    held += half  # a short pays all of it: half here, half by its size
    numbers = np.cumsum(bars) - 1
    kept = numbers[panel.bar[entry] - start]
    ends = np.searchsorted(np.flatnonzero(bars), terms.fold_edges[1:] - start)
    begin = int(np.searchsorted(np.flatnonzero(bars), terms.fold_edges[0] - start))
    # Folds may leave out bars at the window's start: they are walked as part of none.
    if begin:
        raise ValueError("the first fold must begin where the window does")
    traded = (terms.costs.fee_bps + terms.costs.slippage_bps) / 10_000
    benchmark = terms.objective.benchmark == "own_past"
    return Earnings(
        rows=rows,
        per_asset=1.0 / np.maximum(panel.listed[panel.bar[rows]], 1),
        asset=number[owner[entry]],
        before=before.astype(np.int64).reshape(-1),
        old_earns=old,
        new_earns=new,
        market=moved if benchmark else np.zeros(len(entry)),
        bar_offsets=np.searchsorted(kept, np.arange(int(bars.sum()) + 1)).astype(np.int64),
        fold_ends=ends.astype(np.int64),
        lengths=np.diff(np.concatenate(([0], ends))).astype(np.float64),
        assets=len(assets),
        cost=traded,
        carry=half,
        at_close=at_close,
    ), ", ".join(said)


def _stretches(terms: Terms, start: int, share: float) -> NDArray[np.bool_]:
    """Clock bars of the window to keep: evenly spaced stretches, about a share of each fold."""
    keep = np.zeros(terms.window[1] - start, dtype=bool)
    edges = terms.fold_edges - start
    for begin, stop in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        wanted = max(1, round((stop - begin) * share / STRETCH))
        room = (stop - begin) / wanted
        length = max(1, int(room * share))
        for i in range(wanted):
            at = begin + int(i * room)
            keep[at : at + length] = True
    return keep
