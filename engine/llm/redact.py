"""What may be said of a secret: nothing; and of a stranger's words: printable, short and clean."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from typing import NoReturn

REDACTED = "[redacted]"
SHOWN = 300
"""Characters of a server's words that an error keeps."""

LEAST = 8
"""Characters of a key that give it away; fewer match by accident."""

_LOOKS_LIKE_A_KEY = re.compile(
    r"""(?ix)
    \b(?:sk|pk|rk|gsk|xai|hf|nvapi|AIza|pplx|fw|csk|key)[-_][\w*.\-]{6,}
    | \bAIza[\w-]{10,}
    | \beyJ[\w-]{8,}\.[\w.-]+                               # a JSON web token
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
    """Takes secrets out of strangers' words.

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
        line = "".join(c if c.isprintable() else _escaped(c) for c in line)
        return line if len(line) <= limit else line[: limit - 3] + "..."

    def answer(self, text: str) -> str:
        """A model's answer without the known secrets, in characters that every database takes."""
        for secret in self._secrets:
            text = text.replace(secret.reveal(), REDACTED)
        return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "\ufffd")

    def _without_parts(self, text: str) -> str:
        """Without the known secrets, nor their beginnings: a server may have cut them."""
        for secret in self._secrets:
            whole = secret.reveal()
            while (start := text.find(whole[:LEAST])) >= 0:
                same = zip(text[start:], whole, strict=False)
                length = next((i for i, (a, b) in enumerate(same) if a != b), len(whole))
                text = text[:start] + REDACTED + text[start + length :]
        return text


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def quieten() -> None:
    """Keep the chatter of openai and its transport out of the logs: it holds whole addresses."""
    for name in _NOISY:
        logger = logging.getLogger(name)
        if _is_grave not in logger.filters:
            logger.addFilter(_is_grave)


def _is_grave(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING
