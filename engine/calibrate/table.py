"""The table of a study: a line for each kind, Sharpe and method, over its seeds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

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
    "market", "SR", "method", "runs", "efficiency", "[quartiles]", "bar",
    "train", "oracle", "true", "oracle", "ev50/80/95", "cpu50/80/95", "cpu s",
)  # fmt: skip
_WIDTHS = (14, 4, 10, 4, 10, 13, 5, 6, 6, 6, 6, 14, 17, 7)


def lines(rows: pd.DataFrame) -> Iterator[str]:
    """The table as text.

    Efficiency is the champion's true Sharpe over the oracle's; the oracle of `train` and `true` is
    its strategy file. Evaluations and CPU seconds are medians of when the champion's true Sharpe
    first reached 50, 80 and 95% of the oracle's; "-" where fewer than half of the runs got there.
    """
    if rows.empty:
        yield "No run is finished yet."
        return
    yield _row(_HEADINGS)
    for key, runs in rows.groupby(["kind", "sharpe", "method"], sort=True):
        kind, sharpe, method = key if isinstance(key, tuple) else (key, 0.0, "")
        low, middle, high = runs["efficiency"].quantile([0.25, 0.5, 0.75])
        planted = bool(runs["efficiency"].notna().any())
        bar = BARS.get((str(kind), float(sharpe))) if planted and method == "finch" else None
        yield _row((
            str(kind),
            f"{sharpe:g}" if planted else "",
            str(method),
            str(len(runs)),
            f"{middle:.2f}" if planted else "",
            f"[{low:.2f}, {high:.2f}]" if planted else "",
            "" if bar is None else f"{bar:.2f}",
            f"{runs['train_fitness'].median():.2f}",
            _figure(runs["oracle_fitness"].median()),
            f"{runs['true_sharpe'].median():.2f}",
            _figure(runs["oracle_sharpe"].median()),
            "/".join(_reached(runs[f"evaluations_{s}"], "{:.0f}") for s in ("50%", "80%", "95%"))
            if planted else "",
            "/".join(_reached(runs[f"cpu_s_{s}"], "{:.1f}") for s in ("50%", "80%", "95%"))
            if planted else "",
            f"{runs['cpu_s'].median():.1f}",
        ))  # fmt: skip
    nulls = rows[rows["efficiency"].isna()]
    for key, runs in nulls.groupby(["kind", "method"], sort=True):
        yield from _null(key, runs)


def _null(key: Any, runs: pd.DataFrame) -> Iterator[str]:
    kind, method = key
    fitness = runs["train_fitness"].quantile([0, 0.5, 0.95, 1])
    true = runs["true_sharpe"]
    error = float(true.std(ddof=1)) / len(true) ** 0.5 if len(true) > 1 else float("nan")
    yield (
        f"{kind}, {method}: champion's training fitness "
        + ", ".join(
            f"{name} {value:.2f}"
            for name, value in zip(("min", "median", "95%", "max"), fitness, strict=True)
        )
        + f"; true Sharpe {true.mean():+.3f} (standard error {error:.3f})"
    )


def _reached(values: pd.Series[float], form: str) -> str:
    """The median over all runs, those that never got there last; "-" where it is one of them."""
    middle = values.fillna(float("inf")).median()
    return form.format(middle) if middle < float("inf") else "-"


def _figure(value: float) -> str:
    return f"{value:.2f}" if value == value else ""


def _row(cells: tuple[str, ...]) -> str:
    pairs = zip(cells, _WIDTHS, strict=True)
    return " ".join(
        cell.ljust(width) if place in (0, 2) else cell.rjust(width)
        for place, (cell, width) in enumerate(pairs)
    ).rstrip()
