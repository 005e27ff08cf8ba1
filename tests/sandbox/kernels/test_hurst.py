"""The Hurst exponent tells what carries on from what turns back."""

from __future__ import annotations

import numpy as np
import pytest

from genomes.language.table import OPERATORS
from tests.sandbox.kernels.panels import dimension_of, make_panel, run

HURST = OPERATORS["hurst"]


def hurst(values: np.ndarray, n: int) -> np.ndarray:
    """The known values of hurst over n bars of one asset."""
    panel = make_panel([range(len(values))], {"x": values}, {"x": dimension_of(HURST, "x")})
    return run(HURST, (n,), panel)[n - 1 :]


@pytest.mark.parametrize("n", [5, 6, 16, 17, 64])
def test_a_straight_line_has_exponent_one(n: int) -> None:
    np.testing.assert_allclose(hurst(np.arange(100.0), n), 1.0, atol=1e-9)


def test_noise_is_near_0_and_a_random_walk_near_a_half() -> None:
    noise = np.random.default_rng(1).normal(size=20_000)
    assert hurst(noise, 64).mean() < 0.04
    assert hurst(noise.cumsum(), 64).mean() == pytest.approx(0.47, abs=0.03)
    assert hurst(noise.cumsum().cumsum(), 64).mean() > 0.9


def test_a_zigzag_whose_moves_over_two_bars_are_all_0_is_unknown() -> None:
    assert np.isnan(hurst(np.tile([1.0, 2.0], 20), 8)).all()


@pytest.mark.parametrize("n", [8, 9])
def test_lags_stop_below_half_the_window(n: int) -> None:
    """A period of 4 has no moves over 4 bars: seen from n = 9 on, when 4 is below half of n."""
    assert np.isnan(hurst(np.tile([1.0, 2.0, 4.0, 3.0], 10), n)).all() == (n == 9)
