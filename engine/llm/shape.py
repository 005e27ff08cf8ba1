"""Values in an untrusted reply: numbers, words, files; each read in one way or reported."""

from __future__ import annotations

import math
import re
from typing import Any

from engine.llm.payload import said_as
from genomes.records.outcome import Unusable
from genomes.records.text import storable

MAX_FILE = 32_768
MAX_WORDS = 800
"""Characters of a hypothesis or a reason."""

_FIGURE = re.compile(r"([+-]?\d{0,3}(?:[.,]\d{1,17})?)\s*(%|/\s*10)?")
_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "'": "'", "\\": "\\", "r": ""}


def wrong(name: str, value: object, needed: str) -> Unusable:
    """A key has a value of the wrong kind."""
    match value:
        case bool() | None:
            found = str(value).lower()
        case str():
            found = said_as(value, 60)
        case float():
            found = "NaN" if math.isnan(value) else f"{value:.6g}"
        case int():
            found = str(value) if abs(value) < 10**9 else "a huge number"
        case list():
            found = f"a list of {len(value)}"
        case _:
            found = "an object"
    return Unusable(problem="wrong_shape", found=f"`{name}` is {found}; it needs {needed}")


def too_long(file: str) -> Unusable:
    """A file that need not be shown to the checker."""
    return Unusable(
        problem="too_long",
        found=f"the file has {len(file)} characters; a strategy has a tenth of that",
    )


def figure(value: object, top: int) -> float | str | None:
    """A number in [0, top], also as "0.7", "70%", "7/10"; None for null; else what it needs."""
    needed = f"a number from 0 to {top}"
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, str):
        found = _FIGURE.fullmatch(value.strip()[:40])
        if not found or not found[1].strip("+-"):
            return needed
        value = float(found[1].replace(",", "."))
        if found[2]:
            value *= top / (100 if found[2] == "%" else 10)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return needed
    # An integer of thousands of digits is not a float: compare it first. NaN is in no range.
    return float(value) if 0 <= value <= top else needed


def once(text: str, tolerated: list[str]) -> str:
    """Without a second layer of escapes: no strategy is one line that spells out line feeds."""
    if "\\n" in text and "\n" not in text.strip():
        tolerated.append("escaped_twice")
        text = re.sub(r"\\([nrt\"'\\])", lambda found: _ESCAPES[found[1]], text)
    return storable(text)


def texts(value: object) -> list[str]:
    """Words, or a list of words; anything else in it is left out."""
    values: list[Any] = value if isinstance(value, list) else [value]
    return [each for each in values if isinstance(each, str) and each.strip()]
