from __future__ import annotations

import pytest

from engine.llm.budget import BudgetMeter, Budgets, check_prices, cost, price_of
from engine.llm.errors import BudgetSpent
from genomes.records.exchange import Exchange
from tests.engine.llm.asking import Spent

PRICES = {"gpt-5": (1.0, 10.0), "gpt-5-mini": (0.25, 2.0), "local/": (0.0, 0.0)}


def exchange(cost: float = 0.0, tokens: int = 0) -> Exchange:
    return Exchange(
        key="k", draw=1, role="strategist", model="m", messages=(), parameters="{}", text="t",
        failure="", finish="stop", tokens_in=tokens, tokens_out=0, cost=cost, attempts=(),
        seconds=1.0,
    )  # fmt: skip


def test_a_price_is_found_under_the_name_or_its_longest_beginning() -> None:
    assert price_of(PRICES, "gpt-5") == (1.0, 10.0)
    assert price_of(PRICES, "gpt-5-mini-2026") == (0.25, 2.0)
    assert price_of(PRICES, "gpt-5-large") == (1.0, 10.0)
    assert price_of(PRICES, "other") is None


def test_cost_is_price_by_the_million() -> None:
    assert cost(PRICES, "gpt-5", 1_000_000, 500_000) == 6.0
    assert cost(PRICES, "other", 1_000_000, 1) == 0.0


def test_a_budget_of_money_needs_every_price() -> None:
    problems = check_prices(PRICES, ["other", "gpt-5", "local/x", "other"], Budgets(money=1.0))
    assert len(problems) == 1
    assert "'other'" in problems[0]
    assert check_prices({}, ["other"], Budgets(tokens=5)) == []


@pytest.mark.parametrize(
    ("budgets", "paid", "name"),
    [
        (Budgets(money=1.0), exchange(cost=1.0), "money"),
        (Budgets(tokens=100), exchange(tokens=100), "tokens"),
    ],
)
def test_what_is_used_up_lets_nothing_out_and_says_which(
    budgets: Budgets, paid: Exchange, name: str
) -> None:
    meter = BudgetMeter(budgets, Spent())
    meter.admit()
    meter.pay(paid)
    with pytest.raises(BudgetSpent, match=f"llm.budget.{name}") as caught:
        meter.admit()
    assert caught.value.budget == name


def test_calls_are_counted_when_they_go_out_and_never_exceeded() -> None:
    meter = BudgetMeter(Budgets(calls=2), Spent())
    meter.admit()
    meter.admit(again=True)
    meter.admit()
    meter.admit(again=True)  # a question that went out may be asked again
    with pytest.raises(BudgetSpent):
        meter.admit()
    assert meter.calls == 2


def test_a_resumed_run_goes_on_counting_but_its_seconds_begin_anew() -> None:
    now = [100.0]
    spent = Spent(cost=0.9, tokens=90, calls=9, seconds=1e6)
    meter = BudgetMeter(Budgets(money=1.0, calls=10, seconds=5.0), spent, lambda: now[0])
    meter.admit()
    with pytest.raises(BudgetSpent, match="calls"):
        meter.admit()
    now[0] = 105.0
    with pytest.raises(BudgetSpent, match="seconds"):
        meter.admit(again=True)
    assert (meter.money, meter.tokens) == (0.9, 90)


def test_without_limits_everything_goes_out() -> None:
    meter = BudgetMeter(Budgets(), Spent(cost=1e9, tokens=10**12, calls=10**9))
    meter.admit()
