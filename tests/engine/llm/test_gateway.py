from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.llm.attempts import RateLimiter
from engine.llm.budget import Budgets
from engine.llm.client import OpenAIModel
from engine.llm.errors import ModelError
from engine.llm.gateway import BudgetSpent, Closed, Gateway, GatewaySettings, Unanswered
from engine.llm.keys import find_server
from engine.llm.question import Answer, Model, Question
from genomes.records.exchange import SHARED, Exchange
from tests.engine.llm.asking import (
    MemoryTranscript,
    ScriptedModel,
    answer,
    broken,
    messages,
)
from tests.engine.llm.server import RETRIED, ScriptedServer, at_first, some_faults

QUICK = GatewaySettings(attempts=4, backoff_s=0.001)


async def ask(gateway: Gateway, text: str = "hello", draw: int = 1, *models: str) -> list[Exchange]:
    return await gateway.ask(
        "strategist", models or ("small",), messages(text), schema=None, temperature=0.5,
        max_tokens=100, draw=draw,
    )  # fmt: skip


class Gateways:
    """Gateways that are closed when a test ends."""

    def __init__(self) -> None:
        self.all: list[Gateway] = []

    def __call__(
        self,
        models: Mapping[str, Model] | Model | None,
        transcript: MemoryTranscript | None = None,
        **other: Any,
    ) -> Gateway:
        if models is not None and not isinstance(models, Mapping):
            models = {"small": models}
        gateway = Gateway(models, transcript or MemoryTranscript(), **({"settings": QUICK} | other))
        self.all.append(gateway)
        return gateway


@pytest.fixture
def desks() -> Iterator[Gateways]:
    made = Gateways()
    yield made
    for gateway in made.all:
        gateway.close()


def test_an_answer_is_an_exchange_in_the_transcript(desks: Gateways) -> None:
    transcript = MemoryTranscript()
    gateway = desks(ScriptedModel(), transcript, prices={"small": (1.0, 2.0)})
    [[told]] = gateway.run([ask(gateway)])
    question = Question(
        role="strategist", model="small", messages=messages(), schema=None, temperature=0.5,
        max_tokens=100, draw=1,
    )  # fmt: skip
    assert (told.text, told.failure, told.finish) == ("small on hello", "", "stop")
    assert (told.tokens_in, told.tokens_out, told.cost) == (10, 5, (10 * 1.0 + 5 * 2.0) / 1e6)
    assert (told.key, told.draw, told.role) == (question.key, 1, "strategist")
    assert (told.messages, told.parameters) == (question.messages, question.parameters)
    assert transcript.recall(told.key, 1) == told


def test_a_question_is_asked_once_ever(desks: Gateways) -> None:
    transcript, model = MemoryTranscript(), ScriptedModel()
    gateway = desks(model, transcript)
    first = gateway.run([ask(gateway)])
    again = desks(model, transcript)
    assert again.run([ask(again)]) == first
    assert len(model.asked) == 1


def test_those_who_ask_the_same_at_a_time_share_one_call_and_other_draws_do_not(
    desks: Gateways,
) -> None:
    async def slow(question: Question) -> Answer:
        await asyncio.sleep(0.02)
        return answer("x")

    model = ScriptedModel(lambda q, _: slow(q))
    gateway = desks(model)
    told = gateway.run([ask(gateway, draw=SHARED) for _ in range(5)] + [ask(gateway, draw=7)])
    assert len(model.asked) == 2
    assert all(one == told[0] for one in told[:5])


def test_what_may_pass_is_tried_again_and_every_attempt_is_told(desks: Gateways) -> None:
    model = ScriptedModel(lambda q, attempt: broken() if attempt < 3 else "done")
    gateway = desks(model)
    [[told]] = gateway.run([ask(gateway)])
    assert (told.text, told.failure) == ("done", "")
    assert told.attempts == ("server: 500: oh no",) * 2


def test_what_does_not_pass_ends_after_so_many_attempts(desks: Gateways) -> None:
    model, transcript = ScriptedModel(lambda q, _: broken()), MemoryTranscript()
    gateway = desks(model, transcript)
    [[told]] = gateway.run([ask(gateway)])
    assert (told.text, told.failure, len(told.attempts)) == ("", "server", 4)
    assert len(model.asked) == 4
    assert transcript.recall(told.key, 1) == told


def test_a_final_refusal_is_not_tried_again(desks: Gateways) -> None:
    model = ScriptedModel(lambda q, _: broken("auth", final=True))
    gateway = desks(model)
    [[told]] = gateway.run([ask(gateway)])
    assert (told.failure, len(model.asked)) == ("auth", 1)


