"""Made markets: the same from the same seed, as the tables say, and their oracles find the edge."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from engine.calibrate import market, single_nb
from engine.calibrate.bars import Bars
from engine.calibrate.kinds import KINDS
from engine.calibrate.market import Law, Truth, graph_of, law, panel, write
from genomes.check import check_foreign
from genomes.language.graph import Graph
from sandbox.execute import Executor, check_windows

PLANTED = [name for name, kind in KINDS.items() if kind.planted]

# statistics.md, C2: planted lookbacks, kappa at Sharpe 1 and 2, share of active bars, mean absolute
# position change, Sharpe of the oracle's weights at 1 and 2.
TABLE = {
    "momentum": ({"move": 20, "risk": 60}, 0.09449, 0.17769, 1.0, 0.118, 0.911, 1.822),
    "reversal": ({"days": 10}, 0.10550, 0.21778, 1.0, 0.352, 0.894, 1.808),
    "funding": ({"days": 90}, 0.09314, 0.19225, 0.44, 0.145, 0.908, 1.823),
    "calendar": ({"before_rise": 0, "before_fall": 3}, 0.09989, 0.20163, 0.40, 0.800, 0.928, 1.842),
    "regime": ({"move": 20, "risk": 60, "days": 10}, 0.10251, 0.20097, 1.0, 0.243, 0.863, 1.711),
    "conjunction": (
        {"move": 10, "risk": 60, "volume": 20}, 0.08162, 0.16376, 0.60, 0.512, 0.919, 1.838,
    ),
}  # fmt: skip


@cache
def settled(name: str, seed: int = 0, sharpe: float = 2.0) -> Law:
    return law(KINDS[name], seed, sharpe)


@cache
def fresh(name: str) -> Bars:
    return settled(name).fresh(10_000 if name == "cross-section" else 20_000)


@cache
def truth(name: str) -> Truth:
    return Truth(settled(name), fresh(name).weights.shape[1])


def earned(bars: Bars) -> np.ndarray:
    """What the oracle's weights earn in each bar but the first."""
    returns = bars.prices["close"][:, 1:] / bars.prices["close"][:, :-1] - 1
    return (bars.weights[:, :-1] * returns).sum(axis=0)


def sharpe(net: np.ndarray) -> float:
    return float(net.mean() / net.std(ddof=1) * np.sqrt(252))


@pytest.mark.parametrize("name", KINDS)
def test_a_seed_makes_the_same_market_and_another_seed_another_one(name: str) -> None:
    again = law(KINDS[name], 0, 2.0)
    assert (again.params, again.strength) == (settled(name).params, settled(name).strength)
    one, other = settled(name).bars(), law(KINDS[name], 1, 2.0).bars()
    for field, values in again.bars().prices.items():
        assert np.array_equal(values, one.prices[field])
        if (name, field) != ("null-flipped", "volume"):  # that one stays
            assert not np.array_equal(values[:, -1], other.prices[field][:, -1])
    assert not np.array_equal(one.prices["close"][:, :50], fresh(name).prices["close"][:, :50])


@pytest.mark.parametrize("name", KINDS)
def test_bars_are_those_of_a_market_that_a_search_takes(name: str) -> None:
    bars = settled(name).bars()
    price = bars.prices
    assert price["close"].shape == (len(bars.symbols), market.BARS)
    assert (price["low"] > 0).all()
    assert (price["high"] >= np.maximum(price["open"], price["close"])).all()
    assert (price["low"] <= np.minimum(price["open"], price["close"])).all()
    if name != "null-flipped":  # what fills at the open fills at the close that decided
        assert np.allclose(price["open"][:, 1:], price["close"][:, :-1], rtol=1e-12)
    assert np.abs(bars.weights).sum(axis=0).max() <= 1 + 1e-12


@pytest.mark.parametrize("name", TABLE)
def test_a_kind_has_the_properties_of_the_reference_table(name: str) -> None:
    params, *kappas, active, moved, weak, strong = TABLE[name]
    kind = KINDS[name]
    for target, kappa, cap in ((1.0, kappas[0], weak), (2.0, kappas[1], strong)):
        found = market._solved(kind, 5, target, params)
        assert found == pytest.approx(kappa, rel=0.03)
        bars = kind.make(params, kappa, np.random.default_rng(int(target)), 60_000)
        assert sharpe(earned(bars)) == pytest.approx(cap, abs=3 * np.sqrt(252 / 60_000))
    held = bars.weights[0]
    assert np.mean(held != 0) == pytest.approx(active, abs=0.02)
    assert np.abs(np.diff(held)).mean() == pytest.approx(moved, rel=0.05)


def test_the_base_process_is_as_volatile_and_fat_tailed_as_it_should_be() -> None:
    bars = settled("null").fresh()
    moves = np.diff(np.log(bars.prices["close"][0]))
    assert moves.std() * np.sqrt(252) == pytest.approx(0.2, rel=0.1)
    size = np.abs(moves)
    assert np.corrcoef(size[1:], size[:-1])[0, 1] > 0.15  # volatility clusters
    assert abs(np.corrcoef(moves[1:], moves[:-1])[0, 1]) < 0.03
    assert ((moves - moves.mean()) ** 4).mean() / moves.var() ** 2 > 5


