"""Untrusted text and figures, made safe to show and to store: the only code that does so. Pure.

`escaped` is for readers and `storable` for databases; `one_line`, `paragraph` and `quote` fit an
escaped text into the space there is. `number` counts significant digits and `fixed` decimals.
"""

from __future__ import annotations

import math
import re
import unicodedata

QUOTED = 60
"""Characters of a quotation, unless more are asked for."""

LOST = "\ufffd"
"""Stands for a character that no database takes."""

NEGLIGIBLE = 1e-9
"""Below this a figure is a rounding error of sums that are zero: shown as 0."""

LARGEST = 1e15
"""From here on a double is not exact to one unit, and an exponent says so."""

_LOST = re.compile("[\0\ud800-\udfff]")


def escaped(text: str, *, ascii_only: bool = False) -> str:
    r"""The text with every character escaped that a terminal may obey or a reader cannot see.

    Line ends (as line feeds), tabs and spaces of any width stay. Control and format characters and
    halves of surrogate pairs become `\u001b` or `\U000e0041`; so does all but printable ASCII, line
    ends and tabs too, where only that may be shown.
    """
    if text.isprintable() and (text.isascii() or not ascii_only):
        return text
    if ascii_only:
        return "".join(c if c.isascii() and c.isprintable() else _escape(c) for c in text)
    lines = text.replace("\r\n", "\n")
    return "".join(c if c in "\n\t" or _is_visible(c) else _escape(c) for c in lines)


def storable(text: str) -> str:
    """The text without what no database takes: NUL and halves of surrogate pairs become U+FFFD."""
    return text if text.isascii() and "\0" not in text else _LOST.sub(LOST, text)


def one_line(text: str, limit: int | None = None) -> str:
    """The text on one line: blanks in a row are one, the rest `escaped`, a cut end is an ellipsis.

    Args:
        text: In any language.
        limit: Most characters of the result, at least 4; None for all.
    """
    words = " ".join(text.split())
    return _cut(escaped(words if limit is None else words[: limit + 1]), limit)


def quote(text: str, limit: int = QUOTED) -> str:
    """The text to the character, in printable ASCII; a cut end is an ellipsis."""
    return _cut(escaped(text[: limit + 1], ascii_only=True), limit)


def paragraph(text: str, limit: int | None = None) -> str:
    """The text with its lines, `escaped`, tabs as four blanks; a cut end says what it left out."""
    head = text[:limit].replace("\r\n", "\n").replace("\r", "\n").expandtabs(4)
    lines = (escaped(line.rstrip()) for line in head.split("\n"))
    words = "\n".join(lines).strip("\n")
    left = 0 if limit is None else len(text) - limit
    return f"{words}\n[{left} more characters were cut]" if left > 0 else words


def number(
    value: float | None, digits: int = 3, *, signed: bool = False, whole: bool = False
) -> str:
    """A figure with that number of significant digits; `-` where it is undefined.

    Args:
        value: The figure.
        digits: Significant digits.
        signed: Whether a positive figure shows its sign.
        whole: Whether digits before the point are kept, however many; else the figure is rounded.
    """
    if value is None or not math.isfinite(value):
        return "-"
    sign = "+" if signed else ""
    if abs(value) < NEGLIGIBLE:
        return f"{sign}0"
    if abs(value) < 1000:
        text = f"{value:{sign}.{digits}g}"
        return text if "e+" not in text else f"{float(text):{sign},.0f}"
    if whole:
        return f"{value:{sign},.0f}" if abs(value) < LARGEST else f"{value:{sign}.{digits}g}"
    rounded = round(value, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{rounded:{sign},.0f}"


def fixed(value: float | None, decimals: int = 3, *, signed: bool = False) -> str:
    """A figure with that number of decimals, infinities as `inf`; `-` where it is undefined."""
    if value is None or math.isnan(value):
        return "-"
    if abs(value) < NEGLIGIBLE:
        value = 0.0
    return f"{value:{'+' if signed else ''}.{decimals}f}"


def _is_visible(character: str) -> bool:
    return character.isprintable() or unicodedata.category(character) == "Zs"


def _escape(character: str) -> str:
    number = ord(character)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _cut(text: str, limit: int | None) -> str:
    if limit is None or len(text) <= limit:
        return text
    return text[: limit - 3].rstrip() + "..."
