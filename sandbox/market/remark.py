"""Remarks on a market whose bars are good: what may still mislead. Pure NumPy, no I/O."""

from __future__ import annotations

import numpy as np

from sandbox.market.config import MarketConfig
from sandbox.market.errors import Finding
from sandbox.market.panel import (
    CLOCK_FIELDS,
    DAY_NS,
    I64,
    OHLCV,
    Panel,
    local_ns,
    span_ns,
    span_text,
    stamp_text,
)

STALE_SHARE = 0.2
_SATURDAY_SHARE = 0.05


def remarks(panel: Panel, config: MarketConfig) -> tuple[Finding, ...]:
    """Stale opens, early ends or none, holes, mixed calendars, and columns that begin late."""
    saturday = _saturday_share(panel)
    return (
        *_stale_opens(panel, config, saturday),
        *_ends(panel, config),
        *_holes(panel, config),
        *_weekday_only(panel, saturday),
        *_columns(panel),
    )


def ended(panel: Panel, config: MarketConfig) -> list[str]:
    """Assets whose last bar lies more than stale_after before the panel's end: delisted."""
    last = panel.clock[panel.bar[panel.offsets[1:] - 1]]
    gone = panel.clock[-1] - last > span_ns(config.stale_after)
    return [s for s, g in zip(panel.symbols, gone, strict=True) if g]


def began_late(panel: Panel, config: MarketConfig) -> list[str]:
    """Assets whose first bar lies more than stale_after behind the panel's start."""
    first = panel.clock[panel.bar[panel.offsets[:-1]]]
    late = first - panel.clock[0] > span_ns(config.stale_after)
    return [s for s, g in zip(panel.symbols, late, strict=True) if g]


def own_stamps(panel: Panel, a: int) -> I64:
    """Asset a's stamps."""
    return panel.clock[panel.bar[panel.offsets[a] : panel.offsets[a + 1]]]


def _saturday_share(panel: Panel) -> list[float]:
    """Share of each asset's bars on a Saturday: currencies open on Sunday evening already."""
    on_saturday = panel.fields["weekday"] == 5
    return [
        float(np.mean(on_saturday[a:b]))
        for a, b in zip(panel.offsets[:-1], panel.offsets[1:], strict=True)
    ]


def _stale_opens(panel: Panel, config: MarketConfig, saturday: list[float]) -> list[Finding]:
    found: list[tuple[str, float, str]] = []
    for a, symbol in enumerate(panel.symbols):
        if saturday[a] > _SATURDAY_SHARE:  # never closed: opening at the last close is what it does
            continue
        begin, end = int(panel.offsets[a]), int(panel.offsets[a + 1])
        stamps = own_stamps(panel, a)
        day = np.floor_divide(local_ns(stamps, config.zone), DAY_NS)
        first = np.flatnonzero(day[1:] != day[:-1]) + 1
        if len(first) < 20:
            continue
        opens = panel.fields["open"][begin:end][first]
        stale = opens == panel.fields["close"][begin:end][first - 1]
        share = float(np.mean(stale))
        if share > STALE_SHARE:
            found.append((symbol, share, stamp_text(int(stamps[first][stale][0]))))
    if not found:
        return []
    advice = (
        "fills already use the next close, as they should"
        if config.fills.fill == "next_close"
        else 'an order cannot trade at such an open: write fills.fill = "next_close"'
    )
    named = ", ".join(f"{s} {share:.0%}" for s, share, _ in found[:5])
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    return [
        Finding(
            kind="stale_opens",
            symbol="",
            stamps=tuple(stamp for _, _, stamp in found[:3]),
            count=len(found),
            text=f"the open repeats the previous close on more than {STALE_SHARE:.0%} of days "
            f"({named}{more}); {advice}",
        )
    ]


def _ends(panel: Panel, config: MarketConfig) -> list[Finding]:
    if gone := ended(panel, config):
        named = ", ".join(gone[:5]) + (f" and {len(gone) - 5} more" if len(gone) > 5 else "")
        many = f"{len(gone)} of {panel.assets} assets " + ("end" if len(gone) > 1 else "ends")
        return [
            Finding(
                kind="end_early",
                symbol="",
                stamps=(),
                count=len(gone),
                text=f"{many} early, without a bar in the last {config.stale_after} of what was "
                f"loaded ({named}); a position still held then is closed at the last price, which "
                "flatters what went to nothing",
            )
        ]
    if panel.assets < 3:
        return []
    return [
        Finding(
            kind="no_delistings",
            symbol="",
            stamps=(),
            count=panel.assets,
            text=f"all {panel.assets} assets live to the end: a universe of survivors. Buying and "
            "holding, and ranking across assets, look better here than they were",
        )
    ]


def _holes(panel: Panel, config: MarketConfig) -> list[Finding]:
    stale = span_ns(config.stale_after)
    findings: list[Finding] = []
    for a, symbol in enumerate(panel.symbols):
        stamps = own_stamps(panel, a)
        gaps = np.diff(stamps)
        holes = np.flatnonzero(gaps > stale)
        usual = int(np.median(gaps)) if len(gaps) else 0
        if len(holes) == 0 or usual > stale:
            continue
        longest = int(holes[np.argmax(gaps[holes])])
        more = f", and {len(holes) - 1} shorter" if len(holes) > 1 else ""
        findings.append(
            Finding(
                kind="hole",
                symbol=symbol,
                stamps=tuple(stamp_text(s) for s in stamps[holes[:3]]),
                count=len(holes),
                text=f"{symbol}: no bar for {span_text(int(gaps[longest]))} after "
                f"{stamp_text(stamps[longest])}{more}; it counts as not listed meanwhile",
            )
        )
    return findings


def _weekday_only(panel: Panel, saturday: list[float]) -> list[Finding]:
    some = [s for s, share in zip(panel.symbols, saturday, strict=True) if share > _SATURDAY_SHARE]
    none = [s for s, share in zip(panel.symbols, saturday, strict=True) if share == 0]
    if not some or not none:
        return []
    return [
        Finding(
            kind="weekday_only",
            symbol="",
            stamps=(),
            count=len(none),
            text=f"{len(none)} assets never trade on Saturdays ({', '.join(none[:6])}"
            f"{'...' if len(none) > 6 else ''}) while {len(some)} trade every day; each runs on "
            "its own bars, and the former hold their weight over the weekend",
        )
    ]


def _columns(panel: Panel) -> list[Finding]:
    findings: list[Finding] = []
    start = panel.clock[0]
    for name, values in panel.fields.items():
        if name in OHLCV or name in CLOCK_FIELDS:
            continue
        known = np.flatnonzero(~np.isnan(values))
        if len(known) == 0:
            text = f"column {name} is unknown at every bar"
            findings.append(
                Finding(kind="column_unknown", symbol="", stamps=(), count=panel.size, text=text)
            )
            continue
        first = panel.clock[int(panel.bar[known].min())]
        missing = [
            s
            for s, a, b in zip(panel.symbols, panel.offsets[:-1], panel.offsets[1:], strict=True)
            if np.isnan(values[a:b]).all()
        ]
        if first - start > 30 * DAY_NS or missing:
            lacking = f", and never for {len(missing)} of {panel.assets} assets" if missing else ""
            findings.append(
                Finding(
                    kind="column_partial",
                    symbol="",
                    stamps=(stamp_text(first),),
                    count=panel.size - len(known),
                    text=f"column {name} is known from {stamp_text(first)} on{lacking}; "
                    "unknown values mean no weight",
                )
            )
    return findings
