"""One model at one OpenAI-compatible server, asked by the `openai` package."""

from __future__ import annotations

import asyncio
import os
import re
import ssl
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from engine.llm.envelope import Reply, read_answer, read_complaint, read_names, trouble
from engine.llm.errors import ModelError
from engine.llm.keys import Server
from engine.llm.question import Answer, Model, Question, seed_of
from engine.llm.redact import Secret, quieten

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI

__all__ = ["Answer", "Model", "ModelError", "OpenAIModel", "Question"]

TIMEOUT_S = 120.0
CONNECT_S = 10.0
BODY_CAP = 4 << 20
"""Bytes of a reply: an answer of 100,000 tokens with all its reasoning takes less than 1 MiB."""

_NO_KEY = "unneeded"
_CAPS = ("max_completion_tokens", "max_tokens")
_REFUSALS = re.compile(
    r"(?i)un-?supported|not (?:be )?(?:support|permit|allow|accept|implement)|unrecogni[sz]ed|"
    r"does(?: not|n't) support|unknown|unexpected|(?:un|not )available|extra (?:input|field)|"
    r"invalid_(?:json_)?schema|only the default"
)
_UNREADABLE = re.compile(
    r"(?i)model produced output|does not match the expected|fail\w{0,4} to parse"
)
_SCHEMA_WORDS = re.compile(r"(?i)response_?format|json.?schema|structured.?output")


