"""Keeps secrets out of logs, errors and answers, and untrusted text in them printable and short.

A secret is found as it is written, whole or in parts. Reversed, in base64 or JSON
escapes, in other case or with blanks between its characters it passes any filter: a server knows
the key that it is sent, so a key is sent only to servers that are trusted with it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from typing import NoReturn

from genomes.records.text import one_line, storable

REDACTED = "[redacted]"
SHOWN = 300
"""Characters of a server's words that an error keeps."""

LEAST = 8
"""Characters of a key that give it away; fewer match by accident."""

PART = 12
"""Characters from anywhere in a secret that give it away; texts share fewer by accident."""

_ORDINARY = re.compile(r"[\s._/:;,-]*(?:(?:[A-Z]?[a-z]{1,20}|[A-Z]{1,20})(?:[\s._/:;,-]+|$))*")
"""Words and what stands between them: some secrets (a header, a user's name) hold such."""

_INNER = re.compile(r"(?s)\S(?:.*\S)?")
_LOOKS_LIKE_A_KEY = re.compile(
    r"""(?ix)
    \b(?:sk|pk|rk|gsk|xai|hf|nvapi|AIza|pplx|fw|csk|key)[-_][\w*.\-]{6,}
    | \bAIza[\w-]{10,}
    | \beyJ[\w-]{8,1000}+\.[\w.-]+                          # a JSON web token
    | \b(?:Bearer|Basic)\s+[\w*.\-+/=~]{4,}
    | (?<=://)[^\s/@]+(?=@)                                 # user info of an address
    | \b(?:api[-_ ]?key|access[-_ ]?token|authorization|password|secret)
      ["']?\s*[:=]\s*["']?[^\s"',}]{4,}
    """
)

_NOISY = (
    "openai",
    "openai._base_client",
    "openai._response",
    "openai._legacy_response",
    "httpx2",
    "httpcore2.connection",
    "httpcore2.http11",
    "httpcore2.http2",
    "httpcore2.proxy",
    "httpcore2.socks",
)


class Secret:
    """A text that shows itself only where it is asked to: never in a repr, a log or a pickle."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(...)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(Secret)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret does not leave its process: hand over where to find it instead")


class Redactor:
    """Removes secrets from untrusted text.

    Args:
        secrets: Those that are known; texts below `LEAST` characters are too common to look for.
    """

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self._secrets = tuple(s for s in secrets if len(s.reveal()) >= LEAST)

    def knowing(self, secrets: Iterable[Secret]) -> Redactor:
        """One that knows more secrets."""
        return Redactor([*self._secrets, *secrets])

    def words(self, text: str, limit: int = SHOWN) -> str:
        """A server's words for an error: one printable line, cut, nothing in it like a key."""
        line = " ".join(self._without_parts(text[: 100 * limit]).split())
        line = _LOOKS_LIKE_A_KEY.sub(REDACTED, line)
        return one_line(line, limit)

    def answer(self, text: str) -> str:
        """A model's answer without the known secrets, in characters that every database takes.

        Parts of at least `PART` characters go, too, unless they read as ordinary words.
        """
        for secret in self._secrets:
            whole = secret.reveal()
            text = text.replace(whole, REDACTED)
            text = _without(text, _windows(whole), lambda part, of=whole: _is_ordinary(part, of))
        return storable(text)

    def _without_parts(self, text: str) -> str:
        """Without the known secrets, nor their beginnings and parts: a server may have cut them."""
        for secret in self._secrets:
            whole = secret.reveal()
            beginnings = [whole[:length] for length in range(LEAST, min(PART, len(whole) + 1))]
            text = _without(text, [*beginnings, *_windows(whole)])
        return text


def _windows(whole: str) -> list[str]:
    """The parts that any longer part is made of."""
    return list(dict.fromkeys(whole[i : i + PART] for i in range(len(whole) - PART + 1)))


def _without(
    text: str, pieces: Iterable[str], stays: Callable[[str], bool] = lambda part: False
) -> str:
    """A text without the stretches that pieces cover; time as its length, whatever it holds."""
    covered = bytearray(len(text))
    for piece in pieces:
        at = text.find(piece)
        while at >= 0:
            covered[at : at + len(piece)] = b"x" * len(piece)
            at = text.find(piece, at + 1)
    kept: list[str] = []
    end = 0
    for found in re.finditer(b"x+", covered):
        part = text[found.start() : found.end()]
        kept += [text[end : found.start()], part if stays(part) else _INNER.sub(REDACTED, part, 1)]
        end = found.end()
    return "".join([*kept, text[end:]])


def _is_ordinary(part: str, whole: str) -> bool:
    """Whether a part of a secret may stand there for what it says: words; no cut end of it."""
    before, _, after = whole.partition(part)
    is_beginning = not before and part[-1].isalnum() and after[:1].isalnum()
    is_end = not after and part[0].isalnum() and before[-1:].isalnum()
    return not (is_beginning or is_end) and _ORDINARY.fullmatch(part) is not None


def quieten() -> None:
    """Keep the chatter of openai and its transport out of the logs: it holds whole addresses."""
    for name in _NOISY:
        logger = logging.getLogger(name)
        if _is_grave not in logger.filters:
            logger.addFilter(_is_grave)


def _is_grave(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING
