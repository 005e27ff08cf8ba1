"""What client and server say: frames of length, number, kind and JSON; only inert values.

Standard library only: the server imports it before it has chosen what else it may import.
"""

from __future__ import annotations

import json
import struct
from typing import Any, NoReturn

MAX_FRAME = 262_144

_HEADER = struct.Struct(">IIc")
HEADER = _HEADER.size

QUESTION, ANSWER = b"?", b"="  # a text; what was made of it


class FrameError(ValueError):
    """Invalid bytes: too long, cut short, or not a JSON object."""


def frame(number: int, kind: bytes, body: bytes) -> bytes:
    """The frame of a body.

    Raises:
        FrameError: It is longer than MAX_FRAME.
    """
    if len(body) > MAX_FRAME:
        raise FrameError(f"{len(body)} bytes; a frame has at most {MAX_FRAME}")
    return _HEADER.pack(len(body), number, kind) + body


def read_header(data: bytes) -> tuple[int, bytes, int]:
    """Number, kind and the body's size, as a header announces them.

    Raises:
        FrameError: The body is longer than MAX_FRAME.
    """
    size, number, kind = _HEADER.unpack(data)
    if size > MAX_FRAME:
        raise FrameError(f"announces {size} bytes; a frame has at most {MAX_FRAME}")
    return number, kind, size


def encode(message: dict[str, Any]) -> bytes:
    """The body that holds a message.

    Raises:
        FrameError: It is longer than MAX_FRAME.
        ValueError: It holds nan or inf.
    """
    body = _ENCODER.encode(message).encode()
    if len(body) > MAX_FRAME:
        raise FrameError(f"{len(body)} bytes; a frame has at most {MAX_FRAME}")
    return body


def decode(body: bytes) -> dict[str, Any]:
    """The message of a body, read strictly.

    Raises:
        FrameError: It is not a JSON object, or holds nan, inf or a key twice.
    """
    try:
        message = _DECODER.decode(body.decode("ascii"))
    except (ValueError, RecursionError, MemoryError) as error:
        raise FrameError(f"no JSON: {type(error).__name__}") from None
    if not isinstance(message, dict):
        raise FrameError("no JSON object")
    return message


def _refuse(word: str) -> NoReturn:
    raise ValueError(word)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands twice")
    return made


_ENCODER = json.JSONEncoder(allow_nan=False, separators=(",", ":"))  # writes ASCII
_DECODER = json.JSONDecoder(parse_constant=_refuse, object_pairs_hook=_once)
