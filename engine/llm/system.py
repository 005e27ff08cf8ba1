"""The system message: the language, the market and the rules, as a strategist is told them."""

from __future__ import annotations

from functools import cache

from engine.llm.figures import percent
from genomes.language.reference import page
from genomes.prompt import fill, load
from genomes.records.text import number
from sandbox.errand import Setup
from sandbox.objective import Objective


def system_message(setup: Setup, *, assets: int, bars_per_year: float) -> str:
    """What a strategist is told before everything else: the language, the market, the rules.

    Args:
        setup: What the run's workers are told.
        assets: How many the market has.
        bars_per_year: Its clock bars in a year.
    """
    return fill(
        load("system"),
        {"language": _language(), "market": _market(setup, assets, bars_per_year)},
    )


@cache
def _language() -> str:
    return page(contract=False)


def _market(setup: Setup, assets: int, bars_per_year: float) -> str:
    costs, fills = setup.terms.costs, setup.terms.fills
    fields = ", ".join(f"m.{name} ({held.phrase})" for name, held in sorted(setup.fields.items()))
    charges = [f"fee {costs.fee_bps:g} bp", f"slippage {costs.slippage_bps:g} bp"]
    if costs.impact_bps:
        charges.append(f"impact {costs.impact_bps:g} bp at a bar's whole volume")
    if costs.borrow_bps_per_year:
        charges.append(f"borrow {costs.borrow_bps_per_year:g} bp a year on shorts")
    lines = [
        f"Fields: {fields}.",
        f"{assets:,} {'asset' if assets == 1 else 'assets'}, {number(bars_per_year)} bars a year, "
        f"windows of at most {setup.max_window:,} bars, {len(setup.terms.edges) - 1} stretches.",
        f"A weight fills at the {fills.fill.replace('_', ' ')}. Costs of each trade: "
        f"{', '.join(charges)}.",
        f"Caps: weight {fills.max_weight:g} in one asset, {fills.max_gross:g} in all.",
        *_objective(setup.terms.objective),
    ]
    return "\n".join(f"- {line}" for line in lines)


_STATISTICS = {
    "sharpe": "annual Sharpe ratio",
    "sortino": "annual Sortino ratio",
    "calmar": "Calmar ratio",
    "mean_minus_cvar": "annual mean minus CVaR",
}


def _objective(objective: Objective) -> list[str]:
    less = (
        "the return of its own average past weights: just being invested earns nothing"
        if objective.benchmark == "own_past"
        else "nothing"
    )
    spread = (
        ", minus half its standard deviation over them"
        if objective.aggregate == "mean_minus_half_sd"
        else ""
    )
    floors: list[str] = []
    for name, words in (
        ("min_trades", "at least {:g} trades"),
        ("max_turnover", "turnover of at most {:g} a year"),
        ("max_abs_beta", "absolute beta of at most {:g}"),
    ):
        value = getattr(objective, name)
        if value is not None:
            floors.append(words.format(value))
    for name, words in (
        ("min_active", "invested in at least {} of bars"),
        ("min_return_at_double_cost", "a return above {} at doubled costs"),
        ("max_drawdown", "drawdown of at most {}"),
    ):
        value = getattr(objective, name)
        if value is not None:
            floors.append(words.format(percent(value)))
    return [
        f"Fitness: the mean over stretches of the {_STATISTICS[objective.statistic]} of return "
        f"less {less}{spread}; less {objective.charge_per_node:g} a node.",
        f"Needed for a fitness: {', '.join(floors) if floors else 'nothing'}.",
    ]
