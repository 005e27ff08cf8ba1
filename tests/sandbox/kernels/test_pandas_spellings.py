"""What a strategy writes as in pandas is what pandas computes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from genomes.language.dimension import NUMBER
from genomes.language.strategy import draw
from sandbox.execute import Executor
from sandbox.market.panel import Panel
from tests.sandbox.kernels.panels import make_panel

LENGTHS = (80, 55, 7)

SPELLINGS: dict[str, Callable[[Any], Any]] = {
    "mean": lambda m: m.x.rolling(5).mean(),
    "mean of one": lambda m: m.x.rolling(1).mean(),
    "long mean": lambda m: m.x.rolling(40).mean(),
    "min_periods": lambda m: m.x.rolling(5, min_periods=5).mean(),
    "sum": lambda m: m.x.rolling(4).sum(),
    "std": lambda m: m.x.rolling(5).std(),
    "std ddof": lambda m: m.x.rolling(5).std(ddof=1),
    "var": lambda m: m.x.rolling(2).var(),
    "max": lambda m: m.x.rolling(6).max(),
    "min": lambda m: m.x.rolling(7).min(),
    "median, odd": lambda m: m.x.rolling(5).median(),
    "median, even": lambda m: m.x.rolling(6).median(),
    "skew": lambda m: m.x.rolling(5).skew(),
    "kurt": lambda m: m.x.rolling(8).kurt(),
    "quantile": lambda m: m.x.rolling(6).quantile(0.3),
    "smallest quantile": lambda m: m.x.rolling(6).quantile(0),
    "largest quantile": lambda m: m.x.rolling(6).quantile(1),
    "rank": lambda m: m.x.rolling(6).rank(pct=True),
    "rank as a number": lambda m: m.x.rolling(6).rank(),
    "corr": lambda m: m.x.rolling(6).corr(m.y),
    "cov": lambda m: m.x.rolling(6).cov(m.y),
    "span": lambda m: m.x.ewm(span=5, adjust=False).mean(),
    "span of one": lambda m: m.x.ewm(span=1, adjust=False).mean(),
    "alpha": lambda m: m.x.ewm(alpha=1 / 7, adjust=False).mean(),
    "com": lambda m: m.x.ewm(com=3, adjust=False).mean(),
    "shift": lambda m: m.x.shift(3),
    "shift by default": lambda m: m.x.shift(),
    "diff": lambda m: m.x.diff(2),
    "pct_change": lambda m: m.x.pct_change(2),
    "abs": lambda m: m.x.abs(),
    "fillna": lambda m: m.x.fillna(m.y),
    "fillna with a number": lambda m: m.x.fillna(2.5),
    "notna": lambda m: m.x.notna() * 1,
    "isna": lambda m: m.x.isna() * 1,
    "clip": lambda m: m.x.clip(-0.5, 0.5),
    "clip below": lambda m: m.x.clip(lower=-0.5),
    "where": lambda m: m.x.where(m.z > 0, m.y),
    "mask": lambda m: m.x.mask(m.z > 0, m.y),
    "between": lambda m: m.z.between(-0.5, 0.5) * 1,
    "comparisons": lambda m: (m.z > 0) * 1 + (m.z <= 0.5) * 2 + (m.z == 0) * 4 + (m.z != 1) * 8,
    "logic": lambda m: ((m.z > 0) & ~(m.z > 1) | (m.z < -1)) * 1,
    "exclusive or": lambda m: ((m.z > 0) ^ (m.z > 1)) * 1,
    "window of a mask": lambda m: ((m.z > 0) * 1.0).rolling(4).mean(),
    "arithmetic": lambda m: (m.x + 1) * m.y / (m.z - m.x) - -m.z,
    "powers": lambda m: m.z**2 + m.z**3 - m.z**4 + m.z**-1 + abs(m.z) ** 0.5,
}


def table(kind: str) -> list[pd.DataFrame]:
    """One frame an asset: x with gaps, y with other gaps, z without."""
    rng = np.random.default_rng(7)
    frames: list[pd.DataFrame] = []
    for length in LENGTHS:
        frame = pd.DataFrame(rng.normal(0, 1, (length, 3)), columns=["x", "y", "z"])
        match kind:
            case "noise":
                pass
            case "far from zero":
                frame["x"] += 1e6
            case "few values":
                frame = frame.round()
            case _:
                raise AssertionError(kind)
        if length > 20:
            frame.loc[[0, 1, 11, 20, 33], "x"] = np.nan
            frame.loc[[2, 25], "y"] = np.nan
        frames.append(frame)
    return frames


def panel_of(frames: list[pd.DataFrame]) -> Panel:
    whole = pd.concat(frames)
    fields = {name: whole[name].to_numpy() for name in whole}
    return make_panel([range(len(f)) for f in frames], fields, dict.fromkeys(fields, NUMBER))


def traced(spelling: Callable[[Any], Any], panel: Panel) -> np.ndarray:
    graph = draw(
        {"factor": lambda m, p: spelling(m), "signal": lambda f, m, p: f}, None, panel.dimensions
    )
    factor = Executor(panel).evaluate(graph).factor
    assert factor is not None
    return factor


@pytest.mark.parametrize("kind", ["noise", "far from zero", "few values"])
@pytest.mark.parametrize("name", SPELLINGS)
def test_a_pandas_spelling_means_what_pandas_means(name: str, kind: str) -> None:
    frames = table(kind)
    got = traced(SPELLINGS[name], panel_of(frames))
    with np.errstate(all="ignore"):
        wanted = np.concatenate([SPELLINGS[name](f).to_numpy(float) for f in frames])
    # pandas adds to and takes away from one sum, so far from zero it is the less exact of the two
    far = kind == "far from zero"
    if name == "corr" and kind == "few values":  # constant windows: pandas leaves rounding there
        wanted[np.isnan(got)] = np.nan
    if name == "skew":  # constant windows: 0 in pandas 2 and here, unknown in pandas 3
        wanted[got == 0] = 0
    np.testing.assert_allclose(got, wanted, rtol=1e-6 if far else 1e-9, atol=1e-6 if far else 1e-12)


@pytest.mark.parametrize("name", ["mean", "std", "var", "rank"])
def test_windows_of_equal_values_are_as_in_pandas(name: str) -> None:
    values = np.r_[np.random.default_rng(1).normal(0, 1, 10), np.full(15, 0.1), [3.0, 4.0, 0.1]]
    frame = pd.DataFrame({"x": values, "y": values, "z": values})
    got = traced(SPELLINGS[name], panel_of([frame]))
    wanted = SPELLINGS[name](frame).to_numpy(float)
    np.testing.assert_array_equal(got[18:25], wanted[18:25])
    np.testing.assert_allclose(got, wanted, rtol=1e-9)
