"""Small planted markets for the tests of the screen."""

from __future__ import annotations

import numpy as np

from sandbox.fills import Costs, Fills
from sandbox.market import Panel
from sandbox.objective import Objective
from sandbox.terms import Terms
from tests.markets import make_panel

WINDOW = 130


def conjunction(seed: int, *, bars: int = 900, edge: float = 0.6) -> Panel:
    """One asset that follows its last 13 bars while volume is high, and reverts while it is low."""
    rng = np.random.default_rng(seed)
    volume = np.exp(rng.normal(0, 0.5, bars))
    log = np.zeros(bars)
    for t in range(30, bars - 1):
        moved = np.sign(log[t] - log[t - 13])
        busy = np.sign(np.log(volume[t]) - np.log(volume[t - 18 : t + 1]).mean())
        log[t + 1] = log[t] + 0.01 * (edge * moved * busy + rng.standard_normal())
    return make_panel({"A": 100 * np.exp(log)}, volumes={"A": 1000 * volume})


def walk(seed: int, *, bars: int = 900, assets: int = 1, **columns: np.ndarray) -> Panel:
    """Random walks with volume, and columns that are the same for every asset."""
    rng = np.random.default_rng(seed)
    names = [f"A{i}" for i in range(assets)]
    closes = {n: 100 * np.exp(np.cumsum(rng.normal(0, 0.01, bars))) for n in names}
    gaps = {n: np.r_[c[:1], c[:-1]] * np.exp(rng.normal(0, 0.003, bars)) for n, c in closes.items()}
    return make_panel(
        closes,
        opens=gaps,
        volumes={n: np.exp(rng.normal(7, 0.5, bars)) for n in names},
        columns={name: dict.fromkeys(names, values) for name, values in columns.items()},
    )


def terms_on(
    panel: Panel, *, fill: str = "next_open", fee_bps: float = 2.0, **objective: object
) -> Terms:
    """Six folds over all bars but the first WINDOW."""
    edges = tuple(WINDOW + (panel.bars - WINDOW) * i // 6 for i in range(7))
    return Terms(
        window=(WINDOW, panel.bars),
        edges=edges,
        costs=Costs(fee_bps=fee_bps, slippage_bps=0, borrow_bps_per_year=50),
        fills=Fills.model_validate({"fill": fill}),
        objective=Objective.model_validate(objective),
    )
