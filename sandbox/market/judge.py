"""Judging bars: what is wrong with them, by symbol and stamp, all at once. Pure NumPy, no I/O."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sandbox.market.errors import Finding
from sandbox.market.panel import OHLCV, stamp_text
from sandbox.market.rows import NO_STAMP, STAMP, Rows, number_remedy

PRICES = OHLCV[:4]
SHOWN = 3
# Adjusted prices in float32 differ from exact ones by up to 2**-24: an order broken by less than
# this share of the price is rounding, not a bad bar.
TOLERANCE = 1e-6
# The largest of true one-bar moves that came back, in 600,000 bars of ETFs, currencies and crypto:
# 2.3 (RSP, 2010-05-06), 2.5 (ETHUSDT, 2020-03-13), 3.1 (OSMO, 2023-07-14); of wrong ones 15 to 730.
SPIKE = 5.0

_KINDS = {
    "no_stamp": "has a stamp that cannot be read as a time",
    "no_symbol": "has no symbol",
    "not_a_number": "has no finite number",
    "not_positive": "has a price of zero or below",
    "negative_volume": "has a volume below zero",
    "high_below_low": "has its high below its low",
    "open_outside": "opens outside its low and high",
    "close_outside": "closes outside its low and high",
    "duplicate": "comes again with the same stamp",
    "repeated": "repeats the row above it in every value",
    "unsorted": "is stamped before the bar above it in the file",
    **dict.fromkeys(
        ("spike", "left_out"),
        f"has a price that is over {SPIKE:g} times off the closes before and after it",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What is wrong with rows.

    Attributes:
        findings: One per kind and symbol; those of bad bars are `bad`.
        drop: (n,) the rows that cannot stay. Unsorted rows can: they are sorted.
    """

    findings: tuple[Finding, ...]
    drop: NDArray[np.bool_]


def judge(rows: Rows, *, drop_spikes: bool = False) -> Judgement:
    """Every bad bar of the rows, and spikes, which may be true.

    Of bars with the same symbol and stamp the first is kept; a row that only repeats the one above
    it is not a fault: it is told, and left out. Assets that are exactly newest first
    in the file are not a fault: they are reported, and sorted.
    """
    masks = _masks(rows)
    drop = np.zeros(len(rows.stamp), dtype=bool)
    findings: list[Finding] = []
    reversed_ = _newest_first(rows)
    masks["unsorted"] &= ~np.isin(rows.code, reversed_)
    for kind, mask in masks.items():
        if kind != "unsorted":
            drop |= mask
        findings += _by_symbol(rows, kind, mask)
    findings += _told(rows, reversed_)
    spikes = _spikes(rows, drop)
    findings += _by_symbol(rows, "left_out" if drop_spikes else "spike", spikes)
    return Judgement(findings=tuple(findings), drop=drop | spikes if drop_spikes else drop)


def _masks(rows: Rows) -> dict[str, NDArray[np.bool_]]:
    n = len(rows.stamp)
    values = rows.values
    unnamed = np.array([s == "" for s in rows.symbols], dtype=bool)
    masks = {
        "no_stamp": rows.stamp == NO_STAMP,
        "no_symbol": unnamed[rows.code] if n else np.zeros(0, dtype=bool),
    }
    numbers = [values[f] for f in OHLCV if f in values]
    finite = np.logical_and.reduce([np.isfinite(v) for v in numbers])
    positive = np.logical_and.reduce([values[f] > 0 for f in PRICES])
    masks["not_a_number"] = ~finite
    masks["not_positive"] = finite & ~positive
    if "volume" in values:
        masks["negative_volume"] = finite & (values["volume"] < 0)
    sound = finite & positive
    slack = TOLERANCE * values["high"]
    masks["high_below_low"] = sound & (values["low"] - values["high"] > slack)
    ordered = sound & ~masks["high_below_low"]
    for kind, price in (("open_outside", "open"), ("close_outside", "close")):
        over = values[price] - values["high"] > slack
        under = values["low"] - values[price] > slack
        masks[kind] = ordered & (over | under)
    masks["duplicate"], masks["unsorted"] = _order_masks(rows)
    masks["repeated"] = masks["duplicate"] & _repeats(rows)
    masks["duplicate"] &= ~masks["repeated"]
    return masks


def _repeats(rows: Rows) -> NDArray[np.bool_]:
    """Rows that are the row above them once more."""
    repeats = np.zeros(len(rows.stamp), dtype=bool)
    columns = [rows.code, rows.stamp, *rows.values.values()]
    if len(repeats):
        repeats[1:] = np.logical_and.reduce([c[1:] == c[:-1] for c in columns])
    return repeats


