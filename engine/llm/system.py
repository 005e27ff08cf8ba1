"""The system message: the language, the market and the rules, as a strategist is told them."""

from __future__ import annotations

from functools import cache

from engine.llm.figures import percent
from genomes.language.reference import page
from genomes.prompt import fill, load
from genomes.records.text import number
from sandbox.errand import Setup
from sandbox.objective import Objective
from sandbox.screen import Row, Screen

MOST_FAMILIES, MOST_PRODUCTS = 8, 6  # of a screen, one row each


def system_message(
    setup: Setup, *, assets: int, bars_per_year: float, screen: Screen | None = None
) -> str:
    """What a strategist is told before everything else: the language, the market, the rules.

    Args:
        setup: What the run's workers are told.
        assets: How many the market has.
        bars_per_year: Its clock bars in a year.
        screen: What a scan of the training bars showed; None where none was made.
    """
    market = _market(setup, assets, bars_per_year)
    if screen is not None:
        market = f"{market}\n\n{shown(screen)}"
    return fill(load("system"), {"language": _language(), "market": market})


def shown(screen: Screen) -> str:
    """A screen as a strategist reads it: the best of each family, of the products, and noise."""
    singles = [row for row in screen.singles if not row.suspect]
    first = {row.atoms[0].family: row for row in reversed(singles)}  # the best comes last
    ranked = sorted(first.values(), key=lambda row: -row.score)
    pairs: dict[tuple[str, ...], Row] = {}
    for row in screen.products:
        pairs.setdefault(tuple(sorted(atom.family for atom in row.atoms)), row)
    lines = [
        f"A scan of the training bars looked at {screen.looks.atoms:,} simple conditions and "
        f"{screen.looks.products:,} products of two, each as a position by itself. Score: the mean "
        "of its stretches' Sharpe ratios less half their deviation. The best of as many looks at "
        f"noise usually scores {screen.single_noise.usual:.2f} (a condition) and "
        f"{screen.product_noise.usual:.2f} (a product); what is not marked is not told from noise.",
        "Best condition of each kind:",
        *map(_row, ranked[:MOST_FAMILIES]),
        "Best products, one of each pair of kinds:",
        *map(_row, [*pairs.values()][:MOST_PRODUCTS]),
    ]
    if len(ranked) > MOST_FAMILIES:
        rest = ", ".join(row.atoms[0].family for row in ranked[MOST_FAMILIES:])
        lines.append(f"Weaker by themselves: {rest}.")
    return "\n".join(lines)


def _row(row: Row) -> str:
    mark = " ABOVE NOISE" if row.above_noise else ""
    error = "" if row.error != row.error else f" +- {row.error:.2f}"
    return f"- {row.score:.2f}{error}{mark}: {row.text}"


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
