"""Frames on a pipe: length, number, kind, then that much JSON. No pickle, only inert values."""

from __future__ import annotations

import json
import struct
from typing import Any, NoReturn

MAX_FRAME = 262_144

_HEADER = struct.Struct(">IIc")
HEADER = _HEADER.size

QUESTION, ANSWER, LOST = b"?", b"=", b"!"  # a text; what its process wrote; why there is nothing
REFERRED = b">"  # inside the jail: not to be drawn in a process that others share


class FrameError(ValueError):
    """Bytes that are no frame: too long, cut short, or not a JSON object."""


def frame(number: int, kind: bytes, body: bytes) -> bytes:
    """The frame of a body.

    Raises:
        FrameError: It is longer than MAX_FRAME.
    """
    if len(body) > MAX_FRAME:
        raise FrameError(f"{len(body)} bytes; a frame has at most {MAX_FRAME}")
    return header(number, kind, len(body)) + body


def header(number: int, kind: bytes, size: int) -> bytes:
    """What stands before a body of that size."""
    return _HEADER.pack(size, number, kind)


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