def test_tokens_of_useless_attempts_are_paid_for(desks: Gateways) -> None:
    useless = broken("empty_choices", tokens_in=7, tokens_out=3)
    gateway = desks(ScriptedModel(lambda q, attempt: useless if attempt == 1 else "done"))
    [[told]] = gateway.run([ask(gateway)])
    assert (told.tokens_in, told.tokens_out) == (17, 8)
    assert (gateway.meter.tokens, gateway.meter.calls) == (25, 1)


def test_the_next_model_stands_in_for_one_that_fails(desks: Gateways) -> None:
    models = {"a": ScriptedModel(lambda q, _: broken()), "b": ScriptedModel(), "c": ScriptedModel()}
    gateway = desks(models)
    [told] = gateway.run([ask(gateway, "hello", 1, "a", "a", "b", "c")])
    assert [(one.model, one.failure) for one in told] == [("a", "server"), ("b", "")]
    assert models["c"].asked == []


def test_a_model_with_an_open_breaker_is_left_out(desks: Gateways) -> None:
    models = {"a": ScriptedModel(), "b": ScriptedModel()}
    gateway = desks(models)
    gateway.open_models = frozenset({"a"})
    [told] = gateway.run([ask(gateway, "hello", 1, "a", "b")])
    assert [one.model for one in told] == ["b"]
    gateway.open_models = frozenset({"a", "b"})
    assert gateway.run([ask(gateway, "other", 1, "a", "b")]) == [[]]


def test_a_breaker_that_opens_later_does_not_reach_into_work_under_way(desks: Gateways) -> None:
    go_on = threading.Event()

    async def twice(gateway: Gateway) -> list[str]:
        first = await ask(gateway, "first")
        while not go_on.is_set():
            await asyncio.sleep(0.001)
        second = await asyncio.create_task(ask(gateway, "second"))
        return [one.text for one in (*first, *second)]

    gateway = desks(ScriptedModel())
    pending = gateway.begin([twice(gateway)])
    gateway.open_models = frozenset({"small"})
    go_on.set()
    assert pending.result() == [["small on first", "small on second"]]


def test_no_more_than_so_many_questions_are_under_way() -> None:
    with ScriptedServer(delay_s=0.01) as server:
        transcript = MemoryTranscript()
        gateway = Gateway(
            {"small": OpenAIModel(find_server(server.url, {}, Path("/nowhere")), "small")},
            transcript,
            settings=GatewaySettings(concurrency=3),
        )
        gateway.run([ask(gateway, draw=i) for i in range(12)])
        gateway.close()
        assert server.most == 3


def test_a_pause_holds_for_all_who_ask_that_model_and_for_no_other(desks: Gateways) -> None:
    order: list[str] = []

    def limited(question: Question, attempt: int) -> Any:
        order.append(question.messages[-1].text)
        if order.count("first") == 1 and question.messages[-1].text == "first":
            return broken("rate", retry_after_s=0.05)
        return "done"

    models = {"a": ScriptedModel(limited), "b": ScriptedModel(limited)}
    gateway = desks(models, settings=GatewaySettings(concurrency=1, attempts=3))

    async def in_turn() -> None:
        first = asyncio.create_task(ask(gateway, "first", 1, "a"))
        await asyncio.sleep(0.01)
        await asyncio.gather(
            first, ask(gateway, "second", 1, "a"), ask(gateway, "elsewhere", 1, "b")
        )

    gateway.run([in_turn()])
    assert order[:2] == ["first", "elsewhere"]
    assert sorted(order[2:]) == ["first", "second"]


def test_a_server_gets_the_pause_it_asks_for_and_ours_where_it_asks_for_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(RateLimiter, "pause", lambda self, seconds: pauses.append(seconds))
    for wanted in (0.25, 20.0, 0.0):
        model = ScriptedModel(
            lambda q, n, w=wanted: broken("rate", retry_after_s=w) if n == 1 else ""
        )
        gateway = Gateway(
            {"small": model}, MemoryTranscript(), settings=GatewaySettings(pause_cap_s=20.0)
        )
        gateway.run([ask(gateway)])
        gateway.close()
    assert 0.25 <= pauses[0] <= 0.275
    assert 20.0 <= pauses[1] <= 22.0
    assert 0.5 <= pauses[2] <= 1.5


