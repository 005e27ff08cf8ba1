"""The kernel against vectorbt and backtesting.py, equity path by equity path.

reference.json is written by make_reference.py. Shares are fixed or targets of equity; states are
given, so that only fills, exits and costs are compared.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sandbox.book import Targets, keep_books
from sandbox.fills import Costs, Fills
from sandbox.kernels import book_layout as layout
from tests.sandbox.panels import panel_of

REFERENCE = json.loads((Path(__file__).parent / "reference.json").read_text())


@cache
def bars_of(name: str) -> tuple[list[tuple[int, float, float, float, float]], np.ndarray]:
    given = REFERENCE["bars"][name]
    rows = [tuple(map(float, line.split())) for line in given["ohlc"].splitlines()]
    states = np.array(["-0+".index(c) - 1.0 for c in given["state"]])
    return [(t, *row) for t, row in enumerate(rows)], states


def title(case: dict[str, Any]) -> str:
    told = [f"{k}={v}" for k, v in (case["fills"] | case["exits"]).items()]
    told += [f"{k}={case[k]}" for k in ("fee_bps", "slippage_bps", "weight") if case[k]]
    return "-".join([case["engine"], case["data"], case["side"], *told])


@pytest.mark.parametrize("case", REFERENCE["cases"], ids=title)
def test_our_books_equal_the_engine_that_uses_the_convention(case):
    bars, states = zip(*(bars_of(name) for name in case["data"].split("+")), strict=True)
    panel = panel_of(list(bars))
    state = np.concatenate(states)
    if case["side"] == "long":
        state = np.maximum(state, 0)
    by_weight = case["weight"] is not None
    targets = Targets(
        weights=state * (case["weight"] if by_weight else case["shares"]),
        units="weights" if by_weight else "shares",
        **{name: np.full(panel.size, float(value)) for name, value in case["exits"].items()},
    )
    book = keep_books(
        panel,
        targets,
        window=(0, panel.bars),
        costs=Costs(
            fee_bps=case["fee_bps"],
            slippage_bps=case["slippage_bps"],
            capital=REFERENCE["cash"],
        ),
        fills=Fills.like(case["engine"]).model_copy(update=case["fills"]),
    )
    equity = book.equity * REFERENCE["cash"]
    sampled = np.append(equity[:: REFERENCE["every"]], equity[-1])
    np.testing.assert_allclose(sampled, case["equity"], rtol=1e-9)
    if not by_weight:
        assert book.stats[:, layout.A_TRADES].sum() == case["trades"]
