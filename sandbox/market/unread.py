"""Texts that are not a stamp or a number: which there are, and what to write instead."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Unread = dict[tuple[str, str], str]  # (asset, column of the market or "stamp") -> its first text

STAMP = "stamp"
_DATES = (
    *("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y.%m.%d", "%Y/%m/%d"),
    *("%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%b-%Y", "%d %b %Y", "%b %d, %Y", "%d-%b-%y"),
)
_TIMES = ("", " %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p")
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+\.\d+")
_EUROPEAN = re.compile(r"[+-]?\d{1,3}(\.\d{3})+,\d+")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+")
_COMMA = re.compile(r"[+-]?\d+,\d+")


def note(
    unread: Unread, name: str, labels: NDArray[Any], series: pd.Series, bad: NDArray[np.bool_]
) -> None:
    """Keep the first text of each asset that could not be read; empty cells have none.

    Args:
        unread: Where it is kept.
        name: The column, in the market's own words.
        labels: (n,) asset names.
        series: (n,) the cells as the file has them.
        bad: (n,) which could not be read.
    """
    if not bad.any():
        return
    at = np.flatnonzero(bad & series.notna().to_numpy(dtype=bool))
    assets, first = np.unique(labels[at], return_index=True)
    for asset, place in zip(assets, first, strict=True):
        unread.setdefault((str(asset), name), str(series.iloc[int(at[place])]))


def time_formats(text: str) -> tuple[str, ...]:
    """The usual strptime formats that read a text: two where day and month may be either."""
    found: list[str] = []
    for form in (date + time for date in _DATES for time in _TIMES):
        try:
            datetime.strptime(text.strip(), form)
        except ValueError:
            continue
        found.append(form)
    return tuple(found)


def stamp_remedy(text: str, given: str | None) -> str:
    """What to write in a market's TOML so that a stamp is read.

    Args:
        text: The stamp.
        given: The time_format that did not read it.
    """
    forms = [f'"{form}"' for form in time_formats(text) if form != given]
    if not forms:
        return 'write time_format = "..." in the market\'s TOML, as in "%d/%m/%Y %H:%M"'
    other = f" (or {forms[1]})" if len(forms) > 1 else ""
    return f"write time_format = {forms[0]}{other} in the market's TOML"


def number_remedy(text: str) -> str:
    """What to do about a text where a number is needed."""
    text = text.strip()
    if _EUROPEAN.fullmatch(text):
        return 'write decimal = "," and thousands = "." in the market\'s TOML'
    if _GROUPED.fullmatch(text):
        return 'write thousands = "," in the market\'s TOML'
    if _THOUSANDS.fullmatch(text):
        return 'write thousands = "," (or decimal = ",") in the market\'s TOML'
    if _COMMA.fullmatch(text):
        return 'write decimal = "," in the market\'s TOML'
    return "needs plain, finite numbers such as 1234.5"
