"""Figures, fitness, floors and behaviour: each formula against an independent one."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from sandbox.book import Targets, keep_books
from sandbox.fills import Costs, Fills
from sandbox.kernels import book_layout as layout
from sandbox.kernels import metrics_nb
from sandbox.measure import AXES, figures, measure
from sandbox.objective import Floor, Objective, judge
from sandbox.report import report
from sandbox.study import study
from sandbox.terms import Terms
from tests.sandbox.panels import flat_bars, panel_of, random_panel, random_weights

ANY = Objective(min_risk=0.1, min_trades=None, min_active=None, min_return_at_double_cost=None)


def edges_of(start, stop, folds=6):
    return np.linspace(start, stop, folds + 1).astype(np.int64)


def terms_of(window, folds=6, *, objective=ANY, costs=None, **fills):
    return Terms(
        window=window,
        edges=tuple(edges_of(*window, folds).tolist()),
        costs=costs or Costs(),
        fills=Fills(**fills),
        objective=objective,
    )


def measured(panel, targets, *, objective=ANY, window=None, costs=None, nodes=10, folds=6, **said):
    window = window or (0, panel.bars)
    return measure(
        panel,
        targets,
        terms_of(window, folds, objective=objective, costs=costs, **said),
        nodes=nodes,
    )


@pytest.fixture(scope="module")
def busy():
    rng = np.random.default_rng(5)
    panel = random_panel(rng, bars=400, assets=3, gaps=0.05, volatility=0.02)
    return panel, Targets(weights=random_weights(rng, panel))


# -- figures -------------------------------------------------------------------------------------


def test_every_figure_equals_its_formula(busy):
    panel, targets = busy
    book = keep_books(panel, targets, window=(10, 400), costs=Costs(), fills=Fills(), records=True)
    got = figures(book, 252.0)
    r, n = book.net, len(book.net)
    e = r - book.benchmark
    market, traded = book.path[layout.MARKET], book.path[layout.TRADED]
    peak = np.maximum.accumulate(np.append(1, book.equity))[1:]
    under = book.equity < peak
    longest = max(len(run) for run in "".join("x" if u else " " for u in under).split(" "))
    done = book.trades[book.trades[:, 9] != layout.OPEN]
    pnl = done[:, 6]
    final = np.prod(1 + r)
    drawdown = (1 - book.equity / peak).max()
    expected = {
        "total_return": final - 1,
        "final_equity": final,
        "cagr": final ** (252 / n) - 1,
        "volatility": r.std(ddof=1) * math.sqrt(252),
        "sharpe": r.mean() / r.std(ddof=1) * math.sqrt(252),
        "sortino": r.mean() / math.sqrt((np.minimum(r, 0) ** 2).mean()) * math.sqrt(252),
        "calmar": (final ** (252 / n) - 1) / drawdown,
        "max_drawdown": drawdown,
        "drawdown_bars": longest,
        "cvar_5": -np.sort(r)[: math.ceil(n * 0.05)].mean(),
        "skew": n / (n - 1) / (n - 2) * (((r - r.mean()) / r.std(ddof=1)) ** 3).sum(),
        "trades": len(done),
        "hit_rate": (pnl > 0).mean(),
        "profit_factor": pnl[pnl > 0].sum() / -pnl[pnl <= 0].sum(),
        "expectancy": done[:, 7].mean(),
        "holding_bars": done[:, 8].mean(),
        "round_trips": sum(s[layout.A_TURNED] / s[layout.A_LARGEST] / 2 for s in book.stats),
        "turnover": traded.sum() * 252 / n,
        "gross_exposure": book.path[layout.GROSS].mean(),
        "net_exposure": book.path[layout.NET_EXPOSURE].mean(),
        "active": (book.path[layout.GROSS] > 0).mean(),
        "beta": np.cov(r, market)[0, 1] / market.var(ddof=1),
        "excess_sharpe": e.mean() / e.std(ddof=1) * math.sqrt(252),
        "cost_bp_breakeven": (r.sum() + book.path[layout.COST].sum()) / traded.sum() * 1e4,
    }
    assert got.keys() == expected.keys()
    for name, value in expected.items():
        assert got[name] == pytest.approx(value, rel=1e-9), name


def test_figures_of_books_that_never_traded_are_zero_or_undefined():
    panel = panel_of([flat_bars([10.0, 11.0, 12.0])])
    found = measured(panel, Targets(weights=np.zeros(3)), folds=1)
    undefined = {name for name, value in found.metrics.items() if math.isnan(value)}
    assert undefined == {
        "sharpe",
        "sortino",
        "calmar",
        "skew",
        "hit_rate",
        "profit_factor",
        "expectancy",
        "holding_bars",
        "excess_sharpe",
        "cost_bp_breakeven",
    }
    assert found.fitness == pytest.approx(-10 * ANY.charge_per_node)
    assert found.descriptor == bytes(128)


def test_the_break_even_cost_is_where_the_return_is_gone():
    panel = panel_of([flat_bars([100.0 + t % 7 for t in range(200)])])
    weights = np.array([1e-4 if t % 7 == 0 else 0 for t in range(200)])
    free = Costs(fee_bps=0, slippage_bps=0)
    at = measured(panel, Targets(weights=weights), costs=free, folds=1).metrics
    charged = Costs(fee_bps=at["cost_bp_breakeven"], slippage_bps=0)
    gone = measured(panel, Targets(weights=weights), costs=charged, folds=1).metrics
    assert at["total_return"] > 1e-5
    assert abs(gone["total_return"]) < 1e-3 * at["total_return"]


def test_the_return_at_doubled_costs_and_a_bar_late_are_those_of_such_books(busy):
    panel, targets = busy
    found = measured(panel, targets)
    twice = Costs(fee_bps=10, slippage_bps=4)
    doubled = measured(panel, targets, costs=twice)
    assert found.metrics["return_at_double_cost"] == doubled.metrics["total_return"]
    late = [np.append(np.nan, targets.weights[a:b][:-1]) for a, b in spans(panel)]
    delayed = measured(panel, replace(targets, weights=np.concatenate(late)))
    assert found.metrics["return_at_delay"] == delayed.metrics["total_return"]


def spans(panel):
    return zip(panel.offsets[:-1], panel.offsets[1:], strict=True)


# -- fitness -------------------------------------------------------------------------------------


def test_fitness_is_the_folds_mean_less_half_their_deviation_less_a_charge_per_node(busy):
    panel, targets = busy
    found = measured(panel, targets, nodes=25)
    folds = np.array(found.folds)
    assert found.fitness == pytest.approx(
        folds.mean() - 0.5 * folds.std(ddof=1) - 25 * ANY.charge_per_node
    )
    plain = measured(panel, targets, objective=ANY.model_copy(update={"aggregate": "mean"}))
    assert plain.fitness == pytest.approx(folds.mean() - 10 * ANY.charge_per_node)


@pytest.mark.parametrize("statistic", ["sharpe", "sortino", "calmar", "mean_minus_cvar"])
@pytest.mark.parametrize("against", ["own_past", "cash"])
def test_the_statistic_of_each_fold_equals_its_formula(busy, statistic, against):
    panel, targets = busy
    rules = ANY.model_copy(update={"statistic": statistic, "benchmark": against})
    found = measured(panel, targets, objective=rules)
    book = keep_books(panel, targets, window=(0, 400), costs=Costs(), fills=Fills())
    edges = edges_of(0, 400)
    for got, start, stop in zip(found.folds, edges[:-1], edges[1:], strict=True):
        e = book.net[start:stop] - (book.benchmark[start:stop] if against == "own_past" else 0)
        n, year = len(e), math.sqrt(365.25)
        wealth = np.cumprod(1 + e)
        peak = np.maximum.accumulate(np.append(1, wealth))[1:]
        worst = np.sort(e)[: math.ceil(n * 0.05)].mean()
        expected = {
            "sharpe": e.mean() / e.std(ddof=1) * year,
            "sortino": e.mean() / math.sqrt((np.minimum(e, 0) ** 2).mean()) * year,
            "calmar": (wealth[-1] ** (365.25 / n) - 1) / (1 - wealth / peak).max(),
            "mean_minus_cvar": e.mean() * 365.25 + worst * year,
        }[statistic]
        assert got == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("window", "yearly"), [((0, 200), 365.25), ((200, 400), 4 * 365.25)])
def test_a_window_is_annualised_by_its_own_bars_per_year(busy, window, yearly):
    """One bar a day at first, four later: neither half by the mean of both, or by the other's."""
    panel, targets = busy
    day = 86_400_000_000_000
    clock = np.concatenate((np.arange(200) * day, 200 * day + np.arange(200) * day // 4))
    panel = replace(panel, clock=clock, bars_per_year=600.0)
    book = keep_books(panel, targets, window=window, costs=Costs(), fills=Fills())
    found = measured(panel, targets, window=window)
    net = book.net
    assert found.metrics["sharpe"] == pytest.approx(
        net.mean() / net.std(ddof=1) * math.sqrt(yearly), rel=1e-9
    )
    assert found.metrics["turnover"] == pytest.approx(
        book.path[layout.TRADED].sum() * yearly / 200, rel=1e-9
    )
    for got, a, b in zip(
        found.folds, *(edges_of(0, 200)[i:j] for i, j in ((0, 6), (1, 7))), strict=True
    ):
        e = net[a:b] - book.benchmark[a:b]
        assert got == pytest.approx(e.mean() / e.std(ddof=1) * math.sqrt(yearly), rel=1e-9)
    studied = study(panel, targets, terms_of(window))
    assert [fold.statistic for fold in studied.folds] == pytest.approx(found.folds)


def test_one_bar_has_the_bars_per_year_of_its_market(busy):
    panel, _ = busy
    assert panel.density(7, 8) == panel.bars_per_year == 252
    assert panel.density(0, 0) == 252


@pytest.mark.parametrize("warm_up", [1, 40])
def test_buying_and_holding_earns_nothing_over_its_own_past(warm_up):
    rng = np.random.default_rng(1)
    panel = random_panel(rng, bars=300, assets=1)
    weights = np.where(np.arange(300) < warm_up, np.nan, 1.0)
    free = Costs(fee_bps=0, slippage_bps=0)
    found = measured(panel, Targets(weights=weights), costs=free)
    # The first fold holds the bar of the entry; rounding in the rest is not a variance.
    assert found.folds[0] != 0
    assert found.folds[1:] == (0, 0, 0, 0, 0)


def test_a_strategy_that_hugs_its_benchmark_is_not_blown_up():
    rng = np.random.default_rng(1)
    panel = random_panel(rng, bars=600, assets=1, volatility=0.01)
    free = Costs(fee_bps=0, slippage_bps=0)
    half = Targets(weights=np.full(600, 0.5))  # what is left is drift until the next open
    bare = measured(panel, half, costs=free, objective=ANY.model_copy(update={"min_risk": 0}))
    kept = measured(panel, half, costs=free)
    assert max(map(abs, bare.folds[1:])) > 1
    assert max(map(abs, kept.folds[1:])) < 0.3
    assert [math.copysign(1, f) for f in bare.folds] == [math.copysign(1, f) for f in kept.folds]


def test_a_fold_without_a_loss_stays_finite():
    panel = panel_of([flat_bars([10.0 * 1.01**t * (1 + t % 2 / 50) for t in range(60)])])
    for statistic in ("sortino", "calmar"):
        rules = ANY.model_copy(update={"statistic": statistic, "benchmark": "cash"})
        found = measured(panel, Targets(weights=np.ones(60) * 0.5), objective=rules)
        assert all(math.isfinite(fold) and abs(fold) <= 100 for fold in found.folds)
        assert found.fitness is not None


@settings(max_examples=50, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(["sharpe", "sortino", "calmar", "mean_minus_cvar"]),
    st.sampled_from(["own_past", "cash"]),
    st.floats(0.0001, 0.6),
)
def test_fitness_is_always_finite_or_a_floor(seed, statistic, against, volatility):
    rng = np.random.default_rng(seed)
    panel = random_panel(rng, bars=40, assets=2, gaps=0.1, volatility=volatility)
    rules = ANY.model_copy(update={"statistic": statistic, "benchmark": against})
    weights = random_weights(rng, panel) * rng.choice([0, 1e-9, 1, 9])
    found = measured(
        panel, Targets(weights=weights), objective=rules, max_weight=10, max_gross=10, folds=3
    )
    assert all(math.isfinite(fold) for fold in found.folds)
    if found.floor is None:
        assert found.fitness is not None
        assert math.isfinite(found.fitness)
    else:
        assert found.fitness is None
        assert found.floor.name == "ruin"


# -- floors --------------------------------------------------------------------------------------

GOOD = {
    "final_equity": 1.2,
    "trades": 40.0,
    "round_trips": 40.0,
    "active": 0.5,
    "return_at_double_cost": 0.1,
    "max_drawdown": 0.2,
    "turnover": 20.0,
    "beta": -0.4,
}


@pytest.mark.parametrize(
    ("rules", "figures", "floor"),
    [
        ({}, {"final_equity": -0.1}, Floor(name="ruin", figure=-0.1, needed=0)),
        (
            {},
            {"trades": 3, "round_trips": 29.9},
            Floor(name="min_trades", figure=29, needed=30),
        ),
        ({}, {"active": 0.04}, Floor(name="min_active", figure=0.04, needed=0.05)),
        (
            {},
            {"return_at_double_cost": 0.0},
            Floor(name="min_return_at_double_cost", figure=0, needed=0),
        ),
        (
            {"max_drawdown": 0.15},
            {},
            Floor(name="max_drawdown", figure=0.2, needed=0.15),
        ),
        ({"max_turnover": 10}, {}, Floor(name="max_turnover", figure=20, needed=10)),
        ({"max_abs_beta": 0.3}, {}, Floor(name="max_abs_beta", figure=0.4, needed=0.3)),
    ],
)
def test_a_broken_floor_comes_with_its_figure_instead_of_a_fitness(rules, figures, floor):
    assert judge(Objective(**rules), [1.0, 2.0], GOOD | figures, 5) == floor


def test_the_first_broken_floor_is_named():
    verdict = judge(Objective(), [1.0], GOOD | {"active": 0.0, "trades": 1, "round_trips": 1}, 5)
    assert isinstance(verdict, Floor)
    assert verdict.name == "min_trades"


def test_a_portfolio_that_only_resizes_is_counted_by_turns_of_its_book():
    assert judge(Objective(), [1.0], GOOD | {"trades": 0, "round_trips": 30.0}, 0) == 1.0


def test_floors_can_be_turned_off_but_ruin_cannot():
    poor = GOOD | {"trades": 0, "round_trips": 0, "active": 0, "return_at_double_cost": -0.9}
    assert judge(ANY, [1.0], poor, 0) == 1.0
    assert isinstance(judge(ANY, [1.0], poor | {"final_equity": 0.0}, 0), Floor)


def test_an_undefined_beta_breaks_nothing():
    assert judge(Objective(max_abs_beta=0.1), [1.0], GOOD | {"beta": math.nan}, 0) == 1.0


def test_folds_must_be_finite():
    with pytest.raises(ValueError, match="finite"):
        judge(ANY, [1.0, math.nan], GOOD, 0)


def test_an_objective_knows_its_keys():
    with pytest.raises(ValidationError):
        Objective(statistics="sharpe")  # type: ignore[call-arg]


def test_a_measurement_names_its_floor(busy):
    panel, targets = busy
    found = measured(panel, targets, objective=Objective(min_trades=10_000))
    assert found.fitness is None
    assert found.floor is not None
    assert found.floor.name == "min_trades"


def test_fold_edges_outside_the_window_are_refused(busy):
    panel, targets = busy
    with pytest.raises(ValueError, match="fold edges"):
        measure(panel, targets, replace(terms_of((10, 100)), edges=(0, 50, 100)), nodes=1)


def test_clipped_and_scaled_targets_are_told(busy):
    panel, targets = busy
    found = measured(panel, targets)
    assert [warning.split("targets")[-1] for warning in found.warnings][1] == (
        " were scaled down to fills.max_gross"
    )
    assert "cut to fills.max_weight" in found.warnings[0]


# -- behaviour -----------------------------------------------------------------------------------


def slow_projection(e):
    mask = 2**64 - 1
    state, sums = 0, [0.0] * 64
    for x in e:
        state = (state + 0x9E3779B97F4A7C15) & mask
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        z ^= z >> 31
        for d in range(64):
            sums[d] += x if z >> d & 1 else -x
    largest = max(map(abs, sums))
    sums = [s / largest for s in sums]
    length = 0.0
    for s in sums:
        length += s * s
    return [round(s / math.sqrt(length) * 32767) for s in sums]


def test_the_descriptor_equals_its_slow_twin_and_has_unit_length(busy):
    panel, targets = busy
    found = measured(panel, targets)
    book = keep_books(panel, targets, window=(0, 400), costs=Costs(), fills=Fills())
    values = np.frombuffer(found.descriptor, dtype="<i2")
    assert values.tolist() == slow_projection((book.net - book.benchmark).tolist())
    assert np.linalg.norm(values / 32767) == pytest.approx(1, abs=1e-3)


def test_the_hash_is_splitmix64():
    # Published outputs for seed 0 begin e220a8397b1dcdaf: its bits are the first bar's signs.
    signs = metrics_nb.project(np.array([1.0]), np.array([0.0])) > 0
    assert sum(int(bit) << d for d, bit in enumerate(signs)) == 0xE220A8397B1DCDAF


def test_like_paths_lie_close_and_opposite_ones_far():
    rng = np.random.default_rng(3)
    e, zero = rng.normal(0, 0.01, 2000), np.zeros(2000)

    def unit(path):
        return metrics_nb.project(path, zero) / 32767.0

    assert unit(e) @ unit(3 * e) == pytest.approx(1, abs=1e-3)
    assert unit(e) @ unit(-e) == pytest.approx(-1, abs=1e-3)
    assert abs(unit(e) @ unit(rng.normal(0, 0.01, 2000))) < 0.5


def test_the_axes_are_figures(busy):
    panel, targets = busy
    found = measured(panel, targets)
    assert found.axes == {name: found.metrics[name] for name in AXES}


def test_measuring_twice_gives_the_same(busy):
    panel, targets = busy
    assert measured(panel, targets) == measured(panel, targets)


# -- report --------------------------------------------------------------------------------------


def test_the_report_adds_up(busy):
    panel, targets = busy
    exits = replace(targets, stop_loss=np.full(panel.size, 0.03))
    found = report(panel, exits, terms_of((10, 400)), nodes=3)
    total = found.measurement.metrics["total_return"]
    assert found.assets["pnl"].sum() == pytest.approx(total)
    assert found.trades["pnl"].sum() == pytest.approx(total)
    assert found.equity.iloc[-1] == pytest.approx(1 + total)
    assert (1 + found.folds["total_return"]).prod() == pytest.approx(1 + total)
    assert tuple(found.folds["statistic"]) == found.measurement.folds
    assert found.assets["trades"].sum() == found.measurement.metrics["trades"]
    assert set(found.trades["reason"]) == {"signal", "stop_loss", "open"}
    assert str(found.equity.index.tz) == "UTC"
    assert found.equity.index[0].value == panel.clock[10]
    assert (found.trades["exit"] >= found.trades["entry"]).all()
    assert list(found.assets.index) == list(panel.symbols)


def test_a_report_without_trades_is_empty_not_broken():
    panel = panel_of([flat_bars([10.0] * 8)])
    found = report(panel, Targets(weights=np.zeros(8)), terms_of((0, 8), 2), nodes=3)
    assert len(found.trades) == 0
    assert found.equity.tolist() == [1.0] * 8
