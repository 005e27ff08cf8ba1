"""The ladder answers in steps, forgets nothing and leaks little."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from engine.statistics.ladder import Ladder, step_of
from engine.statistics.samples import SampleError


def answers(step: float, scores: list[float]) -> list[float | None]:
    state, found = Ladder(step=step), []
    for score in scores:
        state = state.asked(score)
        found.append(state.best)
    return found


def test_it_answers_by_the_step_and_only_when_a_step_better() -> None:
    scores = [0.42, 0.60, 0.89, 0.91, 0.2, 1.60]
    assert answers(0.5, scores) == [0.5, 0.5, 0.5, 0.5, 0.5, 1.5]
    assert answers(0.4, scores) == pytest.approx([0.4, 0.4, 0.8, 0.8, 0.8, 1.6])


def test_it_counts_questions_and_what_leaked() -> None:
    state = Ladder(step=0.5)
    for score in (0.42, 0.6, 0.7, 1.6, -3.0):
        state = state.asked(score)
    assert (state.questions, state.releases) == (5, 2)


def test_its_state_survives_json() -> None:
    state = Ladder(step=0.4472135954999579).asked(0.3).asked(2.2)
    assert Ladder.read(json.loads(json.dumps(state.record()))) == state
    fresh = Ladder(step=1.0)
    assert Ladder.read(json.loads(json.dumps(fresh.record()))) == fresh


def test_one_step_is_one_standard_error_of_an_annual_sharpe() -> None:
    assert step_of(4) == 0.5


def test_the_majority_of_useless_strategies_learns_little_from_it() -> None:
    """Reference A4: 500 useless strategies, 5 years: t = 18.1 with full feedback, 3.1 with it."""
    rng = np.random.default_rng(5)
    bars, years = 1260, 5
    returns = rng.standard_normal((bars, 500))

    def t(path: np.ndarray) -> float:
        return float(path.mean() / path.std() * math.sqrt(bars))

    told = np.sign([t(column) for column in returns.T])
    state, combined, accepted = Ladder(step=step_of(years)), np.zeros(bars), 0
    for column in returns.T:
        before = state.releases
        state = state.asked(t(combined + column) / math.sqrt(years))
        if state.releases > before:
            combined += column
            accepted += 1
    assert t(returns @ told) > 15
    assert t(combined) < 5
    assert state.releases == accepted <= 6


def test_bad_scores_steps_and_records_say_what_is_needed() -> None:
    with pytest.raises(SampleError, match=r"step = 0; needs a number above 0: one standard error"):
        Ladder(step=0)
    with pytest.raises(SampleError, match="score = nan; needs a finite score"):
        Ladder(step=1).asked(math.nan)
    with pytest.raises(SampleError, match=r"got the keys \['step'\]; needs \['best', 'questions'"):
        Ladder.read({"step": 1.0})
    with pytest.raises(SampleError, match="years: got 0"):
        step_of(0)
