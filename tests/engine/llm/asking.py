"""Questions, a model inside this process, and a transcript in memory, for tests of who asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from engine.llm.errors import ModelError
from engine.llm.question import Answer, Question
from genomes.records.exchange import Exchange, Message


@dataclass(frozen=True, kw_only=True)
class Spent:
    cost: float = 0.0
    tokens: int = 0
    calls: int = 0
    seconds: float = 0.0


class MemoryTranscript:
    """What `archive.transcript.Transcript` does, without a file."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, int], Exchange] = {}
        self.groups: list[int] = []
        self.full = False

    def recall(self, key: str, draw: int) -> Exchange | None:
        return self.kept.get((key, draw))

    def keep(self, exchanges: Sequence[Exchange]) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        self.groups.append(len(exchanges))
        for one in exchanges:
            self.kept.setdefault((one.key, one.draw), one)

    def spent(self) -> Spent:
        every = self.kept.values()
        return Spent(
            cost=sum(one.cost for one in every),
            tokens=sum(one.tokens_in + one.tokens_out for one in every),
            calls=len(every),
        )


class ScriptedModel:
    """Answers at once; the script gets the question and which attempt at it this is, from 1."""

    def __init__(self, script: Callable[[Question, int], Any] = lambda q, _: spoken(q)) -> None:
        self.script = script
        self.asked: list[Question] = []
        self.closed = False
        self._attempts: dict[tuple[str, int], int] = {}

    async def complete(self, question: Question) -> Answer:
        at = (question.key, question.draw)
        self._attempts[at] = self._attempts.get(at, 0) + 1
        self.asked.append(question)
        told = self.script(question, self._attempts[at])
        if hasattr(told, "__await__"):
            told = await told
        if isinstance(told, Exception):
            raise told
        return told if isinstance(told, Answer) else answer(str(told))

    async def close(self) -> None:
        self.closed = True


def spoken(question: Question) -> str:
    return f"{question.model} on {question.messages[-1].text}"


def answer(text: str, **other: Any) -> Answer:
    return Answer(**({"text": text, "finish": "stop", "tokens_in": 10, "tokens_out": 5} | other))


def broken(kind: str = "server", **other: Any) -> ModelError:
    return ModelError(kind, "500: oh no", **other)


def messages(text: str = "hello") -> tuple[Message, ...]:
    return (Message(speaker="system", text="Be brief."), Message(speaker="user", text=text))


def question(text: str = "hello", **other: Any) -> Question:
    asked: dict[str, Any] = {
        "role": "strategist", "model": "small", "messages": messages(text), "schema": None,
        "temperature": 0.5, "max_tokens": 100, "draw": 1,
    }  # fmt: skip
    return Question(**(asked | other))


SCHEMA = {
    "title": "reply",
    "type": "object",
    "properties": {"idea": {"type": "string"}},
    "required": ["idea"],
    "additionalProperties": False,
}
