"""Before a run spends anything: whether server, key and models exist, and what they can do."""

from __future__ import annotations

import asyncio
import difflib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.llm.attempts import GatewaySettings, RateLimiter, Retrier
from engine.llm.budget import Prices
from engine.llm.client import OpenAIModel
from engine.llm.errors import ModelError, ModelsError
from engine.llm.gateway import Transcript
from engine.llm.keys import find_server
from engine.llm.question import Model, Question
from engine.settings import LLM
from genomes.records.exchange import SHARED, Exchange, Message

__all__ = ["Capability", "ModelsError", "meet", "probe"]

SCHEMA: Mapping[str, Any] = {
    "title": "probe",
    "type": "object",
    "properties": {"ready": {"type": "boolean"}},
    "required": ["ready"],
    "additionalProperties": False,
}
WORDS = 'Answer with this JSON object and nothing else: {"ready": true}'
MAX_TOKENS = 200
"""Enough for a model that reasons a little first; one that reasons on is cut there."""

SHOWN = 6
_ABOUT_THE_RUN = ("auth", "payment", "connection", "timeout", "rate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """What is known of a model.

    Attributes:
        model: Its name.
        structured: Whether its server takes a schema for its replies, and keeps to it.
        listed: Whether its server lists it, many know more than they list; None if it has no list.
    """

    model: str
    structured: bool
    listed: bool | None


def meet(
    settings: LLM, transcript: Transcript, say: Callable[[str], None], *, typed: bool = False
) -> dict[str, Model]:
    """Every model, after a word with each: server, key, name, and whether it takes schemas.

    Args:
        settings: Who is asked.
        transcript: Where the word is kept.
        say: Told what is odd, a sentence each.
        typed: Whether the user gave the server's address on the command line.

    Raises:
        ModelsError: Every server and model that will not do, a sentence each.
    """
    server = find_server(settings.server.base_url, os.environ, Path.cwd(), typed=typed)
    models = [
        OpenAIModel(server, name, timeout_s=settings.server.timeout_s, environment=os.environ)
        for name in settings.everyone
    ]

    async def ask() -> None:
        try:
            found = await probe(
                models,
                transcript,
                settings=GatewaySettings.of(settings.server),
                prices=settings.prices,
            )
            for one in found:
                if one.listed is False:
                    say(f"{server.address} answers to {one.model}, but does not list it")
        finally:
            for model in models:
                await model.close()  # its connections belong to this loop

    asyncio.run(ask())
    return {model.name: model for model in models}


async def probe(
    models: Sequence[OpenAIModel],
    transcript: Transcript,
    *,
    settings: GatewaySettings | None = None,
    prices: Prices | None = None,
) -> list[Capability]:
    """Look at the servers' lists, then ask each model one tiny question, with a schema.

    What the models cannot do they leave out from then on. Their answers are in the transcript (a
    resumed run asks only for the lists again); failures are not, so that a corrected key is tried.

    Args:
        models: All models in use.
        transcript: Where the answers are kept.
        settings: How often to try.
        prices: What the answers cost.

    Returns:
        What is known, in the order of the models.

    Raises:
        ModelsError: Every server and model that will not do, a sentence each.
        ArchiveError: The transcript cannot be written.
    """
    settings = settings or GatewaySettings()
    at = {model.server.address: model for model in models}
    lists = dict(zip(at, await asyncio.gather(*map(_names, at.values())), strict=True))
    problems = [found for found in lists.values() if isinstance(found, str)]
    if problems:
        raise ModelsError(problems)
    retrier = Retrier(
        settings=settings,
        prices=prices or {},
        slots=asyncio.Semaphore(settings.concurrency),
        admit=lambda _: None,
    )
    asked = (
        _asked(model, lists[model.server.address], retrier, transcript)  # pyright: ignore[reportArgumentType]
        for model in models
    )
    found = await asyncio.gather(*asked)
    if problems := [one for one in found if isinstance(one, str)]:
        raise ModelsError(problems)
    return [one for one in found if isinstance(one, Capability)]


async def _names(model: OpenAIModel) -> list[str] | str:
    """The models that a server lists, none if it lists none; or what is wrong with it."""
    try:
        return await model.names()
    except ModelError as error:
        if error.kind in _ABOUT_THE_RUN[:4] or error.kind == "redirect":
            return _about_the_server(model, error.kind, error.said)
        return []


async def _asked(
    model: OpenAIModel, names: Sequence[str], retrier: Retrier, transcript: Transcript
) -> Capability | str:
    question = Question(
        role="probe",
        model=model.name,
        messages=(Message(speaker="user", text=WORDS),),
        schema=SCHEMA,
        temperature=0.0,
        max_tokens=MAX_TOKENS,
        draw=SHARED,
    )
    key = question.key
    exchange = transcript.recall(key, SHARED)
    if exchange is None or exchange.failure:
        exchange = await retrier.ask(model, question, key, RateLimiter())
        if exchange.failure and exchange.failure not in (*_ABOUT_THE_RUN, "unknown_model"):
            model.leave_out_schemas()  # some servers break on a schema rather than refuse it
            exchange = await retrier.ask(model, question, key, RateLimiter())
        if exchange.failure:
            return _about_the_model(model, names, exchange)
        transcript.keep([exchange])
    if not _keeps_to_schema(exchange.text):
        model.leave_out_schemas()
    return Capability(
        model=model.name, structured=model.structured, listed=model.name in names if names else None
    )  # fmt: skip


def _keeps_to_schema(text: str) -> bool:
    """Whether an answer is what the schema asked for; one that was cut before a word may be."""
    spoken = text.rpartition("</think>")[2].strip()
    if not spoken:
        return True
    try:
        return isinstance(json.loads(spoken), dict)
    except (ValueError, RecursionError):
        return False


def _about_the_server(model: OpenAIModel, kind: str, said: str) -> str:
    address = model.server.address
    if kind == "auth" and model.server.key is None:
        return f"{address} wants a key ({said}): set FINCH_API_KEY, or put it into a .env file here"
    if kind == "auth":
        return f"{address} refuses the key ({said}): set the right one (environment or .env)"
    if kind == "payment":
        return f"{address} wants to be paid first ({said}): top up the account"
    if kind == "redirect":
        return f"{address}: {said}"
    return (
        f"no server answers at {address} ({said.removeprefix(f'{address}: ')}): start the server "
        "there (for Ollama: ollama serve), or change --llm-base-url"
    )


def _about_the_model(model: OpenAIModel, names: Sequence[str], exchange: Exchange) -> str:
    address, kind = model.server.address, exchange.failure
    said = exchange.attempts[-1].removeprefix(f"{kind}: ")
    if kind in _ABOUT_THE_RUN[:4]:
        return _about_the_server(model, kind, said)
    if kind == "unknown_model" or (kind == "bad_request" and model.name not in names):
        return f"{address} does not know the model {model.name!r} ({said}){_way_out(model, names)}"
    if kind == "server" and names and model.name not in names:
        return (
            f"{address} does not answer for the model {model.name!r} ({said}), and does not list it"
            f"{_way_out(model, names)}"
        )
    tries = f"{len(exchange.attempts)} attempt{'s' if len(exchange.attempts) > 1 else ''}"
    final = kind in ("unsupported", "bad_request", "too_long")
    remedy = "check the address (most end in /v1), or take" if final else "try later, or"
    return (
        f"{address} does not answer for the model {model.name!r} after {tries} ({kind}: {said}): "
        f"{remedy} another model"
    )


def _way_out(model: OpenAIModel, names: Sequence[str]) -> str:
    if not names:
        return ": check --llm, and the address: most end in /v1"
    near = difflib.get_close_matches(model.name, names, n=3, cutoff=0.4)
    near = near or [name for name in names if model.name.lower() in name.lower()][:3]
    if near:
        return f": did you mean {' or '.join(near)}?"
    more = f", and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f": it lists {', '.join(sorted(names)[:SHOWN])}{more}"
