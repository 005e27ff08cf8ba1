"""The gateway to the models: each question is asked once, paid once and kept in the transcript."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextvars import ContextVar, copy_context
from typing import Any, Protocol, TypeVar

from engine.llm.attempts import GatewaySettings, RateLimiter, Retrier
from engine.llm.budget import BudgetMeter, Budgets, Prices, Spending
from engine.llm.errors import BudgetSpent, Closed, ModelError, Unanswered
from engine.llm.question import Model, Question
from engine.llm.redact import Redactor
from engine.llm.thread import LoopThread, Pending
from genomes.records.exchange import Exchange, Message

__all__ = [
    "BudgetSpent",
    "Closed",
    "Gateway",
    "GatewaySettings",
    "ModelError",
    "Transcript",
    "Unanswered",
]

T = TypeVar("T")

GATHER_S = 0.005
"""How long an answer waits for others to be stored with it while more are under way."""

FIRST_WORDS = 80

_open_models: ContextVar[frozenset[str]] = ContextVar("open_models")
"""The breakers as they stood when a piece of work began: later ones must not reach into it, or an
answer's arrival would decide who is asked."""


class Transcript(Protocol):
    """Where exchanges are kept: `archive.transcript.Transcript`."""

    def recall(self, key: str, draw: int) -> Exchange | None:
        """What came of a question; None where it was never asked."""
        ...

    def keep(self, exchanges: Sequence[Exchange]) -> None:
        """Keep exchanges in one transaction; of two with one key and draw the first one stays."""
        ...

    def spent(self) -> Spending:
        """What all exchanges together took."""
        ...


