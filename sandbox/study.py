"""What one strategy did, in a few figures for models that explain it: no symbol, no date."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sandbox.book import Book, Targets
from sandbox.kernels import book_layout as layout
from sandbox.market.panel import F64, I64, Panel
from sandbox.objective import STATISTIC_LIMIT, STATISTICS, Objective
from sandbox.patterns import Patterns, mean, patterns
from sandbox.terms import Terms

REGIMES = ("rising, calm", "rising, turbulent", "falling, calm", "falling, turbulent")
MOST_ASSETS = 12
EXTREMES = 4  # assets shown by themselves at either end of a wide market


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """One fold of the training window.

    Attributes:
        statistic: The objective's statistic.
        total_return: Of the strategy, net.
        benchmark_return: Of what its own past weights would have earned.
        drawdown: Largest fall from a peak inside the fold, a fraction.
        exposure: Mean gross exposure.
    """

    statistic: float
    total_return: float
    benchmark_return: float
    drawdown: float
    exposure: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One asset, or several of a wide market taken together.

    Attributes:
        name: `asset 3`: its place in the market's order; or `24 assets in the middle, ...`.
        pnl_share: Its profit over the sum of all assets' absolute profits, in [-1, 1].
        trades: Closed trades.
        hit_rate: Share of them with a profit; None without trades.
        cost_share: Share of all costs; None where nothing was paid.
    """

    name: str
    pnl_share: float
    trades: int
    hit_rate: float | None
    cost_share: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Regime:
    """What the strategy did while the market was like that, as known a bar before.

    Attributes:
        name: One of REGIMES.
        share: Share of the window's bars.
        mean_return: Mean net return a bar; None without bars.
        sharpe: Annualised; None where undefined.
        market_return: Mean return a bar of the market's equal-weight index.
        exposure: Mean net exposure at the close.
    """

    name: str
    share: float
    mean_return: float | None
    sharpe: float | None
    market_return: float | None
    exposure: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """What one strategy did in the training window. None where there is nothing to divide by.

    Plain records of numbers and words: `dataclasses.asdict` gives what JSON can hold.

    Attributes:
        total_return: Net.
        return_at_delay: With every decision one own bar later.
        return_at_double_cost: With every cost but funding doubled.
        cost_share: Costs over profit before costs; None where that is not a profit.
        bars: Clock bars of the window.
        folds: In order of time.
        assets: At most 12: each asset, or in wide markets the best, the worst, and the rest in
            quarters by profit.
        regimes: As in REGIMES.
        trend_bars: The market rises where its index is higher than this many bars before.
        volatility_bars: It is calm where its volatility over this many bars is at most the median.
        trades: What the trades have in common.
    """

    total_return: float
    return_at_delay: float
    return_at_double_cost: float
    cost_share: float | None
    bars: int
    folds: tuple[Fold, ...]
    assets: tuple[Asset, ...]
    regimes: tuple[Regime, ...]
    trend_bars: int
    volatility_bars: int
    trades: Patterns


