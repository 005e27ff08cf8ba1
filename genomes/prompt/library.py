"""The prompts that Finch comes with, by the names of their files."""

from __future__ import annotations

from functools import cache

from genomes.prompt.forms import FORMS
from genomes.prompt.read import parse
from genomes.prompt.text import Prompt
from genomes.prompts import texts

CONTROL = "plain"


@cache
def load(name: str) -> Prompt:
    """The prompt of `genomes/prompts/NAME.md`; `NAME` is its kind, or its kind, a dash and more.

    Raises:
        ValueError: There is none of that name, or it breaks rules: each with its line, missing and
            unknown placeholders by name.
    """
    known = texts()
    if name not in known:
        raise ValueError(f"genomes/prompts has no {name}.md; there are {', '.join(known)}")
    found = parse(known[name], kinds=(name.split("-")[0],))
    if isinstance(found, Prompt):
        return found
    wrong = "\n".join(f"  {each}" for each in found)
    raise ValueError(f"genomes/prompts/{name}.md cannot be used:\n{wrong}")


@cache
def _seeds() -> dict[str, Prompt]:
    names = [name for name in texts() if (form := FORMS.get(name.split("-")[0])) and form.evolves]
    return {name: load(name) for name in names}


def seeds() -> dict[str, Prompt]:
    """The prompts that evolve, by name, sorted.

    Raises:
        ValueError: One of them breaks rules.
    """
    return dict(_seeds())


def control(kind: str) -> str:
    """The name of the seed that prompts of a kind are measured against: it says next to nothing."""
    return f"{kind}-{CONTROL}"
