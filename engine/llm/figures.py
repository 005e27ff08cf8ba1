"""A candidate's figures as compact text: what a model reads of a backtest. Pure.

Figures carry two or three digits: more would be noise, and a question whose last digits differ on
another machine would be another question.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from genomes.records.outcome import Measured
from genomes.records.text import number
from sandbox.patterns import Cluster, Patterns
from sandbox.study import Study


def percent(fraction: float | None) -> str:
    """A fraction in percent."""
    return "-" if fraction is None else f"{number(100 * fraction, 2)} %"


def basis(fraction: float | None) -> str:
    """A fraction in basis points."""
    return "-" if fraction is None else number(10_000 * fraction, 2)


def key_figures(outcome: Measured) -> str:
    """The one line that says most."""
    m = outcome.metrics
    return (
        f"fitness {number(outcome.fitness)}, {outcome.nodes} nodes, return "
        f"{percent(m.get('total_return'))}, Sharpe {number(m.get('sharpe'), 2)}, drawdown "
        f"{percent(m.get('max_drawdown'))}, {number(m.get('trades'))} trades, turnover "
        f"{number(m.get('turnover'), 2)} a year"
    )


def figures(outcome: Measured, study: Study | None) -> list[str]:
    """The figures in blocks, the most telling first; without a study, the outcome's alone."""
    blocks = [_whole(outcome, study)]
    if study is None:
        folds = ", ".join(number(fold, 2) for fold in outcome.folds)
        return [*blocks, f"statistic in each stretch: {folds}"]
    trades = _trades(study.trades)
    return [*blocks, _folds(study), *trades[:1], _regimes(study), *trades[1:], _assets(study)]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns aligned by blanks."""
    lines = [head, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _whole(outcome: Measured, study: Study | None) -> str:
    m = outcome.metrics

    def of(name: str, digits: int = 2) -> str:
        return number(m.get(name), digits)

    def share(name: str) -> str:
        return percent(m.get(name))

    costs = percent(study.cost_share) if study else "-"
    lines = [
        f"fitness {number(outcome.fitness)}; {outcome.nodes} nodes",
        f"return {share('total_return')} ({share('cagr')} a year), one bar later "
        f"{share('return_at_delay')}, at doubled costs {share('return_at_double_cost')}",
        f"Sharpe {of('sharpe')}, over its own past exposure {of('excess_sharpe')}, Sortino "
        f"{of('sortino')}, drawdown {share('max_drawdown')} ({of('drawdown_bars', 3)} bars), worst "
        f"5 % of bars {share('cvar_5')}",
        f"costs {costs} of profit before costs, breakeven at {of('cost_bp_breakeven')} bp, "
        f"turnover {of('turnover')} a year",
        f"exposure gross {share('gross_exposure')}, net {share('net_exposure')}, invested in "
        f"{share('active')} of bars, beta {of('beta')}",
        f"{of('trades', 3)} trades, hit rate {share('hit_rate')}, profit factor "
        f"{of('profit_factor')}, held {of('holding_bars')} bars",
    ]
    lines += [f"warning: {words}" for words in outcome.warnings]
    return "\n".join(lines)


def _folds(study: Study) -> str:
    rows = [
        (
            str(n), number(fold.statistic, 2), percent(fold.total_return),
            percent(fold.benchmark_return), percent(fold.drawdown), percent(fold.exposure),
        )
        for n, fold in enumerate(study.folds, start=1)
    ]  # fmt: skip
    return table(("stretch", "statistic", "return", "benchmark", "drawdown", "exposure"), rows)


def _regimes(study: Study) -> str:
    rows = [
        (
            regime.name, percent(regime.share), basis(regime.mean_return),
            number(regime.sharpe, 2), basis(regime.market_return), percent(regime.exposure),
        )
        for regime in study.regimes
    ]  # fmt: skip
    head = (
        f"the market before (trend of {study.trend_bars} bars, volatility of "
        f"{study.volatility_bars}), bp a bar:"
    )
    names = ("market", "bars", "bp", "Sharpe", "market's bp", "net exposure")
    return f"{head}\n{table(names, rows)}"


def _assets(study: Study) -> str:
    rows = [
        (
            asset.name, percent(asset.pnl_share), number(asset.trades), percent(asset.hit_rate),
            percent(asset.cost_share),
        )
        for asset in study.assets
    ]  # fmt: skip
    return table(("asset", "share of pnl", "trades", "hit rate", "share of costs"), rows)


def _trades(p: Patterns) -> list[str]:
    if not p.closed:
        return [f"no closed trade; {p.open} open at the end" if p.open else "no trade"]
    kinds = [
        (
            group.name, number(group.trades), percent(group.hit_rate), percent(group.pnl),
            percent(group.mean_return), number(group.held, 2),
        )
        for group in (*p.sides, *p.exits)
    ]  # fmt: skip
    return [
        f"trades: payoff {number(p.payoff, 2)}, mean gain {percent(p.mean_gain)} after "
        f"{number(p.held_winners, 2)} bars, mean loss {percent(p.mean_loss)} after "
        f"{number(p.held_losers, 2)} bars, {p.open} still open\n"
        + table(("side or exit", "trades", "hit rate", "pnl", "mean", "bars"), kinds),
        _streaks(p),
    ]


def _streaks(p: Patterns) -> str:
    lines = [
        f"the best 5 % of trades made {percent(p.best_5_percent)} of all gains; without them the "
        f"pnl is {percent(p.pnl_without_best)}",
        f"losing trades in a row: {p.losing_streak}; losing stop-outs in a row in one asset on one "
        f"side: {p.stop_streak} ({percent(p.stop_streak_share)} of all losses)",
    ]
    for word, clusters in (("losses", p.losses), ("gains", p.gains)):
        if clusters:
            said = "; ".join(map(_cluster, clusters))
            lines.append(f"{word} cluster (spells of {p.cluster_bars} bars): {said}")
    return "\n".join(lines)


def _cluster(cluster: Cluster) -> str:
    when = f" (market {cluster.regime})" if cluster.regime else ""
    trades = "trade" if cluster.trades == 1 else "trades"
    return (
        f"{percent(cluster.share)} in {cluster.trades} {trades} in stretch {cluster.fold}{when}, "
        f"mostly left by {cluster.exit}"
    )
