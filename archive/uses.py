"""The uses of prompts and models that an archive holds: what `archive.merit` judges them by."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable

from archive.credit import Use
from archive.written import Written
from genomes.prompt import control
from genomes.records.entry import Entry

COMMENT = re.compile(r"\s*<!--.*?-->", re.DOTALL)
"""What may stand before a prompt's first line: for people, no part of it."""

HEADING = re.compile(r"#\s*(\w+)\s*:\s*(.*)")
"""The first line of a prompt, as in `# mutate: Ask what the worst trades share`."""


def heading(text: str) -> tuple[str, str]:
    """A prompt's kind and title, also where it breaks rules; no kind where it names none."""
    first = COMMENT.sub("", text, count=1).strip().split("\n", 1)[0].strip()
    found = HEADING.fullmatch(first)
    return (found[1].lower(), found[2].strip()) if found else ("", first.lstrip("# "))


def controls(prompts: Iterable[Entry]) -> set[int]:
    """Ids of the prompts that others of their kind are compared with: seeds, known by their name.

    Args:
        prompts: Candidates that are prompts.
    """
    return {
        entry.id
        for entry in prompts
        if entry.operator == f"seed prompt {control(heading(entry.text)[0])}"
    }


def uses(written: Iterable[Written], control: Container[int]) -> list[Use]:
    """The uses of prompts and models from which something is to be learnt, in the order told.

    Args:
        written: What models were asked for, in the order told.
        control: Ids of the prompts that others are compared with.
    """
    found: list[Use] = []
    for one in written:
        if one.species != "strategy" or one.gain is None or one.parent is None:
            continue
        if one.prompt is None or one.model is None:
            continue
        use = Use(
            generation=one.generation,
            parent=one.parent,
            parent_fitness=one.before,
            prompt=one.prompt,
            model=one.model,
            control=one.prompt in control,
            gain=one.gain,
            cost=one.cost,
        )
        found.append(use)
    return found
