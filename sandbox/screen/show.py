"""A screen as tables for people."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from sandbox.market import Market
from sandbox.market.panel import stamp_text
from sandbox.screen.noise import WORLDS, Noise
from sandbox.screen.result import Row, Screen
from sandbox.terms import Terms

_UNWRAPPED = 240  # what reads a pipe has no edge to wrap at


def show(found: Screen, market: Market, terms: Terms, *, rows: int, cpu_s: float) -> None:
    """Print the best rows, the noise beside them, and what was looked at.

    Args:
        found: The screen.
        market: What it looked at.
        terms: By which.
        rows: Of each table.
        cpu_s: What it took.
    """
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _UNWRAPPED)
    start, stop = terms.window
    clock = market.panel.clock
    console.print(
        f"{market.name}, training part only: {stamp_text(clock[start])} to "
        f"{stamp_text(clock[stop - 1])}, {stop - start} bars, {market.panel.assets} "
        f"asset{'s' * (market.panel.assets != 1)}",
        style="bold",
    )
    _table(console, "single conditions", found.singles, found.single_noise, rows)
    _table(console, "products of two", found.products, found.product_noise, rows)
    count = len(found.found)
    console.print()
    if count:
        console.print(f"{count} rows above noise (*)", style="bold green")
    else:
        console.print("nothing above noise", style="bold yellow")
    console.print(
        f"{found.looks.total:,} looks ({found.looks.atoms:,} atoms, {found.looks.products:,} "
        f"products), each beside {WORLDS} markets of noise, in {cpu_s:.1f} s of CPU"
    )
    for note in found.notes:
        console.print(f"note: {note}", markup=False)
    for warning in found.warnings:
        console.print(f"warning: {warning}", style="yellow", markup=False)


def _table(console: Console, title: str, rows: Sequence[Row], noise: Noise, most: int) -> None:
    console.print(f"\n{title}", style="bold")
    console.print(
        f"  the best of as many looks at noise scores {noise.usual:.2f}, and above "
        f"{noise.line:.2f} once in 40 scans"
    )
    table = Table(box=None, pad_edge=False, padding=(0, 1))
    for name in ("", "score", "excess", "mean", "+-"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("folds", no_wrap=True)
    table.add_column("position", overflow="fold")
    for row in rows[:most]:
        mark = "?" if row.suspect else "*" if row.above_noise else ""
        table.add_row(
            mark,
            f"{row.score:.2f}",
            f"{row.excess:+.2f}",
            f"{sum(row.folds) / len(row.folds):.2f}",
            f"{row.error:.2f}",
            " ".join(f"{fold:5.2f}" for fold in row.folds),
            row.phrase,
        )
    console.print(table)
