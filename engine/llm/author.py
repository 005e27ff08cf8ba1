"""One strategist's side of a draft: it writes, answers its critic, and repairs once."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.llm.reply import Written, compose, read_strategy
from engine.llm.role import Asker, Role, consult, echo, user
from engine.llm.schemas import STRATEGY
from genomes.prompt import fill, load
from genomes.records.exchange import Exchange, Message
from genomes.records.outcome import Unusable
from genomes.records.proposal import Call
from genomes.records.text import one_line, paragraph

MAX_PROBLEM = 4_000
"""Characters on what was wrong with a reply."""


@dataclass(slots=True)
class Author:
    """One strategist's side of one draft: what was said, and the last text that could be used."""

    gateway: Asker
    seat: Role
    draw: int
    parent: str
    messages: list[Message]
    calls: list[Call] = field(default_factory=list)
    text: str | None = None
    written: Written | None = None
    model: str | None = None
    mended: str = ""

    async def write(self, said: Message | None = None) -> str | Unusable:
        """A text, at the second attempt if need be; a failure leaves the last text as it was."""
        before, model = list(self.messages), self.model
        end = await self.answer(said)
        if isinstance(end, Unusable) and end.problem != "no_answer" and not self.mended:
            self.mended = f"unusable: {end.problem}"
            end = await self.answer(repair(f"{end.found} [{end.problem}]"))
        if isinstance(end, Unusable) and self.text is not None:
            self.messages, self.model = before, model
        return end

    async def answer(self, said: Message | None) -> str | Unusable:
        """One question, and its answer as a text."""
        if said is not None:
            self.messages.append(said)
        exchange = await consult(
            self.gateway, "strategist", self.seat, self._models(), self.messages, STRATEGY,
            self.draw, self.calls,
        )  # fmt: skip
        self.model = exchange.model if exchange else self.model
        if exchange is None or exchange.failure:
            return _no_answer(exchange)
        self.messages.append(echo(exchange))
        written = read_strategy(exchange.text, exchange.finish)
        if isinstance(written, Unusable):
            return written
        text = compose(written, self.parent, self.text)
        if isinstance(text, str):
            self.text, self.written = text, written
        elif self.text is None:
            self.written = written
        return text

    def _models(self) -> tuple[str, ...]:
        """The last speaker first; the others follow in order."""
        others = tuple(model for model in self.seat.models if model != self.model)
        return others if self.model is None else (self.model, *others)


def repair(words: str) -> Message:
    """What a model is told whose reply could not be used."""
    return user(fill(load("repair"), {"problem": paragraph(words, MAX_PROBLEM) or "(unknown)"}))


def _no_answer(exchange: Exchange | None) -> Unusable:
    if exchange is None:
        return Unusable(problem="no_answer", found="no model may be asked for now")
    # What the server said stands in the transcript: it may differ from one run to the next.
    found = f"{one_line(exchange.model, 80)}: {one_line(exchange.failure, 40)}"
    return Unusable(problem="no_answer", found=found)