def _order_masks(rows: Rows) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Rows repeating an earlier (symbol, stamp), and rows stamped before their predecessor."""
    duplicate = np.zeros(len(rows.stamp), dtype=bool)
    unsorted = np.zeros(len(rows.stamp), dtype=bool)
    read = np.flatnonzero(rows.stamp != NO_STAMP)
    as_filed = read[np.argsort(rows.code[read], kind="stable")]
    code, stamp = rows.code[as_filed], rows.stamp[as_filed]
    unsorted[as_filed[1:]] = (code[1:] == code[:-1]) & (stamp[1:] < stamp[:-1])
    by_time = as_filed[np.lexsort((stamp, code))]
    code, stamp = rows.code[by_time], rows.stamp[by_time]
    duplicate[by_time[1:]] = (code[1:] == code[:-1]) & (stamp[1:] == stamp[:-1])
    return duplicate, unsorted


def _spikes(rows: Rows, drop: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Bars with a price SPIKE times above, or below, the closes right before and after them.

    A jump that stays is none: it has one of its neighbours beside it. An asset's last bar is none
    either: nothing tells yet whether it stays. The bar after a spike may open where the spike
    closed, so it is looked at again without it.
    """
    found = np.zeros(len(rows.stamp), dtype=bool)
    order = np.lexsort((rows.stamp, rows.code))
    order = order[~drop[order]]
    prices = np.stack([rows.values[f] for f in PRICES])
    top, bottom, close = prices.max(axis=0), prices.min(axis=0), rows.values["close"]
    while len(order) > 2:
        before, at, after = order[:-2], order[1:-1], order[2:]
        above = top[at] > SPIKE * np.fmax(close[before], close[after])
        below = SPIKE * bottom[at] < np.fmin(close[before], close[after])
        same = rows.code[before] == rows.code[after]
        spike = np.r_[False, same & (above | below), False]
        if not spike.any():
            break
        found[order[spike]] = True
        order = order[~spike]
    return found


def _newest_first(rows: Rows) -> NDArray[np.intp]:
    """Codes of the assets whose stamps only fall from row to row."""
    read = np.flatnonzero(rows.stamp != NO_STAMP)
    as_filed = read[np.argsort(rows.code[read], kind="stable")]
    code, stamp = rows.code[as_filed], rows.stamp[as_filed]
    same = code[1:] == code[:-1]
    assets = len(rows.symbols)
    rises = np.bincount(code[1:][same & (stamp[1:] > stamp[:-1])], minlength=assets)
    falls = np.bincount(code[1:][same & (stamp[1:] < stamp[:-1])], minlength=assets)
    return np.flatnonzero((rises == 0) & (falls > 0))


def _told(rows: Rows, reversed_: NDArray[np.intp]) -> list[Finding]:
    if len(reversed_) == 0:
        return []
    names = [rows.symbols[code] for code in reversed_]
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return [
        Finding(
            kind="newest_first",
            symbol="",
            stamps=(),
            count=len(names),
            text=f"newest first in the file ({', '.join(names[:SHOWN])}{more}): sorted",
        )
    ]


def _by_symbol(rows: Rows, kind: str, mask: NDArray[np.bool_]) -> list[Finding]:
    where = np.flatnonzero(mask)
    findings: list[Finding] = []
    for code in np.unique(rows.code[where]):
        own = where[rows.code[where] == code]
        stamp = rows.stamp[own]
        stamps = tuple(
            "?" if s == NO_STAMP else stamp_text(s)
            for s in (stamp if kind == "unsorted" else np.sort(stamp))[:SHOWN]
        )
        symbol = rows.symbols[code]
        more = f" and {len(own) - SHOWN:,} more" if len(own) > SHOWN else ""
        bars = "1 bar" if len(own) == 1 else f"{len(own):,} bars"
        said = f"{bars} ({', '.join(stamps)}{more}): each {_KINDS[kind]}"
        if kind == "not_a_number":
            whole = len(own) == int(np.sum(rows.code == code)) > 1
            said = _no_number(rows, symbol, own, said, whole=whole)
        elif kind == "duplicate" and 3 * len(own) > int(np.sum(rows.code == code)):
            said += (
                "; if the file holds several assets, name the column that tells them apart: "
                'symbol = "..." in the market\'s TOML'
            )
        elif kind == "spike":
            said += '; write spikes = "drop" in the market\'s TOML to leave such bars out'
        elif kind == "repeated":
            said += "; left out"
        elif kind == "left_out":
            said += '; left out, as spikes = "drop" says'
        elif kind == "no_stamp" and (symbol, STAMP) in rows.unread:
            said += f', e.g. "{rows.unread[symbol, STAMP]}"'
        findings.append(
            Finding(
                kind=kind,
                symbol=symbol,
                stamps=stamps,
                count=len(own),
                text=f"{symbol or '(no symbol)'}: {said}",
                bad=kind not in ("spike", "left_out", "repeated"),
            )
        )
    return findings


def _no_number(rows: Rows, symbol: str, own: NDArray[np.intp], said: str, *, whole: bool) -> str:
    """Which columns of an asset have no number, with a text that stands there instead.

    Args:
        rows: All rows.
        symbol: The asset.
        own: Its rows without a number.
        said: How the sentence begins where only some of its bars are concerned.
        whole: Whether `own` are all its rows.
    """
    missing = {f: ~np.isfinite(rows.values[f][own]) for f in OHLCV if f in rows.values}
    always = [f for f, m in missing.items() if whole and m.all()]
    columns = always or [f for f, m in missing.items() if m.any()]
    seen = [f for f in columns if (symbol, f) in rows.unread]
    if always:
        verb = "are not numbers" if len(always) > 1 else "is not a number" if seen else "is empty"
        said = f"{_listed(always, 'and')} {verb} in all {len(own):,} bars"
    else:
        said += f" in {_listed(columns, 'or')}"
    if seen:
        text = rows.unread[symbol, seen[0]]
        name = f"{seen[0]} " if len(columns) > 1 else ""
        said += f', e.g. {name}"{text}"; {number_remedy(text)}'
    return said


def _listed(names: list[str], last: str) -> str:
    return f" {last} ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
