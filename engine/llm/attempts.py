"""One question asked until it is answered or given up: attempts, pauses, and the record of them."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.llm.budget import Prices, cost
from engine.llm.errors import ModelError
from engine.llm.question import Answer, Model, Question
from genomes.records.exchange import Exchange

if TYPE_CHECKING:
    from engine.settings import Server


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySettings:
    """How questions are asked. Decides how long a run takes.

    Attributes:
        concurrency: Questions under way at a time.
        attempts: Attempts at one question before it is given up.
        backoff_s: First pause between attempts; it doubles, and varies by half either way.
        backoff_cap_s: Longest such pause.
        pause_cap_s: Longest pause that a server gets by asking for it (`Retry-After`). One that
            wants a longer one (a daily quota asks for hours) has no further attempt: another model
            is asked rather than none.
    """

    concurrency: int = 8
    attempts: int = 4
    backoff_s: float = 1.0
    backoff_cap_s: float = 30.0
    pause_cap_s: float = 60.0

    @classmethod
    def of(cls, server: Server) -> GatewaySettings:
        """As the config's `llm.server` has them."""
        return cls(
            concurrency=server.concurrency, attempts=server.attempts, backoff_s=server.backoff_s
        )


class RateLimiter:
    """When a model may be asked again; all who ask it share one."""

    def __init__(self) -> None:
        self._until = 0.0

    def pause(self, seconds: float) -> None:
        """No request for this many seconds from now."""
        self._until = max(self._until, time.monotonic() + seconds)

    async def wait(self) -> None:
        """Wait until the model may be asked; a pause may be lengthened meanwhile."""
        while (left := self._until - time.monotonic()) > 0:
            await asyncio.sleep(left)

    @property
    def paused(self) -> bool:
        """Whether the model may not be asked now."""
        return time.monotonic() < self._until


@dataclass(slots=True, kw_only=True)
class Retrier:
    """What attempts at all questions share.

    Attributes:
        settings: How often and how fast.
        prices: What answers cost.
        slots: One per request in flight.
        admit: Called right before each attempt with whether it is a further one at its question;
            what it raises, is not caught here.
        under_way: Attempts that have gone out and are not back.
    """

    settings: GatewaySettings
    prices: Prices
    slots: asyncio.Semaphore
    admit: Callable[[bool], None]
    under_way: int = 0

    async def ask(self, model: Model, question: Question, key: str, pace: RateLimiter) -> Exchange:
        """Ask until there is an answer, a final refusal, or no attempt left.

        Pauses decide only when something is asked; they are drawn without a seed.

        Args:
            model: Who is asked.
            question: What.
            key: The question's key.
            pace: The model's.

        Returns:
            The exchange; with a `failure` where there is no answer.
        """
        began = time.perf_counter()
        attempts: list[str] = []
        tokens_in = tokens_out = 0
        while True:
            tried = await self._try(model, question, pace, again=bool(attempts))
            tokens_in, tokens_out = tokens_in + tried.tokens_in, tokens_out + tried.tokens_out
            answered = isinstance(tried, Answer)
            if not answered:
                attempts.append(f"{tried}{self._far(tried)}")
            if answered or self._is_last(tried, len(attempts)):
                return Exchange(
                    key=key,
                    draw=question.draw,
                    role=question.role,
                    model=question.model,
                    messages=question.messages,
                    parameters=question.parameters,
                    text=tried.text if answered else "",
                    failure="" if answered else tried.kind,
                    finish=tried.finish if answered else "",
                    tokens_in=tokens_in,
                    tokens_out=tokens_out,
                    cost=cost(self.prices, question.model, tokens_in, tokens_out),
                    attempts=tuple(attempts),
                    seconds=time.perf_counter() - began,
                )
            await self._pause(tried, len(attempts), pace)

    async def _try(
        self, model: Model, question: Question, pace: RateLimiter, *, again: bool
    ) -> Answer | ModelError:
        while True:
            await pace.wait()  # outside a slot: a paused model must not keep others waiting
            async with self.slots:
                if pace.paused:
                    continue
                self.admit(again)
                self.under_way += 1
                try:
                    return await model.complete(question)
                except ModelError as error:
                    return error.with_traceback(None)
                finally:
                    self.under_way -= 1

    def _is_last(self, error: ModelError, failed: int) -> bool:
        return error.final or failed >= self.settings.attempts or bool(self._far(error))

    def _far(self, error: ModelError) -> str:
        """What a server says that wants a longer pause than it gets; empty for any other."""
        wanted = error.retry_after_s or 0.0
        return (
            f"; to be asked again in {_span(wanted)}" if wanted > self.settings.pause_cap_s else ""
        )

    async def _pause(self, error: ModelError, failed: int, pace: RateLimiter) -> None:
        settings = self.settings
        doubled = min(settings.backoff_cap_s, settings.backoff_s * 2.0 ** (failed - 1))
        seconds = doubled * random.uniform(0.5, 1.5)
        if error.retry_after_s:  # one that wants no pause gets ours: it has just failed
            # A little more than asked for, and not all at once.
            seconds = error.retry_after_s * random.uniform(1.0, 1.1)
        if error.kind == "rate" or error.retry_after_s:
            pace.pause(seconds)  # for all who ask this model
        else:
            await asyncio.sleep(seconds)


def _span(seconds: float) -> str:
    """A length of time in its nearest unit."""
    units = ((86_400.0, "days"), (3_600.0, "h"), (60.0, "min"))
    size, unit = next((one for one in units if seconds >= 2 * one[0]), (1.0, "s"))
    return f"{seconds / size:.0f} {unit}"