class OpenAIModel:
    """A model at a server; its connections belong to the event loop that asks first.

    What the server refuses (a schema, `seed`, `temperature`, the older name of the cap) is left out
    from then on.

    Args:
        server: Where it is.
        name: Its name there.
        timeout_s: Wall time of one attempt, from the first byte sent to the last received.
        body_cap: Bytes of a reply; a longer one is given up.
        environment: Where `openai` finds further headers (OPENAI_CUSTOM_HEADERS); only read, to
            keep their values out of what is shown, and away from other servers.
    """

    def __init__(
        self,
        server: Server,
        name: str,
        *,
        timeout_s: float = TIMEOUT_S,
        body_cap: int = BODY_CAP,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.server, self.name = server, name
        self._timeout_s, self._body_cap = timeout_s, body_cap
        self._headers = _headers(os.environ if environment is None else environment)
        self._redactor = server.redactor.knowing(map(Secret, filter(None, self._headers.values())))
        self._refused: set[str] = set()
        self._client: AsyncOpenAI | None = None

    def __repr__(self) -> str:
        return f"OpenAIModel({self.name!r} at {self.server.address})"

    @property
    def structured(self) -> bool:
        """Whether replies are asked for by schema: until the server is found not to take one."""
        return "response_format" not in self._refused

    def leave_out_schemas(self) -> None:
        """Ask without schemas from now on."""
        self._refused.add("response_format")

    async def complete(self, question: Question) -> Answer:
        """Answer; see `Model`."""
        schemas = True
        while True:
            request = self._request(question)
            if not schemas:
                request.pop("response_format", None)
            reply = await self._send("POST", "/chat/completions", request)
            if reply.status == 200:
                return read_answer(reply, question, self._redactor)
            if "response_format" in request and _is_unreadable(reply):
                schemas = False  # for this question: its seed would give the same words again
                continue
            refused = _refused_parameter(reply, request)
            if refused is None or self._refused | {refused} >= set(_CAPS):
                raise trouble(reply, self._redactor)
            self._refused.add(refused)

    async def names(self) -> list[str]:
        """The models that the server lists; it may know others.

        Raises:
            ModelError: It does not list them.
        """
        reply = await self._send("GET", "/models", None)
        if reply.status != 200:
            raise trouble(reply, self._redactor)
        return read_names(reply, self._redactor)

    async def close(self) -> None:
        """Let go of connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def _request(self, question: Question) -> dict[str, Any]:
        caps = _CAPS if self.server.host.endswith("openai.com") else _CAPS[::-1]
        cap = next(name for name in caps if name not in self._refused)
        request: dict[str, Any] = {
            "model": question.model,
            "messages": [{"role": m.speaker, "content": m.text} for m in question.messages],
            cap: question.max_tokens,
            "temperature": question.temperature,
            "seed": seed_of(question.key, question.draw),
        }
        if question.schema is not None:
            name = re.sub(r"[^A-Za-z0-9_-]", "_", str(question.schema.get("title", "reply")))[:64]
            schema = {"name": name, "schema": question.schema, "strict": True}
            request["response_format"] = {"type": "json_schema", "json_schema": schema}
        return {key: value for key, value in request.items() if key not in self._refused}

    async def _send(self, method: str, path: str, body: Any) -> Reply:
        """One request within its wall time.

        Raises:
            ModelError: No whole reply came. It has no other error behind it: those of `openai`
                carry requests, and with them the key.
        """
        import httpx2
        import openai

        client = self._client = self._client or self._connected()
        try:
            async with asyncio.timeout(self._timeout_s):
                if method == "GET":
                    response = await client.get(path, cast_to=httpx2.Response)
                else:
                    response = await client.post(path, body=body, cast_to=httpx2.Response)
            return _reply(response)
        except openai.APIStatusError as error:
            return _reply(error.response)
        except (TimeoutError, openai.APITimeoutError) as error:
            problem = self._timed_out(error)
        except openai.APIConnectionError as error:
            problem = self._broken(error.__cause__ or error)
        except openai.OpenAIError as error:
            problem = ModelError("bad_shape", self._redactor.words(str(error)))
        except ModelError as error:  # the cap's, from within openai
            problem = error.with_traceback(None)
        raise problem  # out of the handlers: no error of openai hangs on it

    def _timed_out(self, error: Exception) -> ModelError:
        import httpx2

        if isinstance(error.__cause__, httpx2.ConnectTimeout):
            text = f"{self.server.address} does not take the call within {CONNECT_S:g} s"
            return ModelError("connection", text)
        return ModelError("timeout", f"no whole reply within {self._timeout_s:g} s")

    def _broken(self, cause: BaseException) -> ModelError:
        import httpx2

        why = self._redactor.words(_root(cause))
        if isinstance(cause, httpx2.ConnectError | httpx2.ProxyError):
            return ModelError("connection", f"{self.server.address}: {why}")
        return ModelError("reset", f"the connection broke: {why}")

    def _connected(self) -> AsyncOpenAI:
        import httpx2
        import openai

        quieten()
        host = self.server.host
        here = host in ("localhost", "::1") or host.startswith("127.")
        shown = f"[{host}]" if ":" in host else host
        http = openai.DefaultAsyncHttpxClient(
            timeout=httpx2.Timeout(self._timeout_s, connect=min(CONNECT_S, self._timeout_s)),
            follow_redirects=False,  # a POST sent on arrives as a GET, or at another server
            headers={"Accept-Encoding": "identity"},  # a cap on bytes bounds nothing unpacked
            event_hooks={"response": [_capped(self._body_cap)]},
            mounts={f"all://{shown}": None} if here else None,  # no proxy reaches this machine
        )
        key = self.server.key
        word = key.reveal() if key else _NO_KEY
        ours = host.endswith("openai.com")
        withheld = () if self.server.takes_headers else self._headers
        return openai.AsyncOpenAI(
            api_key=word,
            admin_api_key="",
            base_url=self.server.url.reveal(),
            default_query={name: value.reveal() for name, value in self.server.query},
            default_headers=({} if ours else _anonymous()) | _withheld(withheld, word),
            max_retries=0,
            timeout=http.timeout,
            http_client=http,
        )


def _anonymous() -> dict[str, Any]:
    """OpenAI's account ids from the environment are sent to OpenAI only."""
    import openai

    return {"OpenAI-Organization": openai.omit, "OpenAI-Project": openai.omit}


def _headers(environment: Mapping[str, str]) -> dict[str, str]:
    """The headers that `openai` reads from the environment and sends on its own."""
    lines = environment.get("OPENAI_CUSTOM_HEADERS", "").split("\n")
    pairs = [line.partition(":") for line in lines if ":" in line]
    return {name.strip(): value.strip() for name, _, value in pairs}


def _withheld(names: Iterable[str], key: str) -> dict[str, Any]:
    """What keeps headers from being sent; the key goes in the place of one that would hide it."""
    import openai

    return {
        name: f"Bearer {key}" if name.lower() == "authorization" else openai.omit for name in names
    }


def _refused_parameter(reply: Reply, request: Mapping[str, Any]) -> str | None:
    """The parameter of a request that a server says it does not take; None if it says no such."""
    if reply.status not in (400, 404, 415, 422, 500, 501):
        return None
    complaint = read_complaint(reply.body)
    evidence = f"{complaint.code} {complaint.words}"
    if "response_format" in request and (
        complaint.parameter.startswith("response_format") or _SCHEMA_WORDS.search(evidence)
    ):
        return "response_format"
    if reply.status == 500 or not _REFUSALS.search(evidence):
        return None
    for name in ("seed", "temperature", *_CAPS):
        named = complaint.parameter == name or re.search(rf"\b{name}\b", evidence)
        other = complaint.parameter and complaint.parameter != name
        if name in request and named and not other:
            return name
    return None


def _is_unreadable(reply: Reply) -> bool:
    """Whether a server cannot read what its model said under a schema; llama.cpp breaks on that."""
    return reply.status == 500 and _UNREADABLE.search(read_complaint(reply.body).words) is not None


def _capped(cap: int) -> Callable[[httpx2.Response], Any]:
    """A hook that gives up a reply once it is longer than it may be."""
    import httpx2

    class Capped(httpx2.AsyncByteStream):
        def __init__(self, stream: Any) -> None:
            self._stream = stream

        async def __aiter__(self) -> AsyncIterator[bytes]:
            length = 0
            async for part in self._stream:
                length += len(part)
                if length > cap:
                    raise ModelError("endless", f"the reply has more than {cap} bytes")
                yield part

        async def aclose(self) -> None:
            await self._stream.aclose()

    async def hook(response: httpx2.Response) -> None:
        packing = response.headers.get("content-encoding", "identity").strip().lower()
        if packing not in ("", "identity"):
            raise ModelError("bad_encoding", f"the reply is packed ({packing[:20]!r}), unasked")
        response.stream = Capped(response.stream)

    return hook


def _reply(response: httpx2.Response) -> Reply:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Reply(status=response.status_code, headers=headers, body=response.content)


def _root(error: BaseException) -> str:
    """The deepest cause of a broken connection, in the system's words."""
    while (below := error.__cause__ or error.__context__) is not None:
        error = below
    if isinstance(error, ssl.SSLError):  # its errno is OpenSSL's, not the system's
        plain = error.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE")
        hint = "; it seems to speak http, not https" if plain else ""
        return f"{error.reason or error}{hint}"
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)  # asyncio has words of its own, that name no reason
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
