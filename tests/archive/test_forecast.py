"""Brier scores, and their interval."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.forecast import Forecast, brier

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


@given(some)
def test_the_interval_holds_the_score(forecasts: list[Forecast]) -> None:
    found = brier(forecasts)
    assert 0 <= found.low <= found.score <= found.high <= 1
    assert found.count == len(forecasts)


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


@pytest.mark.parametrize("wrong", [-0.1, 1.1, math.nan])
def test_a_probability_outside_0_to_1_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="needs a number from 0 to 1"):
        brier(told((wrong, True)))


def test_no_forecasts_have_no_score() -> None:
    with pytest.raises(ValueError, match="at least one"):
        brier([])
