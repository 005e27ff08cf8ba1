"""The models of a run: found, tried before anything is spent, seated in their roles."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from archive.store import Archive
from archive.transcript import Spent, Transcript
from engine.config import ConfigError
from engine.llm.attempts import GatewaySettings
from engine.llm.budget import Budgets, check_prices
from engine.llm.conversation import Roles
from engine.llm.gateway import Gateway
from engine.llm.goal import CATEGORIES
from engine.llm.question import Model
from engine.llm.role import Role
from engine.settings import LLM
from genomes.records.exchange import Exchange

if TYPE_CHECKING:
    from engine.llm.gateway import Transcript as Notes


@dataclass(slots=True)
class Sketch:
    """A transcript in memory: what was asked before there was an archive to keep it."""

    exchanges: list[Exchange] = field(default_factory=list[Exchange])

    def recall(self, key: str, draw: int) -> Exchange | None:
        """Nothing: it is new."""
        return None

    def keep(self, exchanges: Sequence[Exchange]) -> None:
        """Remember them."""
        self.exchanges += exchanges

    def spent(self) -> Spent:
        """Nothing before this run."""
        return Spent(0.0, 0, 0, 0.0)


class Replayed:
    """The transcript of another run, copied into one's own as it is read."""

    def __init__(self, source: Transcript, copy: Transcript) -> None:
        """Read from one, write to the other."""
        self._source, self._copy = source, copy

    def recall(self, key: str, draw: int) -> Exchange | None:
        """What came of a question in the run that is replayed."""
        found = self._source.recall(key, draw)
        if found is not None:
            self._copy.keep([found])
        return found

    def keep(self, exchanges: Sequence[Exchange]) -> None:
        """Nothing new is asked in a replay."""

    def spent(self) -> Spent:
        """What the copy holds."""
        return self._copy.spent()


def check(settings: LLM) -> None:
    """See that what is said of models can be meant.

    Raises:
        ConfigError: All of it that cannot.
    """
    problems = check_prices(settings.prices, everyone(settings), _budgets(settings))
    if settings.category and settings.category not in CATEGORIES:
        known = ", ".join(CATEGORIES)
        problems.append(f"llm.category = {settings.category!r}; needs one of {known}, or none")
    for flag, said in (("--goal", settings.goal), ("--llm-base-url", settings.server.base_url)):
        if said and not settings.models:
            problems.append(f"{flag} is for models: add one with --llm MODEL")
    if problems:
        raise ConfigError(problems)


def everyone(settings: LLM) -> tuple[str, ...]:
    """All models that may be asked, each once."""
    roles = (settings.models, settings.analyst, settings.critic, settings.rewriter)
    return tuple(dict.fromkeys(name for role in roles for name in role))


def introduced(
    settings: LLM, notes: Notes, say: Callable[[str], None], *, typed: bool = False
) -> dict[str, Model]:
    """Every model, after a word with each: server, key, name, and whether it takes schemas.

    Args:
        settings: Who is asked.
        notes: Where the word is kept.
        say: Told what is odd, a sentence each.
        typed: Whether the user gave the server's address on the command line.

    Raises:
        ModelsError: Every server and model that will not do, a sentence each.
    """
    from engine.llm.client import OpenAIModel
    from engine.llm.keys import find_server
    from engine.llm.probe import probe

    server = find_server(settings.server.base_url, os.environ, Path.cwd(), typed=typed)
    models = [
        OpenAIModel(server, name, timeout_s=settings.server.timeout_s, environment=os.environ)
        for name in everyone(settings)
    ]

    async def meet() -> None:
        try:
            found = await probe(models, notes, settings=_manners(settings), prices=settings.prices)
            for one in found:
                if one.listed is False:
                    say(f"{server.address} answers to {one.model}, but does not list it")
        finally:
            for model in models:
                await model.close()  # its connections belong to this loop

    asyncio.run(meet())
    return {model.name: model for model in models}


@contextmanager
def gateway(
    settings: LLM, archive: Archive, models: dict[str, Model] | None, replay: str | None
) -> Generator[Gateway | None]:
    """The gateway of a run, closed behind it; None where no model is asked.

    Args:
        settings: How it asks.
        archive: Keeps the transcript.
        models: Who answers; ignored in a replay.
        replay: Path or URL of the archive whose answers are given again.
    """
    if not settings.models:
        yield None
        return
    source = Archive.open(replay, identity=None, readonly=True) if replay else None
    transcript = Replayed(source.transcript, archive.transcript) if source else archive.transcript
    made = Gateway(
        None if source else models,
        transcript,
        settings=_manners(settings),
        prices=settings.prices,
        budgets=Budgets() if source else _budgets(settings),
    )
    try:
        yield made
    finally:
        made.close()
        if source:
            source.close()


def cast(settings: LLM) -> Roles:
    """The roles of a run."""

    def seat(models: tuple[str, ...], temperature: float) -> Role:
        return Role(
            models=models or settings.models,
            temperature=temperature,
            max_tokens=settings.max_tokens,
        )

    critic = settings.debate > 0 or settings.drafts > 1
    return Roles(
        strategist=seat(settings.models, settings.temperature),
        analyst=seat(settings.analyst, 0.0) if settings.analysis else None,
        critic=seat(settings.critic, 0.0) if critic else None,
        drafts=settings.drafts,
        rounds=settings.debate,
    )


def _budgets(settings: LLM) -> Budgets:
    budget = settings.budget
    return Budgets(
        money=budget.money, tokens=budget.tokens, calls=budget.calls, seconds=budget.seconds
    )


def _manners(settings: LLM) -> GatewaySettings:
    server = settings.server
    return GatewaySettings(
        concurrency=server.concurrency, attempts=server.attempts, backoff_s=server.backoff_s
    )
