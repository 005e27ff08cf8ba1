"""What models cost, and when that is enough."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from engine.llm.errors import BudgetSpent
from genomes.records.exchange import Exchange

Prices = Mapping[str, tuple[float, float]]
"""Model, or how its name begins -> money for a million tokens of questions, and of answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgets:
    """What models may cost; 0: no limit.

    Attributes:
        money: In the currency of the prices, over all sessions of a run.
        tokens: Of questions and answers, likewise.
        calls: Questions, answered or failed, likewise.
        seconds: Of this session, by the clock on the wall.
    """

    money: float = 0.0
    tokens: int = 0
    calls: int = 0
    seconds: float = 0.0


class Spending(Protocol):
    """What was spent before: `archive.transcript.Spent`."""

    @property
    def cost(self) -> float:
        """Money."""
        ...

    @property
    def tokens(self) -> int:
        """Tokens of questions and answers."""
        ...

    @property
    def calls(self) -> int:
        """Questions."""
        ...


class BudgetMeter:
    """Counts what is spent, and refuses once a budget is used up.

    Answers under way when a budget is used up still arrive, and count: money and tokens may end
    above their limits by as many answers as were under way; calls never do.

    Args:
        budgets: The limits.
        before: What earlier sessions of the run spent.
        clock: Seconds that only grow.
    """

    def __init__(
        self, budgets: Budgets, before: Spending, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._budgets, self._clock = budgets, clock
        self._began = clock()
        self.money, self.tokens, self.calls = before.cost, before.tokens, before.calls

    @property
    def seconds(self) -> float:
        """Of this session."""
        return self._clock() - self._began

    def admit(self, *, again: bool = False) -> None:
        """Let a call go out.

        Args:
            again: It is another attempt at a question that was let out before.

        Raises:
            BudgetSpent: A budget is used up.
        """
        for name in ("money", "tokens", "seconds") if again else _NAMES:
            limit, spent = getattr(self._budgets, name), getattr(self, name)
            if limit and spent >= limit:
                raise BudgetSpent(name, spent, limit)
        if not again:
            self.calls += 1

    def pay(self, exchange: Exchange) -> None:
        """Count what an exchange cost."""
        self.money += exchange.cost
        self.tokens += exchange.tokens_in + exchange.tokens_out


_NAMES = ("money", "tokens", "calls", "seconds")


def cost(prices: Prices, model: str, tokens_in: int, tokens_out: int) -> float:
    """Money for an exchange; 0 for a model without a price."""
    price = price_of(prices, model)
    return (price[0] * tokens_in + price[1] * tokens_out) / 1e6 if price else 0.0


def price_of(prices: Prices, model: str) -> tuple[float, float] | None:
    """A model's price: under its own name, else under the longest that its name begins with."""
    starts = [name for name in prices if model.startswith(name)]
    return prices[max(starts, key=len)] if starts else None


def check_prices(prices: Prices, models: Iterable[str], budgets: Budgets) -> list[str]:
    """What is wrong with a budget of money: a model without a price. Sentences."""
    if not budgets.money:
        return []
    unpriced = sorted({model for model in models if price_of(prices, model) is None})
    return [
        f"llm.budget.money = {budgets.money:g}, but llm.prices has no price for {model!r}; needs "
        f"[in, out] for a million tokens, e.g. {model!r} = [0.25, 2.0], or [0, 0] for a server of "
        "your own"
        for model in unpriced
    ]
