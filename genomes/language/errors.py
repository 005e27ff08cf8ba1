"""The one exception of the language: a rule was broken while a strategy was drawn."""

from __future__ import annotations


class LanguageError(Exception):
    """A strategy broke a rule of the language.

    Attributes:
        rule: Short name of the rule, as in `dimension`; refusals are counted by it.
        found: What the text does.
        instead: What to write instead.
    """

    def __init__(self, rule: str, found: str, instead: str) -> None:
        super().__init__(f"{found}; {instead} [{rule}]")
        self.rule = rule
        self.found = found
        self.instead = instead


class GraphError(ValueError):
    """A serialised graph is not one this language could have drawn."""
