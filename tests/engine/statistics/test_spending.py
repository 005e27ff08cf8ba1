"""The level of each test of a series: published values, and sums that hold."""

from __future__ import annotations

import pytest

from engine.statistics import spending
from engine.statistics.samples import SampleError

P = [
    2.90e-17, 0.06743, 0.01514, 0.08174, 0.00171, 3.60e-5, 0.79149, 0.27201,
    0.28295, 7.59e-8, 0.69274, 0.30443, 0.00136, 0.72342, 0.54757,
]  # fmt: skip


def numbers_rejected(stream: spending.Stream) -> list[int]:
    return [k for k, rejected in enumerate(stream.rejected, start=1) if rejected]


def test_openings_of_one_window_use_up_the_level_and_no_more() -> None:
    assert [spending.alpha(k) for k in (1, 2, 3)] == pytest.approx(
        [0.0304, 0.0076, 0.0034], abs=5e-5
    )
    assert sum(spending.alpha(k) for k in range(1, 100_000)) == pytest.approx(0.05, abs=1e-6)
    assert spending.alpha(2, 0.1) == 2 * spending.alpha(2)


def test_lord_plus_plus() -> None:
    found = spending.lord_plus_plus(P)
    assert found.levels == pytest.approx(
        [
            2.676e-4, 2.466e-3, 5.733e-4, 4.873e-4, 4.059e-4, 3.447e-4, 2.975e-3, 8.450e-4,
            7.306e-4, 6.243e-4, 3.219e-3, 1.062e-3, 9.257e-4, 8.020e-4, 7.060e-4,
        ],
        rel=3e-4,
    )  # fmt: skip
    assert numbers_rejected(found) == [1, 6, 10]


def test_saffron() -> None:
    found = spending.saffron(P)
    assert found.levels == pytest.approx(
        [
            5.469e-3, 1.094e-2, 1.094e-2, 1.094e-2, 1.094e-2, 2.187e-2, 3.281e-2, 1.082e-2,
            1.082e-2, 1.082e-2, 2.176e-2, 9.266e-3, 9.266e-3, 2.020e-2, 9.064e-3,
        ],
        rel=5e-4,
    )  # fmt: skip
    assert numbers_rejected(found) == [1, 5, 6, 10, 13]


def test_a_level_never_depends_on_later_tests() -> None:
    for procedure in (spending.lord_plus_plus, spending.saffron):
        whole = procedure(P)
        for n in (1, 5, 11):
            assert procedure(P[:n]).levels == pytest.approx(whole.levels[:n], rel=1e-12)


def test_bad_arguments_say_what_is_needed() -> None:
    with pytest.raises(SampleError, match="k: got 0; needs the number of this opening"):
        spending.alpha(0)
    with pytest.raises(SampleError, match=r"wealth: got 0\.05; needs more than 0 and less than"):
        spending.lord_plus_plus(P, wealth=0.05)
    with pytest.raises(SampleError, match=r"p-values: got 1\.5; needs numbers from 0 to 1"):
        spending.saffron([0.5, 1.5])
