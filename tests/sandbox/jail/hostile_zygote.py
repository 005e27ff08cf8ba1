"""A zygote in whose children the language guards are off: a text that begins with #! is executed.

`#! own` runs as plain Python in a process of its own, `#! shared` in the one that texts share. It
has `result_fd`, and whatever it prints by `say(text)` is its answer.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from sandbox.jail import life, lockdown, zygote

_answer, _answer_if_tame = life.answer, life.answer_if_tame


def _descriptor() -> int:
    for descriptor in range(64):
        try:
            os.write(descriptor, b"")
        except OSError:
            continue
        return descriptor
    raise OSError("nothing is open")


def _execute(text: str) -> dict[str, Any]:
    said: list[dict[str, Any]] = []
    names = {"__name__": "stranger", "say": said.append, "result_fd": _descriptor(), "os": os}
    exec(text, names)
    return said[0] if said else {"refusals": []}


def answer(request: dict[str, Any], market: life.Market) -> dict[str, Any]:
    """As the real one, but for what begins with #!."""
    if request["text"].startswith("#!"):
        return _execute(request["text"])
    return _answer(request, market)


def answer_if_tame(request: dict[str, Any], market: life.Market) -> dict[str, Any] | None:
    """As the real one, but for what begins with #!."""
    if request["text"].startswith("#! shared"):
        return _execute(request["text"])
    return None if request["text"].startswith("#!") else _answer_if_tame(request, market)


life.answer, life.answer_if_tame = answer, answer_if_tame

if os.environ.get("FINCH_TEST") == "unsealed":
    lockdown.seal = lambda _: None  # type: ignore[assignment]

if __name__ == "__main__":
    assert json  # strangers import it
    sys.exit(zygote.main())
