"""A zygote in whose children nothing is remembered from one text to the next."""

from __future__ import annotations

import sys
from typing import Any

from sandbox.jail import life, preparing, zygote

_answer_if_tame = life.answer_if_tame


def answer_if_tame(request: dict[str, Any], market: life.Market) -> Any:
    """As the real one, by a child that forgets."""
    preparing.forget()
    market.known.clear()
    return _answer_if_tame(request, market)


life.answer_if_tame = answer_if_tame

if __name__ == "__main__":
    sys.exit(zygote.main())
