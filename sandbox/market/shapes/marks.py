"""Marks: how a file writes its numbers (decimal, thousands, currency, K/M/B), and their values."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sandbox.market.panel import F64

if TYPE_CHECKING:
    import pandas as pd

# What may stand around the digits: a sign, a currency, a scale.
_CELL = re.compile(
    r"(?P<sign>[-+\u2212]?)\s*(?:US\$|R\$|[$\u20ac\u00a3\u00a5\u20b9\u20bf]|USD|EUR|GBP)?\s*"
    r"(?P<digits>\d[\d.,'\u2019 \u00a0\u202f]*?|[.,]\d+)(?P<power>[eE][-+]?\d+)?\s*"
    r"(?P<scale>[KkMmBbTt]?)\s*(?:[$\u20ac\u00a3\u00a5]|USD|EUR|GBP)?"
)
_POWERS = {"": 0, "k": 3, "m": 6, "b": 9, "t": 12}
_SPACES = "\u00a0\u202f"


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """How numbers are written.

    Attributes:
        decimal: Before the fraction.
        thousands: Between groups of three digits; "" for none.
    """

    decimal: str = "."
    thousands: str = ""

    @property
    def said(self) -> str:
        """What of it is worth a word."""
        names = {",": "commas", ".": "dots", "'": "apostrophes", " ": "spaces"}
        parts = ["decimal comma"] if self.decimal == "," else []
        parts += [f"{names[self.thousands]} between thousands"] if self.thousands else []
        return ", ".join(parts)


_KNOWN = tuple(
    Marks(decimal=d, thousands=t) for d in ".," for t in ("", ".", ",", " ", "'") if d != t
)


def find_marks(columns: Iterable[pd.Series]) -> Marks | None:
    """The one way to write numbers in which all these cells read; None where there are two.

    Cells that no way reads are left aside. Where a dot before a fraction, and no other
    mark, reads them all, that is the way: it is how programs write numbers.
    """
    texts = {str(t) for cells in columns for t in cells.dropna().unique()}
    plain = {t for t in texts if not math.isnan(number(t, _KNOWN[0]))}
    odd = {t for t in texts - plain if _CELL.fullmatch(t.strip())}
    if not odd:
        return _KNOWN[0]
    asked = sorted(t for t in odd if any(not math.isnan(number(t, m)) for m in _KNOWN))
    asked += sorted(plain)
    every = [(m, [number(t, m) for t in asked]) for m in _KNOWN[1:]]
    fits = [(m, read) for m, read in every if not any(map(math.isnan, read))]
    if not fits or any(read != fits[0][1] for _, read in fits):
        return None
    return fits[0][0]


def to_marked(cells: pd.Series, marks: Marks) -> F64:
    """The numbers of cells as float64; NaN where there is none."""
    import pandas as pd

    codes, texts = pd.factorize(cells)
    values = np.array([*(number(str(t), marks) for t in texts), np.nan])
    return values[codes]  # a missing cell has code -1: NaN


def number(text: str, marks: Marks) -> float:
    """One number, as these marks write it; NaN where it is none."""
    found = _CELL.fullmatch(text.strip())
    if found is None:
        return float("nan")
    digits = found["digits"].replace("\u2019", "'")
    for space in _SPACES:
        digits = digits.replace(space, " ")
    whole, _, fraction = digits.partition(marks.decimal)
    if marks.thousands and marks.thousands in whole:
        first, *groups = whole.split(marks.thousands)
        if not 1 <= len(first) <= 3 or any(len(g) != 3 for g in groups):
            return float("nan")
        whole = first + "".join(groups)
    if not (whole.isdecimal() or not whole) or not (fraction.isdecimal() or not fraction):
        return float("nan")
    power = int((found["power"] or "e0")[1:]) + _POWERS[found["scale"].lower()]
    value = float(f"{whole or '0'}.{fraction or '0'}e{power}")  # "1.23M" is 1,230,000 exactly
    return -value if found["sign"] in ("-", "\u2212") else value
