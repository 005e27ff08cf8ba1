"""What prompts and models have earned: the estimates, and what they must not be fooled by."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.belief import SPREADS, Comparisons
from archive.merit import FEW, Record, Use, best, gain, merits, use_of
from genomes.records.entry import Entry
from genomes.records.outcome import Crashed
from genomes.records.proposal import Proposal


def use(generation: int, prompt: int, worth: float, parent: int = 1, **changes: object) -> Use:
    made = Use(
        generation=generation,
        parent=parent,
        parent_fitness=None,
        prompt=prompt,
        model="model",
        control=prompt == 0,
        gain=worth,
        cost=0.0,
    )
    return replace(made, **changes)


def noisy(seed: int, generations: int = 12, size: int = 20, prompts: int = 4) -> list[Use]:
    rng = np.random.default_rng(seed)
    return [
        use(
            g,
            int(rng.integers(prompts)),
            float(np.clip(0.4 * rng.standard_normal(), -1, 1)),
            parent=int(rng.integers(6)),
            parent_fitness=float(rng.standard_normal()),
            model=str(rng.choice(["small", "large"])),
            cost=float(rng.integers(1, 9)),
        )
        for g in range(1, generations + 1)
        for _ in range(size)
    ]


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
    found = {merit.arm: merit for merit in merits(uses, "prompt")}
    assert found[1].gain < found[0].gain  # what a plain mean says
    assert found[1].difference is not None
    assert found[1].difference.middle == pytest.approx(0.2)
    assert found[1].credit.middle > found[0].credit.middle


def test_two_children_of_one_parent_do_not_double_the_difference_between_their_prompts() -> None:
    uses = [
        use(g, prompt, 0.1 * prompt + 0.05 * parent, parent=100 * g + parent)
        for g in range(1, 6)
        for parent in range(10)
        for prompt in (0, 1)
    ]
    found = {merit.arm: merit for merit in merits(uses, "prompt")}
    assert found[1].difference is not None
    assert found[1].difference.middle == pytest.approx(0.1)


def test_a_parent_whose_earlier_children_failed_excuses_whoever_meets_it() -> None:
    uses = [
        use(g, prompt, 0.5 if parent < 5 else -0.9, parent=parent)
        for g in range(1, 9)
        for parent in range(10)
        for prompt in (0, 1)
    ]
    unlucky = [use(9, 1, -0.9, parent=7), use(9, 0, 0.5, parent=2)] * 8
    even = {m.arm: m for m in merits(uses, "prompt")}[1].difference
    after = {m.arm: m for m in merits(uses + unlucky, "prompt")}[1].difference
    strangers = [replace(u, parent=u.parent + 1000) for u in unlucky]
    blamed = {m.arm: m for m in merits(uses + strangers, "prompt")}[1].difference
    assert even is not None
    assert after is not None
    assert blamed is not None
    assert even.middle == pytest.approx(0.0)
    assert abs(after.middle) < 0.4 * abs(blamed.middle)


def test_a_fit_parent_is_known_to_be_hard_to_beat() -> None:
    rng = np.random.default_rng(3)

    def told(known: bool) -> list[Use]:
        uses: list[Use] = []
        for g in range(1, 31):
            for _ in range(20):
                fitness = float(rng.standard_normal())
                worth = float(np.clip(-0.5 * fitness, -1, 1))
                shown = fitness + 10 * g if known else None
                uses.append(use(g, int(rng.integers(2)), worth, g * 100, parent_fitness=shown))
        return uses

    widths: list[float] = []
    for known in (True, False):
        found = {m.arm: m for m in merits(told(known), "prompt")}[1].difference
        assert found is not None
        widths.append(found.high - found.low)
    assert widths[0] < 0.6 * widths[1]


def test_a_dear_prompt_pays_what_it_costs_above_the_usual() -> None:
    uses = [use(g, p, 0.3, cost=1.0 + 2 * p) for g in range(1, 6) for p in (0, 1) * 10]
    found = {merit.arm: merit for merit in merits(uses, "prompt", cost_weight=0.1)}
    assert found[1].difference is not None
    assert found[1].difference.middle == pytest.approx(-0.1 * (3.0 - 1.0) / 2.0)
    assert (found[0].cost, found[1].cost) == (1.0, 3.0)


def test_one_runaway_bill_is_capped() -> None:
    uses = [use(g, p, 0.3, cost=1.0) for g in range(1, 3) for p in (0, 1) * 10]
    dear = [use(3, 0, 0.3, cost=1.0)] * 15 + [use(3, 1, 0.3, cost=1e9)] * 5
    found = {merit.arm: merit for merit in merits(uses + dear, "prompt", cost_weight=0.1)}
    weight = 2 * 5.0 + 15 * 5 / 20
    assert found[1].difference is not None
    assert found[1].difference.middle == pytest.approx(-0.1 * (5 - 1) * (15 * 5 / 20) / weight)


def test_failures_are_counted_and_weigh() -> None:
    uses = [
        use(g, p, -1.0 if p and i % 2 else 0.2)
        for g in range(1, 30)
        for p in (0, 1)
        for i in range(9)
    ]
    found = {merit.arm: merit for merit in merits(uses, "prompt")}
    assert found[1].failures == 29 * 4
    assert found[0].failures == 0
    assert found[1].claim == "worse"
    assert found[0].claim is None


def test_generations_of_one_use_are_compared_with_their_neighbours() -> None:
    uses = [use(g, g % 2, 0.2 * (g % 2)) for g in range(1, 41)]
    found = {merit.arm: merit for merit in merits(uses, "prompt")}
    assert found[1].difference is not None
    assert found[1].difference.middle == pytest.approx(0.2)
    assert found[0].uses == found[1].uses == 20


def test_nothing_is_claimed_of_a_handful_of_uses() -> None:
    few = [use(1, 0, -1.0)] * 400 + [use(1, 1, 1.0)] * (FEW - 1)
    enough = [use(1, 0, -1.0)] * 400 + [use(1, 1, 1.0)] * 60
    assert {m.arm: m for m in merits(few, "prompt")}[1].claim is None
    assert {m.arm: m for m in merits(enough, "prompt")}[1].claim == "better"


def test_the_more_prompts_are_compared_the_wider_each_interval() -> None:
    rng = np.random.default_rng(0)

    def width(prompts: int) -> float:
        uses = [
            use(g, p, float(np.clip(0.3 * rng.standard_normal(), -1, 1)))
            for g in range(1, 41)
            for p in range(prompts + 1)
            for _ in range(10)
        ]
        found = {m.arm: m for m in merits(uses, "prompt")}[1].difference
        assert found is not None
        return found.high - found.low

    assert width(1) < width(4) < width(16)


def test_without_a_control_nothing_is_compared_with_it() -> None:
    found = merits([use(g, 1 + g % 2, 0.1) for g in range(1, 40)], "prompt")
    assert [m.difference for m in found] == [None, None]


def test_models_are_compared_with_the_one_used_first() -> None:
    uses = [
        use(g, 0, 0.1 if model == "b" else 0.4, model=model)
        for g in range(1, 10)
        for model in ("b", "a") * 8
    ]
    found = {merit.arm: merit for merit in merits(uses, "model")}
    assert found["b"].control
    assert found["a"].difference is not None
    assert found["a"].difference.middle == pytest.approx(0.3)
    named = {merit.arm: merit for merit in merits(uses, "model", reference="a")}
    assert named["b"].difference is not None
    assert named["b"].difference.middle == pytest.approx(-0.3)


def test_the_best_prompt_is_never_the_control() -> None:
    uses = [use(g, p, 0.9 if p == 0 else 0.1 * p) for g in range(1, 10) for p in (0, 1, 2) * 6]
    found = merits(uses, "prompt")
    assert found[0].arm == 0
    top = best(found)
    assert top is not None
    assert top.arm == 2
    assert best([found[0]]) is None


def test_alike_prompts_are_drawn_together_and_different_ones_are_not() -> None:
    rng = np.random.default_rng(5)

    def told(apart: float) -> tuple[float, float]:
        uses = [
            use(g, p, float(np.clip(apart * p + 0.3 * rng.standard_normal(), -1, 1)))
            for g in range(1, 21)
            for p in (0, 1, 2, 3) * 5
        ]
        found = merits(uses, "prompt")
        raw = {m.arm: m.gain for m in found}
        credit = {m.arm: m.credit.middle for m in found}
        return raw[3] - raw[0], credit[3] - credit[0]

    raw, credit = told(0.0)
    assert abs(credit) < 0.6 * abs(raw)
    raw, credit = told(0.2)
    assert credit == pytest.approx(raw, rel=0.05)


def test_uses_of_several_generations_or_out_of_order_are_refused() -> None:
    record = Record("prompt")
    record.tell([])
    record.tell([use(4, 0, 0.0)])
    for wrong in ([use(4, 0, 0.0)], [use(3, 0, 0.0)], [use(5, 0, 0.0), use(6, 0, 0.0)]):
        with pytest.raises(ValueError, match="one later generation"):
            record.tell(wrong)


def test_looking_changes_nothing() -> None:
    looked, unseen = Record("prompt"), Record("prompt")
    uses = noisy(1, generations=30, size=5)
    for g in range(1, 31):
        told = [u for u in uses if u.generation == g]
        looked.tell(told)
        unseen.tell(told)
        looked.merits()
        looked.beliefs()
    assert looked.merits() == unseen.merits() == merits(uses, "prompt")


def test_many_prompts_keep_their_record_when_they_are_no_longer_weighed() -> None:
    rng = np.random.default_rng(0)
    uses = [
        use(g, p, float(np.clip(0.5 * (p == 3) + 0.2 * rng.standard_normal(), -1, 1)))
        for g in range(1, 121)
        for p in (0, 0, 0, 0, *(max(1, g - 3 + i) for i in range(4)), 3 if g < 9 else g) * 2
    ]
    found = {merit.arm: merit for merit in merits(uses, "prompt")}
    assert len(found) > 100
    assert found[3].claim == "better"
    assert found[3].credit.low > 0.2
    assert sum(merit.claim is not None for merit in found.values()) == 1
    earlier = merits([u for u in uses if u.generation < 118], "prompt")
    assert found[3].credit == next(merit.credit for merit in earlier if merit.arm == 3)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(-20, 20), st.integers(-20, 20))
def test_units_of_cost_and_of_fitness_do_not_matter(seed: int, cost: int, fitness: int) -> None:
    uses = noisy(seed)
    scaled = [
        replace(
            u,
            cost=math.ldexp(u.cost, cost),
            parent_fitness=math.ldexp(u.parent_fitness or 0.0, fitness),
        )
        for u in uses
    ]
    for a, b in zip(merits(uses, "prompt"), merits(scaled, "prompt"), strict=True):
        assert replace(a, cost=0.0) == replace(b, cost=0.0)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.floats(-0.5, 0.5))
def test_a_level_that_all_uses_of_a_generation_share_changes_no_comparison(
    seed: int, level: float
) -> None:
    uses = noisy(seed)
    moved = [replace(u, gain=u.gain + level * math.sin(u.generation)) for u in uses]
    one = {m.arm: m for m in merits(uses, "prompt")}
    for other in merits(moved, "prompt"):
        assert other.credit.middle == pytest.approx(one[other.arm].credit.middle, abs=1e-9)
        if other.difference is not None:
            found = one[other.arm].difference
            assert found is not None
            assert other.difference.low == pytest.approx(found.low, abs=1e-9)


def test_beliefs_are_those_of_the_whole_regression() -> None:
    """The slow twin: levels and worths in one dense Gaussian posterior, mixed over spreads."""
    rng = np.random.default_rng(2)
    arms, blocks, variance = 5, 7, 0.3
    counts = rng.integers(0, 5, (blocks, arms))
    counts[0] += 1
    comparisons = Comparisons()
    rows, values = [], []
    for b in range(blocks):
        credit = [rng.standard_normal(n) + 0.3 * k for k, n in enumerate(counts[b])]
        used = [k for k in range(arms) if counts[b, k]]
        comparisons.add(
            {k: int(counts[b, k]) for k in used}, {k: float(credit[k].sum()) for k in used}
        )
        for k in used:
            for value in credit[k]:
                row = np.zeros(arms + blocks)
                row[k] = row[arms + b] = 1
                rows.append(row)
                values.append(value)
    x, y = np.array(rows), np.array(values)
    expected = np.array([0.0, 0.2, 0.0, 0.0, -0.1])
    share = np.append(counts.sum(axis=0) / counts.sum(), np.zeros(blocks))
    flat = 1e-9  # precision of a level
    means, squares, fits = [], [], []
    for spread in SPREADS:
        prior = np.append(np.full(arms, spread**-2), np.full(blocks, flat))
        covariance = np.linalg.inv(x.T @ x / variance + np.diag(prior))
        start = np.append(expected, np.zeros(blocks))
        mean = covariance @ (x.T @ y / variance + prior * start)
        contrast = np.eye(arms + blocks)[:arms] - share
        means.append(contrast @ mean)
        squares.append(np.diag(contrast @ covariance @ contrast.T) + means[-1] ** 2)
        marginal = variance * np.eye(len(y)) + x @ np.diag(1 / prior) @ x.T
        off = y - x @ start
        fits.append(-0.5 * (np.linalg.slogdet(marginal)[1] + off @ np.linalg.solve(marginal, off)))
    weight = np.exp(np.array(fits) - max(fits))
    weight /= weight.sum()
    mean, square = weight @ np.array(means), weight @ np.array(squares)
    known, _ = comparisons.beliefs(variance, dict(enumerate(expected)))
    for k in range(arms):
        assert known[k].mean == pytest.approx(mean[k], abs=1e-5)
        assert known[k].deviation == pytest.approx(math.sqrt(square[k] - mean[k] ** 2), abs=1e-5)


def test_an_arm_that_is_settled_leaves_what_it_told_of_the_others() -> None:
    """1 and 2 never met, but both met 3; that is worth half as many meetings of their own."""
    through, direct = Comparisons(), Comparisons()
    for _ in range(20):
        through.add({1: 1, 3: 1}, {1: 0.5, 3: 0.0})
        through.add({2: 1, 3: 1}, {2: 0.1, 3: 0.0})
    for _ in range(10):
        direct.add({1: 1, 2: 1}, {1: 0.5, 2: 0.1})
    twin = through.copy()
    through.settle(3)
    assert (through.arms, twin.arms) == ([1, 2], [1, 3, 2])
    settled, met = through.beliefs(0.01, {}), direct.beliefs(0.01, {})
    for one, other in (
        (settled[0][1], met[0][1]),
        (settled[0][2], met[0][2]),
        (settled[1], met[1]),
    ):
        assert one.mean == pytest.approx(other.mean, abs=1e-12)
        assert one.deviation == pytest.approx(other.deviation)
    assert settled[0][1].mean - settled[0][2].mean == pytest.approx(0.4, abs=0.02)


def test_nothing_told_leaves_everything_open() -> None:
    known, unknown = Record("prompt").beliefs()
    assert known == {}
    assert unknown.mean == 0.0
    assert unknown.deviation > 0.2
    assert merits([], "prompt") == []


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
    made = use_of(entry, controls={2}, parent_fitness=0.5)
    assert made == Use(
        generation=3,
        parent=4,
        parent_fitness=0.5,
        prompt=2,
        model="m",
        control=True,
        gain=-1.0,
        cost=0.0,
    )
    assert use_of(replace(entry, parents=()), controls={2}, parent_fitness=None) is None
    assert use_of(replace(entry, prompt=None), controls={2}, parent_fitness=0.5) is None
    unknown = replace(entry, proposal=replace(proposal, gain=None))
    assert use_of(unknown, controls={2}, parent_fitness=0.5) is None
