"""What a model is told of a strategy: data made into words, masked, and fitted into a budget.

Material is put between tags by `genomes.prompt.fill`, which no text can close from within. What
untrusted authors wrote is cut to a line each, with what cannot be seen escaped; source is shown
whole. Nothing here knows a date, a symbol (`Mask` hides them in untrusted text) or a figure that is
not from the training window: an Entry and a Study hold no other.

A budget of tokens is kept by leaving things out, in the order of `DROPPED`, each part from its end.
Never left out: the strategies to change and the goal. Tokens are estimated as characters / 3.2,
which is on the safe side for English words, Python and tables.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

from engine.llm.goal import Goal
from engine.llm.shown import SAID, Shown
from engine.llm.system import system_message
from genomes.prompt import Prompt, fill, load
from genomes.records.entry import Entry
from genomes.records.outcome import Measured
from genomes.records.text import one_line, paragraph
from sandbox.study import Study

__all__ = [
    "Inspiration",
    "Material",
    "Shown",
    "brief",
    "facts",
    "system_message",
    "tokens",
]

CHARACTERS_A_TOKEN = 3.2
MOST_ANALYSIS = 4_000
MOST_GOAL = 2_000
MOST_ITEMS = 24  # siblings, lessons, failures: most of each

DROPPED: tuple[tuple[str, int], ...] = (
    ("sources", 0),  # of the inspirations, last first
    ("other_figures", 2),
    ("siblings", 8),
    ("lessons", 4),
    ("failures", 4),
    ("figures", 3),
    ("inspirations", 2),
    ("siblings", 3),
    ("other_figures", 1),
    ("inspirations", 0),
    ("failures", 0),
    ("lessons", 0),
    ("analysis", 1),
    ("siblings", 0),
    ("figures", 1),
    ("analysis", 0),
    ("other_figures", 0),
    ("figures", 0),
)
"""What goes first where a budget is short: a part, and how many of its items stay at that step."""

NO_GOAL = Goal(text="")

_HEADING = re.compile("^#", re.MULTILINE)


def tokens(text: str) -> int:
    """How many tokens a text has, estimated."""
    return ceil(len(text) / CHARACTERS_A_TOKEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspiration:
    """Another strategy of the search.

    Attributes:
        why: Why it is shown, in a word: best, different, recent.
        entry: The candidate.
    """

    why: str
    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """All that a briefing may hold. Sequences stand with the most useful first.

    Attributes:
        shown: The run's `Shown`.
        parent: The strategy to change.
        study: What it did; None where it was not studied.
        other: The second parent of a crossover.
        other_study: What that one did.
        siblings: Children that the parent has, in the order told; the clearest are chosen.
        inspirations: Other members.
        lessons: From `Knowledge.lessons`.
        failures: Candidates that failed lately.
        refusals: What this model is refused for most, from `Knowledge.refusals`.
        goal: What the user wants.
        analysis: What the analyst says of the parent; empty for nothing.
    """

    shown: Shown
    parent: Entry
    study: Study | None = None
    other: Entry | None = None
    other_study: Study | None = None
    siblings: Sequence[Entry] = ()
    inspirations: Sequence[Inspiration] = ()
    lessons: Sequence[str] = ()
    failures: Sequence[Entry] = ()
    refusals: Mapping[str, int] = field(default_factory=dict[str, int])
    goal: Goal = NO_GOAL
    analysis: str = ""


def brief(prompt: Prompt, material: Material, budget_tokens: int) -> str:
    """The prompt filled with material, as much of it as the budget holds.

    Args:
        prompt: A `mutate` or `cross` prompt.
        material: What may be said.
        budget_tokens: For the whole text, estimated. Only strategies and a goal that are too long
            by themselves exceed it.

    Raises:
        ValueError: The prompt needs a second strategy and there is none.
    """
    if "other" in prompt.placeholders and material.other is None:
        raise ValueError(f'prompt "{prompt.title}" takes two strategies; the material has one')
    parts = {name: _PARTS[name](material) for name in prompt.placeholders}
    shown = len(parts.get("inspirations", ()))
    sources = [material.shown.fenced(each.entry) for each in material.inspirations[:shown]]
    tags = sum(2 * len(name) + 8 for name in parts)
    length = int(budget_tokens * CHARACTERS_A_TOKEN)
    _fit(parts | {"sources": sources}, length - len(prompt.text) - len(load("reply").text) - tags)
    for place, source in enumerate(sources):
        parts["inspirations"][place] += f"\n{source}"
    return fill(prompt, {name: _joined(name, items) for name, items in parts.items()})


def facts(material: Material) -> dict[str, str]:
    """What analyst and critic are told: figures, siblings and goal by the names of their places."""
    return {name: _joined(name, _PARTS[name](material)) for name in ("figures", "siblings", "goal")}


def _fit(parts: Mapping[str, list[str]], space: int) -> None:
    """Leave out what does not fit, in place."""
    over = sum(len(item) + 2 for items in parts.values() for item in items) - space
    for name, stay in DROPPED:
        items = parts.get(name, [])
        while over > 0 and len(items) > stay:
            over -= len(items.pop()) + 2


def _joined(name: str, items: Sequence[str]) -> str:
    return ("\n\n" if name in _SPACED else "\n").join(items)


# -- the parts -------------------------------------------------------------------------------------


def _siblings(material: Material) -> list[str]:
    """The clearest first: the largest changes of fitness, then the latest failures."""
    base = material.parent.outcome
    measured: list[tuple[float, Entry]] = []
    failed: list[Entry] = []
    for entry in material.siblings:
        if isinstance(entry.outcome, Measured) and isinstance(base, Measured):
            measured.append((entry.outcome.fitness - base.fitness, entry))
        else:
            failed.append(entry)
    measured.sort(key=lambda each: (-abs(each[0]), each[1].id))
    failed.sort(key=lambda entry: -entry.id)
    shown = material.shown
    some = MOST_ITEMS - min(len(failed), MOST_ITEMS // 3)
    lines = [f"- {shown.tried(entry)}: fitness {gain:+.2g}" for gain, entry in measured[:some]]
    lines += [f"- {shown.tried(each)}: {shown.fate(each)}" for each in failed[: MOST_ITEMS // 3]]
    return lines


def _inspirations(material: Material) -> list[str]:
    return [f"({each.why}) {material.shown.about(each.entry)}" for each in material.inspirations]


def _lessons(material: Material) -> list[str]:
    mask = material.shown.mask
    return [f"- {one_line(mask.prose(words), 2 * SAID)}" for words in material.lessons[:MOST_ITEMS]]


def _failures(material: Material) -> list[str]:
    shown = material.shown
    lines = [
        f"- {one_line(shown.mask.prose(words), 2 * SAID)}"
        + (f" ({count:,} times by you)" if count > 1 else " (by you)")
        for words, count in material.refusals.items()
    ]
    lines += [f"- {shown.tried(each)}: {shown.fate(each)}" for each in material.failures]
    return lines[:MOST_ITEMS]


def _goal(material: Material) -> list[str]:
    goal, mask = material.goal, material.shown.mask
    said = [_paragraph(mask.prose(goal.text), MOST_GOAL)] if goal.text.strip() else []
    if goal.category:
        said.append(f"Category: {one_line(mask.prose(goal.category), 60)}")
    return said


def _analysis(material: Material) -> list[str]:
    if not material.analysis.strip():
        return []
    return _paragraph(material.shown.mask.prose(material.analysis), MOST_ANALYSIS).split("\n")


def _other(material: Material) -> list[str]:
    return [] if material.other is None else [material.shown.source(material.other)]


def _other_figures(material: Material) -> list[str]:
    if material.other is None:
        return []
    return list(material.shown.figures(material.other, material.other_study))


_PARTS: dict[str, Callable[[Material], list[str]]] = {
    "parent": lambda material: [material.shown.source(material.parent)],
    "figures": lambda material: list(material.shown.figures(material.parent, material.study)),
    "analysis": _analysis,
    "siblings": _siblings,
    "inspirations": _inspirations,
    "lessons": _lessons,
    "failures": _failures,
    "goal": _goal,
    "other": _other,
    "other_figures": _other_figures,
}
_SPACED = frozenset(("figures", "other_figures", "inspirations"))


def _paragraph(text: str, limit: int) -> str:
    """Untrusted lines, none of which looks like one of our headings."""
    return _HEADING.sub(" #", paragraph(text, limit))
