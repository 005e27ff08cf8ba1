"""Frames on a pipe: four bytes of length, then that much JSON. No pickle, only inert values."""

from __future__ import annotations

import json
from typing import Any, BinaryIO, NoReturn

MAX_FRAME = 262_144
HEADER = 4


class FrameError(ValueError):
    """Bytes that are no frame: too long, cut short, or not a JSON object."""


def encode(message: dict[str, Any]) -> bytes:
    """The frame of a message.

    Raises:
        FrameError: It is longer than MAX_FRAME.
        ValueError: It holds nan or inf.
    """
    body = json.dumps(message, allow_nan=False, separators=(",", ":")).encode()
    if len(body) > MAX_FRAME:
        raise FrameError(f"{len(body)} bytes; a frame has at most {MAX_FRAME}")
    return len(body).to_bytes(HEADER, "big") + body


def length(header: bytes) -> int:
    """The length that a header announces.

    Raises:
        FrameError: More than MAX_FRAME.
    """
    size = int.from_bytes(header, "big")
    if size > MAX_FRAME:
        raise FrameError(f"announces {size} bytes; a frame has at most {MAX_FRAME}")
    return size


def decode(body: bytes) -> dict[str, Any]:
    """The message of a frame's body, read strictly.

    Raises:
        FrameError: It is not a JSON object, or holds nan, inf or a key twice.
    """
    try:
        message = json.loads(body, parse_constant=_refuse, object_pairs_hook=_once)
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


def read(stream: BinaryIO) -> dict[str, Any] | None:
    """The next message of a blocking stream; None at its end.

    Raises:
        FrameError: What comes is no frame.
    """
    header = stream.read(HEADER)
    if not header:
        return None
    body = stream.read(length(header))
    if len(header) < HEADER or len(body) < length(header):
        raise FrameError("cut short")
    return decode(body)
