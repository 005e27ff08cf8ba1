"""The screen: it finds what was planted, judges it beside noise, and says what it cannot use."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from genomes.interpreter.caps import Caps
from genomes.interpreter.read import read_text
from genomes.language.graph import Graph
from sandbox.book import Targets
from sandbox.execute import Executor
from sandbox.market import Panel
from sandbox.measure import fold_statistics
from sandbox.screen import Atom, Row, Screener, screen
from sandbox.screen.bank import bank
from sandbox.screen.earnings import earnings
from sandbox.screen.support import neighbours, supported
from sandbox.screen.written import strategy
from sandbox.terms import Terms
from tests.sandbox.screen.markets import WINDOW, conjunction, terms_on, walk


@pytest.fixture(scope="module")
def random_walk() -> Screener:
    panel = walk(8)
    return Screener(panel, terms_on(panel, fee_bps=0), max_window=WINDOW)


@pytest.fixture(scope="module")
def planted() -> Screener:
    panel = conjunction(4)
    return Screener(panel, terms_on(panel, fee_bps=0), max_window=WINDOW)


def graph_of(text: str, panel: Panel) -> Graph:
    graph = read_text(text, None, panel.dimensions, Caps())
    assert isinstance(graph, Graph), graph
    return graph


def measured(text: str, panel: Panel, terms: Terms) -> np.ndarray:
    weights = Executor(panel).evaluate(graph_of(text, panel)).weight
    book = terms.books(panel, Targets(weights=weights))
    return np.array(fold_statistics(book, terms, panel.bars_per_year))


def spread_of(rows: tuple[Row, ...], n: int) -> list[Row]:
    return list(rows[:: max(1, len(rows) // n)])


def test_every_atom_is_a_strategy_and_means_the_graph_that_was_scored() -> None:
    panel = walk(1, assets=6, mood=np.random.default_rng(2).normal(size=900))
    drawn, notes = bank(panel, max_window=WINDOW)
    assert len(drawn) > 500
    for each in drawn[::7]:
        read = graph_of(strategy([each.atom], turned=False), panel)
        signal = read.nodes[read.outputs["signal"]]
        assert signal.digest == each.graph.nodes[each.graph.outputs["weight"]].digest
        assert each.atom.phrase and "{" not in each.atom.phrase
        assert each.graph.warm_up <= WINDOW
    assert any("bars of memory" in note for note in notes)


def test_no_position_changes_when_later_bars_do() -> None:
    panel, other = walk(1, bars=500, assets=2), walk(3, bars=500, assets=2)
    early = 300
    fields = {
        name: np.where(panel.bar < early, values, other.fields[name])
        for name, values in panel.fields.items()
    }
    mixed = replace(panel, fields=fields)
    one, two = Executor(panel), Executor(mixed)
    before = panel.bar < early
    changed = 0
    for each in bank(panel, max_window=WINDOW)[0]:
        here, there = one.evaluate(each.graph).weight, two.evaluate(each.graph).weight
        assert np.array_equal(here[before], there[before], equal_nan=True), each.atom.text
        changed += not np.array_equal(here, there, equal_nan=True)
    assert changed > 400


@pytest.mark.parametrize("fill", ["next_open", "next_close"])
def test_scores_are_those_of_the_written_strategy(fill: str) -> None:
    """To the first order: the books also resize a held weight as prices drift, which shows most
    where a position hardly changes and its excess is small.
    """
    panel = walk(5, assets=3)
    terms = terms_on(panel, fill=fill)
    found = screen(panel, terms, max_window=WINDOW)
    gaps = [
        float(np.abs(measured(row.strategy, panel, terms) - row.folds).max())
        for row in (*spread_of(found.singles, 25), *spread_of(found.products, 10))
    ]
    assert max(gaps) < 0.25
    assert np.median(gaps) < 0.03
    assert np.quantile(gaps, 0.9) < 0.1


def test_a_score_is_the_objectives_aggregate_of_its_folds(random_walk: Screener) -> None:
    row = random_walk.screen.products[0]
    assert row.score == pytest.approx(np.mean(row.folds) - 0.5 * np.std(row.folds, ddof=1))
    panel = walk(5, bars=400)
    flat = screen(panel, terms_on(panel, aggregate="mean"), max_window=20).products[0]
    assert flat.score == pytest.approx(np.mean(flat.folds))


def test_a_planted_product_is_found_where_neither_factor_shows(planted: Screener) -> None:
    found = planted.screen
    assert found.best is not None
    assert found.best.above_noise
    assert len(found.best.atoms) == 2
    assert "m.volume" in found.best.text
    assert not found.singles[0].above_noise
    assert found.best.support == max(row.support for row in found.products)


def test_noise_is_the_best_of_as_many_looks(random_walk: Screener) -> None:
    """On a random walk the best row is near the flipped worlds' best, products above singles."""
    found = random_walk.screen
    assert found.found == ()
    assert found.product_noise.usual > found.single_noise.usual > 0.5
    assert found.single_noise.usual < found.single_noise.line
    for rows, noise in (
        (found.singles, found.single_noise),
        (found.products, found.product_noise),
    ):
        assert min(noise.best) - 0.5 < rows[0].score < noise.line
        assert rows[0].excess == pytest.approx(rows[0].score - np.median(noise.best))


