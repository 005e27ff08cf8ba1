from __future__ import annotations

import asyncio
import logging
import socket
import traceback
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.llm.client import OpenAIModel
from engine.llm.errors import ModelError
from engine.llm.keys import find_server
from engine.llm.question import Answer, key_of, seed_of
from genomes.records.exchange import Message
from tests.engine.llm.asking import SCHEMA, messages, question
from tests.engine.llm.server import ScriptedServer, always

KEY = "zk-0123456789abcdef-secret"


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


def model_at(url: str, *, key: str = "", **other: Any) -> OpenAIModel:
    environment = {"FINCH_API_KEY": key} if key else {}
    found = find_server(url, environment, Path("/nowhere"))
    return OpenAIModel(found, "small", **({"timeout_s": 5.0} | other))


def with_model(model: OpenAIModel, work: Callable[[OpenAIModel], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        try:
            return await work(model)
        finally:
            await model.close()

    return asyncio.run(run())


def ask(model: OpenAIModel, **asked: Any) -> Answer:
    return with_model(model, lambda m: m.complete(question(**asked)))


def failure(model: OpenAIModel, **asked: Any) -> ModelError:
    with pytest.raises(ModelError) as caught:
        ask(model, **asked)
    return caught.value


def test_a_question_travels_whole_and_its_answer_comes_back(server: ScriptedServer) -> None:
    told = ask(model_at(server.url), text="hello", draw=7)
    body = server.asked[0]
    assert told == Answer(text="echo: hello", finish="stop", tokens_in=4, tokens_out=3)
    assert body["model"] == "small"
    assert body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "hello"},
    ]
    assert (body["temperature"], body["max_tokens"]) == (0.5, 100)
    assert body["seed"] == seed_of(question(text="hello").key, 7)
    assert "response_format" not in body


def test_the_seed_differs_by_draw_and_the_key_does_not() -> None:
    first, second = question(draw=1), question(draw=2, role="critic")
    assert first.key == second.key
    assert seed_of(first.key, 1) != seed_of(second.key, 2)
    assert 0 <= seed_of(first.key, 1) < 2**31


@pytest.mark.parametrize(
    "other",
    [
        {"text": "bye"},
        {"model": "large"},
        {"temperature": 0.6},
        {"max_tokens": 99},
        {"schema": SCHEMA},
        {"messages": messages()[::-1]},
        {"messages": (Message(speaker="assistant", text="Be brief."), messages()[1])},
    ],
)
def test_the_key_covers_what_an_answer_depends_on(other: dict[str, Any]) -> None:
    asked = question(**other)
    assert asked.key != question().key
    assert asked.key == key_of(asked.model, asked.messages, asked.parameters)


def test_a_schema_travels_with_its_name(server: ScriptedServer) -> None:
    ask(model_at(server.url), schema=SCHEMA)
    assert server.asked[0]["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "reply", "schema": SCHEMA, "strict": True},
    }


@pytest.mark.parametrize(
    ("fault", "kind", "final"),
    [
        ("401", "auth", True),
        ("402", "payment", True),
        ("403", "auth", True),
        ("404", "unknown_model", True),
        ("400", "bad_request", True),
        ("quota", "payment", True),
        ("too_long", "too_long", True),
        ("redirect", "redirect", True),
        ("429", "rate", False),
        ("500", "server", False),
        ("501", "unsupported", True),
        ("per_minute", "rate", False),
        ("reset", "reset", False),
        ("endless", "endless", False),
        ("packed", "bad_encoding", False),
        ("bad_json", "bad_json", False),
        ("bad_shape", "bad_shape", False),
        ("no_message", "bad_shape", False),
        ("empty_choices", "empty_choices", False),
        ("error_in_200", "server", False),
    ],
)
def test_a_fault_has_one_word_and_says_whether_asking_again_may_help(
    server: ScriptedServer, fault: str, kind: str, final: bool
) -> None:
    server.faults = always(fault)
    error = failure(model_at(server.url, body_cap=1 << 20))
    assert (error.kind, error.final) == (kind, final)


