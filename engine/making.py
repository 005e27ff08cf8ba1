"""From tasks to drawings: what workers, models and the tuner make of a generation's slots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from engine.progress import Watcher
from engine.state import Search
from engine.tasks import CROSS, MUTATE, TUNE, Draft, Work
from genomes.records.outcome import Duplicate
from sandbox.errand import Drawing, Request

INSTEAD = {TUNE: "change_constant", MUTATE: "regrow", CROSS: "cross_expression"}
"""Who takes a slot whose parent declares nothing to tune, or for which no model answered."""


def draw(search: Search, generation: int, work: Sequence[Work], watcher: Watcher) -> None:
    """Make and draw every slot's text; what a model got wrong goes back to it, once."""
    texts = search.archive.texts({i for one in work for i in one.task.parents})
    if search.tuner:
        tuned = [one for one in work if one.task.operator == TUNE]

        def progress(done: int, total: int) -> None:
            watcher.progress(generation, "tuned", done, total)

        _take(work, dict(search.tuner(tuned, texts, progress)) if tuned else {})
    if search.authors:
        _take(work, search.authors.drafts(generation, work, watcher))
    _propose(search, generation, work, texts, watcher)
    if search.authors:
        settle(search, work)
        mended = search.authors.mended(generation, work)
        again = [one for one in work if one.task.slot in mended]
        for one in again:
            one.drawing = one.outcome = None
        _take(again, mended)
        _propose(search, generation, again, texts, watcher)


def settle(search: Search, work: Sequence[Work]) -> dict[str, Work]:
    """Give slots their outcome that need no measuring: failures, and graphs seen before.

    Returns:
        Key -> the slot that has it first, in slot order, of those left.
    """
    owners: dict[str, Work] = {}
    for one in work:
        drawing = one.drawing
        if drawing is None:
            one.outcome = one.draft.outcome if one.draft else None
        elif drawing.failure is not None:
            one.outcome = drawing.failure
        elif drawing.key in search.keys:
            one.outcome = Duplicate(key=drawing.key, of=search.keys[drawing.key])
        elif drawing.key in owners:
            one.outcome = Duplicate(key=drawing.key, of=owners[drawing.key].task.candidate)
        elif search.authors and (objection := search.authors.objection(one)):
            one.outcome = objection
        else:
            one.outcome = None
            owners[drawing.key] = one
    return owners


def _take(work: Sequence[Work], drafts: Mapping[int, Draft]) -> None:
    for one in work:
        one.draft = drafts.get(one.task.slot, one.draft)


def _propose(
    search: Search,
    generation: int,
    work: Sequence[Work],
    texts: Mapping[int, str],
    watcher: Watcher,
) -> None:
    """Let workers make, check and draw what is a strategy and not settled yet."""
    asked = [one for one in work if one.draft is None or one.draft.outcome is None]
    requests = [_request(one, texts) for one in asked]
    drawn = len(work) - len(asked)
    for index, drawing in search.pool.propose(requests):
        asked[index].drawing = _worded(drawing, asked[index].draft)
        drawn += 1
        watcher.progress(generation, "drawn", drawn, len(work))


def _request(one: Work, texts: Mapping[int, str]) -> Request:
    task, draft = one.task, one.draft
    parents = tuple(texts[i] for i in task.parents)
    if draft is not None and draft.text:
        return Request(
            operator=task.operator,
            parents=parents,
            text=draft.text,
            change=draft.change,
            own=draft.own,
        )
    operator = INSTEAD.get(task.operator, task.operator)
    return Request(operator=operator, parents=parents, seed=task.seed, text=task.text)


def _worded(drawing: Drawing, draft: Draft | None) -> Drawing:
    """A drawing with what its author said of the text."""
    return replace(drawing, note=draft.note) if draft and draft.text else drawing
