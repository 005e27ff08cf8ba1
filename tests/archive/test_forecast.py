"""Brier scores: their parts, their interval, and who is told apart from whom."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.forecast import Forecast, brier, by_group, forecast_of
from genomes.records.entry import Entry
from genomes.records.outcome import Crashed
from genomes.records.proposal import Proposal

some = st.lists(
    st.builds(Forecast, probability=st.floats(0, 1), true=st.booleans()),
    min_size=1,
    max_size=60,
)


def told(*pairs: tuple[float, bool]) -> list[Forecast]:
    return [Forecast(probability=p, true=true) for p, true in pairs]


def test_a_prophet_scores_0_and_who_is_surely_wrong_scores_1() -> None:
    assert brier(told((1.0, True), (0.0, False))).score == 0.0
    assert brier(told((0.0, True), (1.0, False))).score == 1.0
    assert brier(told((0.5, True), (0.5, False))).score == 0.25


def test_the_parts_of_an_overconfident_forecaster() -> None:
    found = brier(told(*[(0.85, i < 2) for i in range(10)], *[(0.15, False)] * 10))
    assert found.said == pytest.approx(0.5)
    assert found.came_true == pytest.approx(0.1)
    assert found.reliability == pytest.approx(0.5 * 0.65**2 + 0.5 * 0.15**2)
    assert found.resolution == pytest.approx(0.01)
    assert found.uncertainty == pytest.approx(0.09)
    assert found.within == pytest.approx(0.0)
    assert found.score == pytest.approx((2 * 0.15**2 + 8 * 0.85**2 + 10 * 0.15**2) / 20)
    assert found.skill is not None
    assert found.skill < 0


def test_forecasts_no_better_than_the_base_rate_have_no_skill() -> None:
    assert brier(told(*[(0.2, i < 2) for i in range(10)])).skill == pytest.approx(0.0)
    assert brier(told((0.2, False))).skill is None


@given(some)
def test_the_parts_make_up_the_score(forecasts: list[Forecast]) -> None:
    found = brier(forecasts)
    parts = found.reliability - found.resolution + found.uncertainty + found.within
    assert found.score == pytest.approx(parts)
    assert 0 <= found.low <= found.score <= found.high <= 1


def test_the_interval_covers_also_where_forecasts_are_few() -> None:
    rng = np.random.default_rng(0)
    for count in (3, 8, 30, 150):
        held = 0
        for _ in range(200):
            probability = rng.beta(1, 3, count)
            happened = rng.random(count) < probability
            found = brier(told(*zip(map(float, probability), map(bool, happened), strict=True)))
            held += found.low <= 0.25 - 0.1 <= found.high  # E[p (1 - p)] of Beta(1, 3) is 0.15
        assert held >= 186


def test_one_forecast_that_came_true_does_not_look_sure() -> None:
    found = brier(told((0.9, True)))
    assert found.score == pytest.approx(0.01)
    assert found.high > 0.9


def test_groups_are_scored_apart_in_the_order_they_came() -> None:
    found = by_group([("b", f) for f in told((1.0, True))] + [("a", f) for f in told((1.0, False))])
    assert list(found) == ["b", "a"]
    assert (found["b"].score, found["a"].score) == (0.0, 1.0)


@pytest.mark.parametrize("wrong", [-0.1, 1.1, math.nan])
def test_a_probability_outside_0_to_1_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="needs a number from 0 to 1"):
        brier(told((wrong, True)))


def test_no_forecasts_have_no_score() -> None:
    with pytest.raises(ValueError, match="at least one"):
        brier([])


def test_a_crash_beat_nobody_and_no_probability_is_no_forecast() -> None:
    def entry(probability: float | None) -> Entry:
        return Entry(
            id=2,
            generation=1,
            slot=0,
            species="strategy",
            text="",
            parents=(1,),
            operator="language_model",
            note="",
            outcome=Crashed(stage="draw", reason=""),
            standing="crashed",
            novelty=None,
            credit=None,
            proposal=Proposal(
                hypothesis="", probability=probability, mended="", calls=(), gain=-1.0
            ),
        )

    assert forecast_of(entry(0.7), -3.0) == Forecast(probability=0.7, true=False)
    assert forecast_of(entry(None), -3.0) is None
    assert forecast_of(entry(0.7), None) is None
