"""The exact interval of a share."""

from __future__ import annotations

import pytest
from scipy import stats

from engine.statistics.proportion import clopper_pearson
from engine.statistics.samples import SampleError


@pytest.mark.parametrize(("hits", "of"), [(0, 40), (9, 100), (4, 40), (40, 40), (1, 1)])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_it_is_the_exact_interval_of_scipy(hits: int, of: int, level: float) -> None:
    found = clopper_pearson(hits, of, level)
    expected = stats.binomtest(hits, of).proportion_ci(level, method="exact")
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert found.value == hits / of


def test_impossible_counts_say_what_is_needed() -> None:
    for hits, of in ((5, 4), (-1, 4), (0, 0)):
        with pytest.raises(SampleError, match=f"got {hits} of {of}; needs 0 <= hits <= of"):
            clopper_pearson(hits, of)
    with pytest.raises(SampleError, match="level: got 95"):
        clopper_pearson(1, 4, 95)
