from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

import pytest

from engine.llm.client import OpenAIModel
from engine.llm.gateway import GatewaySettings
from engine.llm.keys import find_server
from engine.llm.probe import Capability, ModelsError, probe
from tests.engine.llm.asking import SCHEMA, MemoryTranscript, question
from tests.engine.llm.server import Body, ScriptedServer, always, at_first

KEY = "zk-0123456789abcdef-secret"
QUICK = GatewaySettings(attempts=3, backoff_s=0.001)


def ready(body: Body) -> str:
    return json.dumps({"ready": True})


def looked_at(
    url: str, *names: str, key: str = "", transcript: MemoryTranscript | None = None
) -> tuple[list[Capability], list[OpenAIModel]]:
    found = find_server(url, {"FINCH_API_KEY": key} if key else {}, Path("/nowhere"))
    models = [OpenAIModel(found, name, timeout_s=5.0) for name in names]

    async def look() -> list[Capability]:
        try:
            return await probe(models, transcript or MemoryTranscript(), settings=QUICK)
        finally:
            for model in models:
                await model.close()

    return asyncio.run(look()), models


def problems(url: str, *names: str, **other: Any) -> tuple[str, ...]:
    with pytest.raises(ModelsError) as caught:
        looked_at(url, *names, **other)
    assert KEY not in str(caught.value)
    return caught.value.problems


def test_good_models_are_listed_with_what_they_can() -> None:
    with ScriptedServer(ready, unlisted=["hidden"]) as server:
        found, _ = looked_at(server.url, "small", "hidden")
    assert found == [
        Capability(model="small", structured=True, listed=True),
        Capability(model="hidden", structured=True, listed=False),
    ]


@pytest.mark.parametrize(
    "server",
    [
        ScriptedServer(ready, refuses=["response_format"]),
        ScriptedServer(lambda _: "Of course! I am ready."),
        ScriptedServer(ready, lambda body, _: "500" if "response_format" in body else None),
    ],
    ids=["refuses", "ignores", "breaks"],
)
def test_a_schema_is_left_out_where_a_server_refuses_ignores_or_breaks_on_it(
    server: ScriptedServer,
) -> None:
    with server:
        found, [model] = looked_at(server.url, "small")
        assert found[0].structured is False
        asyncio.run(_ask_with_schema(model))
        assert "response_format" not in server.asked[-1]


async def _ask_with_schema(model: OpenAIModel) -> None:
    await model.complete(question(schema=SCHEMA))
    await model.close()


def test_a_wrong_key_is_one_sentence_with_the_servers_answer() -> None:
    with ScriptedServer(key="another-key-than-that") as server:
        found = problems(server.url, "small", "large", key=KEY)
        assert len(found) == 1
        assert "refuses the key (401: Incorrect API key provided" in found[0]
        assert server.asked == []


def test_a_server_that_wants_a_key_says_how_to_give_one() -> None:
    with ScriptedServer(key="another-key-than-that") as server:
        assert "FINCH_API_KEY" in problems(server.url, "small")[0]


def test_a_server_that_shows_its_list_to_all_still_refuses_a_wrong_key() -> None:
    with ScriptedServer(ready, always("401")) as server:
        assert "refuses the key" in problems(server.url, "small", key=KEY)[0]


def test_nobody_there_names_the_address_and_what_to_do() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    found = problems(url, "small", "large")
    assert len(found) == 1
    assert found[0].startswith(f"no server answers at {url} (Connection refused)")
    assert "--llm-base-url" in found[0]


def test_all_unknown_models_are_named_at_once_with_the_nearest_known() -> None:
    with ScriptedServer(ready, models=["gpt-5-mini", "gpt-5"]) as server:
        found = problems(server.url, "gtp-5-mini", "gpt-5", "zebra")
    assert len(found) == 2
    assert "'gtp-5-mini' (404: The model `gtp-5-mini` does not exist)" in found[0]
    assert "did you mean gpt-5-mini" in found[0]
    assert "it lists gpt-5, gpt-5-mini" in found[1]


def test_a_server_without_a_list_is_asked_all_the_same() -> None:
    with ScriptedServer(ready, lists=False) as server:
        found, _ = looked_at(server.url, "small")
    assert found == [Capability(model="small", structured=True, listed=None)]


def test_a_wrong_path_is_told_apart() -> None:
    with ScriptedServer(ready) as server:
        assert "/v1" in problems(server.url.removesuffix("/v1"), "small")[0].rpartition(":")[2]


def test_a_passing_trouble_is_waited_out() -> None:
    with ScriptedServer(ready, at_first("500", "429_after")) as server:
        found, _ = looked_at(server.url, "small")
    assert found[0].structured


def test_a_trouble_that_stays_is_told_with_its_words() -> None:
    with ScriptedServer(ready, always("429")) as server:
        assert "Rate limit reached" in problems(server.url, "small")[0]


def test_a_server_that_does_not_do_what_is_asked_is_not_asked_again_and_again() -> None:
    with ScriptedServer(ready, always("501")) as server:
        found = problems(server.url, "small")[0]
        assert len(server.asked) == 2  # with a schema and without
    assert "after 1 attempt (unsupported: 501" in found
    assert "check the address (most end in /v1)" in found
    assert "try later" not in found


def test_an_unlisted_model_that_breaks_the_server_is_told_with_the_nearest_listed() -> None:
    with ScriptedServer(ready, always("500"), models=["finch/noise"], unlisted=["nois"]) as server:
        found = problems(server.url, "nois")[0]
    assert "'nois' (500: The server had an error), and does not list it" in found
    assert found.endswith("did you mean finch/noise?")


def test_the_answer_is_kept_and_a_resumed_run_asks_for_the_list_only() -> None:
    transcript = MemoryTranscript()
    with ScriptedServer(lambda _: "prose") as server:
        looked_at(server.url, "small", transcript=transcript)
        asked = len(server.asked)
        found, _ = looked_at(server.url, "small", transcript=transcript)
        assert len(server.asked) == asked == 1
        assert len(server.requests) == 3
    assert found[0].structured is False


def test_a_failure_is_not_kept_so_that_a_mended_key_is_tried() -> None:
    transcript = MemoryTranscript()
    with ScriptedServer(ready, at_first("403")) as server:
        problems(server.url, "small", transcript=transcript)
        assert not transcript.kept
        found, _ = looked_at(server.url, "small", transcript=transcript)
    assert found[0].structured
