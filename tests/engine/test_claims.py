"""What prompts and models have earned: the estimates, and what they must not be fooled by."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.claims import BATCH, LEVEL, SPREAD, Factor, Record, _difference, _share, _Sums
from engine.uses import Use, gain, use_of
from genomes.records.entry import Entry
from genomes.records.merit import Arm, Merit, merit_of
from genomes.records.outcome import Crashed
from genomes.records.proposal import Proposal


def use(generation: int, prompt: int, worth: float, model: str = "model", cost: float = 0.0) -> Use:
    return Use(generation=generation, prompt=prompt, model=model, gain=worth, cost=cost)


def told(
    uses: list[Use], of: Factor = "prompt", reference: Arm | None = None, cost_weight: float = 0.1
) -> dict[Arm, Merit]:
    """The records of uses in order of generations; prompts are compared with 0."""
    if of == "prompt" and reference is None:
        reference = 0
    record = Record(of, reference=reference, cost_weight=cost_weight)
    for _, generation in groupby(uses, key=lambda one: one.generation):
        record.tell(list(generation))
    return {merit.arm: merit for merit in record.merits()}


def noisy(seed: int, generations: int = 12, size: int = 20, prompts: int = 4) -> list[Use]:
    rng = np.random.default_rng(seed)
    return [
        use(
            g,
            int(rng.integers(prompts)),
            float(np.clip(0.4 * rng.standard_normal(), -1, 1)),
            model=str(rng.choice(["small", "large"])),
            cost=float(rng.integers(1, 9)),
        )
        for g in range(1, generations + 1)
        for _ in range(size)
    ]


def middle(merit: Merit) -> float:
    assert merit.difference is not None
    return merit.difference.middle


def width(merit: Merit) -> float:
    assert merit.difference is not None
    return merit.difference.high - merit.difference.low


@pytest.mark.parametrize(
    ("fitness", "parent", "scale", "expected"),
    [
        (1.5, 1.0, 2.0, 0.25),
        (9.0, 1.0, 2.0, 1.0),
        (-9.0, 1.0, 2.0, -1.0),
        (None, -100.0, 2.0, -1.0),
        (1.1, 1.0, 0.0, 1.0),
        (1.0, 1.0, 0.0, 0.0),
    ],
)
def test_a_gain_is_in_scales_and_cut_and_a_failure_is_the_worst(
    fitness: float | None, parent: float, scale: float, expected: float
) -> None:
    assert gain(fitness, parent, scale) == expected


def test_parents_that_grow_harder_do_not_count_against_the_prompt_that_is_used_later() -> None:
    uses: list[Use] = []
    for g in range(1, 11):
        level = 0.5 - 0.12 * g
        late = g  # the prompt is drawn more and more, while parents grow harder
        uses += [use(g, 0, level) for _ in range(20 - late)]
        uses += [use(g, 1, level + 0.2) for _ in range(late)]
    found = told(uses)
    assert found[1].gain < found[0].gain  # what a plain mean says
    assert middle(found[1]) == pytest.approx(0.2)
    assert found[1].credit.middle > found[0].credit.middle


def test_an_expensive_prompt_pays_what_it_costs_above_the_usual() -> None:
    uses = [use(g, p, 0.3, cost=1.0 + 2 * p) for g in range(1, 6) for p in (0, 1) * 10]
    found = told(uses)
    assert middle(found[1]) == pytest.approx(-0.1 * (3.0 - 1.0) / 2.0)
    assert (found[0].cost, found[1].cost) == (1.0, 3.0)


def test_one_runaway_bill_is_capped() -> None:
    uses = [use(g, p, 0.3, cost=1.0) for g in range(1, 3) for p in (0, 1) * 10]
    bills = [use(3, 0, 0.3, cost=1.0)] * 15 + [use(3, 1, 0.3, cost=1e9)] * 5
    weight = 2 * 5.0 + 15 * 5 / 20
    assert middle(told(uses + bills)[1]) == pytest.approx(-0.1 * (5 - 1) * (15 * 5 / 20) / weight)


def test_failures_are_counted_and_weigh() -> None:
    uses = [
        use(g, p, -1.0 if p and i % 2 else 0.2)
        for g in range(1, 30)
        for p in (0, 1)
        for i in range(9)
    ]
    found = told(uses)
    assert found[1].failures == 29 * 4
    assert found[0].failures == 0
    assert found[1].claim == "worse"
    assert found[0].claim is None


def test_generations_of_one_use_are_compared_with_their_neighbours() -> None:
    found = told([use(g, g % 2, 0.2 * (g % 2)) for g in range(1, 41)])
    assert middle(found[1]) == pytest.approx(0.2)
    assert found[0].uses == found[1].uses == 20


def test_nothing_is_claimed_of_a_handful_of_uses() -> None:
    few = [use(1, 0, -1.0)] * 4000 + [use(1, 1, 1.0)] * 4
    enough = [use(1, 0, -1.0)] * 400 + [use(1, 1, 1.0)] * 60
    assert told(few)[1].claim is None
    assert told(enough)[1].claim == "better"


def test_what_all_prompts_may_err_sums_to_the_level_however_many_come() -> None:
    shares = [_share(place) for place in range(100 * BATCH)]
    assert shares == sorted(shares, reverse=True)
    assert 0.98 * LEVEL < math.fsum(shares) < LEVEL
    uses = [use(g, p, 0.1) for g in range(1, 20) for p in range(BATCH + 2) for _ in range(4)]
    found = told(uses)
    assert width(found[1]) == pytest.approx(width(found[BATCH]))
    assert width(found[1]) < width(found[BATCH + 1])


def test_an_interval_misses_the_truth_at_any_of_many_looks_no_more_often_than_its_share() -> None:
    """4,000 records of no difference, looked at after each of 300 blocks."""
    looks, runs, n, m = 300, 4000, 2, 6
    weight = n * m / (n + m)
    sums = [
        _Sums(
            uses=k * n,
            squares=1.0 * k * n,
            weight=k * weight,
            own_noise=k * weight**2 / n,
            reference_noise=k * weight**2 / m,
        )
        for k in range(1, looks + 1)
    ]
    theirs = [_Sums(uses=k * m, squares=1.0 * k * m) for k in range(1, looks + 1)]
    ends = [_difference(a, b, 1.0, 0.05) for a, b in zip(sums, theirs, strict=True)]
    rng = np.random.default_rng(0)
    own = rng.standard_normal((runs, looks)) / math.sqrt(n)
    walk = np.cumsum(own - rng.standard_normal((runs, looks)) / math.sqrt(m), axis=1)
    found = walk / np.arange(1, looks + 1)
    missed = (np.abs(found) > np.array([one.high for one in ends])).any(axis=1).mean()
    assert 0.005 < missed <= 0.05


def test_where_the_control_was_never_used_nothing_is_compared_with_it() -> None:
    found = told([use(g, 1 + g % 2, 0.1) for g in range(1, 40)])
    assert [merit.difference for merit in found.values()] == [None, None]


def test_models_are_compared_with_the_one_used_first() -> None:
    uses = [
        use(g, 0, 0.1 if model == "b" else 0.4, model=model)
        for g in range(1, 10)
        for model in ("b", "a") * 8
    ]
    found = told(uses, "model")
    assert found["b"].control
    assert middle(found["a"]) == pytest.approx(0.3)
    assert middle(told(uses, "model", "a")["b"]) == pytest.approx(-0.3)


def test_credit_of_few_uses_is_drawn_together_and_of_many_is_what_was_seen() -> None:
    def apart(generations: int) -> float:
        found = told(
            [use(g, p, 0.2 * p) for g in range(1, 1 + generations) for p in (0, 1, 2, 3) * 5]
        )
        return found[3].credit.middle - found[0].credit.middle

    assert 0.2 < apart(1) < 0.5
    assert apart(60) == pytest.approx(0.6, rel=0.03)


def test_a_record_with_uses_to_come_is_that_after_them_and_looking_changes_nothing() -> None:
    looked, unseen = Record("prompt", reference=0), Record("prompt", reference=0)
    first = Record("model")
    uses = noisy(1, generations=30, size=5)
    for g in range(1, 31):
        more = [u for u in uses if u.generation == g]
        foreseen = looked.merits(more)
        looked.beliefs([0, 1, 9])
        looked.tell(more)
        unseen.tell(more)
        assert looked.merits() == foreseen
    assert looked.merits() == unseen.merits()
    assert looked.beliefs(range(4)) == unseen.beliefs(range(4))
    assert first.merits([use(1, 0, 0.5, "a")])[0].control
    assert first.merits([use(1, 0, 0.5, "b")])[0].control


def test_many_prompts_keep_their_records() -> None:
    rng = np.random.default_rng(0)
    uses = [
        use(g, p, float(np.clip(0.5 * (p == 3) + 0.2 * rng.standard_normal(), -1, 1)))
        for g in range(1, 121)
        for p in (0, 0, 0, 0, *(max(1, g - 3 + i) for i in range(4)), 3 if g < 9 else g) * 2
    ]
    found = told(uses)
    assert len(found) > 100
    assert found[3].claim == "better"
    assert found[3].credit.low > 0.0
    assert sum(merit.claim is not None for merit in found.values()) == 1


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(-20, 20))
def test_the_unit_of_cost_does_not_matter(seed: int, cost: int) -> None:
    uses = noisy(seed)
    scaled = told([replace(u, cost=math.ldexp(u.cost, cost)) for u in uses])
    for arm, merit in told(uses).items():
        assert replace(merit, cost=0.0) == replace(scaled[arm], cost=0.0)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.floats(-0.5, 0.5))
def test_a_level_that_all_uses_of_a_generation_share_changes_no_comparison(
    seed: int, level: float
) -> None:
    uses = noisy(seed)
    moved = told([replace(u, gain=u.gain + level * math.sin(u.generation)) for u in uses])
    for arm, merit in told(uses).items():
        assert moved[arm].credit.middle == pytest.approx(merit.credit.middle, abs=1e-9)
        if merit.difference is not None:
            assert middle(moved[arm]) == pytest.approx(merit.difference.middle, abs=1e-9)
            assert width(moved[arm]) == pytest.approx(width(merit), abs=1e-9)


def test_credit_is_near_that_of_the_whole_regression() -> None:
    """The slow twin: levels and worths of all blocks in one dense ridge regression."""
    for seed in range(10):
        rng = np.random.default_rng(seed)
        arms, blocks = 5, 25
        worth, chance = 0.2 * rng.standard_normal(arms), rng.dirichlet(np.full(arms, 2.0), blocks)
        uses = [
            use(b, int(k), float(worth[k] + 0.4 * rng.standard_normal() - 0.05 * b))
            for b in range(blocks)
            for k in rng.choice(arms, 20, p=chance[b])
        ]
        x = np.zeros((len(uses), arms + blocks))
        for row, one in enumerate(uses):
            x[row, [one.prompt, arms + one.generation]] = 1
        prior = np.append(np.full(arms, 0.4**2 / SPREAD**2), np.full(blocks, 1e-9))
        y = np.array([one.gain for one in uses])
        exact = np.linalg.solve(x.T @ x + np.diag(prior), x.T @ y)[:arms]
        exact -= x[:, :arms].mean(axis=0) @ exact
        for arm, merit in told(uses).items():
            assert merit.credit.middle == pytest.approx(exact[int(arm)], abs=0.06)


def test_nothing_told_leaves_everything_open() -> None:
    record = Record("prompt")
    (unknown,) = record.beliefs([1])
    assert (unknown.mean, unknown.uses) == (0.0, 0)
    assert unknown.deviation == pytest.approx(SPREAD)
    assert record.merits() == []


def test_a_record_survives_json() -> None:
    for merit in told(noisy(3)).values():
        assert merit_of(json.loads(json.dumps(asdict(merit)))) == merit


def test_a_candidate_that_no_model_answered_for_is_no_use() -> None:
    proposal = Proposal(hypothesis="", probability=None, mended="", calls=(), gain=-1.0)
    entry = Entry(
        id=9,
        generation=3,
        slot=0,
        species="strategy",
        text="",
        parents=(4, 5),
        operator="language_model",
        note="",
        outcome=Crashed(stage="draw", reason=""),
        standing="crashed",
        novelty=None,
        credit=None,
        prompt=2,
        model="m",
        proposal=proposal,
    )
    assert use_of(entry) == Use(generation=3, prompt=2, model="m", gain=-1.0, cost=0.0)
    assert use_of(replace(entry, prompt=None)) is None
    assert use_of(replace(entry, model=None)) is None
    assert use_of(replace(entry, proposal=None)) is None
    assert use_of(replace(entry, proposal=replace(proposal, gain=None))) is None