def test_a_reply_that_drips_ends_at_the_wall(server: ScriptedServer) -> None:
    server.faults = always("drip")
    error = failure(model_at(server.url, timeout_s=0.3))
    assert (error.kind, error.said) == ("timeout", "no whole reply within 0.3 s")


def test_nobody_at_the_address_is_named_with_the_address() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    error = failure(model_at(f"http://127.0.0.1:{port}/v1"))
    assert error.kind == "connection"
    assert str(port) in error.said
    assert "refused" in error.said


def test_a_server_says_when_it_wants_to_be_asked_again(server: ScriptedServer) -> None:
    waits: list[float | None] = []
    for fault in ("429", "429_after", "429_ms", "503_after"):
        server.faults = always(fault)
        waits.append(failure(model_at(server.url)).retry_after_s)
    assert waits == [None, 0.01, 0.01, 0.01]


@pytest.mark.parametrize(
    ("fault", "text", "finish"),
    [
        ("length", "echo:", "length"),
        ("content_filter", "echo:", "content_filter"),
        ("refusal", "I cannot help with that.", "declined"),
        ("null_content", "", "length"),
        ("parts", "echo: hello", "stop"),
        ("no_usage", "echo: hello", "stop"),
    ],
)
def test_an_odd_answer_that_was_paid_for_is_an_answer(
    server: ScriptedServer, fault: str, text: str, finish: str
) -> None:
    server.faults = always(fault)
    told = ask(model_at(server.url))
    assert (told.text, told.finish) == (text, finish)
    assert told.tokens_in > 0