def study(panel: Panel, targets: Targets, terms: Terms) -> Study:
    """Keep the books and look at them from all sides; arguments and errors as in `measure`."""
    book = terms.books(panel, targets, records=True)
    late = terms.books(panel, targets.later(panel))
    doubled = terms.books(panel, targets, cost_factor=2.0)
    n = len(book.net)
    edges = terms.fold_edges
    year = panel.density(*terms.window)
    quarter, month = year / 4, year / 12
    trend_bars = max(2, min(round(quarter), n // 8))
    volatility_bars = max(2, min(round(month), n // 8))
    states = market_states(book.path[layout.MARKET], trend_bars, volatility_bars)
    spent, kept = float(book.stats[:, layout.A_COST].sum()), float(book.equity[-1]) - 1
    assert book.trades is not None  # records were asked for
    return Study(
        total_return=kept,
        return_at_delay=float(late.equity[-1]) - 1,
        return_at_double_cost=float(doubled.equity[-1]) - 1,
        cost_share=spent / (kept + spent) if kept + spent > 0 else None,
        bars=n,
        folds=_folds(book, edges, terms.objective, year),
        assets=_assets(book.stats),
        regimes=_regimes(book, states, year),
        trend_bars=trend_bars,
        volatility_bars=volatility_bars,
        trades=patterns(
            book.trades, start=book.start, bars=n, fold_edges=edges, regimes=states, names=REGIMES
        ),
    )


def market_states(market: F64, trend_bars: int, volatility_bars: int) -> I64:
    """What the market was like at each bar, by its returns before that bar.

    Args:
        market: (n,) returns of its equal-weight index.
        trend_bars: It rises where these many returns made more than nothing.
        volatility_bars: It is calm where their standard deviation is at most the median one.

    Returns:
        (n,) indices into REGIMES; -1 in the first bars, before both windows are full.
    """
    states = np.full(len(market), -1, dtype=np.int64)
    first = max(trend_bars, volatility_bars)
    if len(market) <= first:
        return states
    index = np.concatenate(([1.0], np.cumprod(1 + market)))  # at the close before each bar
    windows = np.lib.stride_tricks.sliding_window_view(market, volatility_bars)
    spread = windows.std(axis=1)[first - volatility_bars : len(market) - volatility_bars]
    bars = np.arange(first, len(market))
    falling = ~(index[bars] > index[bars - trend_bars])
    turbulent = spread > np.median(spread)
    states[first:] = 2 * falling + turbulent
    return states


def _folds(book: Book, edges: I64, objective: Objective, year: float) -> tuple[Fold, ...]:
    from sandbox.kernels import metrics_nb

    benchmark = book.benchmark if objective.benchmark == "own_past" else np.zeros(len(book.net))
    inside = edges - book.start
    statistics = metrics_nb.fold_statistics(
        book.net,
        benchmark,
        inside,
        STATISTICS.index(objective.statistic),
        year,
        objective.min_risk,
        STATISTIC_LIMIT,
    )
    made: list[Fold] = []
    for begin, stop, statistic in zip(inside[:-1], inside[1:], statistics, strict=True):
        grown = np.concatenate(([1.0], np.cumprod(1 + book.net[begin:stop])))
        fallen = 1 - grown / np.maximum.accumulate(grown)
        made.append(
            Fold(
                statistic=float(statistic),
                total_return=float(grown[-1]) - 1,
                benchmark_return=float(np.prod(1 + book.benchmark[begin:stop])) - 1,
                drawdown=float(fallen.max()),
                exposure=float(book.path[layout.GROSS, begin:stop].mean()),
            )
        )
    return tuple(made)


def _assets(stats: F64) -> tuple[Asset, ...]:
    pnl, cost = stats[:, layout.A_PNL], stats[:, layout.A_COST]
    moved, spent = float(np.abs(pnl).sum()), float(cost.sum())

    def line(name: str, some: I64) -> Asset:
        trades = int(stats[some, layout.A_TRADES].sum())
        return Asset(
            name=name,
            pnl_share=float(pnl[some].sum()) / moved if moved > 0 else 0.0,
            trades=trades,
            hit_rate=float(stats[some, layout.A_WINS].sum()) / trades if trades else None,
            cost_share=float(cost[some].sum()) / spent if spent > 0 else None,
        )

    def alone(asset: int) -> Asset:
        return line(f"asset {asset + 1}", np.array([asset]))

    if len(pnl) <= MOST_ASSETS:
        return tuple(alone(asset) for asset in range(len(pnl)))
    order = np.argsort(-pnl, kind="stable")
    middle = np.array_split(order[EXTREMES:-EXTREMES], 4)
    words = ("best", "second", "third", "worst")
    return (
        *map(alone, order[:EXTREMES].tolist()),
        *(
            line(f"{len(some)} assets in the middle, {word} quarter", some)
            for word, some in zip(words, middle, strict=True)
            if len(some)
        ),
        *map(alone, order[-EXTREMES:].tolist()),
    )


def _regimes(book: Book, states: I64, year: float) -> tuple[Regime, ...]:
    made: list[Regime] = []
    for number, name in enumerate(REGIMES):
        there = states == number
        net = book.net[there]
        spread = float(net.std(ddof=1)) if len(net) > 1 else 0.0
        made.append(
            Regime(
                name=name,
                share=len(net) / len(states),
                mean_return=mean(net),
                sharpe=float(net.mean()) / spread * math.sqrt(year) if spread > 0 else None,
                market_return=mean(book.path[layout.MARKET][there]),
                exposure=mean(book.path[layout.NET_EXPOSURE][there]),
            )
        )
    return tuple(made)
