"""A scripted model server on loopback that speaks the protocol, with faults on demand.

What it does to a request depends on the request and on how often it came before, never on who came
first: a run with one connection and a run with eight meet the same faults.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Self
from urllib.parse import unquote

Body = dict[str, Any]
Faults = Callable[[Body, int], str | None]
"""(request, attempt from 1) -> the fault's name, or None for an honest reply."""

RETRIED = (
    "429", "429_after", "429_ms", "500", "503_after", "reset", "endless", "bad_json", "bad_shape",
    "no_message", "empty_choices", "error_in_200",
)  # fmt: skip
"""Faults that another attempt may get over; `drip` is another, for those who have the time."""

FINAL = ("401", "403", "404", "400", "402", "quota", "redirect", "too_long")
TAKEN = ("length", "content_filter", "refusal", "null_content", "no_usage", "parts")
"""Faults that come with an answer, paid for."""

RETRY_AFTER_S = 0.01
WORDS = {
    "400": "messages: something is wrong with them",
    "401": "Incorrect API key provided",
    "402": "Insufficient credits",
    "403": "This country is not served",
    "404": "The model does not exist",
    "429": "Rate limit reached",
    "429_after": "Rate limit reached",
    "429_ms": "Rate limit reached",
    "500": "The server had an error",
    "501": "Unsupported method ('POST')",
    "503_after": "Overloaded",
    "unreadable": "The model produced output that does not match the expected peg-native format",
    "no_schemas": 'response_format type must be one of "text" or "json_object"',
    "per_minute": "Rate limit reached: 3 / min. Add a payment method: https://h.example/billing",
    "quota": "You exceeded your current quota, please check your plan and billing details",
    "too_long": "This model's maximum context length is 4096 tokens",
    "redirect": "Moved",
}
STATUS = {
    "unreadable": 500,
    "no_schemas": 500,
    "per_minute": 429,
    "quota": 429,
    "too_long": 400,
    "redirect": 301,
}
CODES = {"quota": "insufficient_quota", "too_long": "context_length_exceeded"}


def no_faults(_body: Body, _attempt: int) -> str | None:
    return None


def always(fault: str) -> Faults:
    return lambda _body, _attempt: fault


def at_first(*faults: str) -> Faults:
    """These, one an attempt, then honest replies."""
    return lambda _body, attempt: faults[attempt - 1] if attempt <= len(faults) else None


def some_faults(rate: float, names: Sequence[str], salt: str = "") -> Faults:
    """A share of attempts meets a fault; which, is a hash of the request and the attempt."""

    def choose(body: Body, attempt: int) -> str | None:
        digest = hashlib.sha256(f"{salt}:{identity(body)}:{attempt}".encode()).digest()
        if int.from_bytes(digest[:4], "big") >= rate * 2**32:
            return None
        return names[int.from_bytes(digest[4:8], "big") % len(names)]

    return choose


def identity(body: Body) -> str:
    """What is the same in all attempts at one question."""
    said = [body.get("model"), body.get("seed"), body.get("messages")]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


