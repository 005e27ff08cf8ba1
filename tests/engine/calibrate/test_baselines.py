"""Baselines: what they write is of the language, they spend what they say, and a seed repeats."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from engine.calibrate.baselines import NO_FITNESS, Evaluator, deap_gp, templates
from engine.calibrate.cpu import cpu_s
from engine.calibrate.features import features, strategy
from engine.calibrate.kinds import KINDS
from engine.calibrate.market import MAX_WINDOW, graph_of, law, panel, write
from engine.calibrate.search import Limits
from engine.calibrate.study import METHODS
from genomes.check import check_foreign
from genomes.records.outcome import Floored, Measured, Outcome
from sandbox.execute import check_windows
from sandbox.market import Panel
from sandbox.pool import Pool
from tests.engine.fakes import measured


@cache
def made_panel(name: str) -> Panel:
    return panel(law(KINDS[name], 0, 2.0).bars(), name, 0.0)[0]


class FakePool:
    """Fitness by the graph's text; every third graph breaks a floor."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def measure(self, graphs: Sequence[str]) -> Iterator[tuple[int, Outcome]]:
        self.asked += graphs
        fake = measured(graphs[0], "key")
        if len(self.asked) % 3:
            yield 0, fake
        else:
            yield 0, Floored(
                key="key", graph=graphs[0], nodes=3, floor="min_trades", figure=0, needed=30,
                metrics={},
            )  # fmt: skip


def evaluator(limits: Limits, name: str = "funding") -> tuple[Evaluator, FakePool]:
    pool = FakePool()
    setup = type("Told", (), {"fields": made_panel(name).dimensions})
    made = Evaluator(pool=pool, setup=setup, limits=limits, base=cpu_s())  # type: ignore[arg-type]
    return made, pool


def searched(method: str, limits: Limits, name: str = "funding", seed: int = 3) -> Evaluator:
    searcher = {"templates": templates, "deap": deap_gp}[method]
    made, _ = evaluator(limits, name)
    searcher(made, *features(made_panel(name)), random.Random(seed))
    return made


@pytest.mark.parametrize("name", ["funding", "lead-lag", "hour"])
def test_every_feature_is_a_strategy_of_the_market(name: str) -> None:
    fields = made_panel(name).dimensions
    numbers, clocks = features(made_panel(name))
    for factor in (*numbers[:11], *numbers[-11:], *clocks):
        text = strategy("One.", "tanh(x0)", [factor])
        graph = graph_of(text, fields)
        assert check_windows(graph, MAX_WINDOW) is None
    assert not isinstance(check_foreign(text), tuple)


def test_features_are_of_what_the_market_has() -> None:
    numbers, clocks = features(made_panel("hour"))
    assert any("m.funding" in text for text in numbers)
    assert not any("cross" in text for text in numbers)
    assert sum("m.hour" in text for text in clocks) == 6
    numbers, clocks = features(made_panel("lead-lag"))
    assert any("cross_rank" in text for text in numbers)
    assert not any("funding" in text for text in numbers)
    assert clocks == [f"(m.weekday == {day}) * 1" for day in range(5)]


@pytest.mark.parametrize("method", ["templates", "deap"])
def test_a_baseline_repeats_itself_and_leaves_pythons_generator_alone(method: str) -> None:
    limits = Limits(evaluations=110)  # into the second generation
    state = random.getstate()
    one, again = (searched(method, limits) for _ in range(2))
    other = searched(method, Limits(evaluations=20), seed=4)
    assert random.getstate() == state
    assert [step.text for step in one.steps] == [step.text for step in again.steps]
    assert one.steps[0].text != other.steps[0].text
    assert one.evaluations == 110
    found = [step.fitness for step in one.steps]
    assert found == sorted(set(found))


def test_a_graph_that_was_measured_costs_no_evaluation() -> None:
    ask, pool = evaluator(Limits(evaluations=10))
    one, other = (strategy("A.", "tanh(x0)", [f"zscore(m.close, {n})"]) for n in (5, 6))
    first = ask.fitness(one)
    assert ask.fitness(one.replace("A.", "B.")) == first
    ask.fitness(other)
    assert (ask.evaluations, ask.candidates, len(pool.asked)) == (2, 3, 2)
    floored = strategy("A.", "tanh(x0)", ["zscore(m.close, 7)"])
    assert ask.fitness(floored) == NO_FITNESS
    assert ask.evaluations == 3
    assert all(step.fitness > NO_FITNESS for step in ask.steps)


def test_a_baseline_goes_on_for_the_seconds_the_engine_took(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("engine.calibrate.baselines.cpu_s", lambda: clock.pop() if clock else 9.0)
    clock = [t / 2 for t in range(400, 0, -1)]
    monkeypatch.setattr("engine.calibrate.baselines.REST", 4)
    limits = Limits(evaluations=70, cpu_s=14.0)
    made, _ = evaluator(limits)
    made.base = 0.0
    templates(made, *features(made_panel("funding")), random.Random(1))
    found = made.trace()
    assert found is not None
    assert (found.evaluations, found.cpu_s < 14) == (70, True)
    assert made.evaluations > 70
    assert made.spent() >= 14


def test_a_baseline_that_is_stopped_before_its_evaluations_has_no_row() -> None:
    stopped = searched("deap", Limits(evaluations=500, stopping=lambda: True))
    assert stopped.trace() is None
    assert searched("deap", Limits(evaluations=5)).trace() is not None


@pytest.mark.parametrize("method", ["templates", "deap"])
def test_a_baseline_measures_as_the_engine_does(method: str, tmp_path: Path) -> None:
    from engine import startup
    from engine.config import build

    made = law(KINDS["calendar"], 0, 2.0)
    market = write(made.bars(), tmp_path, "calendar")
    trace = METHODS[method](made, market, tmp_path, Limits(evaluations=70))
    assert trace is not None
    best = trace.steps[-1]
    config = build({"market": str(market), "sandbox": {"workers": 0}})
    loaded = startup.load_market(config.market, Path.cwd())
    pool: Pool = startup.pool(loaded, config)
    try:
        ((_, outcome),) = pool.measure([best.graph])
    finally:
        pool.close()
    assert isinstance(outcome, Measured)
    assert outcome.fitness == best.fitness
    assert best.evaluation <= trace.evaluations == 70
    assert 0 < best.cpu_s <= trace.cpu_s
    assert replace(trace, steps=()).candidates >= 70
