"""The record of one question to a model, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Literal

Speaker = Literal["system", "user", "assistant"]

SHARED = 0
"""The draw of a question whose answer is shared by all who ask the same; else a candidate's id."""


@lru_cache(maxsize=256)
def passage_of(text: str) -> str:
    """The name of what is said, wherever it is said: SHA-256, hex.

    Kept for the latest: a system message of 30,000 characters is part of every question.
    """
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What one side says.

    Attributes:
        speaker: Who says it.
        text: What is said.
    """

    speaker: Speaker
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One question to one model, and its answer or why there is none.

    Attributes:
        key: SHA-256, hex, of everything the answer may depend on: model, messages, parameters. No
            address, key, time or transport detail is part of it.
        draw: Tells apart questions with one key: the id of the candidate that is asked for, or
            SHARED.
        role: Who is asked: strategist, analyst, critic, rewriter, probe.
        model: The model that was asked.
        messages: What it was asked.
        parameters: The rest of what the key covers (temperature, max_tokens, schema), as JSON text
            of one object.
        text: The answer; empty where there is none.
        failure: Why there is no answer, in one word (`engine.llm.errors`); else empty.
        finish: How the server says the answer ended (stop, length, ...); empty if it did not.
        tokens_in: Tokens of the question, as the server counts or else estimated.
        tokens_out: Tokens of the answer.
        cost: Money, by the price table when it was asked.
        attempts: What went wrong before, a sentence each; the last one's too where all failed.
        seconds: How long it took; never part of what a run decides on.
    """

    key: str
    draw: int
    role: str
    model: str
    messages: Sequence[Message]
    parameters: str
    text: str
    failure: str
    finish: str
    tokens_in: int
    tokens_out: int
    cost: float
    attempts: tuple[str, ...]
    seconds: float
