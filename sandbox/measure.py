"""Measuring: targets to fitness, figures and behaviour, on one window of one market."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sandbox.book import Book, Targets
from sandbox.kernels import book_layout as layout
from sandbox.market.panel import F64, Panel
from sandbox.objective import STATISTIC_LIMIT, STATISTICS, Floor, Objective, judge
from sandbox.terms import Terms

AXES = ("turnover", "holding_bars", "gross_exposure", "net_exposure", "beta", "skew")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What one strategy did in one window.

    Attributes:
        fitness: Finite, higher is better; None where a floor was broken.
        floor: The first broken floor; None where there is a fitness.
        folds: The objective's statistic per fold.
        metrics: Name -> figure, as `figures` lists them; nan where undefined.
        axes: Name -> behaviour axis, those of AXES.
        descriptor: 64 little-endian int16, the path of net - benchmark projected to unit length.
        warnings: Sentences on what was clipped or capped.
    """

    fitness: float | None
    floor: Floor | None
    folds: tuple[float, ...]
    metrics: dict[str, float]
    axes: dict[str, float]
    descriptor: bytes
    warnings: tuple[str, ...]


def measure(panel: Panel, targets: Targets, terms: Terms, *, nodes: int) -> Measurement:
    """Keep the books three times (as asked, at doubled costs, one bar late) and judge.

    Args:
        panel: The market.
        targets: Arrays of the panel's N packed bars.
        terms: Window, folds, costs, fills and objective.
        nodes: Nodes of the strategy's graph.

    Raises:
        ValueError: An array's shape, the window or the folds do not fit the panel.
    """
    from sandbox.kernels import metrics_nb

    book = terms.books(panel, targets)
    doubled = terms.books(panel, targets, cost_factor=2.0, paths=False)
    late = terms.books(panel, targets.later(panel), paths=False)
    bars_per_year = panel.density(*terms.window)
    folds = fold_statistics(book, terms, bars_per_year)
    metrics = figures(book, bars_per_year)
    metrics["return_at_double_cost"] = float(doubled.equity[-1]) - 1
    metrics["return_at_delay"] = float(late.equity[-1]) - 1
    verdict = judge(terms.objective, folds, metrics, nodes)
    descriptor = metrics_nb.project(book.net, benchmark_of(book, terms.objective))
    return Measurement(
        fitness=None if isinstance(verdict, Floor) else verdict,
        floor=verdict if isinstance(verdict, Floor) else None,
        folds=folds,
        metrics=metrics,
        axes={name: metrics[name] for name in AXES},
        descriptor=descriptor.astype("<i2").tobytes(),
        warnings=_warnings(book),
    )


def fold_statistics(book: Book, terms: Terms, bars_per_year: float) -> tuple[float, ...]:
    """The objective's statistic in each fold of a book; finite. Nothing later enters a fold.

    Raises:
        ValueError: The folds do not fit the book's window.
    """
    from sandbox.kernels import metrics_nb

    n, objective = len(book.net), terms.objective
    edges = terms.fold_edges - book.start
    if len(edges) < 2 or edges[0] < 0 or edges[-1] > n or bool(np.any(np.diff(edges) < 1)):
        raise ValueError(
            f"fold edges {list(terms.edges)}: need rising clock bars from {book.start} to "
            f"{book.start + n}, the window"
        )
    statistics = metrics_nb.fold_statistics(
        book.net,
        benchmark_of(book, objective),
        edges,
        STATISTICS.index(objective.statistic),
        bars_per_year,
        objective.min_risk,
        STATISTIC_LIMIT,
    )
    return tuple(float(value) for value in statistics)


def benchmark_of(book: Book, objective: Objective) -> F64:
    """(n,) what the objective subtracts from a book's net returns."""
    return book.benchmark if objective.benchmark == "own_past" else np.zeros(len(book.net))


