"""A question to a model, its identity, its answer, and what a model is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from genomes.records.exchange import Message, passage_of

BYTES_PER_TOKEN = 4
"""The usual rule of thumb for English text and code; used where a server does not count."""

DECLINED = "declined"
"""`Answer.finish` of a model that refused to answer; its words of refusal are the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question to one model.

    Attributes:
        role: Who is asked: strategist, analyst, critic, rewriter, probe.
        model: The model's name at its server.
        messages: What is said.
        schema: JSON schema of the reply, with its name in `title`; None for free text. The messages
            ask for JSON in words all the same: not every server takes a schema.
        temperature: As the protocol has it.
        max_tokens: Cap on the answer.
        draw: Tells apart questions with one key; see `genomes.records.exchange.Exchange`.
    """

    role: str
    model: str
    messages: tuple[Message, ...]
    schema: Mapping[str, Any] | None
    temperature: float
    max_tokens: int
    draw: int

    @property
    def parameters(self) -> str:
        """What the key covers beside model and messages, as JSON text of one object."""
        said = {
            "max_tokens": self.max_tokens,
            "schema": self.schema,
            "temperature": float(self.temperature),
        }
        return json.dumps(said, sort_keys=True, separators=(",", ":"), allow_nan=False)

    @property
    def key(self) -> str:
        """SHA-256, hex, of model, messages and parameters: neither of role nor of draw."""
        return key_of(self.model, self.messages, self.parameters)


def key_of(model: str, messages: Sequence[Message], parameters: str) -> str:
    """A question's key, also from the parts that an exchange keeps."""
    spoken = [[message.speaker, passage_of(message.text)] for message in messages]
    said = json.dumps([model, parameters, spoken], separators=(",", ":"))
    return hashlib.sha256(said.encode("ascii")).hexdigest()


def seed_of(key: str, draw: int) -> int:
    """The seed a server is asked to sample with: 31 bits, of the question's identity."""
    return int(hashlib.sha256(f"{key}:{draw}".encode()).hexdigest()[:8], 16) >> 1


def estimated_tokens(text: str) -> int:
    """Tokens of a text, from its bytes."""
    return -(-len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a model said.

    Attributes:
        text: Its words; may be empty.
        finish: How it ended, as the server says (stop, length, content_filter, ...), or `DECLINED`.
        tokens_in: Tokens of the question, as the server counts or else estimated.
        tokens_out: Tokens of the answer.
    """

    text: str
    finish: str
    tokens_in: int
    tokens_out: int


class Model(Protocol):
    """A client that answers questions."""

    async def complete(self, question: Question) -> Answer:
        """Answer; one attempt.

        Raises:
            ModelError: There is no answer; the error says why and whether asking again may help.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