def test_tokens_that_nobody_counted_are_estimated(server: ScriptedServer) -> None:
    server.faults = always("no_usage")
    told = ask(model_at(server.url), text="x" * 400)
    assert (told.tokens_in, told.tokens_out) == ((400 + 9 + 3) // 4, (406 + 3) // 4)


def test_tokens_of_a_useless_reply_are_not_forgotten(server: ScriptedServer) -> None:
    server.faults = always("empty_choices")
    error = failure(model_at(server.url))
    assert (error.tokens_in, error.tokens_out) == (7, 3)


@pytest.mark.parametrize("name", ["seed", "temperature", "response_format"])
def test_what_a_server_does_not_take_is_left_out_from_then_on(name: str) -> None:
    with ScriptedServer(refuses=[name]) as server:
        model = model_at(server.url)

        async def twice(model: OpenAIModel) -> None:
            await model.complete(question(schema=SCHEMA))
            await model.complete(question("again", schema=SCHEMA))

        with_model(model, twice)
        assert [name in body for body in server.asked] == [True, False, False]
        assert model.structured is (name != "response_format")


def test_the_cap_on_an_answer_takes_its_other_name_but_is_never_dropped() -> None:
    with ScriptedServer(refuses=["max_tokens"]) as server:
        ask(model_at(server.url))
        assert server.asked[-1]["max_completion_tokens"] == 100
    with ScriptedServer(refuses=["max_tokens", "max_completion_tokens"]) as server:
        assert failure(model_at(server.url)).kind == "bad_request"
        assert all({"max_tokens", "max_completion_tokens"} & set(body) for body in server.asked)


def test_a_cap_that_is_too_large_is_no_cap_that_is_unknown(server: ScriptedServer) -> None:
    from engine.llm import client
    from engine.llm.envelope import Reply

    words = (
        b'{"error": {"message": "max_tokens is too large: 9. At most 5.", "param": "max_tokens"}}'
    )
    refused = client._refused_parameter(
        Reply(status=400, headers={}, body=words), {"max_tokens": 9, "seed": 1}
    )
    assert refused is None


def test_server_words_are_cut_printable_and_without_keys() -> None:
    words = f"bad\x1b[31m key {KEY[:20]} or sk-proj-abcdefgh, Bearer xyzw1234\n\u202e" + "a" * 1000

    with ScriptedServer(lambda _: "", key=KEY) as server:
        import tests.engine.llm.server as scripted

        server.faults = always("400")
        original = scripted.WORDS["400"]
        scripted.WORDS["400"] = words
        try:
            error = failure(model_at(server.url, key=KEY))
        finally:
            scripted.WORDS["400"] = original
    assert error.said.isprintable()
    assert len(error.said) <= 320
    assert "\\u001b[31m" in error.said
    for secret in (KEY[:8], "sk-proj-abc", "xyzw1234"):
        assert secret not in error.said


def test_a_key_that_is_echoed_is_not_in_the_answer() -> None:
    with ScriptedServer(lambda _: f"your key is {KEY}!\ud800\0", key=KEY) as server:
        told = ask(model_at(server.url, key=KEY))
    assert told.text == "your key is [redacted]!\ufffd\ufffd"


@pytest.mark.parametrize("part", [KEY[:13], KEY[5:17], KEY[-12:], KEY[:-1], KEY[1:]])
def test_a_part_of_a_key_that_is_echoed_is_not_in_the_answer(part: str) -> None:
    with ScriptedServer(lambda _: f"KEY = '{part}'", key=KEY) as server:
        told = ask(model_at(server.url, key=KEY))
    assert told.text == "KEY = '[redacted]'"


def test_headers_of_the_environment_go_where_its_openai_key_may_go_and_nowhere_else(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = "X-Canary: canary-canary-1\nauthorization: Bearer canary-canary-2"
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", lines)
    ask(model_at(server.url, key=KEY))
    model = model_at(server.url, key=KEY)
    model.server = replace(model.server, takes_headers=False)
    ask(model)
    sent = [headers for _, _, headers in server.requests]
    assert [headers.get("x-canary") for headers in sent] == ["canary-canary-1", None]
    assert [headers["authorization"] for headers in sent] == [
        "Bearer canary-canary-2",
        f"Bearer {KEY}",
    ]
    server.reply = lambda _: "you sent canary-canary-1 and canary-canary-2"
    assert ask(model_at(server.url, key=KEY)).text == "you sent [redacted] and [redacted]"


def test_a_wrong_key_is_in_no_error_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with ScriptedServer(key="another-key-than-that") as server:
        url = server.url.replace("http://", "http://someone:hunter2hunter2@") + "?code=querysecret1"
        model = model_at(url, key=KEY)
        for logger in ("openai", "httpx2", "httpcore2.http11", "httpcore2.connection"):
            caplog.set_level(logging.DEBUG, logger=logger)
        error = failure(model)
    seen = "".join(traceback.format_exception(error)) + caplog.text + repr(model)
    seen += repr(model.server) + repr(error.__context__) + repr(vars(error))
    for secret in (KEY, "hunter2hunter2", "querysecret1"):
        assert secret not in seen
    assert error.kind == "auth"


def test_user_info_and_query_of_an_address_reach_the_server(server: ScriptedServer) -> None:
    url = server.url.replace("http://", "http://someone:hunter2@") + "?code=abc"
    ask(model_at(url))
    path, _, headers = server.requests[0]
    assert path == "/v1/chat/completions"
    assert headers["authorization"].startswith("Basic ")


def test_account_ids_from_the_environment_stay_at_home(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_API_KEY", "OPENAI_ADMIN_KEY"):
        monkeypatch.setenv(name, "mine-and-nobody-elses")
    ask(model_at(server.url))
    assert "mine-and-nobody-elses" not in str(server.requests[0][2])


def test_a_proxy_is_not_asked_the_way_to_this_machine(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert ask(model_at(server.url)).text == "echo: hello"


def test_openai_is_not_imported_before_a_question_is_asked() -> None:
    import subprocess
    import sys

    code = "import sys, engine.llm.gateway, engine.llm.probe; print('openai' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(("fault", "again"), [("unreadable", True), ("no_schemas", False)])
def test_a_server_that_breaks_on_a_schema_is_asked_once_more_without_it(
    fault: str, again: bool
) -> None:
    def breaks(body: dict[str, Any], _attempt: int) -> str | None:
        return fault if "response_format" in body else None

    async def twice(model: OpenAIModel) -> list[str]:
        asked = [question(text=text, schema=SCHEMA) for text in ("one", "two")]
        return [(await model.complete(each)).text for each in asked]

    with ScriptedServer(faults=breaks) as server:
        assert with_model(model_at(server.url), twice) == ["echo: one", "echo: two"]
        with_schema = ["response_format" in body for body in server.asked]
    assert with_schema == ([True, False, True, False] if again else [True, False, False])
