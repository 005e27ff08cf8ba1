"""From slots to entries: each candidate with its standing and what it earned."""

from __future__ import annotations

from collections.abc import Sequence

from archive.population import Judgement
from engine.credit import reward
from engine.operators.structural import parents_used
from engine.state import Search
from engine.tasks import Work
from genomes.records.entry import Entry
from genomes.records.outcome import Outcome


def entries_of(search: Search, generation: int, work: Sequence[Work]) -> list[Entry]:
    """A generation's candidates as the archive is told them, in slot order."""
    outcomes = [_outcome(one) for one in work]
    families = [_family(one) for one in work]
    judgements = search.population.judge(generation, outcomes, families)
    return [
        _entry(search, generation, one, outcome, family, judgement)
        for one, outcome, family, judgement in zip(
            work, outcomes, families, judgements, strict=True
        )
    ]


def _family(one: Work) -> tuple[int, ...]:
    # An operator that found nothing to do gave way to another, which may have used fewer parents.
    used = one.task.operator if one.drawing is None else one.drawing.operator
    return one.task.parents[: parents_used(used, len(one.task.parents))]


def _outcome(one: Work) -> Outcome:
    assert one.outcome is not None  # every slot was settled or measured
    return one.outcome


def _entry(
    search: Search,
    generation: int,
    one: Work,
    outcome: Outcome,
    family: tuple[int, ...],
    judgement: Judgement,
) -> Entry:
    task, draft, drawing = one.task, one.draft, one.drawing
    made = Entry(
        id=task.candidate,
        generation=generation,
        slot=task.slot,
        species=task.species,
        text=drawing.text if drawing else draft.text if draft else "",
        parents=family,
        operator=drawing.operator if drawing else task.operator,
        note=drawing.note if drawing else draft.note if draft else "",
        outcome=outcome,
        standing=judgement.standing,
        novelty=judgement.novelty,
        credit=None if generation == 0 or task.species == "prompt" else reward(judgement.standing),
    )
    if draft is None or search.authors is None:
        return made
    return search.authors.finished(draft, one, made)