@pytest.mark.parametrize("name", PLANTED)
def test_the_best_position_has_the_target_sharpe_and_the_oracle_nearly_so(name: str) -> None:
    bars = fresh(name)
    found = sharpe(earned(bars)[300:])
    assert 1.5 < found < 2.0 + 3 * truth(name).error
    assert truth(name).cap == pytest.approx(found, abs=0.05)


@pytest.mark.parametrize("name", PLANTED)
def test_an_oracle_is_a_strategy_that_the_checker_passes_and_a_market_takes(name: str) -> None:
    made = settled(name)
    checked = check_foreign(made.oracle)
    assert not isinstance(checked, tuple), checked
    table, config = panel(made.bars(), name, 0.0)
    graph = graph_of(made.oracle, table.dimensions)
    assert isinstance(graph, Graph)
    assert check_windows(graph, market.MAX_WINDOW) is None
    assert config.costs.fee_bps == 0


@pytest.mark.parametrize("name", [name for name in PLANTED if KINDS[name].exact])
def test_an_oracle_holds_what_was_planted_and_earns_it_in_our_own_backtest(name: str) -> None:
    made = settled(name)
    bars = made.bars()
    table, _ = panel(bars, name, 0.0)
    graph = graph_of(made.oracle, table.dimensions)
    held = np.nan_to_num(Executor(table).evaluate(graph).weight.reshape(bars.weights.shape))
    settled_from = market.MAX_WINDOW
    apart = np.abs(held - bars.weights)[:, settled_from:]
    share = 0.03 if name == "lead-lag" else 1e-4  # which is louder has to be seen
    assert np.mean(apart > 1e-6) < share
    found = truth(name).sharpe(graph_of(made.oracle, table.dimensions))
    assert found == pytest.approx(truth(name).cap, rel=0.06 if name == "lead-lag" else 1e-3)


@pytest.mark.parametrize(("name", "least"), [("regime", 0.5), ("pair", 0.75)])
def test_where_the_state_is_hidden_the_oracle_file_earns_a_share(name: str, least: float) -> None:
    made = settled(name)
    fields = panel(made.bars(), name, 0.0)[0].dimensions
    share = truth(name).sharpe(graph_of(made.oracle, fields)) / truth(name).cap
    assert least < share < 0.98


@pytest.mark.parametrize("name", ["null", "null-flipped"])
def test_on_a_null_market_no_oracle_of_another_kind_earns_anything(name: str) -> None:
    made = Truth(settled(name))
    text = settled("momentum").oracle
    fields = panel(settled(name).bars(), name, 0.0)[0].dimensions
    assert abs(made.sharpe(graph_of(text, fields))) < 3 * made.error


def test_flipped_bars_keep_their_size_and_their_clusters() -> None:
    bars = settled("null-flipped").bars()
    other = law(KINDS["null-flipped"], 1, 2.0).bars()
    moves, others = (
        each.prices["close"][:, 1:] / each.prices["close"][:, :-1] - 1 for each in (bars, other)
    )
    assert np.allclose(np.abs(moves), np.abs(others), atol=1e-12)
    assert 0.4 < np.mean(np.sign(moves) == np.sign(others)) < 0.6
    assert np.array_equal(np.sign(moves[0] * moves[1]), np.sign(others[0] * others[1]))


def test_the_same_lookbacks_are_planted_at_every_sharpe() -> None:
    weak, strong = law(KINDS["conjunction"], 3, 1.0), law(KINDS["conjunction"], 3, 2.0)
    assert weak.params == strong.params
    assert weak.strength < strong.strength


def test_lookbacks_differ_from_seed_to_seed() -> None:
    drawn = {law(KINDS["funding"], seed, 0.0).params["days"] for seed in range(12)}
    assert len(drawn) > 6
    assert all(40 <= days <= 160 for days in drawn)


def test_a_written_market_is_read_back_as_the_same_panel(tmp_path: Path) -> None:
    from sandbox.market import load, resolve

    bars = settled("lead-lag").bars()
    file = write(bars, tmp_path, "lead-lag", 3.0)
    loaded = load(resolve(str(file), base=tmp_path), through="train")
    assert loaded.config.costs.fee_bps == 3.0
    assert loaded.split.score_from == market.MAX_WINDOW
    assert loaded.panel.bars == market.BARS // 2
    made, _ = panel(bars, "lead-lag", 3.0)
    for field in ("open", "high", "low", "close", "volume", "weekday"):
        one = made.fields[field].reshape(2, -1)[:, : loaded.panel.bars]
        assert np.array_equal(one.reshape(-1), loaded.panel.fields[field])


def test_a_bar_never_takes_all_of_a_position() -> None:
    z = np.full(400, 300.0)
    made = single_nb.path(
        single_nb.NULL, np.zeros(1), 0.0, z, np.ones((2, 400)), np.zeros((2, 400)),
        np.ones(400), np.zeros(401, dtype=np.int64),
    )  # fmt: skip
    assert made[single_nb.CLOSE, 0] == pytest.approx(190)
