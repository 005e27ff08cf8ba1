"""Figures, tables and strangers' words as people read them in a terminal."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

BOUNDLESS = 10_000
"""Columns that no table needs."""

NOTHING = 1e-12
"""Below this a figure is what rounding left of 0: shown, never computed with."""

LARGE = 9999.5
"""From here on four digits would need an exponent; whole numbers read better."""

LARGEST = 1e15
"""From here on a double is no longer exact to one, and an exponent says so."""


def figure(value: float | None, form: str = ".4g") -> str:
    """A figure for people; a dash where there is none, 0 for what rounding leaves of it."""
    if value is None or math.isnan(value):
        return "-"
    if abs(value) < NOTHING:
        value = 0.0
    if form.endswith("g") and LARGE <= abs(value) < LARGEST:
        form = form.replace(".4g", ".0f")
    return format(value, form)


def escaped(text: str) -> str:
    r"""A stranger's words so that a terminal only shows them: what it might obey is spelled out.

    Line ends, tabs and spaces of any width stay; control characters (an escape sequence begins with
    one), those that turn or hide text, and half surrogate pairs become escapes, as in `\x1b`.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text.replace("\r\n", "\n")))


def one_line(text: str) -> str:
    """A stranger's words, `escaped`, where only one line has room."""
    return escaped(text).replace("\n", " ").replace("\t", " ")


def cut(text: str, most: int) -> str:
    """The beginning of a text, with an ellipsis where more follows."""
    return text if len(text) <= most else text[: max(most - 1, 0)].rstrip() + "…"


def said(text: str, style: str = "") -> Text:
    """A stranger's words, `escaped`, as a renderable: square brackets in them are no markup."""
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
        table.add_row(*(Text(one_line(cell)) for cell in row))
    table.width = Console(width=BOUNDLESS).measure(table).maximum
    return table


def _shown(one: str) -> str:
    if one in "\n\t" or one.isprintable() or unicodedata.category(one) == "Zs":
        return one
    return one.encode("unicode_escape").decode("ascii")
