"""Studies: what one strategy did, by stretch, asset, regime and trade, without a name or a date."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genomes.language.serial import serialise
from genomes.language.strategy import draw
from genomes.language.words import WORDS
from genomes.strategies import texts
from sandbox.book import Targets
from sandbox.errand import Request, Setup
from sandbox.fills import Costs, Fills
from sandbox.kernels import book_layout as layout
from sandbox.market.panel import Panel
from sandbox.measure import measure
from sandbox.objective import Objective
from sandbox.patterns import patterns, spells
from sandbox.pool import InProcess, RayPool
from sandbox.study import REGIMES, Study, market_states, study
from sandbox.terms import Terms
from sandbox.worker import Worker
from tests.sandbox.mortal import Mortal
from tests.sandbox.panels import flat_bars, panel_of, random_panel, random_weights

FREE = Costs(fee_bps=0, slippage_bps=0)


def terms(panel: Panel, costs: Costs | None = None) -> Terms:
    n = panel.bars
    return Terms(
        window=(0, n),
        edges=(0, n // 2, n),
        costs=costs or Costs(),
        fills=Fills(),
        objective=Objective(folds=2),
    )


def random_study(seed: int, *, assets: int = 3, bars: int = 200) -> tuple[Panel, Targets, Study]:
    rng = np.random.default_rng(seed)
    panel = random_panel(rng, bars=bars, assets=assets, gaps=0.1, early_end=True)
    targets = Targets(weights=random_weights(rng, panel), stop_loss=np.full(panel.size, 0.03))
    return panel, targets, study(panel, targets, terms(panel))


# -- against hand-made bars ------------------------------------------------------------------------

PRICES = [100.0, 100.0, 110.0, 110.0, 110.0, 99.0, 99.0, 99.0]
WANTED = [1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0]  # in at bar 1 and out at 3, in at 4 and out at 6


@pytest.fixture
def by_hand() -> Study:
    panel = panel_of([flat_bars(PRICES)])
    return study(panel, Targets(weights=np.array(WANTED)), terms(panel, costs=FREE))


def test_each_fold_has_its_return_drawdown_and_exposure(by_hand: Study) -> None:
    first, second = by_hand.folds
    assert first.total_return == pytest.approx(0.10)
    assert first.drawdown == 0
    assert first.exposure == pytest.approx(2 / 4)  # invested at the close of bars 1 and 2
    assert second.total_return == pytest.approx(-0.10)
    assert second.drawdown == pytest.approx(0.10)
    assert by_hand.total_return == pytest.approx(-0.01)


def test_winners_and_losers_are_told_apart(by_hand: Study) -> None:
    trades = by_hand.trades
    assert (trades.closed, trades.open, trades.hit_rate) == (2, 0, 0.5)
    assert trades.mean_gain == pytest.approx(0.10)
    assert trades.mean_loss == pytest.approx(0.10)
    assert trades.payoff == pytest.approx(1.0)
    assert (trades.held_winners, trades.held_losers) == (2, 2)
    (side,) = trades.sides
    assert (side.name, side.trades, side.hit_rate) == ("long", 2, 0.5)
    assert side.pnl == pytest.approx(-0.01)
    assert [group.name for group in trades.exits] == ["signal"]


def test_without_a_trade_there_is_nothing_to_divide_by() -> None:
    panel = panel_of([flat_bars(PRICES)])
    found = study(panel, Targets(weights=np.zeros(8)), terms(panel))
    trades = found.trades
    assert (trades.closed, trades.open) == (0, 0)
    assert trades.hit_rate is trades.payoff is trades.best_5_percent is None
    assert found.cost_share is None
    assert found.assets[0].hit_rate is None
    assert trades.losses == ()
    assert trades.stop_streak == 0


def test_costs_are_a_share_of_the_profit_before_them() -> None:
    panel = panel_of([flat_bars([100.0, 100.0, 110.0, 110.0, 110.0])])
    wanted = np.array([1.0, 1.0, 0.0, 0.0, 0.0])
    costs = Costs(fee_bps=100, slippage_bps=0)
    found = study(panel, Targets(weights=wanted), terms(panel, costs=costs))
    paid = 0.01 + 1.1 * 0.01
    assert found.total_return == pytest.approx(0.1 - paid)
    assert found.cost_share == pytest.approx(paid / 0.1)
    assert found.return_at_double_cost == pytest.approx(0.1 - 2 * paid)
    assert found.return_at_delay == pytest.approx(-0.02, abs=3e-4)  # in at 110, out at 110


# -- against the rest of the house -----------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_a_study_says_what_the_measurement_says(seed: int) -> None:
    panel, targets, found = random_study(seed)
    told = measure(panel, targets, terms(panel), nodes=5)
    assert found.total_return == told.metrics["total_return"]
    assert found.return_at_delay == told.metrics["return_at_delay"]
    assert found.return_at_double_cost == told.metrics["return_at_double_cost"]
    assert tuple(fold.statistic for fold in found.folds) == told.folds
    assert found.trades.closed == told.metrics["trades"]
    assert found.trades.hit_rate == pytest.approx(told.metrics["hit_rate"])
    grown = np.prod([1 + fold.total_return for fold in found.folds])
    assert grown == pytest.approx(1 + found.total_return)


@given(seed=st.integers(0, 10_000), scale=st.sampled_from([0.25, 8.0]))
@settings(max_examples=10, deadline=None)
def test_it_is_the_same_for_prices_in_another_unit(seed: int, scale: float) -> None:
    panel, targets, found = random_study(seed)
    prices = ("open", "high", "low", "close")
    fields = {n: v * scale if n in prices else v for n, v in panel.fields.items()}
    costs = Costs(capital=1_000_000.0 * scale)
    again = study(replace(panel, fields=fields), targets, terms(panel, costs=costs))
    assert again == found


def test_shares_of_groups_add_up_to_the_whole() -> None:
    *_, found = random_study(1)
    assert sum(group.trades for group in found.trades.exits) == found.trades.closed
    assert sum(group.trades for group in found.trades.sides) == found.trades.closed
    assert {group.name for group in found.trades.exits} == {"signal", "stop_loss"}
    assert sum(abs(asset.pnl_share) for asset in found.assets) == pytest.approx(1)
    assert sum(asset.cost_share or 0 for asset in found.assets) == pytest.approx(1)


def test_a_wide_market_is_told_in_twelve_lines() -> None:
    *_, found = random_study(2, assets=30)
    *_, narrow = random_study(2, assets=12)
    assert [asset.name for asset in narrow.assets] == [f"asset {n}" for n in range(1, 13)]
    shares = [asset.pnl_share for asset in found.assets]
    assert len(shares) == 12
    assert shares[:4] == sorted(shares[:4], reverse=True)
    assert shares[3] > shares[8] > shares[11]
    middle = [asset.name for asset in found.assets[4:8]]
    assert middle[0] == "6 assets in the middle, best quarter"
    assert middle[-1] == "5 assets in the middle, worst quarter"
    assert sum(asset.trades for asset in found.assets) == found.trades.closed


# -- regimes ---------------------------------------------------------------------------------------


def slow_states(market: list[float], trend: int, volatility: int) -> list[int]:
    first = max(trend, volatility)
    spreads: dict[int, float] = {}
    falling: dict[int, bool] = {}
    for t in range(first, len(market)):
        grown = 1.0
        for r in market[t - trend : t]:
            grown *= 1 + r
        falling[t] = grown <= 1
        spreads[t] = float(np.std(market[t - volatility : t]))
    middle = float(np.median(list(spreads.values())))
    return [-1] * first + [2 * falling[t] + (spreads[t] > middle) for t in spreads]


@given(st.lists(st.floats(-0.1, 0.1, allow_subnormal=False), min_size=12, max_size=60))
def test_regimes_are_what_a_slow_twin_finds(market: list[float]) -> None:
    market = [round(r, 3) + 0.0005 for r in market]  # no trend of nearly nothing
    assert market_states(np.array(market), 5, 3).tolist() == slow_states(market, 5, 3)


def test_a_bar_never_changes_its_own_regime() -> None:
    market = np.random.default_rng(1).normal(0, 0.01, 100)
    changed = market.copy()
    changed[-1] = 5.0
    assert market_states(changed, 10, 5).tolist() == market_states(market, 10, 5).tolist()


def test_a_strategy_that_stands_aside_in_falls_shows_it() -> None:
    rng = np.random.default_rng(4)
    steps = np.r_[np.full(100, 0.004), np.full(100, -0.004)] + rng.normal(0, 0.01, 200)
    closes = 100 * np.cumprod(1 + steps)
    panel = panel_of([[(i, p, p * 1.001, p / 1.001, p) for i, p in enumerate(closes)]])
    wanted = np.r_[np.ones(100), np.zeros(100)]
    found = study(panel, Targets(weights=wanted), terms(panel))
    assert [regime.name for regime in found.regimes] == list(REGIMES)
    rising = [r for r in found.regimes if r.name.startswith("rising")]
    falling = [r for r in found.regimes if r.name.startswith("falling")]
    assert min(r.exposure for r in rising) > 0.6  # type: ignore[type-var]
    assert max(r.exposure for r in falling) < 0.3  # type: ignore[type-var]
    assert all((r.market_return or 0) < 0 for r in falling)
    known = found.bars - max(found.trend_bars, found.volatility_bars)
    assert sum(r.share for r in found.regimes) == pytest.approx(known / found.bars)


# -- patterns of trades ----------------------------------------------------------------------------


def records(*rows: tuple[int, int, float, str], side: int = 1) -> np.ndarray:
    """Trades (asset, exit bar, pnl, reason) as the books list them."""
    made = np.zeros((len(rows), len(layout.RECORD)))
    for line, (asset, ended, pnl, reason) in zip(made, rows, strict=True):
        line[[0, 1, 2, 3, 6, 7, 8, 9]] = (
            asset, max(0, ended - 3), ended, side, pnl, pnl, 3, layout.REASONS.index(reason),
        )  # fmt: skip
    return made


def looked_at(rows: np.ndarray, bars: int = 600) -> Any:
    states = np.zeros(bars, dtype=np.int64)
    states[bars // 2 :] = 3
    return patterns(
        rows, start=0, bars=bars, fold_edges=np.array([0, 200, 400, bars]), regimes=states,
        names=REGIMES,
    )  # fmt: skip


def test_the_worst_spell_of_losses_is_found_with_its_fold_and_market() -> None:
    found = looked_at(
        records(
            (0, 10, -0.01, "signal"),
            (0, 100, 0.50, "signal"),
            (0, 450, -0.02, "stop_loss"),
            (1, 452, -0.03, "stop_loss"),
            (0, 455, -0.02, "signal"),
            (0, 500, -0.02, "signal"),
        )
    )
    worst, second, third = found.losses
    assert found.cluster_bars == 6
    assert worst.share == pytest.approx(0.07 / 0.10)
    assert (worst.trades, worst.assets, worst.fold, worst.regime, worst.exit) == (
        3, 2, 3, "falling, turbulent", "stop_loss",
    )  # fmt: skip
    assert second.share == pytest.approx(0.2)
    assert (third.fold, third.regime) == (1, "rising, calm")
    assert [cluster.share for cluster in found.gains] == [1.0]


def test_spells_do_not_overlap_and_equal_ones_come_in_order() -> None:
    times = np.array([0, 1, 3, 10, 11, 30])  # 3 is no longer within 3 bars of 0
    amounts = np.array([1.0, 1.0, 0.5, 1.0, 1.0, 5.0])
    assert [(t, i.tolist()) for t, i in spells(times, amounts, 3, 3)] == [
        (30, [5]),
        (0, [0, 1]),
        (10, [3, 4]),
    ]


def test_a_streak_of_stop_outs_is_one_assets_and_one_sides() -> None:
    rows = records(
        (0, 10, -0.01, "stop_loss"),
        (1, 11, -0.01, "stop_loss"),
        (0, 20, -0.02, "trailing_stop"),
        (0, 30, 0.01, "trailing_stop"),
        (0, 40, -0.01, "stop_loss"),
        (1, 50, -0.03, "stop_loss"),
        (1, 60, -0.01, "signal"),
        (1, 70, -0.01, "stop_loss"),
    )
    found = looked_at(rows)
    assert found.stop_streak == 2
    assert found.stop_streak_share == pytest.approx(0.03 / 0.10)  # asset 0: the first of equals
    assert found.losing_streak == 4
    rows[2, 3] = -1  # the second one of them was a short
    assert looked_at(rows).stop_streak_share == pytest.approx(0.04 / 0.10)


def test_profit_from_few_trades_is_told_as_a_share() -> None:
    rows = records(*[(0, i, 0.01, "signal") for i in range(39)], (0, 50, 0.61, "signal"))
    found = looked_at(rows)
    assert found.best_5_percent == pytest.approx(0.62)  # two of forty
    assert found.pnl_without_best == pytest.approx(0.38)


def test_winners_and_losers_have_their_own_holding_time() -> None:
    rows = records((0, 9, 0.02, "signal"), (0, 20, -0.01, "signal"), (0, 30, -0.01, "signal"))
    rows[:, layout.RECORD.index("held")] = (9, 4, 2)
    found = looked_at(rows)
    assert (found.held_winners, found.held_losers) == (9, 3)


def test_what_was_still_open_is_no_trade() -> None:
    found = looked_at(records((0, 10, 0.02, "signal"), (0, 599, -0.5, "open")))
    assert (found.closed, found.open, found.hit_rate) == (1, 1, 1.0)
    assert found.losses == ()


# -- workers and pools -----------------------------------------------------------------------------


def setup_of(panel: Panel) -> Setup:
    return Setup(
        fields=panel.dimensions,
        terms=replace(terms(panel), window=(300, panel.bars), edges=(300, 500, panel.bars)),
        max_window=250,
        isolation="reduced",
    )


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    panel = random_panel(np.random.default_rng(3), bars=700, assets=3)
    with Worker(replace(panel, symbols=("PLANTED", "SECRET", "TICKER")), setup_of(panel)) as made:
        yield made


def graph_of(panel: Panel) -> str:
    layers = {
        "factor": lambda m, p: WORDS["zscore"](m.close, 20),
        "signal": lambda f, m, p: WORDS["tanh"](f),
    }
    return serialise(draw(layers, None, panel.dimensions))


def strings(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list() | dict():
            inside = value if isinstance(value, list) else value.values()
            for each in inside:
                yield from strings(each)
        case _:
            pass


def test_every_seed_that_draws_can_be_studied(worker: Worker) -> None:
    drawn = worker.propose([Request(operator="seed", text=text) for text in texts().values()])
    graphs = [drawing.graph for drawing in drawn if drawing.graph]
    found = worker.study(graphs)
    assert len(graphs) >= 12  # others need the clock
    assert None not in found
    told = json.loads(json.dumps([asdict(each) for each in found if each], allow_nan=False))
    words = {word for each in told for word in strings(each)}
    assert words <= {
        *REGIMES,
        *layout.REASONS,
        "long",
        "short",
        "",
        "asset 1",
        "asset 2",
        "asset 3",
    }


def test_what_cannot_run_has_no_study_and_harms_no_other(worker: Worker) -> None:
    good = graph_of(worker.panel)
    found = worker.study(["finch-graph 1\nnonsense\n", good, ""])
    assert found[0] is found[2] is None
    assert found[1] == worker.study([good])[0] is not None


def test_a_pool_in_process_answers_as_its_worker(worker: Worker) -> None:
    pool = InProcess(worker.panel, worker.setup)
    good = graph_of(worker.panel)
    assert dict(pool.study([good, "x"])) == {0: worker.study([good])[0], 1: None}
    pool.close()


@pytest.mark.xdist_group("ray")
def test_a_study_that_kills_its_worker_is_none(ray_cluster: None, tmp_path: Path) -> None:
    pool = RayPool(None, tmp_path, workers=2, worker=Mortal)  # type: ignore[arg-type]
    answers = dict(pool.study(["a", "die", "b"]))
    pool.close()
    assert answers == {0: "A", 1: None, 2: "B"}
