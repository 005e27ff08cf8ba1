"""Selection and credit: the formulas, and that they are functions of what was told."""

from __future__ import annotations

import numpy as np
import pytest

from engine.credit import OperatorCredit, reward
from engine.selection import weights
from engine.streams import SELECT, VARY, seed_of, stream
from genomes.records.entry import Entry
from genomes.records.outcome import Crashed


def entry(i: int, operator: str, credit: float | None) -> Entry:
    return Entry(
        id=i,
        generation=1,
        slot=i - 1,
        species="strategy",
        text="",
        parents=(),
        operator=operator,
        note="",
        outcome=Crashed(stage="draw", reason=""),
        standing="crashed",
        novelty=None,
        credit=credit,
    )


def test_weights_are_sigmoid_times_novelty_rank_over_children() -> None:
    fitness = np.array([0.0, 1.0, 2.0])
    novelty = np.array([0.3, 0.1, np.inf])
    children = np.array([0.0, 1.0, 3.0])
    found = weights(fitness, novelty, children, median=1.0, mad=1.0)
    sigmoid = 1 / (1 + np.exp(-10 * (fitness - 1.0)))
    expected = sigmoid * np.array([2 / 3, 1 / 3, 1.0]) / np.array([1.0, 2.0, 4.0])
    assert found == pytest.approx(expected)


def test_equal_fitness_does_not_divide_by_zero() -> None:
    found = weights(np.ones(3), np.arange(3.0), np.zeros(3), median=1.0, mad=0.0)
    assert np.isfinite(found).all()


def test_an_operator_that_earns_is_drawn_more() -> None:
    credit = OperatorCredit(("good", "bad"), explore=0.0, memory=1.0)
    credit.tell([entry(i, "good" if i % 2 else "bad", float(i % 2)) for i in range(1, 61)])
    rng = np.random.default_rng(0)
    drawn = [credit.draw(rng) for _ in range(200)]
    assert drawn.count("good") > 180


def test_earnings_fade_by_generation() -> None:
    credit = OperatorCredit(("a",), explore=0.0, memory=0.5)
    credit.tell([entry(1, "a", 1.0)])
    credit.tell([])
    assert credit.table["a"] == (1.0, 0.5)


def test_seeds_earn_nothing_for_anybody() -> None:
    credit = OperatorCredit(("a",), explore=0.0, memory=1.0)
    credit.tell([entry(1, "a", None), entry(2, "seed x", 1.0)])
    assert credit.table["a"][1] == 0


def test_only_a_gain_or_something_novel_is_rewarded() -> None:
    assert reward("better") == 1.0
    assert 0 < reward("novel") < 1
    assert [reward(s) for s in ("new", "duplicate", "refused", "floored", "crashed")] == [0] * 5


def test_streams_differ_by_every_part_of_their_name() -> None:
    names = [
        (7, 1, 2, SELECT),
        (8, 1, 2, SELECT),
        (7, 2, 2, SELECT),
        (7, 1, 3, SELECT),
        (7, 1, 2, VARY),
    ]
    assert len({stream(*name).random() for name in names}) == len(names)
    assert len({seed_of(*name) for name in names}) == len(names)
    assert stream(*names[0]).random() == stream(*names[0]).random()
