"""How many trials a search was."""

from __future__ import annotations

import numpy as np
import pytest

from engine.statistics import trials
from engine.statistics.samples import SampleError
from engine.statistics.trials import Trials


def test_copies_and_mirror_images_are_one_trial_and_near_copies_are_two() -> None:
    rng = np.random.default_rng(0)
    a, b, noise = rng.standard_normal((3, 500))
    paths = np.column_stack([a, 2 * a + 0.01, -a, b, b + 0.3 * noise, b + 0.01 * noise])
    assert trials.same_returns(paths) == 3
    assert trials.same_returns(paths, 0.9) == 2


def test_paths_that_never_move_are_one_trial_together() -> None:
    a = np.random.default_rng(0).standard_normal(100)
    assert trials.same_returns(np.column_stack([a, a * 0, a * 0])) == 2
    assert trials.same_returns(np.zeros((100, 4))) == 1


@pytest.mark.parametrize("n", [10, 571, 1e6])
def test_null_runs_that_are_n_independent_trials_count_as_n(n: float) -> None:
    expected = {10: 1.53875, 571: None, 1e6: 4.86290}[n]
    if expected is None:
        rng = np.random.default_rng(1)
        best = rng.standard_normal((4000, 571)).max(axis=1) / np.sqrt(5)
        assert trials.null_count(best, 1 / np.sqrt(5)) == pytest.approx(571, rel=0.05)
    else:
        assert trials.null_count([expected * 0.2], 0.2) == pytest.approx(n, rel=1e-4)


def test_a_search_that_found_less_than_nothing_on_noise_is_one_trial() -> None:
    assert trials.null_count([-0.2, 0.1], 0.4) == 1


def test_impossible_counts_say_what_is_needed() -> None:
    with pytest.raises(SampleError, match="5 distinct of 4; needs 0 to raw"):
        Trials(raw=4, distinct=5)
    with pytest.raises(SampleError, match=r"null = 0.5; needs at least 1, or None"):
        Trials(raw=4, distinct=4, null=0.5)
    with pytest.raises(SampleError, match=r"mean of 19.0 standard errors; needs at most 10: are"):
        trials.null_count([1.2], 1 / np.sqrt(252))
    with pytest.raises(SampleError, match="standard_error: got 0"):
        trials.null_count([1.2], 0)
    with pytest.raises(SampleError, match="transpose it, or pass wide=True"):
        trials.same_returns(np.zeros((4, 100)))