def figures(book: Book, bars_per_year: float) -> dict[str, float]:
    """Every figure of a book, annualised by N bars a year; nan where undefined.

    | figure | formula |
    |---|---|
    | final_equity, total_return | last equity; minus 1 |
    | cagr | final_equity^(N / bars) - 1; -1 where ruined |
    | volatility, sharpe | sd(net) sqrt(N), ddof 1; mean(net) / sd(net) sqrt(N) |
    | sortino | mean(net) / sqrt(mean(min(net, 0)^2)) sqrt(N), over all bars |
    | calmar, max_drawdown | cagr / max_drawdown; largest 1 - equity / its peak so far |
    | drawdown_bars | longest run of bars below an earlier peak |
    | cvar_5 | minus the mean of the worst 5% of net returns, at least one |
    | skew | n / ((n - 1)(n - 2)) sum(((net - mean) / sd)^3) |
    | trades, hit_rate | closed trades, flat to flat; share of them with pnl > 0, net of costs |
    | profit_factor | their pnl gained / pnl lost |
    | expectancy | their mean pnl / equity at the opening fill |
    | holding_bars | their mean own bars from fill to fill |
    | round_trips | per asset traded notional over equity / (2 x largest traded to), summed |
    | turnover | traded notional over equity at the previous close, summed, a year |
    | gross_exposure, net_exposure, active | means at the close; share of bars with any |
    | beta | cov(net, market) / var(market), the market an equal-weight mean of asset returns |
    | excess_sharpe | as sharpe, of net - own_past benchmark |
    | cost_bp_breakeven | (sum of net + sum of costs) / traded, in bp: costs that eat the return |
    """
    from sandbox.kernels import metrics_nb

    values = dict(zip(metrics_nb.SUMMARY, metrics_nb.summarise(book.path).tolist(), strict=True))
    n = len(book.net)
    final = float(book.equity[-1])
    year = math.sqrt(bars_per_year)
    tail = (n + 19) // 20
    worst = np.sort(np.partition(book.net, tail - 1)[:tail])
    totals = _totals(book.stats)
    trades = totals["trades"]
    cagr = final ** (bars_per_year / n) - 1 if final > 0 else -1.0
    return {
        "total_return": final - 1,
        "final_equity": final,
        "cagr": cagr,
        "volatility": values["volatility"] * year,
        "sharpe": _ratio(values["mean"], values["volatility"]) * year,
        "sortino": _ratio(values["mean"], values["downside"]) * year,
        "calmar": _ratio(cagr, values["max_drawdown"]),
        "max_drawdown": values["max_drawdown"],
        "drawdown_bars": values["drawdown_bars"],
        "cvar_5": -float(metrics_nb.worst_mean(worst)),
        "skew": values["skew"],
        "trades": trades,
        "hit_rate": _ratio(totals["wins"], trades),
        "profit_factor": _ratio(totals["gain"], totals["loss"]),
        "expectancy": _ratio(totals["return_sum"], trades),
        "holding_bars": _ratio(totals["held_sum"], trades),
        "round_trips": totals["round_trips"],
        "turnover": values["traded"] * bars_per_year / n,
        "gross_exposure": values["gross"],
        "net_exposure": values["net"],
        "active": values["active"],
        "beta": values["beta"],
        "excess_sharpe": _ratio(values["excess_mean"], values["excess_volatility"]) * year,
        "cost_bp_breakeven": 10_000 * _ratio(values["mean"] * n + values["cost"], values["traded"]),
    }


def _totals(stats: F64) -> dict[str, float]:
    """Sums of the assets' columns, in order of the assets."""
    names = layout.STATS
    totals = dict.fromkeys(names, 0.0)
    totals["round_trips"] = 0.0
    for row in stats.tolist():
        for name, value in zip(names, row, strict=True):
            totals[name] += value
        totals["round_trips"] += row[layout.A_TURNED] / (2 * row[layout.A_LARGEST] or math.inf)
    return totals


def _ratio(above: float, below: float) -> float:
    return above / below if below > 0 else math.nan


def _warnings(book: Book) -> tuple[str, ...]:
    warnings: list[str] = []
    if book.clipped:
        warnings.append(f"{book.clipped} target weights were cut to fills.max_weight")
    if book.scaled:
        warnings.append(f"in {book.scaled} bars targets were scaled down to fills.max_gross")
    if book.ruined_at is not None:
        warnings.append(
            f"equity was gone {book.ruined_at - book.start} bars into the window; trading ended"
        )
    return tuple(warnings)
