"""The population: who may be a parent and how candidates stand, the same however it was told."""

from __future__ import annotations

import math

import numpy as np
import pytest

from archive.population import Population, standing
from archive.store import Archive
from genomes.records.outcome import Crashed, Measured

ARRAYS = ("ids", "generations", "fitness", "nodes", "children", "novelty", "descriptors")


def state(population: Population) -> list[object]:
    figures = repr(population.statistics)
    return [*(getattr(population, name).tolist() for name in ARRAYS), figures]


@pytest.fixture
def population(generations) -> Population:
    population = Population()
    for entries in generations:
        population.extend(entries)
    return population


def test_only_what_was_measured_is_a_member(population):
    assert population.ids.tolist() == [1, 2, 3, 5]
    assert population.fitness.tolist() == [0.1, 0.2, 0.3, 0.5]
    assert population.nodes.tolist() == [11, 12, 13, 15]
    assert population.generations.tolist() == [0, 0, 1, 2]
    assert len(population) == 4


def test_prompts_are_no_members(population, entry):
    population.extend([entry(9, generation=3, slot=0, species="prompt")])
    assert population.ids.tolist() == [1, 2, 3, 5]
    assert population.statistics.generation == 3


def test_children_count_whatever_became_of_them_and_once_each(population, entry):
    assert population.children.tolist() == [2, 2, 3, 0]
    population.extend([entry(9, generation=3, slot=0, parents=(5, 5))])
    assert population.children.tolist() == [2, 2, 3, 1, 0]


def test_children_of_a_failed_parent_are_counted_nowhere(population, entry):
    population.extend([entry(9, generation=3, slot=0, parents=(7,))])
    assert population.children.tolist() == [2, 2, 3, 0, 0]


def test_statistics_are_those_of_the_last_generation_told(generations):
    population = Population()
    nothing = population.statistics
    assert (nothing.generation, nothing.members) == (-1, 0)
    assert math.isnan(nothing.median) and math.isnan(nothing.mad) and math.isnan(nothing.novelty)
    population.extend(generations[0])
    population.extend(generations[1])
    statistics = population.statistics
    assert (statistics.generation, statistics.members) == (1, 3)
    assert statistics.median == 0.2
    assert statistics.mad == 0.3 - 0.2
    assert statistics.novelty == np.median(population.novelty)


def test_a_generation_of_failures_only_still_counts_as_told(entry):
    population = Population()
    population.extend([entry(1, outcome=Crashed(stage="draw", reason="it died"))])
    assert (population.statistics.generation, len(population)) == (0, 0)
    assert math.isnan(population.statistics.median)


def test_a_resumed_population_is_the_one_told_as_it_went(told, population):
    again = Population()
    with Archive.open(told, identity=None, readonly=True) as archive:
        again.extend(archive.entries())
    assert state(again) == state(population)


def test_being_told_a_generation_at_a_time_or_all_at_once_is_the_same(generations, population):
    once = Population()
    once.extend(one for entries in generations for one in entries)
    assert state(once) == state(population)


def test_what_is_told_out_of_order_is_refused(generations):
    population = Population()
    population.extend(generations[0])
    with pytest.raises(ValueError, match="expected candidate 3, got 5"):
        population.extend(generations[2])


def test_rows_are_found_by_id(population):
    assert population.rows([5, 1, 4, 99, 2]).tolist() == [3, 0, -1, -1, 1]
    assert population.rows([]).tolist() == []
    assert Population().rows([1]).tolist() == [-1]


def test_a_generation_is_judged_as_if_it_were_told_and_changes_nothing(generations, measured):
    population = Population()
    population.extend(generations[0])
    before = state(population)
    outcomes = [measured(3, 0.15), Crashed(stage="draw", reason="it died"), measured(4, 0.15)]
    judged = population.judge(1, outcomes, [(1,), (1,), (2,)])
    assert state(population) == before
    assert [one.standing for one in judged][:2] == ["better", "crashed"]
    assert judged[1].novelty is None
    population.extend([])
    told = Population()
    told.extend(generations[0])
    rows = [one.outcome for one in generations[0]] + [outcomes[0], outcomes[2]]
    alone = Population()
    alone.extend(
        _entry_of(number, outcome, generations) for number, outcome in enumerate(rows, start=1)
    )
    assert [judged[0].novelty, judged[2].novelty] == alone.novelty.tolist()[2:]


def _entry_of(number, outcome, generations):
    from dataclasses import replace

    return replace(generations[0][0], id=number, slot=number - 1, outcome=outcome)


def test_the_first_seed_alone_meets_nobody(measured):
    (judged,) = Population().judge(0, [measured(1, 0.1)], [()])
    assert (judged.standing, judged.novelty) == ("seed", math.inf)


def test_a_failed_parent_is_nobody_to_beat(population, measured):
    far = measured(9, -5.0, descriptor=population.descriptors[0].astype("<i2").tobytes())
    fit = measured(10, 0.4, descriptor=population.descriptors[0].astype("<i2").tobytes())
    judged = population.judge(3, [far, fit, fit], [(7,), (7, 3), (7, 5)])
    assert [one.standing for one in judged] == ["new", "better", "new"]


@pytest.mark.parametrize(
    ("fitness", "seed", "parents", "novelty", "median", "high", "expected"),
    [
        (0.5, True, [], math.inf, math.nan, 0.6, "seed"),
        (0.5, False, [0.4, 0.3], 0.1, 1.0, 0.6, "better"),
        (0.5, False, [0.6, 0.3], 0.1, 1.0, 0.6, "new"),
        (0.5, False, [0.5], 0.1, 1.0, 0.6, "new"),
        (0.5, False, [0.6], 1.1, 1.0, 0.6, "novel"),
        (0.5, False, [0.4], 1.1, 1.0, 0.6, "better"),
        (0.5, False, [0.6], 1.0, 1.0, 0.6, "new"),
        (0.5, False, [], 1.1, 1.0, 0.6, "novel"),
        (0.5, False, [], 0.9, 1.0, 0.6, "new"),
        (0.5, False, [], 0.9, math.nan, 0.6, "new"),
        (0.5, False, [], 0.9, 1.0, 0.4, "better"),
        (0.5, False, [], 1.1, 1.0, 0.5, "novel"),
        (0.5, False, [0.6], 0.9, 1.0, 0.4, "new"),
        (0.5, False, [], 0.9, math.nan, math.nan, "new"),
    ],
)
def test_standing_of_what_was_measured(
    measured, fitness, seed, parents, novelty, median, high, expected
):
    """A new start has no parent: it is compared with what nine members in ten do not reach."""
    found = standing(
        measured(1, fitness),
        seed=seed,
        parents_fitness=parents,
        novelty=novelty,
        median_novelty=median,
        high=high,
    )
    assert found == expected


def test_what_was_not_measured_stands_as_its_kind_even_as_a_seed(generations):
    failed = [
        one.outcome
        for entries in generations
        for one in entries
        if not isinstance(one.outcome, Measured)
    ]
    for seed in (True, False):
        words = [
            standing(one, seed=seed, parents_fitness=[], novelty=None, median_novelty=0.0, high=0.0)
            for one in [*failed, Crashed(stage="draw", reason="it died")]
        ]
        assert words == ["refused", "duplicate", "floored", "depends_on_start", "crashed"]
