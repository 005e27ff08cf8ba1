"""Figures, tables and untrusted text as renderables for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from genomes.records.text import escaped, number

BOUNDLESS = 10_000
"""Columns that no table needs."""


def figure(value: float | None, *, signed: bool = False) -> str:
    """A figure in four digits, those before the point kept however many; a dash for none."""
    return number(value, 4, signed=signed, whole=True)


def cut(text: str, most: int) -> str:
    """The beginning of a text, with an ellipsis where more follows."""
    return text if len(text) <= most else text[: max(most - 1, 0)].rstrip() + "…"


def said(text: str, style: str = "") -> Text:
    """Untrusted text, `escaped`, as a renderable: square brackets in it are not markup."""
    return Text(escaped(text), style=style)


def pairs(figures: Mapping[str, float | None]) -> Table:
    """Figures by name, in three columns of pairs."""
    cells = [cell for name, value in figures.items() for cell in (name, figure(value))]
    rows = [cells[place : place + 6] for place in range(0, len(cells), 6)]
    names = ["name", "figure"] * 3
    return table(
        False, names, [row + [""] * (6 - len(row)) for row in rows], left="name", head=False
    )


def table(
    rules: bool,
    names: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    left: str = "",
    head: bool = True,
) -> Table:
    """A table as wide as it needs: where that is too wide rich would leave columns out.

    Args:
        rules: Whether it has a rule below its head.
        names: Its columns.
        rows: A cell for each column.
        left: The columns that are set to the left.
        head: Whether the columns' names are shown.
    """
    box = SIMPLE_HEAD if rules else None
    table = Table(
        box=box, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", show_header=head
    )
    for name in names:
        table.add_column(name, justify="left" if name in left.split() else "right", no_wrap=True)
    for row in rows:
        table.add_row(*map(_cell, row))
    table.width = Console(width=BOUNDLESS).measure(table).maximum
    return table


def _cell(text: str) -> Text:
    return Text(escaped(text).replace("\n", " ").replace("\t", " "))
