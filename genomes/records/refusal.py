"""A refusal: why a strategy's text was not accepted, and what to write instead."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One broken rule, at a place in a text.

    Attributes:
        rule: The rule's name, a short word as in `unknown_name`; refusals are counted by it.
        line: Line in the text, from 1; 0 where the whole text is meant.
        column: Column in the line, from 1; 0 where the whole line is meant.
        found: What stands there.
        instead: What to write instead.
    """

    rule: str
    line: int
    column: int
    found: str
    instead: str

    def __str__(self) -> str:
        place = f"line {self.line}, column {self.column}: " if self.line else ""
        return f"{place}{self.found}; {self.instead} [{self.rule}]"
