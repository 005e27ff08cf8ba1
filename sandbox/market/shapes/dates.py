"""Dates: in which of the usual forms a whole column of stamps is written, never guessed."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from sandbox.market.errors import MarketError

if TYPE_CHECKING:
    import pandas as pd

_DATES = (
    *("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y.%m.%d", "%Y/%m/%d"),
    *("%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%b-%Y", "%d %b %Y", "%b %d, %Y", "%d-%b-%y"),
    *("%Y%m%d", "%Y-%m-%d", "%Y-%b-%d", "%a %b %d %Y", "%a %d %b %Y", "%d%m%Y", "%m%d%Y"),
)
_TIMES = (
    *("", " %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p", " %H:%M:%S.%f", " %H%M%S", " %H%M"),
    *(" %I-%p", ", %H:%M", " %I:%M%p", ";%H:%M:%S", "T%H:%M:%S", "T%H%M%S"),
)
_FORMS = tuple(date + time for date in _DATES for time in _TIMES)


def _between(text: str) -> str:
    """What stands between the digits and letters of a stamp."""
    return re.sub(r"\s+", " ", re.sub(r"%?\w", "", text))


def _long_enough(text: str, form: str) -> bool:
    """Whether digits without marks between them are as many as the form's: 0930 is not 09:03:00."""
    digits = re.split(r"\D+", text)
    parts = re.split(r"[^%\w]+", form)
    return all(
        len(d) == (8 if "%Y" in p else 2 * p.count("%"))
        for p, d in zip(parts, digits, strict=False)
        if p.count("%") > 1 and not re.search(r"%[bapf]|T", p)
    )


_MARKS = {form: _between(form) for form in _FORMS}
# What a stamp may end with; the zone is then the column's.
_ZONED = re.compile(r"(?<=\w) ?(UTC|GMT|[A-Z][A-Za-z]+/[A-Z][A-Za-z_/]+)$")
_BROKEN = 0.01  # of a column: the share of stamps that may be unreadable, and are told


def time_formats(text: str) -> tuple[str, ...]:
    """The usual strptime formats that read a text: two where day and month may be either."""
    text = text.strip()
    zoned = _ZONED.search(text)
    tail = zoned.group(0) if zoned else ""
    text = text[: len(text) - len(tail)]
    found: list[str] = []
    between = _between(text)
    for form in _FORMS:
        if _MARKS[form] != between or not _long_enough(text, form):
            continue
        try:
            stamp = datetime.strptime(text, form)
        except ValueError:
            continue
        if 1800 <= stamp.year <= 2200:
            found.append(form + tail)
    return tuple(found)


def zone_of(form: str) -> str | None:
    """The zone that a format of `time_formats` ends with."""
    zoned = _ZONED.search(form)
    if zoned is None:
        return None
    name = "UTC" if zoned.group(1) == "GMT" else zoned.group(1)
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
    return name


class Dates:
    """What the stamps of a column leave possible, batch after batch."""

    def __init__(self, first: str, order: str | None) -> None:
        """Args:
        first: One stamp of the column.
        order: "month" or "day" where the file's source is known to write that first.
        """
        forms = time_formats(first)
        if order is not None:
            other = "%m" if order == "day" else "%d"
            forms = tuple(f for f in forms if not f.startswith(other)) or forms
        self.failed: dict[str, int] = dict.fromkeys(forms, 0)
        self.rows = 0

    def see(self, cells: pd.Series) -> None:
        """Count what each form does not read."""
        import pandas as pd

        cells = cells.dropna()
        unique, counts = np.unique(cells.astype(str).to_numpy(dtype=str), return_counts=True)
        unique = pd.Series(unique, dtype=object).str.strip()
        self.rows += int(counts.sum())
        for form in self.failed:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                stamps = pd.to_datetime(unique, format=form, errors="coerce", exact=True)
            long = np.array([_long_enough(t, form) for t in unique])
            self.failed[form] += int(counts[np.isnat(stamps.to_numpy()) | ~long].sum())

    def form(self, where: str, time: str) -> str | None:
        """The one form that reads the column; None where none does.

        Raises:
            MarketError: Two do, and read different stamps.
        """
        if not self.failed:
            return None
        least = min(self.failed.values())
        if least > max(5, _BROKEN * self.rows):
            return None
        best = [f for f, n in self.failed.items() if n == least]
        if len(best) == 1:
            return best[0]
        raise MarketError(ambiguous(where, time, best))


def ambiguous(where: str, time: str, forms: Iterable[str]) -> str:
    """The sentence for stamps that may be read in several ways."""
    lines = "\n".join(f'    time_format = "{form}"    # {_words(form)}' for form in forms)
    return (
        f"{where}: every stamp of {time!r} reads in more than one way (no day above 12 tells); "
        f"write one of these in the market's TOML:\n{lines}"
    )


def _words(form: str) -> str:
    """The order a form has, as 3 April 1993 would be written."""
    return "3 April 1993 is " + datetime(1993, 4, 3).strftime(form)
