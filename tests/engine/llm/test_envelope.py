from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.llm.client import _is_unreadable
from engine.llm.envelope import (
    ADDED_TOKENS,
    MOST_NAMES,
    Reply,
    read_answer,
    read_complaint,
    read_names,
    trouble,
)
from engine.llm.errors import ModelError
from engine.llm.question import Answer
from engine.llm.redact import Redactor
from tests.engine.llm.asking import SCHEMA, question

ASKED = len("Be brief.") + len("hello")


def reply(body: Any, status: int = 200) -> Reply:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status=status, headers={}, body=data)


def told(usage: Any, content: Any = "well", **asked: Any) -> Answer:
    message = {"role": "assistant", "content": content}
    envelope = {"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage}
    return read_answer(reply(envelope), question(**asked), Redactor())


def counted(usage: Any, **other: Any) -> tuple[int, int]:
    answer = told(usage, **other)
    return answer.tokens_in, answer.tokens_out


def test_a_count_that_can_be_is_believed() -> None:
    assert counted({"prompt_tokens": 14, "completion_tokens": 100}) == (14, 100)


@pytest.mark.parametrize("lie", [10**9, 10**18])
def test_a_count_beyond_what_can_be_is_cut_to_that(lie: int) -> None:
    usage = {"prompt_tokens": lie, "completion_tokens": lie}
    parameters = len(question().parameters)
    assert counted(usage) == (ASKED + parameters + ADDED_TOKENS, 100)
    longer = len(question(text="é" * 50, schema=SCHEMA).parameters)
    assert counted(usage, text="é" * 50, schema=SCHEMA)[0] == 9 + 100 + longer + ADDED_TOKENS


def test_a_server_that_passes_over_the_cap_is_believed_up_to_the_bytes_it_sent() -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 10**9}
    assert counted(usage, content="x" * 250) == (1, 250)
    assert counted(usage, content=[{"type": "text", "text": "é" * 250}]) == (1, 500)


@pytest.mark.parametrize("odd", [-1, -(10**9), "12", [12], {"n": 12}, True, 1.5, None, 0])
def test_what_is_no_count_is_estimated_from_the_words(odd: Any) -> None:
    usage = {"prompt_tokens": odd, "completion_tokens": odd}
    assert counted(usage, content="x" * 40) == ((ASKED + 3) // 4, 10)


def test_no_tokens_for_no_words_are_a_count() -> None:
    assert counted({"prompt_tokens": 9, "completion_tokens": 0}, content="") == (9, 0)


def test_a_lie_in_a_useless_reply_is_cut_as_well() -> None:
    usage = {"prompt_tokens": 10**9, "completion_tokens": 10**9}
    with pytest.raises(ModelError) as caught:
        read_answer(reply({"choices": [], "usage": usage}), question(), Redactor())
    most = ASKED + len(question().parameters) + ADDED_TOKENS
    assert (caught.value.tokens_in, caught.value.tokens_out) == (most, 100)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(prompt=JSON, completion=JSON, content=JSON, rest=JSON)
def test_no_usage_makes_an_answer_dearer_than_its_question_and_words(
    prompt: Any, completion: Any, content: Any, rest: Any
) -> None:
    usage = {"prompt_tokens": prompt, "completion_tokens": completion}
    message = {"role": "assistant", "content": content, "reasoning": rest}
    body = reply({"choices": [{"message": message}], "usage": usage})
    answer = read_answer(body, question(), Redactor())
    assert 0 < answer.tokens_in <= ASKED + len(question().parameters) + ADDED_TOKENS
    assert 0 <= answer.tokens_out <= max(100, len(body.body))


@pytest.mark.parametrize(
    ("code", "words", "kind"),
    [
        (
            "insufficient_quota",
            "You exceeded your current quota, check plan and billing",
            "payment",
        ),
        ("", "insufficient account balance", "payment"),
        ("", "check your plan and billing details", "payment"),
        ("rate_limit_exceeded", "Limit 3. Add a payment method: h/account/billing", "rate"),
        ("", "Limit: 3 / min.\nSee h/account/billing. 3 requests per minute", "rate"),
        ("", "check your plan and billing details. Please retry in 33.5s", "rate"),
    ],
)
def test_a_limit_that_passes_is_told_from_an_empty_purse(code: str, words: str, kind: str) -> None:
    body = reply({"error": {"message": words, "code": code}}, 429)
    assert trouble(body, Redactor()).kind == kind


@pytest.mark.parametrize(
    "body",
    [
        b"<title" * 500_000,
        b"<title>" * 500_000,
        json.dumps({"error": {"message": "fail" * 500_000}}).encode(),
        json.dumps({"error": "fail" * 500_000}).encode(),
        json.dumps({"error": {"message": ["fail" * 500_000]}}).encode(),
    ],
    ids=["titles", "closed titles", "message", "text", "list"],
)
def test_words_made_to_be_slow_are_read_all_the_same(body: bytes) -> None:
    broken = reply(body, 500)
    assert not _is_unreadable(broken)
    assert trouble(broken, Redactor()).kind == "server"
    assert len(read_complaint(body).words) <= 10_000


def test_an_endless_list_of_models_is_cut() -> None:
    rows = [{"id": f"m{i}"} for i in range(MOST_NAMES + 5)]
    assert len(read_names(reply({"data": rows}), Redactor())) == MOST_NAMES
