"""The table of a study: a line for each kind, Sharpe and method, over its seeds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

BARS: dict[tuple[str, float], float] = {
    ("conjunction", 2.0): 0.75,
    ("calendar", 2.0): 0.95,
    ("funding", 2.0): 0.85,
    ("breakout", 2.0): 0.70,
    ("momentum", 2.0): 0.88,
    ("reversal", 2.0): 0.88,
    ("regime", 2.0): 0.30,
    ("conjunction", 1.0): 0.35,
    ("funding", 1.0): 0.55,
}
"""Median efficiency that the engine is to reach, by kind and Sharpe."""

_HEADINGS = (
    "market", "SR", "method", "runs", "efficiency", "[quartiles]", "fittest", "= cpu", "bar",
    "train", "(oracle)", "true", "(oracle)", "ev 50/80/95%", "cpu s 50/80/95%", "cpu s",
)  # fmt: skip
_WIDTHS = (14, 4, 9, 4, 10, 14, 7, 5, 4, 6, 8, 6, 8, 14, 16, 7)

Row = Mapping[str, Any]


def lines(rows: Sequence[Row]) -> Iterator[str]:
    """The table as text.

    Efficiency is the champion's true Sharpe over the oracle's weights', at equal evaluations; under
    "fittest" it is that of the fittest in training, and under "= cpu" the champion's at the
    engine's CPU seconds; figures in brackets are of the oracle's file.
    Evaluations and CPU seconds are medians of when the champion's true Sharpe first reached 50, 80
    and 95% of the oracle's; "-" where half of the runs never did.

    Args:
        rows: One per run, as `engine.calibrate.study.scored` makes them.
    """
    if not rows:
        yield "No run is finished yet."
        return
    yield _line(_HEADINGS)
    groups: dict[tuple[str, float, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["kind"], row["sharpe"], row["method"]), []).append(row)
    for key in sorted(groups):
        yield _group(key, groups[key])
    for key in sorted(groups):
        if math.isnan(groups[key][0]["efficiency"]):
            yield _null(key, groups[key])


def _group(key: tuple[str, float, str], runs: Sequence[Row]) -> str:
    kind, sharpe, method = key
    cells = [kind, "", method, str(len(runs)), "", "", "", "", ""]
    reached = ["", ""]
    if not math.isnan(runs[0]["efficiency"]):
        low, middle, high = _quantiles(runs, "efficiency", 0.25, 0.5, 0.75)
        cells[1], cells[4:6] = f"{sharpe:g}", (f"{middle:.2f}", f"[{low:.2f}, {high:.2f}]")
        (fittest,) = _quantiles(runs, "efficiency_fittest", 0.5)
        cells[6] = f"{fittest:.2f}"
        (same,) = _quantiles(runs, "efficiency_cpu", 0.5)
        cells[7] = "" if math.isnan(same) else f"{same:.2f}"
        if method == "finch" and (kind, sharpe) in BARS:
            cells[8] = f"{BARS[kind, sharpe]:.2f}"
        reached = [_reached(runs, "evaluations", ".0f"), _reached(runs, "cpu_s", ".1f")]
    for name in ("train_fitness", "oracle_fitness", "true_sharpe", "oracle_sharpe"):
        (middle,) = _quantiles(runs, name, 0.5)
        cells.append("" if math.isnan(middle) else f"{middle:.2f}")
    return _line((*cells, *reached, f"{_quantiles(runs, 'cpu_s', 0.5)[0]:.1f}"))


def _null(key: tuple[str, float, str], runs: Sequence[Row]) -> str:
    least, middle, high, most = _quantiles(runs, "train_fitness", 0, 0.5, 0.95, 1)
    true = np.array([row["true_sharpe"] for row in runs], dtype=np.float64)
    error = float(true.std(ddof=1)) / math.sqrt(len(true)) if len(true) > 1 else math.nan
    return (
        f"{key[0]}, {key[2]}: champion's training fitness min {least:.2f}, median {middle:.2f}, "
        f"95% {high:.2f}, max {most:.2f}; true Sharpe {true.mean():+.3f} "
        f"(standard error {error:.3f})"
    )


def _quantiles(runs: Sequence[Row], name: str, *shares: float) -> list[float]:
    """Of the runs that have the figure; nan where none has."""
    values = np.array([row[name] for row in runs], dtype=np.float64)
    values = values[~np.isnan(values)]
    if not len(values):
        return [math.nan] * len(shares)
    return [float(value) for value in np.quantile(values, shares)]


def _reached(runs: Sequence[Row], name: str, form: str) -> str:
    """Medians over all runs, in which those that never got there come last."""
    found: list[str] = []
    for share in ("50%", "80%", "95%"):
        values = np.array([row[f"{name}_{share}"] for row in runs], dtype=np.float64)
        values = np.sort(np.where(np.isnan(values), np.inf, values))
        middle = float(values[len(values) // 2])
        found.append(format(middle, form) if middle < math.inf else "-")
    return "/".join(found)


def _line(cells: Sequence[str]) -> str:
    pairs = zip(cells, _WIDTHS, strict=True)
    return " ".join(
        cell.ljust(width) if place in (0, 2) else cell.rjust(width)
        for place, (cell, width) in enumerate(pairs)
    ).rstrip()
