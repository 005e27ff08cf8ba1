"""Structural variation of prompts: sections and items are moved, dropped and crossed."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from genomes.prompt.forms import FORMS
from genomes.prompt.items import (
    ends_in_list,
    is_advice,
    is_listed,
    items_of,
    joined,
    plain,
    short,
    without,
)
from genomes.prompt.library import seeds
from genomes.prompt.read import parse
from genomes.prompt.text import Prompt, Section, blocks, compose, leads_up, places

TRIES = 10

_KEPT = "goal"  # the user's word is not up for variation


class Varied(NamedTuple):
    """A child prompt, and one sentence on what was done."""

    prompt: Prompt
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    preamble: str
    sections: tuple[Section, ...]
    note: str


_Make = Callable[[Sequence[Prompt], random.Random], _Draft | None]


def vary(operator: str, parents: Sequence[Prompt], rng: random.Random) -> Varied:
    """A child that `parse` accepts and whose key is none of its parents'.

    Title and kind are the first parent's. The same arguments give the same child, everywhere. Where
    the operator finds nothing to do, the others are tried, then a crossing with a seed; the note
    says what was done. The user's goal is never dropped.

    Args:
        operator: A name of PROMPT_OPERATORS.
        parents: At least as many as the operator takes, all of one kind that evolves.
        rng: All chance comes from it.

    Raises:
        ValueError: There is no such operator, too few parents, or they are of different kinds.
    """
    if operator not in PROMPT_OPERATORS:
        raise ValueError(f"no operator {operator}; there are {', '.join(PROMPT_OPERATORS)}")
    if len(parents) < PROMPT_OPERATORS[operator]:
        raise ValueError(
            f"{operator} takes {PROMPT_OPERATORS[operator]} parents, got {len(parents)}"
        )
    kinds = sorted({parent.kind for parent in parents})
    if len(kinds) > 1 or not FORMS[kinds[0]].evolves:
        raise ValueError(
            f"{operator} got prompts of {', '.join(kinds)}; needs one kind that evolves"
        )
    others = [n for n, count in PROMPT_OPERATORS.items() if n != operator and count <= len(parents)]
    for name in (operator, *rng.sample(others, len(others))):
        found = _attempt(_MAKES[name], parents, rng)
        if found is not None:
            return found
    stock = [seed for seed in seeds().values() if seed.kind == kinds[0]]
    taken = {parent.key for parent in parents}
    stock = [seed for seed in rng.sample(stock, len(stock)) if seed.key not in taken]
    for seed in stock:
        found = _attempt(_cross_sections, (parents[0], seed), rng)
        if found is not None and found.prompt.key not in taken:
            return found
    if not stock:
        raise ValueError(f"{operator}: these parents are all the seeds and leave nothing to vary")
    return Varied(stock[0], f'is the seed "{stock[0].title}": its parent leaves nothing to vary')


def _attempt(make: _Make, parents: Sequence[Prompt], rng: random.Random) -> Varied | None:
    taken = {parent.key for parent in parents}
    for _ in range(TRIES):
        draft = make(parents, rng)
        if draft is None:
            return None
        first = parents[0]
        child = compose(first.kind, first.title, draft.preamble, draft.sections)
        found = parse(child.text, kinds=(first.kind,))
        if not isinstance(found, Prompt) or found.key in taken:
            continue
        if _KEPT in found.placeholders or _KEPT not in first.placeholders:
            return Varied(found, draft.note)
    return None


# -- sections --------------------------------------------------------------------------------------


def _swap_sections(parents: Sequence[Prompt], rng: random.Random) -> _Draft | None:
    """Two sections change places."""
    sections = list(parents[0].sections)
    if len(sections) < 2:
        return None
    i, j = sorted(rng.sample(range(len(sections)), 2))
    sections[i], sections[j] = sections[j], sections[i]
    names = _quoted([sections[i].heading, sections[j].heading])
    return _Draft(preamble=parents[0].preamble, sections=tuple(sections), note=f"swaps {names}")


def _drop_section(parents: Sequence[Prompt], rng: random.Random) -> _Draft | None:
    """A section goes, unless it holds what must stay."""
    prompt = parents[0]
    kept = {*FORMS[prompt.kind].required, _KEPT}
    free = [s for s in prompt.sections if not kept & set(places(s.body))]
    if not free or len(prompt.sections) < 2:
        return None
    gone = rng.choice(free)
    rest = tuple(s for s in prompt.sections if s is not gone)
    return _Draft(
        preamble=prompt.preamble, sections=rest, note=f"leaves out {_quoted([gone.heading])}"
    )


def _cross_sections(parents: Sequence[Prompt], rng: random.Random) -> _Draft | None:
    """Some sections, or the introduction, come from the second parent."""
    first, second = parents[:2]
    ours = {(s.heading.casefold(), s.body) for s in first.sections}
    new = [s for s in second.sections if (s.heading.casefold(), s.body) not in ours]
    if second.preamble and second.preamble != first.preamble:
        new.append(Section(heading="", body=second.preamble))
    if not new:
        return None
    most = max(1, len(new) - 1)  # all of them would be the second parent in another order
    taken = rng.sample(new, rng.randint(1, most))
    preamble, sections = first.preamble, list(first.sections)
    for section in taken:
        names = set(places(section.body))
        preamble = without(preamble, names)
        sections = [replace(s, body=without(s.body, names)) for s in sections]
        same = [
            i for i, s in enumerate(sections) if s.heading.casefold() == section.heading.casefold()
        ]
        if not section.heading:
            preamble = section.body
        elif same:
            sections[same[0]] = section
        else:
            sections.insert(rng.randint(0, len(sections)), section)
        sections = [s for s in sections if s.body]
    names = _quoted([s.heading or "introduction" for s in taken])
    note = f'takes {names} from "{second.title}"'
    return _Draft(preamble=preamble, sections=tuple(sections), note=note)


# -- items -----------------------------------------------------------------------------------------


def _drop_item(parents: Sequence[Prompt], rng: random.Random) -> _Draft | None:
    """A list item or a paragraph goes."""
    prompt = parents[0]
    options = [
        (where, block, item)
        for where, body in enumerate(_bodies(prompt))
        if where or len(blocks(body)) > 1  # a prompt without a task is none
        for block, text in enumerate(blocks(body))
        for item, words in enumerate(items_of(text))
        if is_advice(words)
    ]
    if not options:
        return None
    where, block, item = rng.choice(options)
    parts = list(blocks(_bodies(prompt)[where]))
    items = list(items_of(parts[block]))
    gone = items.pop(item)
    parts[block] = joined(items)
    if not parts[block] and block and leads_up(parts[block - 1]):
        parts[block - 1] = ""
    body = "\n\n".join(filter(None, parts))
    return _with_body(prompt, where, body, f"leaves out: {short(gone)}")


def _borrow_item(parents: Sequence[Prompt], rng: random.Random) -> _Draft | None:
    """A list item or a paragraph of the second parent is added to a section of its kind."""
    first, second = parents[:2]
    known = {plain(item) for body in _bodies(first) for b in blocks(body) for item in items_of(b)}
    headings = ["", *(s.heading.casefold() for s in second.sections)]
    options = [
        (headings[where], item)
        for where, body in enumerate(_bodies(second))
        for block in blocks(body)
        for item in items_of(block)
        if is_advice(item) and plain(item) not in known
    ]
    if not options:
        return None
    heading, item = rng.choice(options)
    bodies = _bodies(first)
    same = [i for i, s in enumerate(first.sections, 1) if s.heading.casefold() == heading]
    lists = [i for i, body in enumerate(bodies) if i and ends_in_list(body)]
    words = [i for i, body in enumerate(bodies) if i and not any(places(body))]
    where = same[0] if same else rng.choice(lists or words or [0])
    parts = list(blocks(bodies[where]))
    if is_listed(item) and parts and ends_in_list(parts[-1]):
        parts[-1] = joined([*items_of(parts[-1]), item])
    else:
        parts.append(item)
    note = f'takes from "{second.title}": {short(item)}'
    return _with_body(first, where, "\n\n".join(parts), note)


# -- parts -----------------------------------------------------------------------------------------


def _bodies(prompt: Prompt) -> list[str]:
    return [prompt.preamble, *(section.body for section in prompt.sections)]


def _with_body(prompt: Prompt, where: int, body: str, note: str) -> _Draft:
    """The prompt with another introduction (0) or body of a section (from 1); empty: it goes."""
    if where == 0:
        return _Draft(preamble=body, sections=prompt.sections, note=note)
    sections = list(prompt.sections)
    sections[where - 1] = replace(sections[where - 1], body=body)
    return _Draft(
        preamble=prompt.preamble, sections=tuple(s for s in sections if s.body), note=note
    )


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


_MAKES: dict[str, _Make] = {
    "swap_sections": _swap_sections,
    "drop_section": _drop_section,
    "drop_item": _drop_item,
    "cross_sections": _cross_sections,
    "borrow_item": _borrow_item,
}

PROMPT_OPERATORS: Mapping[str, int] = {
    "swap_sections": 1,
    "drop_section": 1,
    "drop_item": 1,
    "cross_sections": 2,
    "borrow_item": 2,
}
"""Each operator, and how many parents it takes."""
