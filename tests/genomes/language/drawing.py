"""Helpers of these tests: a market's fields, a strategy's text drawn, one expression drawn."""

from __future__ import annotations

from typing import Any

from genomes.language import VOCABULARY
from genomes.language.dimension import NUMBER, PRICE, VOLUME, Dimension
from genomes.language.graph import Builder, Graph
from genomes.language.strategy import Market, draw
from genomes.language.words import WORDS

FIELDS: dict[str, Dimension] = {
    **dict.fromkeys(("open", "high", "low", "close"), PRICE),
    "volume": VOLUME,
    "funding": NUMBER,
    **dict.fromkeys(
        ("hour", "weekday", "month", "minute_of_day", "bars_from_open", "days_to_month_end"), NUMBER
    ),
}

BUILTINS = {name: WORDS[name] for name in ("abs", "min", "max")}


def namespace_of(source: str) -> dict[str, Any]:
    """What a strategy's text defines."""
    namespace: dict[str, Any] = dict(BUILTINS)
    exec(compile(source, "strategy", "exec"), namespace)
    return namespace


def draw_text(source: str, values: Any = None, **more: Any) -> Graph:
    """The graph of a strategy's text."""
    return draw(namespace_of(source), values, FIELDS, **more)


def body(factor: str, signal: str = "f > 0", *more: str) -> str:
    """A strategy whose layers return these expressions."""
    return "\n".join(
        [
            "from genomes.language import *",
            f"from genomes.language import {', '.join(VOCABULARY)}",
            f"def factor(m, p): return {factor}",
            f"def signal(f, m, p): return {signal}",
            *more,
        ]
    )


class Tracer:
    """A builder and the words, to write one expression after another."""

    def __init__(self, fields: dict[str, Dimension] = FIELDS) -> None:
        self.builder = Builder(fields)
        self.words: dict[str, Any] = {**VOCABULARY, **WORDS, "m": Market(self.builder)}

    def __call__(self, expression: str) -> Any:
        return eval(expression, dict(self.words))

    def node(self, expression: str) -> Any:
        """The node of what the expression gives."""
        return self(expression)._info
