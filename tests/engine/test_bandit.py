"""The bandit, and what is claimed of prompts and models: where there is an effect, and none."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from engine.bandit import Bandit
from engine.credit import OperatorCredit
from engine.uses import Use
from tests.engine.prompt_world import (
    World,
    best,
    covered,
    model_difference,
    prompt_difference,
    run_models,
    run_prompts,
)


def use(generation: int, prompt: int, gain: float, model: str = "m", cost: float = 1.0) -> Use:
    return Use(
        generation=generation,
        prompt=prompt,
        model=model,
        gain=gain,
        cost=cost,
    )


def drawn(bandit: Bandit[int], count: int = 2000, seed: int = 0) -> Counter[int]:
    rng = np.random.default_rng(seed)
    return Counter(bandit.draw(rng) for _ in range(count))


def operators(credit: OperatorCredit) -> list[str]:
    rng = np.random.default_rng(1)
    return [credit.draw(rng) for _ in range(500)]


def taught(gains: dict[int, float], **options: int) -> Bandit[int]:
    bandit = Bandit("prompt", [p for p in gains if p], control=0, **options)
    for g in range(1, 11):
        bandit.tell([use(g, p, gain) for p, gain in gains.items() for _ in range(8)])
    return bandit


# Run by hand at length: -m slow. Two seeds of each stay in the suite.
few_or_many = pytest.mark.parametrize(
    "seeds", [range(2), pytest.param(range(2, 40), marks=pytest.mark.slow)], ids=["few", "many"]
)


@few_or_many
def test_better_prompts_are_found_and_the_interval_of_the_best_holds_the_truth(
    seeds: range,
) -> None:
    found = held = claimed = 0
    for seed in seeds:
        effects = {prompt: 0.5 if prompt in (3, 6) else 0.0 for prompt in range(9)}
        world = World(effects=effects, models={"small": (0.0, 1.0), "large": (0.4, 1.0)})
        bandit, log, _ = run_prompts(world, range(1, 9), seed)
        top = best(bandit.merits())
        assert top is not None
        assert top.difference is not None
        truth = prompt_difference(world, int(top.arm), 0, log)
        held += top.difference.low <= truth <= top.difference.high
        found += top.arm in (3, 6)
        claimed += top.claim == "better"
    assert found >= 0.95 * len(seeds)
    assert held >= 0.95 * len(seeds)
    assert claimed >= 0.65 * len(seeds)


@few_or_many
@pytest.mark.parametrize("prompts", [4, 20])
def test_where_no_prompt_has_an_effect_none_is_claimed_however_often_one_looks(
    prompts: int, seeds: range
) -> None:
    claims = 0
    for seed in seeds:
        world = World(effects=dict.fromkeys(range(prompts + 1), 0.0), generations=20)
        _, _, claimed = run_prompts(world, range(1, prompts + 1), seed, peek=True)
        claims += claimed
    assert claims <= 0.05 * len(seeds)


@few_or_many
def test_the_better_model_for_its_price_is_found_and_intervals_hold_the_truth(
    seeds: range,
) -> None:
    found = held = 0
    for seed in seeds:
        world = World(
            effects={0: 0.0, 1: 0.1},
            models={"plain": (0.0, 1.0), "good": (0.5, 1.0), "dear": (0.5, 4.0)},
            generations=30,
        )
        bandit, log = run_models(world, seed)
        merits = bandit.merits()
        found += merits[0].arm == "good"
        reference = next(str(merit.arm) for merit in merits if merit.control)
        held += covered(
            merits,
            lambda m: model_difference(world, str(m.arm), reference, log, 0.1),  # noqa: B023
        )
    assert found >= 0.85 * len(seeds)
    assert held >= 0.85 * len(seeds)


@few_or_many
def test_where_models_are_alike_none_is_claimed(seeds: range) -> None:
    claims = 0
    for seed in seeds:
        world = World(effects={0: 0.0}, models=dict.fromkeys("abc", (0.0, 1.0)), generations=20)
        bandit, _ = run_models(world, seed)
        claims += any(merit.claim for merit in bandit.merits())
    assert claims <= 0.05 * len(seeds)


def test_the_control_has_its_share_whatever_was_learnt() -> None:
    for gains in ({0: 0.9, 1: -0.5}, {0: -0.9, 1: 0.9}):
        assert drawn(taught(gains))[0] == pytest.approx(600, abs=80)


def test_what_earned_more_is_drawn_more() -> None:
    often = drawn(taught({0: 0.0, 1: 0.5, 2: -0.5, 3: 0.0}))
    assert often[1] > 0.95 * (2000 - often[0])


def test_draws_stand_still_until_the_next_generation_is_told() -> None:
    bandit = taught({0: 0.0, 1: 0.1, 2: 0.12})
    before = drawn(bandit)
    bandit.merits()
    assert drawn(bandit) == before
    bandit.tell([use(11, 1, -1.0)] * 20 + [use(11, 0, 0.0)] * 20)
    assert drawn(bandit) != before


def test_who_was_told_the_same_draws_the_same() -> None:
    assert drawn(taught({0: 0.0, 1: 0.1, 2: 0.12})) == drawn(taught({0: 0.0, 1: 0.1, 2: 0.12}))


def test_a_newcomer_is_tried_beside_a_proven_prompt() -> None:
    bandit = taught({0: 0.0, 1: 0.15, 2: -0.1})
    bandit.tell([], joined=[7])
    assert drawn(bandit)[7] > 700


def test_a_prompt_that_is_surely_worse_goes_for_good() -> None:
    bandit = taught({0: 0.0, 1: 0.6, 2: -0.6, 3: 0.6}, cap=12)
    assert set(bandit.active) == {1, 3}
    bandit.tell([], joined=[2])
    assert set(bandit.active) == {1, 3}


def test_a_prompt_that_gave_way_to_better_ones_does_not_come_back() -> None:
    bandit = taught({0: 0.0, 1: 0.1, 2: 0.09}, cap=1)
    assert bandit.active == (1,)
    bandit.tell([use(11, 1, -1.0), use(11, 0, 0.0)] * 40, joined=[2])
    assert bandit.active == (1,)


def test_no_more_than_the_cap_are_in_use_and_the_untried_wait() -> None:
    bandit = Bandit("prompt", range(1, 9), control=0, cap=3)
    assert bandit.active == (1, 2, 3)
    rng = np.random.default_rng(0)
    seen: set[int] = set()
    for g in range(1, 60):
        prompts = [bandit.draw(rng) for _ in range(20)]
        assert len(bandit.active) <= 3
        seen.update(bandit.active)
        bandit.tell([use(g, p, 0.1 * (p == 8) + 0.1 * float(rng.normal())) for p in prompts])
    assert seen == set(range(1, 9))
    assert bandit.active[0] == 8


def test_with_no_prompt_but_the_control_the_control_is_drawn() -> None:
    assert drawn(Bandit("prompt", control=0, cap=5), 50) == {0: 50}
    with pytest.raises(LookupError, match="needs arms"):
        Bandit[str]("model").draw(np.random.default_rng(0))


def test_a_price_weighs_before_the_first_use_and_less_than_what_is_seen() -> None:
    bandit = Bandit("model", ["dear", "cheap"], prices={"dear": 9.0, "cheap": 1.0}, cost_weight=0.5)
    assert bandit.active == ("cheap", "dear")
    for g in range(1, 20):
        uses = [use(g, 0, -0.9, "cheap", cost=1.0), use(g, 0, 0.9, "dear", cost=1.5)]
        bandit.tell(uses * 8)
    assert bandit.active == ("dear", "cheap")


def test_a_share_of_draws_is_even_where_that_is_asked() -> None:
    bandit = Bandit("model", ["a", "b"], explore=0.2)
    for g in range(1, 20):
        bandit.tell([use(g, 0, 0.9, "a"), use(g, 0, -0.9, "b")] * 8)
    rng = np.random.default_rng(0)
    often = Counter(bandit.draw(rng) for _ in range(2000))
    assert often["b"] == pytest.approx(200, abs=60)


def test_an_arm_that_cannot_be_had_is_left_out_unless_it_is_the_only_one() -> None:
    rng = np.random.default_rng(0)
    bandit = Bandit("model", ["a", "b"])
    assert {bandit.draw(rng, without={"a"}) for _ in range(50)} == {"b"}
    assert {bandit.draw(rng, without={"a", "b"}) for _ in range(50)} == {"a", "b"}


def test_a_cap_of_no_arms_is_refused() -> None:
    with pytest.raises(ValueError, match="cap = 0; needs at least 1"):
        Bandit("prompt", [1], control=0, cap=0)


def test_operators_that_cost_the_same_are_drawn_as_if_they_cost_nothing() -> None:
    names = ("a", "b", "c")
    free = OperatorCredit(names, explore=0.2, memory=0.9)
    same = OperatorCredit(
        names, explore=0.2, memory=0.9, costs=dict.fromkeys(names, 3.0), cost_weight=0.7
    )
    assert operators(free) == operators(same)


def test_only_what_an_operator_costs_above_the_cheapest_counts() -> None:
    one, other = (
        OperatorCredit(
            "ab", explore=0.2, memory=0.9, costs={"a": base, "b": base + 1}, cost_weight=0.7
        )
        for base in (0.0, 512.0)
    )
    assert operators(one) == operators(other)


def test_a_dear_operator_must_earn_more_to_be_drawn_as_often() -> None:
    costs = {"cheap": 1.0, "middle": 3.0, "dear": 5.0}
    credit = OperatorCredit(tuple(costs), explore=0.0, memory=1.0, costs=costs, cost_weight=0.3)
    rng = np.random.default_rng(0)
    often = Counter(credit.draw(rng) for _ in range(3000))
    assert often["cheap"] > 1.2 * often["middle"] > 1.2 * 1.2 * often["dear"]