def test_looks_are_counted(random_walk: Screener) -> None:
    looks = random_walk.screen.looks
    assert looks.atoms == len(random_walk.screen.singles)
    paired = round((1 + np.sqrt(1 + 8 * looks.products)) / 2)
    assert looks.products == paired * (paired - 1) // 2
    assert looks.total == looks.atoms + looks.products
    asked = random_walk.help_for(np.ones(random_walk.panel.size))
    assert asked.looks == 4 * paired


def test_threads_change_no_bit() -> None:
    panel = walk(8, bars=400, assets=2)
    one, two = (screen(panel, terms_on(panel), max_window=20, seed=3, threads=n) for n in (1, 2))
    assert json.dumps(one.as_dict()) == json.dumps(two.as_dict())
    other = screen(panel, terms_on(panel), max_window=20, seed=4)
    assert other.single_noise != one.single_noise
    assert other.singles[0].score == one.singles[0].score


def test_a_column_that_knows_the_future_is_named_and_never_above_noise() -> None:
    leak = np.r_[np.diff(np.log(walk(8).fields["close"])), 0.0]
    panel = walk(8, leak=leak)
    found = screen(panel, terms_on(panel), max_window=20)
    assert len(found.warnings) == 1
    assert "column leak may know too much" in found.warnings[0]
    assert all("leak" in row.text for row in found.singles if row.suspect)
    assert not any("leak" in row.text for row in (*found.products, *found.found))


def test_constant_columns_one_asset_and_short_memory_are_said_and_left_out() -> None:
    panel = walk(8, still=np.full(900, 3.0))
    found = screen(panel, terms_on(panel), max_window=12)
    notes = " ".join(found.notes)
    assert "m.still is constant" in notes
    assert "one asset" in notes
    assert "12 bars" in notes
    assert found.looks.atoms > 20
    assert not any("still" in row.text or "cross_" in row.text for row in found.singles)


def test_ranks_come_with_five_assets() -> None:
    few, many = (bank(walk(1, assets=n), max_window=WINDOW)[0] for n in (4, 5))
    assert not any("cross_rank" in each.atom.text for each in few)
    assert any("cross_rank" in each.atom.text for each in many)


def test_help_finds_the_gate_that_a_strategy_lacks(planted: Screener) -> None:
    """Momentum alone earns nothing on the planted market; while volume is high it does."""
    panel = planted.panel
    text = "sign(log_return(m.close, 13))"
    body = (
        f"from genomes.language import log_return, sign\n\n\ndef factor(m, p):\n    return {text}"
    )
    file = f'"""A trend."""\n\n{body}\n\n\ndef signal(f, m, p):\n    return f\n'
    asked = planted.help_for(Executor(panel).evaluate(graph_of(file, panel)).weight)
    best = asked.remedies[0]
    assert best.way in ("gate", "filter")
    assert "m.volume" in best.atom.text
    assert best.above_noise
    assert best.score == pytest.approx(asked.score + best.gain)
    test = f"({best.atom.text}) > 0" if best.way == "gate" else f"({best.atom.text}) <= 0"
    gated = file.replace(f"return {text}", f"return where({test}, {text}, 0)")
    words = "log_return, sign, where, wma, zscore, percent_rank, tanh"
    gated = gated.replace("import log_return, sign", f"import {words}")
    assert np.abs(measured(gated, panel, planted.terms) - best.folds).max() < 0.15


def test_a_filter_is_what_a_gate_leaves_out(planted: Screener) -> None:
    """A strategy that is only long: what its gates and filters hold adds up to it."""
    asked = planted.help_for(np.full(planted.panel.size, 0.5))
    ways = {(r.atom, r.way): r for r in asked.remedies}
    both = [a for a, way in ways if way == "gate" and (a, "filter") in ways]
    assert {way for _, way in ways} >= {"gate", "filter"}
    assert all(ways[a, "gate"].folds != ways[a, "filter"].folds for a in both)
    first = next(r for r in asked.remedies if r.way == "filter")
    held = f"where(({first.atom.text}) <= 0, 0.5, 0)"
    body = f"def factor(m, p):\n    return {held}\n\n\ndef signal(f, m, p):\n    return f\n"
    words = sorted({w for w in re.findall(r"([a-z_]+)\(", held) if w != "shift"})
    words = [w for w in words if w not in ("abs", "factor", "signal")]
    text = f'"""Held."""\n\nfrom genomes.language import {", ".join(words)}\n\n\n{body}'
    assert np.abs(measured(text, planted.panel, planted.terms) - first.folds).max() < 0.15