@pytest.mark.parametrize(
    ("wanted", "words"),
    [(21.0, "21 s"), (3600.0, "60 min"), (7200.0, "2 h"), (1e9, "11574 days")],
)
def test_a_server_that_wants_too_long_a_pause_is_given_up_for_the_next_model(
    desks: Gateways, monkeypatch: pytest.MonkeyPatch, wanted: float, words: str
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(RateLimiter, "pause", lambda self, seconds: pauses.append(seconds))
    models = {
        "a": ScriptedModel(lambda q, _: broken("rate", retry_after_s=wanted)),
        "b": ScriptedModel(),
    }
    gateway = desks(models, settings=GatewaySettings(pause_cap_s=20.0))
    [[failed, answered]] = gateway.run([ask(gateway, "hello", 1, "a", "b")])
    assert (failed.failure, answered.text) == ("rate", "b on hello")
    assert failed.attempts == (f"rate: 500: oh no; to be asked again in {words}",)
    assert (len(models["a"].asked), pauses) == (1, [])


def test_answers_that_arrive_together_are_stored_together(desks: Gateways) -> None:
    transcript = MemoryTranscript()
    gateway = desks(ScriptedModel(), transcript)
    gateway.run([ask(gateway, draw=i) for i in range(50)])
    assert transcript.groups == [50]


def test_nobody_gets_an_answer_that_is_not_stored(desks: Gateways) -> None:
    transcript = MemoryTranscript()
    gateway = desks(ScriptedModel(), transcript)

    async def check(draw: int) -> bool:
        [told] = await ask(gateway, draw=draw)
        return transcript.recall(told.key, draw) == told

    assert all(gateway.run([check(i) for i in range(20)]))


def test_a_full_disk_reaches_the_main_thread_and_nothing_more_is_asked(desks: Gateways) -> None:
    transcript, model = MemoryTranscript(), ScriptedModel()
    transcript.full = True
    gateway = desks(model, transcript)
    with pytest.raises(OSError, match="No space left"):
        gateway.run([ask(gateway)])
    with pytest.raises(OSError, match="No space left"):
        gateway.run([ask(gateway, "more")])
    assert len(model.asked) == 1
    transcript.full = False
    gateway.close()
    assert [one.text for one in transcript.kept.values()] == ["small on hello"]


def test_a_replay_asks_nobody_and_says_what_it_does_not_know(desks: Gateways) -> None:
    transcript = MemoryTranscript()
    models = {"a": ScriptedModel(lambda q, _: broken()), "b": ScriptedModel()}
    gateway = desks(models, transcript)
    recorded = gateway.run([ask(gateway, "hello", 5, "a", "b")])
    replay = desks(None, transcript, budgets=Budgets(calls=1))
    assert replay.run([ask(replay, "hello", 5, "a", "b")]) == recorded
    with pytest.raises(Unanswered) as caught:
        replay.run([ask(replay, "tell me\x1b more", 6, "a", "b")])
    error = caught.value
    assert (error.role, error.model, error.draw) == ("strategist", "a", 6)
    assert error.key in replay_key(error)
    assert "candidate 6" in str(error)
    assert 'begins "tell me\\u001b more"' in str(error)


def replay_key(error: Unanswered) -> str:
    assert error.key[:12] in str(error)
    return Question(
        role="", model="a", messages=messages("tell me\x1b more"), schema=None, temperature=0.5,
        max_tokens=100, draw=0,
    ).key  # fmt: skip


def test_a_used_up_budget_ends_the_asking_and_keeps_what_was_answered(desks: Gateways) -> None:
    transcript, model = MemoryTranscript(), ScriptedModel()
    gateway = desks(model, transcript, budgets=Budgets(calls=3))
    with pytest.raises(BudgetSpent, match="3 calls"):
        gateway.run([ask(gateway, draw=i) for i in range(10)])
    assert len(model.asked) == len(transcript.kept) == 3
    resumed = desks(model, transcript, budgets=Budgets(calls=10))
    assert len(resumed.run([ask(resumed, draw=i) for i in range(10)])) == 10
    assert len(model.asked) == 10


def test_answers_under_way_when_a_budget_ends_are_waited_for_and_stored(desks: Gateways) -> None:
    async def slow(question: Question) -> Answer:
        await asyncio.sleep(0.01 * question.draw)
        return answer("x", tokens_in=100)

    transcript = MemoryTranscript()
    gateway = desks(
        ScriptedModel(lambda q, _: slow(q)), transcript,
        budgets=Budgets(tokens=100), settings=GatewaySettings(concurrency=4),
    )  # fmt: skip
    with pytest.raises(BudgetSpent):
        gateway.run([ask(gateway, draw=i) for i in range(1, 9)])
    assert sorted(draw for _, draw in transcript.kept) == [1, 2, 3, 4]


def test_a_bug_in_the_work_is_raised_at_once_and_the_rest_goes_on(desks: Gateways) -> None:
    transcript = MemoryTranscript()
    let_go = threading.Event()

    async def slow() -> str:
        while not let_go.is_set():
            await asyncio.sleep(0.001)
        return "late"

    gateway = desks(ScriptedModel(lambda q, _: slow()), transcript)

    async def bug() -> list[Exchange]:
        raise KeyError("a bug")

    with pytest.raises(KeyError, match="a bug"):
        gateway.run([ask(gateway), bug()])
    assert not transcript.kept
    let_go.set()
    gateway.close()
    assert [one.text for one in transcript.kept.values()] == ["late"]


def test_closing_waits_for_answers_under_way_but_not_for_pauses(desks: Gateways) -> None:
    async def slow() -> str:
        await asyncio.sleep(0.05)
        return "late"

    def script(question: Question, attempt: int) -> Any:
        return slow() if question.draw == 1 else broken("server", retry_after_s=600.0)

    transcript, model = MemoryTranscript(), ScriptedModel(script)
    gateway = desks(model, transcript, settings=GatewaySettings(pause_cap_s=600.0))
    pending = gateway.begin([ask(gateway, draw=1), ask(gateway, draw=2)])
    while len(model.asked) < 2:
        time.sleep(0.001)
    began = time.monotonic()
    gateway.close()
    assert time.monotonic() - began < 60
    assert [one.text for one in transcript.kept.values()] == ["late"]
    assert model.closed
    with pytest.raises(Closed):
        pending.result()
    with pytest.raises(Closed):
        gateway.run([ask(gateway)])


def test_work_that_gives_up_does_not_lose_what_is_paid_for(desks: Gateways) -> None:
    async def slow() -> str:
        await asyncio.sleep(0.03)
        return "paid"

    transcript = MemoryTranscript()
    gateway = desks(ScriptedModel(lambda q, _: slow()), transcript)

    async def impatient() -> str:
        try:
            async with asyncio.timeout(0.001):
                await ask(gateway)
        except TimeoutError:
            return "gave up"
        return "waited"

    assert gateway.run([impatient()]) == ["gave up"]
    gateway.close()
    assert [one.text for one in transcript.kept.values()] == ["paid"]


def test_ctrl_c_ends_the_waiting_and_loses_nothing() -> None:
    script = textwrap.dedent("""
        import asyncio, os, signal, threading
        from engine.llm.gateway import Gateway
        from tests.engine.llm.asking import MemoryTranscript, ScriptedModel, messages

        released = threading.Event()

        async def slow():
            await asyncio.sleep(0.3)  # the main thread waits by then
            os.kill(os.getpid(), signal.SIGINT)  # pressed once the question is under way...
            await asyncio.to_thread(released.wait)  # ...and answered only when the run has stopped
            return "paid"

        transcript = MemoryTranscript()
        gateway = Gateway({"small": ScriptedModel(lambda q, _: slow())}, transcript)
        try:
            gateway.run([gateway.ask("strategist", ["small"], messages(), schema=None,
                               temperature=0.5, max_tokens=9, draw=1)])
        except KeyboardInterrupt:
            print("stopped with", len(transcript.kept), "and", gateway.under_way, "under way")
        released.set()
        gateway.close()
        print([one.text for one in transcript.kept.values()])
    """)
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.stdout.splitlines() == ["stopped with 0 and 1 under way", "['paid']"], done.stderr


def test_one_and_eight_connections_keep_the_same_under_faults() -> None:
    kept: list[dict[tuple[str, int], tuple[str, str, tuple[str, ...]]]] = []
    for concurrency in (1, 8):
        with ScriptedServer(faults=some_faults(0.4, RETRIED)) as server:
            models: dict[str, Model] = {
                name: OpenAIModel(
                    find_server(server.url, {}, Path("/nowhere")), name, body_cap=1 << 18
                )
                for name in ("small", "large")
            }
            transcript = MemoryTranscript()
            settings = GatewaySettings(concurrency=concurrency, attempts=2, backoff_s=0.001)
            gateway = Gateway(models, transcript, settings=settings)
            gateway.run([ask(gateway, f"q{i}", i, "small", "large") for i in range(60)])
            gateway.close()
            answered = [one.text for one in transcript.kept.values() if not one.failure]
            assert sorted(answered) == sorted(server.replies)
        kept.append(
            {at: (one.text, one.failure, one.attempts) for at, one in transcript.kept.items()}
        )
    assert kept[0] == kept[1]
    assert len(kept[0]) > 60
    assert {failure for _, failure, _ in kept[0].values()} >= {"", "rate"}


def test_a_server_that_mends_is_answered_by(desks: Gateways) -> None:
    with ScriptedServer(faults=at_first("429_after", "reset", "bad_json")) as server:
        model = OpenAIModel(find_server(server.url, {}, Path("/nowhere")), "small")
        gateway = desks(model)
        [[told]] = gateway.run([ask(gateway)])
        gateway.close()
    assert told.text == "echo: hello"
    assert [words.partition(":")[0] for words in told.attempts] == ["rate", "reset", "bad_json"]


def test_an_error_of_ours_is_no_failure_of_the_model(desks: Gateways) -> None:
    transcript = MemoryTranscript()
    gateway = desks(ScriptedModel(lambda q, _: ValueError("a bug of ours")), transcript)
    with pytest.raises(ValueError, match="a bug of ours"):
        gateway.run([ask(gateway)])
    assert not transcript.kept
    assert not issubclass(ModelError, ValueError)
