r"""What a text spells, whatever characters it is written with. Pure.

Full-width letters, dashes of other lengths, invisible letters, and letters written as an
escape (`\u0053`, as Python, JSON and `genomes.records.text` write them) all spell the same word.
"""

from __future__ import annotations

import re
import unicodedata

_CODE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U(00[0-9a-fA-F]{6}))")
_DASHES = dict.fromkeys((*range(0x2010, 0x2016), 0x2212), "-") | {0x2044: "/", 0x2215: "/"}
_ENDS = frozenset("'\"\\\n\r")  # what would end a string of a source


class _Plain(dict[int, str]):
    """Character -> how it is read; learned as characters come."""

    def __missing__(self, number: int) -> str:
        letter = chr(number)
        read = letter
        if number > 0x7F:
            found = unicodedata.normalize("NFKC", letter)
            if unicodedata.category(letter) == "Cf":
                read = ""
            elif _ENDS.isdisjoint(found):
                read = found
        self[number] = read
        return read


_PLAIN = _Plain(_DASHES)


def plain(text: str) -> str:
    """The text as it is read: the same to the letter where it is plain already.

    It has no quote, backslash or line feed that the text has not.
    """
    while not (text.isascii() and "\\" not in text):
        read = decoded(text).translate(_PLAIN)
        if read == text:
            break
        text = read
    return text


def decoded(text: str) -> str:
    """The text with escapes of letters, digits and invisible characters decoded."""
    return _CODE.sub(_read, text) if "\\" in text else text


def _read(found: re.Match[str]) -> str:
    number = int(found[1] or found[2] or found[3], 16)
    if number > 0x10FFFF:
        return found[0]
    letter = chr(number)
    unseen = unicodedata.category(letter) == "Cf"
    return letter if unseen or letter.isalnum() or letter in "-/._ " else found[0]
