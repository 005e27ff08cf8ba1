"""The protocol's envelopes read: bytes become an answer, or the reason for having none.

A server's counts of tokens are believed up to what they can be at most. A question has no more than
bytes, and those that a server adds (`ADDED_TOKENS`). An answer has no more than `max_tokens`, which
covers reasoning that is not shown, or than its message has bytes, where a server passes over that
cap. What is not a count (a text, a list, a negative number, 0 for words that are there) is
estimated from the words. So no reply costs more than the question and its own words can.
"""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, cast

from engine.llm.errors import ModelError
from engine.llm.question import DECLINED, Answer, Question, estimated_tokens
from engine.llm.redact import Redactor

ADDED_TOKENS = 1024
"""Tokens of a question that need no byte of it: a server's own system prompt, marks of turns."""

MOST_WORDS = 10_000
"""Characters of a complaint that are looked at; patterns take the square of it, on bad words."""

MOST_NAMES = 10_000
"""Models of a server's list that are looked at; the longest lists have hundreds."""

_TITLE = re.compile(r"(?is)<title[^>]*>(.*?)</title>")
_TOO_LONG = re.compile(r"(?i)context.?(?:length|window|size)|prompt is too long|too many tokens")
_NO_MONEY = re.compile(
    r"(?is)insufficient_quota|insufficient.{0,20}(?:balance|credit|funds)|"
    # Limits on what is asked in a minute point to the page for payments, too.
    r"\A(?!.*(?:rate.?limit|per.?(?:minute|min|day)|resource.?exhausted|retry in)).*billing"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a server sent.

    Attributes:
        status: Of HTTP.
        headers: Names in lower case.
        body: As it came, at most the cap.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What a server says is wrong; not yet fit to be shown.

    Attributes:
        words: Its message.
        code: Its code or type, as it writes it; may be empty.
        parameter: The parameter it names; may be empty.
    """

    words: str
    code: str
    parameter: str


def read_answer(reply: Reply, question: Question, redactor: Redactor) -> Answer:
    """The answer in a successful reply.

    Raises:
        ModelError: There is none; tokens that were counted all the same are in the error.
    """
    envelope = _object(reply.body, redactor)
    tokens_in, tokens_out = _usage(envelope, question)
    useless = partial(ModelError, tokens_in=tokens_in or 0, tokens_out=tokens_out or 0)
    choices = envelope.get("choices")
    if not isinstance(choices, list):
        if envelope.get("error"):
            raise trouble(reply, redactor)
        said = redactor.words(reply.body.decode("utf-8", "replace"))
        raise useless("bad_shape", f"the reply has no list of choices: {said}")
    if not choices:
        raise useless("empty_choices", "the reply's list of choices is empty")
    choice = _table(cast(Any, choices)[0])
    if choice.get("error"):
        raise trouble(reply, redactor)
    message = _table(choice.get("message"))
    if "content" not in message and "refusal" not in message:
        said = redactor.words(json.dumps(choice))
        raise useless("bad_shape", f"the first choice has no message: {said}")
    text, finish = _text(message.get("content")), choice.get("finish_reason")
    finish = redactor.words(finish, 40) if isinstance(finish, str) else ""
    refusal = message.get("refusal")
    if not text and isinstance(refusal, str) and refusal:
        text, finish = refusal, DECLINED
    text = redactor.answer(text)
    asked = "".join(message.text for message in question.messages) if tokens_in is None else ""
    return Answer(
        text=text,
        finish=finish,
        tokens_in=estimated_tokens(asked) if tokens_in is None else tokens_in,
        tokens_out=estimated_tokens(text) if tokens_out is None else tokens_out,
    )


def trouble(reply: Reply, redactor: Redactor) -> ModelError:
    """Why a reply is not an answer: from its status, or the error in a successful one."""
    complaint = read_complaint(reply.body)
    status = reply.status
    if status < 300:  # some gateways answer 200 and put the status into the error
        status = int(complaint.code) if re.fullmatch(r"[3-5]\d\d", complaint.code) else 502
    said = f"{status}: {redactor.words(complaint.words) or 'no words'}"
    evidence = f"{complaint.code} {complaint.words}"
    if status < 400:
        target = redactor.words(reply.headers.get("location", "").partition("?")[0])
        text = f"the server sends us on to {target or 'nowhere'}: use its address as base URL"
        return ModelError("redirect", f"{status}: {text}", final=True)
    if status in (401, 403):
        return ModelError("auth", said, final=True)
    if status == 402 or (status in (400, 429) and _NO_MONEY.search(evidence)):
        return ModelError("payment", said, final=True)
    if status == 404:
        return ModelError("unknown_model", said, final=True)
    if status == 413 or (status in (400, 422) and _TOO_LONG.search(evidence)):
        return ModelError("too_long", said, final=True)
    if status == 429:
        return ModelError("rate", said, retry_after_s=retry_after_s(reply.headers))
    if status in (501, 505):
        return ModelError("unsupported", said, final=True)
    if status in (408, 409, 425) or status >= 500:
        kind = "timeout" if status in (408, 504) else "server"
        return ModelError(kind, said, retry_after_s=retry_after_s(reply.headers))
    return ModelError("bad_request", said, final=True)


def read_complaint(body: bytes) -> Complaint:
    """A server's words for what is wrong, wherever it puts them."""
    plain = body.decode("utf-8", "replace")
    try:
        envelope = _table(json.loads(body))
    except (ValueError, RecursionError):
        plain = plain[:MOST_WORDS]
        title = _TITLE.search(plain)
        return Complaint(words=title[1] if title else plain, code="", parameter="")
    error = envelope.get("error") or envelope
    choices = envelope.get("choices")
    if "error" not in envelope and isinstance(choices, list) and choices:
        error = _table(cast(Any, choices)[0]).get("error") or error
    if isinstance(error, str):
        return Complaint(words=error[:MOST_WORDS], code="", parameter="")
    table = _table(error)
    words = table.get("message") or table.get("detail") or table.get("error") or plain
    words = words if isinstance(words, str) else json.dumps(words)
    raw = _table(table.get("metadata")).get("raw")  # OpenRouter: what the provider behind it said
    words = f"{words}: {raw}" if isinstance(raw, str) and raw else words
    code = table.get("code") or table.get("type") or ""
    parameter = str(table.get("param") or "")
    return Complaint(
        words=words[:MOST_WORDS], code=str(code)[:MOST_WORDS], parameter=parameter[:MOST_WORDS]
    )


def read_names(reply: Reply, redactor: Redactor) -> list[str]:
    """The models that a server lists.

    Raises:
        ModelError: The reply is not a list of models.
    """
    rows = _object(reply.body, redactor).get("data")
    if not isinstance(rows, list):
        raise ModelError("bad_shape", "the list of models has no data", final=True)
    names = [_table(row).get("id") for row in cast(list[Any], rows)[:MOST_NAMES]]
    return [redactor.words(name, 200) for name in names if isinstance(name, str)]


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """When a server wants to be asked again, in seconds from now; None if it does not say."""
    for name, unit_s in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        text = headers.get(name, "").strip()
        try:
            seconds = float(text) * unit_s
        except ValueError:
            continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    try:
        then = parsedate_to_datetime(headers.get("retry-after", ""))
        return max(0.0, then.timestamp() - time.time())
    except (ValueError, TypeError, OverflowError, OSError):
        return None


def _object(body: bytes, redactor: Redactor) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    else:
        if isinstance(found, dict):
            return cast(dict[str, Any], found)
    said = redactor.words(body.decode("utf-8", "replace")) or "nothing"
    kind = "bad_json" if found is None else "bad_shape"
    raise ModelError(kind, f"the reply is not a JSON object: {said}")


def _table(value: Any) -> dict[str, Any]:
    return cast(dict[str, Any], value) if isinstance(value, dict) else {}


def _text(content: Any) -> str:
    """What a message says: a text, or the texts among its parts."""
    if isinstance(content, list):
        parts = [_table(part) for part in cast(list[Any], content)]
        texts = [part.get("text") for part in parts if part.get("type") in ("text", None)]
        return "".join(text for text in texts if isinstance(text, str))
    return content if isinstance(content, str) else ""


def _usage(envelope: Mapping[str, Any], question: Question) -> tuple[int | None, int | None]:
    """Tokens in and out as the server counts, as far as that can be; None where it does not."""
    usage = _table(envelope.get("usage"))
    asked = sum(_bytes(message.text) for message in question.messages)
    most_in = asked + len(question.parameters) + ADDED_TOKENS
    most_out = max(question.max_tokens, _said(envelope))
    return (
        _count(usage.get("prompt_tokens"), most_in),
        _count(usage.get("completion_tokens"), most_out),
    )


def _said(envelope: Mapping[str, Any]) -> int:
    """Bytes of the words in the first choice, with its reasoning as far as it is shown."""
    choices = envelope.get("choices")
    first = cast(Any, choices)[0] if isinstance(choices, list) and choices else None
    message = _table(_table(first).get("message"))
    shown = [value for name, value in message.items() if name != "role"]
    return sum(_bytes(_text(value)) for value in shown)


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def _count(value: Any, most: int) -> int | None:
    is_count = isinstance(value, int) and not isinstance(value, bool)
    return min(value, most) if is_count and value >= 1 else None
