"""A candidate in a few words: its idea, and why it failed. Pure."""

from __future__ import annotations

import re

from genomes.genome import CHANGE_MARK
from genomes.records.outcome import Floored, Outcome, Refused, Unusable

_DOC = re.compile(r'\s*[rRuU]?("""|\'\'\'|"|\')(.*?)\1', re.DOTALL)


def idea_of(text: str) -> str:
    """The first paragraph of a strategy's docstring; cheap, and empty where there is none."""
    found = _DOC.match(text)
    if found is None:
        return ""
    head = found[2].split(CHANGE_MARK)[0].strip()
    return " ".join(head.split("\n\n")[0].split())


def fate_of(outcome: Outcome) -> str:
    """Why a candidate has no fitness, in a few words."""
    match outcome:
        case Floored(floor=floor, figure=figure, needed=needed):
            return f"floored: {floor} {figure:.3g}, needs {needed:.3g}"
        case Refused(refusals=refusals) if refusals:
            first = refusals[0]
            return f"refused: {first.rule} ({first.found}): {first.instead}"
        case Unusable(problem=problem, found=found):
            return f"unusable: {problem} ({found})"
        case _:
            return outcome.kind.replace("_", " ")
