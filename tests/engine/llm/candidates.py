"""Hand-made candidates for the tests of what models are told."""

from __future__ import annotations

from typing import Any

from genomes.language.dimension import NUMBER, PRICE, VOLUME
from genomes.language.graph import Graph
from genomes.language.serial import serialise
from genomes.language.strategy import draw
from genomes.language.words import WORDS
from genomes.records.entry import Entry
from genomes.records.outcome import Floored, Measured, Outcome, Refused
from genomes.records.proposal import Proposal
from genomes.records.refusal import Refusal
from sandbox.market.panel import CLOCK_FIELDS
from sandbox.patterns import Cluster, Group, Patterns
from sandbox.study import REGIMES, Asset, Fold, Regime, Study

FIELDS = {
    **dict.fromkeys(("open", "high", "low", "close"), PRICE),
    "volume": VOLUME,
    "funding": NUMBER,
    **dict.fromkeys(CLOCK_FIELDS, NUMBER),
}
SOURCE = '''"""Calm trend: follow the last months while the market is quiet.

Crowds leave noisy trends first.
"""

from genomes.language import Int, sma

PARAMS = {"window": Int(100, low=20, high=240)}


def factor(m, p):
    return m.close / sma(m.close, p.window) - 1


def signal(f, m, p):
    return f > 0
'''


def graph(signal: Any, **layers: Any) -> Graph:
    """A strategy with this signal(m), of the usual words: W.sma, W.hold, ..."""
    made = {"factor": lambda m, p: m.close, "signal": lambda f, m, p: signal(m), **layers}
    return draw(made, None, FIELDS)


class W:
    """The language's words as attributes."""


for _name, _word in WORDS.items():
    setattr(W, _name, staticmethod(_word))


TREND = serialise(graph(lambda m: m.close > W.sma(m.close, 100)))
GATED = serialise(
    graph(
        lambda m: (
            (m.close > W.sma(m.close, 100))
            & (W.stdev(W.returns(m.close), 20) < W.stdev(W.returns(m.close), 100))
        )
    )
)


def measured(fitness: float, text: str = TREND, **metrics: float) -> Measured:
    return Measured(
        key=f"{fitness}",
        graph=text,
        nodes=12,
        fitness=fitness,
        folds=(0.5, -0.25),
        metrics={"total_return": 0.4567, "sharpe": 0.6543, "trades": 1234.0, **metrics},
        axes={},
        descriptor=b"",
    )


def floored(text: str = TREND) -> Floored:
    return Floored(
        key="f", graph=text, nodes=3, floor="min_trades", figure=12.0, needed=30.0, metrics={}
    )


def refused(rule: str = "dimension", found: str = "compares close with 5") -> Refused:
    refusal = Refusal(rule=rule, line=3, column=1, found=found, instead="divide first")
    return Refused(refusals=(refusal,))


def entry(number: int, outcome: Outcome, **more: Any) -> Entry:
    said = more.pop("hypothesis", None)
    proposal = None
    if said is not None:
        proposal = Proposal(hypothesis=said, probability=0.3, mended="", calls=(), gain=None)
    fields: dict[str, Any] = {
        "id": number,
        "generation": 1,
        "slot": 0,
        "species": "strategy",
        "text": SOURCE,
        "parents": (),
        "operator": "swap_operator",
        "note": "",
        "outcome": outcome,
        "standing": "new",
        "novelty": None,
        "credit": None,
        "proposal": proposal,
    }
    return Entry(**(fields | more))


def study() -> Study:
    group = Group(
        name="stop_loss", trades=61, hit_rate=0.31, pnl=-0.2, mean_return=-0.003, held=4.0
    )
    cluster = Cluster(
        share=0.31, trades=9, assets=2, fold=2, regime="falling, calm", exit="stop_loss"
    )
    return Study(
        total_return=0.4567,
        return_at_delay=0.321,
        return_at_double_cost=0.0987,
        cost_share=0.234,
        bars=1000,
        folds=(
            Fold(
                statistic=0.512, total_return=0.3, benchmark_return=0.1, drawdown=0.05,
                exposure=0.5,
            ),
            Fold(
                statistic=-1.23, total_return=-0.1, benchmark_return=0.2, drawdown=0.3,
                exposure=0.4,
            ),
        ),
        assets=(
            Asset(name="asset 1", pnl_share=0.75, trades=61, hit_rate=0.4, cost_share=0.5),
            Asset(name="asset 2", pnl_share=-0.25, trades=0, hit_rate=None, cost_share=None),
        ),
        regimes=tuple(
            Regime(
                name=name, share=0.25, mean_return=0.00012, sharpe=None, market_return=-0.0004,
                exposure=0.3,
            )
            for name in REGIMES
        ),
        trend_bars=63,
        volatility_bars=21,
        trades=Patterns(
            closed=61, open=1, hit_rate=0.31, payoff=1.61803, mean_gain=0.02, mean_loss=0.0124,
            held_winners=11.4, held_losers=4.2, exits=(group,), sides=(group,), cluster_bars=10,
            losses=(cluster,), gains=(), stop_streak=5, stop_streak_share=0.17, losing_streak=8,
            best_5_percent=0.63, pnl_without_best=-0.11,
        ),
    )  # fmt: skip
