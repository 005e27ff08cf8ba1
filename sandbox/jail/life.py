"""A child's life: what the processes that a zygote forks do with the texts they are given."""

from __future__ import annotations

import gc
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from genomes.language.dimension import Dimension
from genomes.language.graph import Graph, Known, Said
from genomes.language.params import Value
from genomes.language.serial import serialise
from genomes.records.refusal import Refusal
from sandbox.jail import frames
from sandbox.jail.caps import Caps
from sandbox.jail.child import Job, Work
from sandbox.jail.drawing import draw_prepared, draw_text, prepare
from sandbox.jail.lockdown import Limits
from sandbox.jail.prepared import Prepared, handed_over, taken_over
from sandbox.jail.preparing import forget
from sandbox.jail.selftest import holes, run_a_program
from sandbox.jail.warm import FIELDS, TEXT

# Refusals that may depend on the memory or the stack that a process has left: drawn again, alone.
_DEPENDENT = ("error", "memory", "too_deep")
# Of cycles that tame texts leave: 2.3 MiB each where all fuel goes into dicts in a cycle. Were
# there no memory left, texts would be drawn alone, and answered the same.
_TEXTS_PER_COLLECTION = 32
_WARM_UPS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """What texts are drawn on.

    Attributes:
        fields: The market's fields with their dimensions.
        caps: Fuel and sizes for one text.
        known: What was worked out for texts so far.
    """

    fields: Mapping[str, Dimension]
    caps: Caps
    known: Known = field(default_factory=dict[tuple[object, ...], Said])

    @classmethod
    def read(cls, hello: dict[str, Any]) -> Market:
        """The market in the client's first words."""
        fields = {str(name): Dimension.parse(text) for name, text in hello["fields"].items()}
        return cls(fields=fields, caps=Caps(**hello["caps"]))


def answer(request: dict[str, Any], market: Market) -> dict[str, Any]:
    """The reply to one text: its serialised graph, or its refusals."""
    return _reply(
        draw_text(request["text"], request["values"], market.fields, market.caps, market.known)
    )


def answer_prepared(
    prepared: Prepared, values: Mapping[str, Value] | None, market: Market
) -> dict[str, Any]:
    """`answer` for a text that was checked and compiled."""
    return _reply(draw_prepared(prepared, values, market.fields, market.caps, market.known))


def answer_if_tame(request: dict[str, Any], market: Market) -> dict[str, Any] | Prepared | None:
    """The reply to one text, if it may share a process.

    Code runs here only if it is tame, so the process stays as it was born.

    Returns:
        The reply; or, for a text that must be drawn in a process of its own, what was prepared,
        and None where that failed.
    """
    prepared = prepare(request["text"])
    if isinstance(prepared, tuple):
        reply = _reply(prepared)
        return None if _depends(reply) else reply
    if not prepared.tame:
        return prepared
    reply = answer_prepared(prepared, request["values"], market)
    return prepared if _depends(reply) else reply


def _reply(drawn: Graph | tuple[Refusal, ...]) -> dict[str, Any]:
    if isinstance(drawn, Graph):
        return {"graph": serialise(drawn)}
    return {"refusals": [asdict(each) for each in drawn]}


def _depends(reply: dict[str, Any]) -> bool:
    """Whether another process might answer otherwise."""
    return any(row["rule"] in _DEPENDENT for row in reply.get("refusals", ()))


def drawing(market: Market) -> Work:
    """The work of a child that one text has for itself."""

    def work(job: Job) -> tuple[bytes, bytes]:
        if job.handed:
            reply = answer_prepared(*taken_over(job.handed), market)
        else:
            reply = answer(frames.decode(job.question), market)
        return frames.ANSWER, frames.encode(reply)

    return work


def drawing_if_tame(market: Market) -> Work:
    """The work of a child that texts share."""
    seen = 0

    def work(job: Job) -> tuple[bytes, bytes]:
        nonlocal seen
        seen += 1
        if seen % _TEXTS_PER_COLLECTION == 0:
            gc.collect()
        request = frames.decode(job.question)
        found = answer_if_tame(request, market)
        if isinstance(found, dict):
            return frames.ANSWER, frames.encode(found)
        return frames.REFERRED, b"" if found is None else handed_over(found, request["values"])

    return work


def trial(limits: Limits) -> Work:
    """The work of a child that tries what no stranger may do."""
    zygote = os.getpid()

    def work(job: Job) -> tuple[bytes, bytes]:
        found = holes(job.open_fds, zygote, limits.memory_mb)
        return frames.ANSWER, frames.encode({"holes": found})

    return work


def program_trial(job: Job) -> tuple[bytes, bytes]:
    """The work of a child that becomes another program if it can."""
    run_a_program()
    return frames.ANSWER, b""


def warm_up(market: Market) -> None:
    """Draw a text of our own a few times, so that children share warm code."""
    ours = Market(fields=FIELDS, caps=market.caps)
    question = frames.encode({"text": TEXT, "values": None})
    for _ in range(_WARM_UPS):
        prepared = prepare(TEXT)
        assert isinstance(prepared, Prepared)
        job = Job(question=question, handed=handed_over(prepared, None))
        drawing(ours)(job)
        drawing_if_tame(ours)(job)
        forget()
        drawing(ours)(Job(question=question))
        forget()
