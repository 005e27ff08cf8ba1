"""Who plays a role, and a question to them; what they said goes on in the conversation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from engine.llm.payload import answer_of
from genomes.records.exchange import Exchange, Message
from genomes.records.proposal import Call
from genomes.records.text import paragraph

MAX_ECHO = 24_000
"""Characters of a model's own reply that it is shown again."""


class Asker(Protocol):
    """Asks models: `engine.llm.gateway.Gateway`."""

    async def ask(
        self,
        role: str,
        models: Sequence[str],
        messages: Sequence[Message],
        *,
        schema: Mapping[str, Any] | None,
        temperature: float,
        max_tokens: int,
        draw: int,
    ) -> list[Exchange]:
        """Ask down the list; the last exchange decides. Empty if no model may be asked."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """The models that play a role.

    Attributes:
        models: Its models; who fails is followed by the next.
        temperature: As the protocol has it.
        max_tokens: Cap on an answer.
    """

    models: tuple[str, ...]
    temperature: float
    max_tokens: int


async def consult(
    gateway: Asker,
    role: str,
    seat: Role,
    models: Sequence[str],
    messages: Sequence[Message],
    schema: Mapping[str, Any],
    draw: int,
    calls: list[Call],
) -> Exchange | None:
    """The exchange that decides; None where no model may be asked. Each one becomes a call."""
    exchanges = await gateway.ask(
        role, models, tuple(messages), schema=schema, temperature=seat.temperature,
        max_tokens=seat.max_tokens, draw=draw,
    )  # fmt: skip
    calls += [
        Call(
            role=each.role, model=each.model, key=each.key, draw=each.draw, failure=each.failure,
            tokens=each.tokens_in + each.tokens_out, cost=each.cost,
        )
        for each in exchanges
    ]  # fmt: skip
    return exchanges[-1] if exchanges else None


def user(text: str) -> Message:
    """What we say."""
    return Message(speaker="user", text=text)


def echo(exchange: Exchange) -> Message:
    """A model's own reply, to go on from: without its thoughts, and cut."""
    answer = answer_of(exchange.text, exchange.finish)
    said = answer if isinstance(answer, str) else exchange.text.strip()
    return Message(speaker="assistant", text=paragraph(said, MAX_ECHO) or "(nothing)")
