"""The objective: what fitness is, and the floors and constraints without which there is none."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

STATISTICS = ("sharpe", "sortino", "calmar", "mean_minus_cvar")
STATISTIC_LIMIT = 100.0


class Objective(BaseModel):
    """Fitness = aggregate of the folds' statistics - charge_per_node x nodes, above all floors.

    The statistic is of e_t = net_t - benchmark_t, annualised by the market's bars per year (N):

    | statistic | formula |
    |---|---|
    | sharpe | mean(e) / sd(e) x sqrt(N), ddof 1 |
    | sortino | mean(e) / sqrt(mean(min(e, 0)^2)) x sqrt(N), over all bars |
    | calmar | annual growth of prod(1 + e) / its largest drawdown |
    | mean_minus_cvar | mean(e) x N - CVaR x sqrt(N); CVaR: minus the mean of the worst 5% of e |

    The risk below a fraction counts as at least `min_risk` times the same risk of net. A fold in
    which e has no variance counts as 0, and every fold's value is cut to
    [-100, 100], so fitness is always finite.

    Attributes:
        statistic: Of e_t, in each fold.
        benchmark: "own_past" (per asset, the mean of the strategy's past weights, from its first
            position on, times the asset's return: beta earns nothing), or "cash" (zero).
        min_risk: The risk of e counts as at least this share of net's own; 0 turns it off. Without
            it a strategy that tracks its benchmark (a constant weight, say) divides a mean near
            zero by a deviation near zero, both of them rounding and rebalancing; and with less than
            1 a standing position, whose risk is carried for nothing, costs nothing.
        folds: Contiguous folds of the training window.
        aggregate: Over folds: their mean minus half their standard deviation (ddof 1), or the mean.
        charge_per_node: Penalty per node of the graph.
        min_trades: Closed trades, or whole turns of the book where that is more: for each asset its
            traded notional over twice the largest position it traded to, so that a portfolio which
            resizes without ever going flat is counted too. None is off, as everywhere below.
        min_active: Share of bars that end with a position.
        min_return_at_double_cost: Total return when every cost but funding is doubled must be
            above this.
        max_drawdown: Largest fall of equity from its peak, a fraction.
        max_turnover: Traded notional over equity, per year.
        max_abs_beta: Absolute beta to the market's equal-weight return.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    statistic: Literal["sharpe", "sortino", "calmar", "mean_minus_cvar"] = "sharpe"
    benchmark: Literal["own_past", "cash"] = "own_past"
    min_risk: float = Field(default=1.0, ge=0, le=1)
    folds: int = Field(default=6, ge=1, le=1000)
    aggregate: Literal["mean_minus_half_sd", "mean"] = "mean_minus_half_sd"
    charge_per_node: float = Field(default=0.02, ge=0)
    min_trades: int | None = Field(default=30, ge=0)
    min_active: float | None = Field(default=0.05, ge=0, le=1)
    min_return_at_double_cost: float | None = Field(default=0.0, ge=-1)
    max_drawdown: float | None = Field(default=None, gt=0, le=1)
    max_turnover: float | None = Field(default=None, gt=0)
    max_abs_beta: float | None = Field(default=None, ge=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """A floor or constraint that was broken.

    Attributes:
        name: As in the config; `ruin` where the books went bankrupt, which nothing turns off.
        figure: What the strategy had.
        needed: What the config asks for.
    """

    name: str
    figure: float
    needed: float


def judge(
    objective: Objective,
    folds: Sequence[float],
    metrics: Mapping[str, float],
    nodes: int,
) -> float | Floor:
    """The fitness, or the first floor that is broken, in the order of the config.

    Args:
        objective: The rules.
        folds: The statistic of each fold, finite.
        metrics: Figures by name, as `measure` gives them; a constraint on a nan figure holds.
        nodes: Nodes of the graph.

    Returns:
        A finite fitness, higher is better; or the floor.

    Raises:
        ValueError: No folds, or one that is not finite.
    """
    if not folds or not all(math.isfinite(fold) for fold in folds):
        raise ValueError(f"fold statistics {list(folds)}: needs one or more finite values")
    turns = max(metrics["trades"], math.floor(metrics["round_trips"]))
    doubled = metrics["return_at_double_cost"]
    beta = abs(metrics["beta"])
    floors = (
        ("ruin", metrics["final_equity"], 0.0, metrics["final_equity"] <= 0),
        _least("min_trades", turns, objective.min_trades),
        _least("min_active", metrics["active"], objective.min_active),
        (
            "min_return_at_double_cost",
            doubled,
            objective.min_return_at_double_cost,
            objective.min_return_at_double_cost is not None
            and not doubled > objective.min_return_at_double_cost,
        ),
        _most("max_drawdown", metrics["max_drawdown"], objective.max_drawdown),
        _most("max_turnover", metrics["turnover"], objective.max_turnover),
        _most("max_abs_beta", beta, objective.max_abs_beta),
    )
    for name, figure, needed, broken in floors:
        if broken and needed is not None:
            return Floor(name=name, figure=float(figure), needed=float(needed))
    mean = math.fsum(folds) / len(folds)
    fitness = mean - objective.charge_per_node * nodes
    if objective.aggregate == "mean_minus_half_sd" and len(folds) > 1:
        squares = math.fsum((fold - mean) ** 2 for fold in folds)
        fitness -= 0.5 * math.sqrt(squares / (len(folds) - 1))
    return fitness


def _least(name: str, figure: float, needed: float | None) -> tuple[str, float, float | None, bool]:
    return name, figure, needed, needed is not None and figure < needed


def _most(name: str, figure: float, needed: float | None) -> tuple[str, float, float | None, bool]:
    return name, figure, needed, needed is not None and figure > needed
