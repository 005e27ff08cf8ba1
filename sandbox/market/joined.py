"""Joined sources: bars that came later after those of before, as one market."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sandbox.market.errors import MarketError
from sandbox.market.panel import stamp_text
from sandbox.market.rows import NO_STAMP, Rows
from sandbox.market.source import Source


@dataclass(frozen=True, slots=True)
class Joined:
    """A source of two others, the earlier one first; see `follow` for whether they fit."""

    earlier: Source
    later: Source

    def stamps(self) -> Rows:
        """As in Source."""
        return _together(self.earlier.stamps(), self.later.stamps())

    def rows(self, *, until: int | None, keep: frozenset[str] | None) -> Rows:
        """As in Source; further columns are those that both have."""
        asked = {"until": until, "keep": keep}
        return _together(self.earlier.rows(**asked), self.later.rows(**asked))  # type: ignore[arg-type]


def follow(
    earlier: Rows, later: Rows, symbols: Sequence[str], stale_ns: int, where: str
) -> tuple[tuple[int, int], int]:
    """See by stamps alone that later bars follow earlier ones, without overlap or gap.

    A gap is a time between two stamps that is longer than any of the earlier bars'.

    Args:
        earlier: Stamps of before.
        later: Stamps of the new bars.
        symbols: The market's assets.
        stale_ns: One whose last old bar is older than this at their end need not go on.
        where: What to call the new bars.

    Returns:
        The first and the last stamp of the new bars, and how many stamps they have.

    Raises:
        MarketError: They do not follow; says what was found and what would be right.
    """
    old, new = (_clock(rows, symbols) for rows in (earlier, later))
    if len(old) < 2:
        raise MarketError(f"{where}: cannot follow fewer than 2 old bars")
    recent = np.unique(earlier.code[earlier.stamp >= old[-1] - stale_ns]).tolist()
    live = {earlier.symbols[code] for code in recent} & set(symbols)
    lacking = sorted(live - set(later.symbols))
    if lacking:
        raise MarketError(
            f"{where}: has no {', '.join(lacking[:8])}; needs every asset that is still "
            f"listed: {len(live)}, such as {', '.join(sorted(live)[:8])}"
        )
    if len(new) == 0:
        raise MarketError(f"{where}: has no bar with a readable stamp")
    last = int(old[-1])
    before = int((new <= last).sum())
    if before:
        raise MarketError(
            f"{where}: {before} of its {len(new)} bars overlap the old ones (its first is "
            f"{stamp_text(new[0])}, the last old one {stamp_text(last)}); needs only bars after "
            f"{stamp_text(last)}: cut the others off"
        )
    usual = int(np.diff(old).max())
    stamps = np.concatenate((old[-1:], new))
    gaps = np.flatnonzero(np.diff(stamps) > usual)
    if len(gaps):
        first = int(gaps[0])
        raise MarketError(
            f"{where}: no bars between {stamp_text(stamps[first])} and "
            f"{stamp_text(stamps[first + 1])}, a longer gap than any of the old bars'; bring the "
            "bars in between, too"
        )
    return (int(new[0]), int(new[-1])), len(new)


def _clock(rows: Rows, symbols: Sequence[str]) -> np.ndarray:
    ours = np.array([symbol in symbols for symbol in rows.symbols], dtype=bool)
    if not len(rows.stamp):
        return rows.stamp
    return np.unique(rows.stamp[ours[rows.code] & (rows.stamp != NO_STAMP)])


def _together(one: Rows, other: Rows) -> Rows:
    symbols = tuple(sorted({*one.symbols, *other.symbols}))
    place = {symbol: i for i, symbol in enumerate(symbols)}
    code = [np.array([place[s] for s in r.symbols], np.int32)[r.code] for r in (one, other)]
    names = [name for name in one.values if name in other.values]
    return Rows(
        symbols=symbols,
        code=np.concatenate(code).astype(np.int32),
        stamp=np.concatenate((one.stamp, other.stamp)),
        values={n: np.concatenate((one.values[n], other.values[n])) for n in names},
        unread=one.unread | other.unread,
        silent=(*one.silent, *other.silent),
        unused=tuple(sorted({*one.unused, *other.unused})),
    )