class Gateway:
    """Asks models, each question once, ever.

    A question is looked up in the transcript first; two who ask the same at a time share one call;
    an answer is stored before anyone gets it. All of its state but `open_models` lives in the
    event loop that `ask` runs in: the gateway's own thread for `begin` and `run`.

    Attributes:
        open_models: Models whose breaker is open; set at the boundaries of generations. Work begun
            under one set keeps it to its end.

    Args:
        models: Name -> its client; None replays: no server is asked, the transcript must have the
            answer.
        transcript: Where exchanges are kept.
        settings: How questions are asked.
        prices: What answers cost.
        budgets: When it is enough.
        clock: Seconds that only grow, for the budget of seconds.
    """

    def __init__(
        self,
        models: Mapping[str, Model] | None,
        transcript: Transcript,
        *,
        settings: GatewaySettings | None = None,
        prices: Prices | None = None,
        budgets: Budgets | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        settings = settings or GatewaySettings()
        self._models, self._transcript = models, transcript
        self._meter = BudgetMeter(budgets or Budgets(), transcript.spent(), clock)
        self._paces = {name: RateLimiter() for name in models or ()}
        self._retrier = Retrier(
            settings=settings,
            prices=prices or {},
            slots=asyncio.Semaphore(settings.concurrency),
            admit=self._admit,
        )
        self.open_models: frozenset[str] = frozenset()
        self._thread = LoopThread("models")
        self._calls: dict[tuple[str, int], asyncio.Task[Exchange]] = {}
        self._unsaved: list[tuple[Exchange, asyncio.Future[Exchange]]] = []
        self._flush_is_due = False
        self._broken: Exception | None = None
        self._closed = False

    @property
    def meter(self) -> BudgetMeter:
        """What was spent so far, with earlier sessions."""
        return self._meter

    @property
    def under_way(self) -> int:
        """Questions that have gone out and are not back."""
        return self._retrier.under_way

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
        """Ask down a list of models until one answers.

        Args:
            role: Who is asked.
            models: In order of preference; those whose breaker is open are left out.
            messages: What is said.
            schema: JSON schema of the reply, named by its `title`; None for free text.
            temperature: As the protocol has it.
            max_tokens: Cap on the answer.
            draw: The candidate it is for, or SHARED.

        Returns:
            The exchanges in the order asked, each stored; the last one is the answer, or the last
            failure. Empty where all breakers are open.

        Raises:
            BudgetSpent: A budget is used up.
            Unanswered: A replay, and the transcript does not know.
            Closed: The gateway is closed.
            ArchiveError: The transcript cannot be read or written.
        """
        left_out = _open_models.get(self.open_models)
        exchanges: list[Exchange] = []
        for name in dict.fromkeys(models):
            if name in left_out:
                continue
            question = Question(
                role=role,
                model=name,
                messages=tuple(messages),
                schema=schema,
                temperature=temperature,
                max_tokens=max_tokens,
                draw=draw,
            )
            exchanges.append(await self._exchange(question))
            if not exchanges[-1].failure:
                break
        return exchanges

    def begin(self, coroutines: Iterable[Coroutine[Any, Any, T]]) -> Pending[list[T]]:
        """Start work that asks, in the gateway's thread; does not wait.

        Returns:
            A handle whose `result()` waits for all of it and gives the results in order. Once a
            piece fails the first failure is raised: at once, but for a used-up budget, which lets
            the rest finish or run into it too.
        """
        work = list(coroutines)
        if self._closed:
            for coroutine in work:
                coroutine.close()
            raise Closed("the gateway is closed")
        return self._thread.begin(_together(work, self.open_models))

    def run(self, coroutines: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
        """Work that asks, in the gateway's thread; waits for it. Errors as in `begin`."""
        return self.begin(coroutines).result()

    def close(self) -> None:
        """Ask nothing more, wait for answers under way, store them, let go of connections.

        Ctrl-C ends the waiting: answers still under way are lost then.
        """
        if self._thread.running:
            ending = self._thread.begin(self.aclose())
            try:
                ending.result()
            finally:
                self._thread.close()
        self._closed = True

    async def aclose(self) -> None:
        """As `close`, for a gateway used inside a loop of the caller's."""
        self._closed = True
        while self._retrier.under_way:
            await asyncio.sleep(GATHER_S)
        self._flush()
        await asyncio.sleep(0)  # those whose answer is stored now end by themselves
        waiting = list(self._calls.values())
        for call in waiting:
            call.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        for model in (self._models or {}).values():
            await model.close()

    async def _exchange(self, question: Question) -> Exchange:
        key = question.key
        identity = (key, question.draw)
        call = self._calls.get(identity)
        if call is None:
            known = self._transcript.recall(key, question.draw)
            if known is not None:
                return known
            if self._models is None:
                raise _unanswered(question, key)
            call = asyncio.create_task(self._call(question, key, self._models))
            self._calls[identity] = call
            call.add_done_callback(lambda done: self._forget(identity, done))
        try:
            return await asyncio.shield(call)  # a caller may give up; the answer is stored
        except asyncio.CancelledError:
            if call.cancelled():
                raise Closed("the gateway was closed before this was asked") from None
            raise

    def _forget(self, identity: tuple[str, int], call: asyncio.Task[Exchange]) -> None:
        del self._calls[identity]
        if not call.cancelled():
            call.exception()  # seen: it has been raised to the callers that still wait

    async def _call(self, question: Question, key: str, models: Mapping[str, Model]) -> Exchange:
        model, pace = models[question.model], self._paces[question.model]
        exchange = await self._retrier.ask(model, question, key, pace)
        self._meter.pay(exchange)
        return await self._saved(exchange)

    def _admit(self, again: bool) -> None:
        if self._broken is not None:
            raise self._broken
        if self._closed:
            raise Closed("the gateway is closed")
        self._meter.admit(again=again)

    def _saved(self, exchange: Exchange) -> asyncio.Future[Exchange]:
        """The exchange, once it is stored; those that arrive together are stored together."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Exchange] = loop.create_future()
        self._unsaved.append((exchange, future))
        if not self._flush_is_due:
            self._flush_is_due = True
            if self._retrier.under_way:
                loop.call_later(GATHER_S, self._flush)
            else:
                loop.call_soon(self._flush)
        return future

    def _flush(self) -> None:
        self._flush_is_due = False
        if not self._unsaved:
            return
        try:
            self._transcript.keep([exchange for exchange, _ in self._unsaved])
        except Exception as error:
            # They stay, and go along with what arrives later: a disk may have room again.
            self._broken = error
            for _, future in self._unsaved:
                if not future.done():
                    future.set_exception(error)
            return
        for exchange, future in self._unsaved:
            if not future.done():
                future.set_result(exchange)
        self._unsaved.clear()


async def _together(work: Sequence[Coroutine[Any, Any, T]], open_models: frozenset[str]) -> list[T]:
    loop = asyncio.get_running_loop()
    tasks: list[asyncio.Task[T]] = []
    for coroutine in work:
        context = copy_context()
        context.run(_open_models.set, open_models)
        task = loop.create_task(coroutine, context=context)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        tasks.append(task)
    waiting = set(tasks)
    while waiting:
        _, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_EXCEPTION)
        for task in tasks:
            if task.done() and not isinstance(task.exception(), BudgetSpent | None):
                task.result()
    return [task.result() for task in tasks]


def _unanswered(question: Question, key: str) -> Unanswered:
    words = question.messages[-1].text if question.messages else ""
    return Unanswered(
        role=question.role,
        model=question.model,
        draw=question.draw,
        key=key,
        words=Redactor().words(words, FIRST_WORDS),
    )
