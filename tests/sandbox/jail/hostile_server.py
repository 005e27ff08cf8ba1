"""A server whose reader was taken over: a text that begins with `#payload` is executed as it is.

The real client and the real walls. A payload has `send(body)`, which answers with a body of its
own, `raw(data)`, which writes to the one descriptor that is open, `number` and `result_fd`; what it
calls `answer` is refused in its words.
"""

from __future__ import annotations

import base64
import ctypes
import gc
import json
import os
import sys
import zlib
from collections.abc import Mapping
from typing import Any

from sandbox.jail import lockdown, protocol, server

MARK = "#payload\n"
_real, _question = server.answer, server._question
_asked: dict[str, int] = {}


def _noted(requests: int) -> tuple[int, bytes]:
    _asked["number"], body = _question(requests)
    return _asked["number"], body


def _descriptor() -> int:
    for descriptor in range(64):
        try:
            os.write(descriptor, b"")
        except OSError:
            continue
        return descriptor
    raise OSError("nothing is open")


def answer(question: Mapping[str, Any], terms: server.Terms) -> dict[str, Any]:
    """As the real one, but for payloads."""
    if not question["text"].startswith(MARK):
        return _real(question, terms)
    descriptor, number = _descriptor(), _asked["number"]

    def raw(data: bytes) -> None:
        while data:
            data = data[os.write(descriptor, data) :]

    def send(body: bytes) -> None:
        raw(protocol.frame(number, protocol.ANSWER, body))
        os._exit(0)

    space: dict[str, Any] = {
        "os": os, "sys": sys, "gc": gc, "ctypes": ctypes, "base64": base64, "zlib": zlib,
        "json": json, "protocol": protocol, "raw": raw, "send": send, "number": number,
        "result_fd": descriptor, "answer": None,
    }  # fmt: skip
    exec(question["text"], space)
    words = str(space["answer"])
    refusal = {"rule": "told", "line": 0, "column": 0, "found": words, "instead": "nothing"}
    return {"refusals": [refusal], "checked": True}


server.answer, server._question = answer, _noted

if os.environ.get("FINCH_TEST") == "unsealed":
    lockdown.seal = lambda _: None  # type: ignore[assignment]
if os.environ.get("FINCH_TEST") == "short":
    server.READER_LIFE = 8

if __name__ == "__main__":
    sys.exit(server.main())
