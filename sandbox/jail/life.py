"""A child's life: what the processes that a zygote forks do with the texts they are given."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from genomes.language.dimension import Dimension
from genomes.language.graph import Graph, serialise
from genomes.refusal import Refusal
from sandbox.jail import frames
from sandbox.jail.caps import Caps
from sandbox.jail.drawing import Prepared, draw_text, prepare
from sandbox.jail.keeper import Work
from sandbox.jail.lockdown import Limits
from sandbox.jail.selftest import holes, run_a_program
from sandbox.jail.warm import FIELDS, TEXT

# Refusals that may depend on the memory or the stack that a process has left: drawn again, alone.
_DEPENDENT = ("error", "memory", "too_deep")
_WARM_UPS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """What texts are drawn on.

    Attributes:
        fields: The market's fields with their dimensions.
        caps: Fuel and sizes for one text.
    """

    fields: Mapping[str, Dimension]
    caps: Caps

    @classmethod
    def read(cls, hello: dict[str, Any]) -> Market:
        """The market in the client's first words."""
        fields = {str(name): Dimension.parse(text) for name, text in hello["fields"].items()}
        return cls(fields=fields, caps=Caps(**hello["caps"]))


def answer(request: dict[str, Any], market: Market) -> dict[str, Any]:
    """The reply to one text: its serialised graph, or its refusals."""
    drawn = draw_text(request["text"], request["values"], market.fields, market.caps)
    if isinstance(drawn, Graph):
        return {"graph": serialise(drawn)}
    return {"refusals": [_as_row(each) for each in drawn]}


def answer_if_tame(request: dict[str, Any], market: Market) -> dict[str, Any] | None:
    """The reply to one text; None if it must be drawn in a process of its own.

    Code runs here only if it is tame, so the process stays as it was born.
    """
    prepared = prepare(request["text"])
    if isinstance(prepared, Prepared) and not prepared.tame:
        return None
    reply = answer(request, market)
    if any(row["rule"] in _DEPENDENT for row in reply.get("refusals", ())):
        return None
    return reply


def _as_row(refusal: Refusal) -> dict[str, Any]:
    return asdict(refusal)


def drawing(market: Market) -> Work:
    """The work of a child that one text has for itself."""

    def work(body: bytes, open_fds: frozenset[int]) -> bytes:
        return frames.encode(answer(frames.decode(body), market))

    return work


def drawing_if_tame(market: Market) -> Work:
    """The work of a child that texts share."""

    def work(body: bytes, open_fds: frozenset[int]) -> bytes | None:
        reply = answer_if_tame(frames.decode(body), market)
        return None if reply is None else frames.encode(reply)

    return work


def trial(limits: Limits) -> Work:
    """The work of a child that tries what no stranger may do."""
    zygote = os.getpid()

    def work(body: bytes, open_fds: frozenset[int]) -> bytes:
        return frames.encode({"holes": holes(open_fds, zygote, limits.memory_mb)})

    return work


def program_trial(body: bytes, open_fds: frozenset[int]) -> bytes:
    """The work of a child that becomes another program if it can."""
    run_a_program()
    return b""


def warm_up(market: Market) -> None:
    """Draw a text of our own a few times, so that children share warm code."""
    ours = Market(fields=FIELDS, caps=market.caps)
    body = frames.encode({"text": TEXT, "values": None})
    for work in (drawing(ours), drawing_if_tame(ours)):
        for _ in range(_WARM_UPS):
            prepare.cache_clear()
            work(body, frozenset())
    prepare.cache_clear()
