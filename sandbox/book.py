"""The books of one strategy: panel, targets and conventions in, equity and trades out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sandbox.fills import Costs, Fills
from sandbox.kernels import book_layout as layout
from sandbox.market.panel import F64, Panel

WEEK_NS = 7 * 86_400_000_000_000
_NONE: F64 = np.empty(0)
_NONE.flags.writeable = False
_BASES = {
    "fill": layout.STOP_BASE_FILL,
    "decision_close": layout.STOP_BASE_DECISION,
    "fill_bar_close": layout.STOP_BASE_FILL_BAR,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """What a strategy wants at each own close of each asset; nothing here knows a later bar.

    Attributes:
        weights: (N,) target weights of equity, or shares (`units`); NaN is unknown and counts as 0.
        stop_loss: (N,) fraction of the base price, or None. At the entry the deciding bar's value
            holds; each later close's value replaces it from the next bar on, unless it is NaN.
            0 or less is not a stop. So the next two.
        take_profit: As stop_loss.
        trailing_stop: As stop_loss, of the best price since the fill.
        max_held: (N,) own bars from fill to fill, or None.
        units: What `weights` counts. Shares know no caps and no band.
    """

    weights: F64
    stop_loss: F64 | None = None
    take_profit: F64 | None = None
    trailing_stop: F64 | None = None
    max_held: F64 | None = None
    units: Literal["weights", "shares"] = "weights"

    def later(self, panel: Panel) -> Targets:
        """The same decisions, each one own bar later."""

        def shifted(values: F64 | None) -> F64 | None:
            if values is None:
                return None
            moved = np.empty(len(values))
            moved[1:] = values[:-1]
            moved[panel.offsets[:-1][np.diff(panel.offsets) > 0]] = np.nan
            return moved

        return replace(
            self,
            weights=shifted(self.weights),
            stop_loss=shifted(self.stop_loss),
            take_profit=shifted(self.take_profit),
            trailing_stop=shifted(self.trailing_stop),
            max_held=shifted(self.max_held),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """The books of a window, relative to a starting equity of 1.

    Attributes:
        start: First clock bar of the window.
        path: (8, n) one row each for the names in `book_layout.PATH`.
        stats: (A, 12) one column each for the names in `book_layout.STATS`.
        trades: (R, 10) columns as `book_layout.RECORD`, by exit, those still open (or ended by
            ruin) last at their last mark; None where they were not asked for.
        ruined_at: Clock bar at which equity was no longer above zero; None if never.
        clipped: Target weights that were cut to max_weight.
        scaled: Clock bars in which targets were scaled down to max_gross.
    """

    start: int
    path: F64
    stats: F64
    trades: F64 | None
    ruined_at: int | None
    clipped: int
    scaled: int

    @property
    def equity(self) -> F64:
        """(n,) equity at each clock bar's close."""
        return self.path[layout.EQUITY]

    @property
    def net(self) -> F64:
        """(n,) net returns, each over the previous close."""
        return self.path[layout.NET]

    @property
    def benchmark(self) -> F64:
        """(n,) what the strategy's own past weights, averaged, would have earned per bar."""
        return self.path[layout.BENCHMARK]


