"""The strategy language: what a strategy file imports. Standard library only, so the jail is small.

`python -m genomes.language` prints the reference.
"""

from __future__ import annotations

from typing import Any

from genomes.language.params import Bool, Choice, Float, Int
from genomes.language.strategy import Exits
from genomes.language.words import WORDS

VOCABULARY: dict[str, Any] = {
    **{name: word for name, word in WORDS.items() if name not in ("abs", "min", "max")},
    "Bool": Bool,
    "Choice": Choice,
    "Exits": Exits,
    "Float": Float,
    "Int": Int,
}


def __getattr__(name: str) -> Any:
    if name in VOCABULARY:
        return VOCABULARY[name]
    raise AttributeError(f"genomes.language has no {name!r}; python -m genomes.language lists it")


__all__ = ["VOCABULARY", "Bool", "Choice", "Exits", "Float", "Int"]
