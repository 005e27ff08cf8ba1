"""Every selector: parents are members, all different, as many as asked, and follow the stream."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from archive.population import Population
from engine.selection import NoveltySelector, ParetoSelector, RandomSelector, Selector
from tests.archive.conftest import make_entry, make_measured

SELECTORS: dict[str, Callable[[], Selector]] = {
    "novelty": NoveltySelector,
    "pareto": lambda: ParetoSelector(50),
    "random": RandomSelector,
}
CHOOSING = ("novelty", "pareto")


def population_of(size: int) -> Population:
    made = Population()
    made.extend([make_entry(i, outcome=make_measured(i, 0.01 * i)) for i in range(1, size + 1)])
    return made


@pytest.fixture(params=SELECTORS)
def selector(request: pytest.FixtureRequest) -> Selector:
    return SELECTORS[request.param]()


@pytest.mark.parametrize("size", [0, 1, 2, 30])
def test_parents_are_different_members_and_never_more_than_asked(
    selector: Selector, size: int
) -> None:
    selector.begin(population_of(size))
    for seed in range(20):
        for count in (1, 2):
            found = selector.parents(count, np.random.default_rng(seed))
            assert len(set(found)) == len(found) <= min(count, size)
            assert set(found) <= set(range(1, size + 1))
            assert all(type(one) is int for one in found)


@pytest.mark.parametrize("name", CHOOSING)
def test_those_that_choose_give_as_many_as_asked(name: str) -> None:
    selector = SELECTORS[name]()
    selector.begin(population_of(30))
    assert {len(selector.parents(2, np.random.default_rng(seed))) for seed in range(50)} == {2}


def test_the_same_stream_gives_the_same_parents(selector: Selector) -> None:
    selector.begin(population_of(30))
    first = [selector.parents(2, np.random.default_rng(seed)) for seed in range(20)]
    selector.begin(population_of(30))
    assert [selector.parents(2, np.random.default_rng(seed)) for seed in range(20)] == first


@pytest.mark.parametrize("name", CHOOSING)
def test_asking_leaves_the_selector_as_it_was(name: str) -> None:
    selector = SELECTORS[name]()
    selector.begin(population_of(30))
    once = selector.parents(2, np.random.default_rng(3))
    for seed in range(10):
        selector.parents(1, np.random.default_rng(seed))
    assert selector.parents(2, np.random.default_rng(3)) == once


def test_a_generation_sees_the_population_as_it_was_when_it_began(selector: Selector) -> None:
    population = population_of(10)
    selector.begin(population)
    before = [selector.parents(1, np.random.default_rng(seed)) for seed in range(30)]
    population.extend([make_entry(11, generation=1, slot=0, outcome=make_measured(11, 9.0))])
    assert [selector.parents(1, np.random.default_rng(seed)) for seed in range(30)] == before
