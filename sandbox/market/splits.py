"""Splits: jumps by a whole ratio that stay, as an unadjusted split leaves. Pure NumPy."""

from __future__ import annotations

import numpy as np

from sandbox.market.errors import Finding
from sandbox.market.panel import Panel, stamp_text

# New shares for old ones, and the other way round. 3:2 and 5:4 are left out: falls of a third and a
# fifth are too common in true prices.
RATIOS = (2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 15.0, 20.0, 25.0, 50.0, 100.0)
NEAR = 0.04  # of the ratio: the day's own move
QUIET = 6.0  # a jump is this many times the asset's usual move (its 95th percentile)
_STAYS = 5  # bars before and after it that are on either side


def splits(panel: Panel) -> tuple[Finding, ...]:
    """Each asset's jumps that look like splits that its prices were not adjusted for."""
    findings: list[Finding] = []
    for a, symbol in enumerate(panel.symbols):
        own = slice(int(panel.offsets[a]), int(panel.offsets[a + 1]))
        opened, close = panel.fields["open"][own], panel.fields["close"][own]
        if len(close) < 20:
            continue
        jump = np.log(opened[1:] / close[:-1])
        usual = float(np.quantile(np.abs(np.diff(np.log(close))), 0.95))
        found: list[tuple[int, str]] = []
        for i in np.flatnonzero(np.abs(jump) > max(QUIET * usual, 0.6)):
            size = float(np.exp(abs(jump[i])))
            ratio = min(RATIOS, key=lambda r: abs(size / r - 1))
            middle = np.sqrt(opened[i + 1] * close[i])
            before, after = close[max(0, i + 1 - _STAYS) : i + 1], close[i + 1 : i + 1 + _STAYS]
            low, high = (after, before) if jump[i] < 0 else (before, after)
            stays = (low < middle).all() and (high > middle).all()
            if abs(size / ratio - 1) < NEAR and stays:
                found.append((int(i) + 1, f"1:{ratio:g}" if jump[i] < 0 else f"{ratio:g}:1"))
        if found:
            stamps = [stamp_text(int(panel.clock[panel.bar[own][i]])) for i, _ in found]
            named = ", ".join(f"{r} at {s}" for (_, r), s in zip(found[:3], stamps, strict=False))
            more = f" and {len(found) - 3} more" if len(found) > 3 else ""
            findings.append(
                Finding(
                    kind="split",
                    symbol=symbol,
                    stamps=tuple(stamps[:3]),
                    count=len(found),
                    text=f"{symbol}: jumps as an unadjusted split does ({named}{more}); use "
                    "adjusted prices, or a strategy earns or loses what no holder did",
                )
            )
    return tuple(findings)