def keep_books(
    panel: Panel,
    targets: Targets,
    *,
    window: tuple[int, int],
    costs: Costs,
    fills: Fills,
    stale_ns: int = WEEK_NS,
    cost_factor: float = 1.0,
    records: bool = False,
    paths: bool = True,
) -> Book:
    """Trade the targets from one clock bar to another, flat before.

    Args:
        panel: The market.
        targets: Arrays of the panel's N packed bars.
        window: (first clock bar, one past the last).
        costs: What trading costs.
        fills: Where and how orders and exits fill.
        stale_ns: An asset without a bar for longer counts towards no gross; if it has no later
            bar at all it is closed at its last close.
        cost_factor: Multiplies every cost but funding.
        records: Also list each trade.
        paths: Also count all else; without it only equity, net returns, and what was cut are
            right, in half of the time. Records need it.

    Raises:
        ValueError: An array is not of N values, or the window is not inside the clock.
    """
    from sandbox.kernels import portfolio_nb

    portfolio = portfolio_nb.portfolio
    start, stop = window
    if not 0 <= start < stop <= panel.bars:
        raise ValueError(
            f"window {window}: needs 0 <= start < stop <= {panel.bars}, the bars of the clock"
        )
    fields = panel.fields
    bps = cost_factor / 10_000
    path = np.zeros((len(layout.PATH), stop - start))
    stats = np.zeros((panel.assets, len(layout.STATS)))
    fixed = (
        start,
        stop,
        _frozen(panel.clock),
        _frozen(panel.offsets),
        _frozen(panel.bar),
        _packed(panel, "open", fields["open"]),
        _packed(panel, "high", fields["high"]),
        _packed(panel, "low", fields["low"]),
        _packed(panel, "close", fields["close"]),
        _packed(panel, "volume", fields.get("volume")),
        _packed(panel, "funding", panel.funding),
        _packed(panel, "weights", targets.weights),
        _packed(panel, "stop_loss", targets.stop_loss),
        _packed(panel, "take_profit", targets.take_profit),
        _packed(panel, "trailing_stop", targets.trailing_stop),
        _packed(panel, "max_held", targets.max_held),
        targets.units == "shares",
        fills.fill == "next_close",
        fills.stops_armed == "next_bar",
        _BASES[fills.stop_base],
        fills.gap == "stop",
        fills.target_gap == "open",
        fills.first == "target",
        fills.signal_first,
        fills.reenter == "reset",
        fills.no_trade_band,
        fills.max_weight,
        fills.max_gross,
        costs.fee_bps * bps,
        costs.slippage_bps * bps,
        costs.impact_bps * bps,
        costs.borrow_bps_per_year * bps / panel.bars_per_year,
        costs.capital,
        stale_ns,
        paths,
        records,
        path,
    )
    state = np.zeros((panel.assets, layout.FIELDS))
    walked = portfolio(*fixed, stats, np.empty((0, len(layout.RECORD))), state)
    ruined, closed, clipped, scaled = (int(value) for value in walked)
    trades = None
    if records:  # a second walk, now that their number is known
        trades = np.empty((closed, len(layout.RECORD)))
        stats[:] = 0
        state[:] = 0
        portfolio(*fixed, stats, trades, state)
        end = (stop - 1, layout.OPEN) if ruined < 0 else (ruined, layout.RUIN)
        trades = np.vstack([trades, _still_open(panel, state, costs.capital, *end)])
    return Book(
        start=start,
        path=path,
        stats=stats,
        trades=trades,
        ruined_at=ruined if ruined >= 0 else None,
        clipped=clipped,
        scaled=scaled,
    )


def _still_open(panel: Panel, state: F64, capital: float, t: int, reason: int) -> F64:
    """Rows of RECORD for the positions that nothing has closed, at their last mark."""
    rows: list[list[float]] = []
    for a in np.flatnonzero(state[:, layout.SHARES]):
        own = state[a]
        shares, mark = own[layout.SHARES], own[layout.LAST]
        pnl = own[layout.FLOW] + shares * mark
        bars = panel.bar[panel.offsets[a] : panel.offsets[a + 1]]
        last = panel.offsets[a] + np.searchsorted(bars, t, side="right") - 1
        rows.append(
            [
                float(a),
                own[layout.ENTRY_BAR],
                float(t),
                float(np.sign(shares)),
                own[layout.AVERAGE],
                mark,
                pnl / capital,
                pnl / own[layout.AT_ENTRY],
                float(last) - own[layout.ENTRY],
                float(reason),
            ]
        )
    return np.array(rows).reshape(-1, len(layout.RECORD))


def _packed(panel: Panel, name: str, values: F64 | None) -> F64:
    if values is None:
        return _NONE
    if values.shape != (panel.size,):
        raise ValueError(
            f"{name} has shape {values.shape}; needs ({panel.size},), one value per packed bar"
        )
    return _frozen(values)


def _frozen(values: NDArray[Any]) -> NDArray[Any]:
    """A read-only view: numba compiles writable and read-only arrays apart, and once is enough."""
    view = np.ascontiguousarray(values).view()
    view.flags.writeable = False
    return view
