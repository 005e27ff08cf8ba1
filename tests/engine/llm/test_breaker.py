from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from engine.llm.breaker import GENERATIONS, LONGEST, Breakers
from genomes.records.proposal import Call


def calls(generation: int, failed: Sequence[bool], model: str = "m") -> list[Call]:
    return [
        Call(
            role="strategist", model=model, key=f"{generation}-{i}", draw=i, tokens=0, cost=0.0,
            failure="server" if bad else "",
        )
        for i, bad in enumerate(failed)
    ]  # fmt: skip


def left_out(breakers: Breakers, generations: range, model: str = "m") -> list[int]:
    return [g for g in generations if model in breakers.open_models(g)]


def test_it_opens_for_two_generations_when_half_of_three_calls_fail() -> None:
    breakers = Breakers()
    breakers.tell(5, calls(5, [True, True, False]) + calls(5, [False] * 3, "other"))
    assert left_out(breakers, range(20)) == [6, 7]
    assert left_out(breakers, range(20), "other") == []


def test_a_minority_or_too_few_failures_do_not_open_it() -> None:
    breakers = Breakers()
    breakers.tell(1, calls(1, [True, True]))
    breakers.tell(2, calls(2, [True, False, False]))
    assert left_out(breakers, range(20)) == []


def test_what_is_told_late_is_heeded_late() -> None:
    breakers = Breakers(lag=1)
    breakers.tell(5, calls(5, [True] * 3))
    assert left_out(breakers, range(20)) == [7, 8]


def test_calls_that_went_out_before_it_opened_change_nothing() -> None:
    breakers = Breakers(lag=1)
    breakers.tell(5, calls(5, [True] * 3))
    breakers.tell(6, calls(6, [True] * 3))
    assert left_out(breakers, range(20)) == [7, 8]


def test_after_the_break_one_failing_call_opens_it_for_twice_as_long() -> None:
    breakers = Breakers()
    breakers.tell(1, calls(1, [True] * 3))
    breakers.tell(4, calls(4, [True]))
    assert left_out(breakers, range(2, 20)) == [5, 6, 7, 8]


def test_after_the_break_a_good_call_closes_it_and_forgets_its_length() -> None:
    breakers = Breakers()
    breakers.tell(1, calls(1, [True] * 3))
    breakers.tell(4, calls(4, [False]))
    assert left_out(breakers, range(4, 20)) == []
    breakers.tell(5, calls(5, [True] * 3))
    assert left_out(breakers, range(5, 20)) == [6, 7]


def test_breaks_do_not_grow_without_end() -> None:
    breakers = Breakers()
    generation = 1
    for _ in range(20):
        breakers.tell(generation, calls(generation, [True] * 3))
        span = left_out(breakers, range(generation, generation + 200))
        generation = span[-1] + 1
    assert len(span) == LONGEST


def test_one_call_that_many_candidates_share_counts_once() -> None:
    breakers = Breakers()
    breakers.tell(1, calls(1, [True]) * 5)
    assert left_out(breakers, range(20)) == []


def failing(generation: int, words: Sequence[str]) -> list[Call]:
    told = calls(generation, [bool(word) for word in words])
    return [replace(call, failure=word) for call, word in zip(told, words, strict=True)]


def test_it_says_what_opened_it_and_until_when() -> None:
    breakers = Breakers(lag=1)
    breakers.tell(2, failing(2, ["reset"] * 9))
    assert breakers.open_models(4) == {"m"}
    assert breakers.reason("m") == "reset, 9 of 9 calls; until generation 6"
    breakers.tell(3, failing(3, ["rate"] * 3))  # asked before it opened
    assert breakers.reason("m") == "reset, 9 of 9 calls; until generation 6"
    breakers.tell(6, failing(6, ["rate"]))
    assert breakers.reason("m") == "rate, 1 of 1 calls; until generation 12"


def test_of_several_failures_it_names_the_commonest_and_of_equals_the_first() -> None:
    breakers = Breakers()
    breakers.tell(1, failing(1, ["server", "rate", "", "rate"]))
    assert breakers.reason("m") == "mostly rate, 3 of 4 calls; until generation 4"
    breakers = Breakers()
    breakers.tell(1, failing(1, ["server", "", "rate"]))
    assert breakers.reason("m") == "mostly rate, 2 of 3 calls; until generation 4"


def test_a_model_that_is_not_left_alone_has_no_reason() -> None:
    breakers = Breakers()
    breakers.tell(1, failing(1, ["reset", "", ""]))
    assert breakers.reason("m") == breakers.reason("unheard of") == ""
    breakers.tell(2, failing(2, ["reset"] * 3))
    breakers.tell(5, failing(5, [""]))
    assert breakers.reason("m") == ""


@given(st.lists(st.lists(st.booleans(), max_size=6), max_size=30), st.integers(0, 2))
def test_a_resumed_run_has_the_same_breakers_and_nobody_is_left_out_for_ever(
    told: list[list[bool]], lag: int
) -> None:
    first, again = Breakers(lag), Breakers(lag)
    for generation, failed in enumerate(told):
        first.tell(generation, calls(generation, failed))
    for generation, failed in enumerate(told):
        again.tell(generation, calls(generation, failed))
    horizon = range(len(told) + 1 + lag + LONGEST + GENERATIONS)
    assert left_out(first, horizon) == left_out(again, horizon)
    assert not first.open_models(horizon[-1])
