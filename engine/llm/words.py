"""A stranger's words made safe: to store, to show on one line, to put into another prompt. Pure."""

from __future__ import annotations

import re

LOST = "\ufffd"
_LOST = re.compile("[\0\ud800-\udfff]")


def storable(text: str) -> str:
    """The text without what no database takes: NUL and halves of surrogate pairs become U+FFFD."""
    if text.isascii() and "\0" not in text:
        return text
    return _LOST.sub(LOST, text)


def one_line(text: str, limit: int) -> str:
    """The words on one line: blanks in a row are one, what cannot be seen is escaped, the end cut.

    Args:
        text: What somebody wrote, in any language.
        limit: Most characters of the result, at least 4.
    """
    words = _visible(" ".join(text.split())[: limit + 1])
    return words if len(words) <= limit else words[: limit - 3].rstrip() + "..."


def paragraph(text: str, limit: int) -> str:
    """The words with their lines, what cannot be seen escaped; a cut end is said to be one."""
    head = text[:limit].replace("\r\n", "\n").replace("\r", "\n").expandtabs(4)
    words = "\n".join(_visible(line.rstrip()) for line in head.split("\n")).strip("\n")
    left = len(text) - limit
    return f"{words}\n[{left} more characters were cut]" if left > 0 else words


def _visible(line: str) -> str:
    if line.isprintable():
        return line
    return "".join(each if each.isprintable() else _escape(each) for each in line)


def _escape(each: str) -> str:
    number = ord(each)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
