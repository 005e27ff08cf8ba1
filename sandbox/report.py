"""The report on one strategy: its measurement, and the books as data frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sandbox.book import Book, Targets
from sandbox.kernels import book_layout as layout
from sandbox.market.panel import F64, I64, Panel
from sandbox.measure import Measurement, measure
from sandbox.terms import Terms

if TYPE_CHECKING:
    import pandas as pd

_CURVE = ("equity", "net_return", "benchmark", "traded", "cost", "gross_exposure", "net_exposure")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one strategy did, in full. Money is in units of the starting equity; stamps are UTC.

    Attributes:
        measurement: Fitness or floor, figures, axes.
        curve: A row a clock bar: equity, net_return, benchmark, traded, cost, gross_exposure,
            net_exposure, as in `book_layout.PATH`.
        folds: A row a fold: first, last (stamps), statistic, total_return, benchmark_return.
        assets: A row a symbol: pnl, traded, cost, funding, trades, hit_rate, profit_factor,
            expectancy, holding_bars. The pnl of all adds up to the total return.
        trades: A row a trade, flat to flat, by exit; still open ones last: symbol, entry, exit
            (stamps), side, entry_price (average cost), exit_price, pnl, return (pnl over equity at
            the entry), held (own bars), reason.
    """

    measurement: Measurement
    curve: pd.DataFrame
    folds: pd.DataFrame
    assets: pd.DataFrame
    trades: pd.DataFrame

    @property
    def equity(self) -> pd.Series:
        """Equity at each close, 1 at the start."""
        return self.curve.loc[:, "equity"]


def report(panel: Panel, targets: Targets, terms: Terms, *, nodes: int) -> Report:
    """Measure and lay the books open; arguments and errors as in `measure`."""
    measurement = measure(panel, targets, terms, nodes=nodes)
    book = terms.books(panel, targets, records=True)
    return Report(
        measurement=measurement,
        curve=_curve(panel, book),
        folds=_folds(panel, book, terms.fold_edges, measurement.folds),
        assets=_assets(panel, book),
        trades=_trades(panel, book),
    )


def _stamps(panel: Panel, bars: I64) -> pd.DatetimeIndex:
    import pandas as pd

    return pd.DatetimeIndex(panel.clock[bars].astype("datetime64[ns]")).tz_localize("UTC")


def _curve(panel: Panel, book: Book) -> pd.DataFrame:
    import pandas as pd

    bars = book.start + np.arange(len(book.net))
    rows = {name: book.path[layout.PATH.index(name)] for name in _CURVE}
    return pd.DataFrame(rows, index=_stamps(panel, bars))


def _folds(panel: Panel, book: Book, edges: I64, statistics: tuple[float, ...]) -> pd.DataFrame:
    import pandas as pd

    def grown(returns: F64) -> list[float]:
        parts = zip(edges[:-1] - book.start, edges[1:] - book.start, strict=True)
        return [float(np.prod(1 + returns[start:stop]) - 1) for start, stop in parts]

    return pd.DataFrame(
        {
            "first": _stamps(panel, edges[:-1]),
            "last": _stamps(panel, edges[1:] - 1),
            "statistic": statistics,
            "total_return": grown(book.net),
            "benchmark_return": grown(book.benchmark),
        },
        index=pd.RangeIndex(1, len(edges), name="fold"),
    )


def _assets(panel: Panel, book: Book) -> pd.DataFrame:
    import pandas as pd

    raw = pd.DataFrame(
        book.stats, columns=list(layout.STATS), index=pd.Index(panel.symbols, name="symbol")
    )
    closed = raw["trades"].where(raw["trades"] > 0)
    return raw[["pnl", "traded", "cost", "funding"]].assign(
        trades=raw["trades"].astype("int64"),
        hit_rate=raw["wins"] / closed,
        profit_factor=raw["gain"] / raw["loss"].where(raw["loss"] > 0),
        expectancy=raw["return_sum"] / closed,
        holding_bars=raw["held_sum"] / closed,
    )


def _trades(panel: Panel, book: Book) -> pd.DataFrame:
    import pandas as pd

    rows = book.trades if book.trades is not None else np.empty((0, len(layout.RECORD)))
    whole = rows.astype(np.int64)
    return pd.DataFrame(
        {
            "symbol": [panel.symbols[a] for a in whole[:, 0]],
            "entry": _stamps(panel, whole[:, 1]),
            "exit": _stamps(panel, whole[:, 2]),
            "side": np.where(whole[:, 3] > 0, "long", "short"),
            "entry_price": rows[:, 4],
            "exit_price": rows[:, 5],
            "pnl": rows[:, 6],
            "return": rows[:, 7],
            "held": whole[:, 8],
            "reason": [layout.REASONS[code] for code in whole[:, 9]],
        }
    )