def test_a_leg_weighs_as_much_as_the_strategy(random_walk: Screener) -> None:
    small, large = (random_walk.help_for(np.full(random_walk.panel.size, w)) for w in (0.1, 0.2))
    legs = {(r.way, r.atom): r.amount for r in small.remedies if r.way in ("leg", "against")}
    both = [r for r in large.remedies if (r.way, r.atom) in legs]
    assert both
    assert all(r.amount == pytest.approx(2 * legs[r.way, r.atom], rel=1e-5) for r in both)


def test_a_strategy_without_positions_gets_no_help(random_walk: Screener) -> None:
    asked = random_walk.help_for(np.zeros(random_walk.panel.size))
    assert asked.looks == 0
    assert asked.remedies == ()


def test_help_says_which_weights_it_needs(random_walk: Screener) -> None:
    with pytest.raises(ValueError, match=r"weights have shape \(3,\); needs \(900,\)"):
        random_walk.help_for(np.zeros(3))


def test_a_large_market_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer assets first, then stretches of bars from every fold; columns of the rest agree."""
    panel = walk(8, bars=1400, assets=14)
    monkeypatch.setattr("sandbox.screen.scan.MOST_ENTRIES", 17_000)
    monkeypatch.setattr("sandbox.screen.scan.MOST_PAIRED_ENTRIES", 9_000)
    screener = Screener(panel, terms_on(panel), max_window=8)
    notes = " ".join(screener.screen.notes)
    assert "scanned 12 of 14 assets" in notes
    assert "bars, in stretches" in notes
    assert screener.screen.singles[0].score > 0
    asked = screener.help_for(np.where(np.arange(panel.size) % 7 < 3, 0.1, -0.1))
    assert asked.looks > 0


def test_a_sample_keeps_whole_stretches_of_every_fold() -> None:
    panel = walk(8, bars=3000, assets=14)
    terms = terms_on(panel)
    whole, said = earnings(panel, terms, most=10**9)
    assert said == ""
    sample, said = earnings(panel, terms, most=12_000)
    assert said.startswith("12 of 14 assets")
    assert 10_000 < sample.size < 12_500
    assert len(sample.lengths) == 6
    assert np.ptp(sample.lengths) <= 2
    assert sample.lengths.sum() == sample.bars
    held = whole.rows[whole.before], sample.rows[sample.before]
    earned = dict(zip(held[0].tolist(), whole.new_earns.tolist(), strict=True))
    assert all(earned[i] == x for i, x in zip(held[1].tolist(), sample.new_earns, strict=True))
    breaks = np.count_nonzero(np.diff(np.unique(panel.bar[held[1]])) > 1)
    assert breaks < 20


def test_support_counts_neighbouring_lookbacks_on_the_same_side() -> None:
    atoms = [
        Atom(text=f"f({n})", phrase=f"the {n}-bar f", family="f", lookback=n, form=form, rank=0)
        for form, n in (("sign", 9), ("sign", 4), ("scaled", 6), ("sign", 6), ("sign", 13))
    ]
    near = neighbours(atoms)
    assert near.tolist() == [[3, 4], [-1, 3], [-1, -1], [1, 0], [0, -1]]
    score, side = np.array([1.0, 0.5, 2.0, 0.8, 0.6]), np.array([1.0, 1.0, 1.0, 1.0, -1.0])
    made = supported(score, side, near)
    assert made[0] == pytest.approx(0.5 + 0.25 * 0.8)  # 13 bars is on the other side
    assert made[1] == pytest.approx(0.25 + 0.25 * 0.8 * 0.5 + 0.25 * 0.8)
    assert made[2] == pytest.approx(1.0 + 2 * 0.25 * 0.8 * 2)
    assert made[3] == pytest.approx(0.4 + 0.25 * 0.5 + 0.25 * 1.0)


def test_a_products_support_is_along_both_factors(random_walk: Screener) -> None:
    found = random_walk.screen
    assert all(row.support <= found.products[0].score for row in found.products)
    timed = [row for row in found.products if all(not a.lookback for a in row.atoms)]
    assert timed
    assert all(row.support == pytest.approx(0.81 * row.score) for row in timed)  # none is near
    assert any(row.support != pytest.approx(0.81 * row.score) for row in found.products)