class ScriptedServer:
    """Use as a context manager; it listens on a free port.

    Args:
        reply: Request -> the words of the answer.
        faults: Which attempts meet which fault.
        models: What it lists and knows.
        unlisted: What it knows besides.
        key: The key it wants; None for none.
        refuses: Parameters that it does not take.
        delay_s: How long it thinks.
        lists: Whether it has a list of models at all.

    Attributes:
        requests: (path, body, headers) as they came.
        replies: The words of each answer that was sent whole.
        dealt: Fault -> how often.
        most: Requests under way at a time, at most.
    """

    def __init__(
        self,
        reply: Callable[[Body], str] = lambda body: f"echo: {body['messages'][-1]['content']}",
        faults: Faults = no_faults,
        *,
        models: Sequence[str] = ("small", "large"),
        unlisted: Sequence[str] = (),
        key: str | None = None,
        refuses: Sequence[str] = (),
        delay_s: float = 0.0,
        lists: bool = True,
    ) -> None:
        self.reply, self.faults = reply, faults
        self.models, self.unlisted, self.key = list(models), list(unlisted), key
        self.refuses, self.delay_s, self.lists = set(refuses), delay_s, lists
        self.requests: list[tuple[str, Body, dict[str, str]]] = []
        self.replies: list[str] = []
        self.dealt: Counter[str] = Counter()
        self.most = self._now = 0
        self.forget_attempts()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def forget_attempts(self) -> None:
        """Count attempts anew: for a run that was killed while some were under way."""
        self._attempts: Counter[str] = Counter()

    @property
    def asked(self) -> list[Body]:
        """The bodies of all questions."""
        return [body for path, body, _ in self.requests if path == "/v1/chat/completions"]

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2**24))
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/v1"
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _stop(self) -> None:
        self._server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(
            ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError
        ):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                method, path, _ = head[0].split(" ")
                headers = dict(line.split(": ", 1) for line in head[1:] if line)
                headers = {name.lower(): value for name, value in headers.items()}
                data = await reader.readexactly(int(headers.get("content-length", 0)))
                body = json.loads(data) if data else {}
                self.requests.append((path.partition("?")[0], body, headers))
                self._now += 1
                self.most = max(self.most, self._now)
                try:
                    going_on = await self._answer(
                        method, path.partition("?")[0], body, headers, writer
                    )
                finally:
                    self._now -= 1
                if not going_on:
                    break
        writer.transport.abort()

    async def _answer(
        self, method: str, path: str, body: Body, headers: dict[str, str], writer: Any
    ) -> bool:
        if self.key is not None and headers.get("authorization") != f"Bearer {self.key}":
            shown = headers.get("authorization", "nothing")
            return await _send(writer, 401, _error(f"Incorrect API key provided: {shown}"))
        if method == "GET" and path == "/v1/models" and self.lists:
            rows = [{"id": name, "object": "model"} for name in self.models]
            return await _send(writer, 200, {"object": "list", "data": rows})
        if method == "GET" and path.startswith("/v1/models/"):
            name = unquote(path.removeprefix("/v1/models/"))
            if name in [*self.models, *self.unlisted]:
                return await _send(writer, 200, {"id": name, "object": "model"})
        if (method, path) != ("POST", "/v1/chat/completions"):
            return await _send(writer, 404, _error("Not Found"))
        if body["model"] not in [*self.models, *self.unlisted]:
            words = f"The model `{body['model']}` does not exist"
            return await _send(writer, 404, _error(words, code="model_not_found"))
        for name in sorted(self.refuses & set(body)):
            words = f"Unsupported parameter: '{name}' is not supported with this model."
            return await _send(writer, 400, _error(words, code="unsupported_parameter", param=name))
        return await self._complete(body, writer)

    async def _complete(self, body: Body, writer: Any) -> bool:
        self._attempts[identity(body)] += 1
        fault = self.faults(body, self._attempts[identity(body)])
        self.dealt[fault or "none"] += 1
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        if fault is None or fault in TAKEN:
            words = self.reply(body)
            going_on = await _send(writer, 200, _envelope(words, fault, body))
            self.replies.append(words)
            return going_on
        if fault in WORDS:
            extra = {
                "429_after": {"Retry-After": str(RETRY_AFTER_S)},
                "429_ms": {"retry-after-ms": str(RETRY_AFTER_S * 1e3)},
                "503_after": {"Retry-After": str(RETRY_AFTER_S)},
                "redirect": {"Location": "https://elsewhere.example/v1/chat/completions?key=abc"},
            }.get(fault, {})
            status = STATUS.get(fault) or int(fault[:3])
            return await _send(writer, status, _error(WORDS[fault], code=CODES.get(fault)), extra)
        return await self._break(fault, body, writer)

    async def _break(self, fault: str, body: Body, writer: Any) -> bool:
        whole = json.dumps(_envelope(self.reply(body), None, body)).encode()
        if fault == "error_in_200":
            return await _send(writer, 200, {"error": {"message": "Provider broke", "code": 502}})
        if fault == "bad_shape":
            return await _send(writer, 200, {"answer": "something else"})
        if fault == "no_message":
            return await _send(writer, 200, {"choices": [{"finish_reason": "stop"}]})
        if fault == "empty_choices":
            return await _send(writer, 200, {"choices": [], "usage": _usage(7, 3)})
        if fault == "bad_json":
            return await _send(writer, 200, whole[: len(whole) // 2])
        if fault == "reset":
            writer.write(_head(200, len(whole)) + whole[: len(whole) // 2])
            await writer.drain()
        elif fault == "drip":
            writer.write(_head(200, 10_000))
            for _ in range(200):  # 10 s, unless they go away
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.05)
        elif fault == "endless":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{")
            for _ in range(4096):  # 256 MiB, unless they go away
                writer.write(b" " * 65536)
                await writer.drain()
        elif fault == "packed":
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"
            )
            await writer.drain()
        else:
            raise ValueError(fault)
        return False


def _envelope(words: str, fault: str | None, body: Body) -> Body:
    message: Body = {"role": "assistant", "content": words}
    finish = "stop"
    if fault in ("length", "content_filter"):
        message["content"], finish = words[: len(words) // 2], fault
    elif fault == "refusal":
        message |= {"content": None, "refusal": "I cannot help with that."}
    elif fault == "null_content":
        message["content"], finish = None, "length"
    elif fault == "parts":
        message["content"] = [
            {"type": "thinking", "thinking": "hm"},
            {"type": "text", "text": words[:3]},
            {"type": "text", "text": words[3:]},
        ]
    choice = {"index": 0, "message": message, "finish_reason": finish}
    envelope: Body = {"id": "x", "object": "chat.completion", "choices": [choice]}
    if fault != "no_usage":
        asked = sum(len(one["content"]) for one in body["messages"])
        envelope["usage"] = _usage(asked // 4 + 1, len(words) // 4 + 1)
    return envelope


def _usage(tokens_in: int, tokens_out: int) -> Body:
    total = tokens_in + tokens_out
    return {"prompt_tokens": tokens_in, "completion_tokens": tokens_out, "total_tokens": total}


def _error(words: str, code: str | None = None, param: str | None = None) -> Body:
    return {"error": {"message": words, "type": "error", "code": code, "param": param}}


def _head(status: int, length: int, extra: dict[str, str] | None = None) -> bytes:
    lines = [
        f"HTTP/1.1 {status} Any",
        "Content-Type: application/json",
        f"Content-Length: {length}",
    ]
    lines += [f"{name}: {value}" for name, value in (extra or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode()


async def _send(
    writer: Any, status: int, body: Body | bytes, extra: dict[str, str] | None = None
) -> bool:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    writer.write(_head(status, len(data), extra) + data)
    await writer.drain()
    return True
