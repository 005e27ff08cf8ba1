"""The screened proposer: it looks at the market, and at a parent's residual, before it writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, ClassVar

import numpy as np

from engine.operators.structural import JUMP, task_of
from engine.proposer import Progress, Proposer, Slot
from engine.selection import Selector, sampled
from genomes.records.candidate import Candidate, Task
from genomes.records.entry import Entry
from sandbox.remedy import REMEDIES
from sandbox.screen import Row, Screen

START = "screened_start"
FIRST_SHARE = 0.5  # of generation 1: at most, and at most as many as are above noise
TEMPERATURE = 0.15  # of the softmax over excess, in units of the score


class Screened(Proposer):
    """Writes starts from rows of a screen, and parents with what would help them most.

    The further a row is above noise the sooner it becomes a start, and none does twice. The first
    starts fill up to half of generation 1; from then on starts compete by credit. Looking at a
    parent's residual costs as much as some forty children: a few slots a generation are for that,
    whatever it earns. A worker chooses the gate or leg, and counts what it looked at.
    """

    operators: ClassVar[Mapping[str, str]] = {
        START: JUMP,
        "screened_gate": "add_gate",
        "screened_leg": "regrow",
    }

    def __init__(self, screen: Screen, selector: Selector, *, size: int, residuals: int) -> None:
        """Propose from a screen.

        Args:
            screen: Of the market that is searched.
            selector: Who is looked at for what would help.
            size: Slots of a generation.
            residuals: Of them, those in which a parent's residual is looked at, from generation 2.
        """
        self._selector, self._residuals = selector, residuals
        self._remedies = 0
        rows = [row for row in (*screen.singles, *screen.products) if not row.suspect]
        self._rows = sorted(rows, key=lambda row: -row.excess)
        self._excess = np.array([row.excess for row in self._rows])
        self._first = min(int(FIRST_SHARE * size), len(screen.found))
        self._row_of = {row.strategy: i for i, row in enumerate(self._rows)}
        self._used: set[int] = set()
        self._looks = screen.looks
        self._said = _said(screen)
        self._asked: tuple[int, dict[int, int]] = (0, {})  # generation; slot -> row

    def claim(self, slot: Slot) -> str | None:
        """Starts in generation 1, as many as rows stand above noise; then a few parents to help."""
        if slot.generation == 1:
            return START if slot.number < self._first else None
        if slot.number < self._residuals:
            return sorted(REMEDIES)[(slot.generation + slot.number) % len(REMEDIES)]
        return None

    def plan(self, slot: Slot, operator: str) -> Task:
        """A parent to help; or a row that no start was written from, by a softmax over its excess.

        A jump where there is no such row.
        """
        if operator in REMEDIES:
            return task_of(slot, operator, self._selector.parents(1, slot.rng), 1)
        if self._asked[0] != slot.generation:
            self._asked = (slot.generation, {})
        asked = self._asked[1]
        taken = self._used.union(row for number, row in asked.items() if number < slot.number)
        left = np.array([i for i in range(len(self._rows)) if i not in taken], dtype=np.int64)
        if not len(left):
            return task_of(slot, JUMP, (), 0)
        excess = self._excess[left]
        odds = np.exp((excess - excess.max()) / TEMPERATURE)
        row = asked[slot.number] = int(left[sampled(np.cumsum(odds), slot.rng)])
        return replace(task_of(slot, START, (), 0), text=self._rows[row].strategy)

    def make(
        self, generation: int, candidates: Sequence[Candidate], progress: Progress
    ) -> Iterable[Candidate]:
        """The starts, with what the screen says of each."""
        for one in candidates:
            if one.task.operator == START:
                row = self._rows[self._row_of[one.task.text]]
                yield replace(one, note=_note(row), own=True)

    def finish(self, candidate: Candidate, entry: Entry) -> Entry:
        """Count what was looked at for a candidate."""
        self._remedies += candidate.looks
        return entry

    def summary(self, entries: Sequence[Entry]) -> Mapping[str, Any]:
        """The looks that were taken: the screen's, with the generation that it came before."""
        looks: dict[str, int] = {}
        if entries and entries[0].generation == 0:
            looks = asdict(self._looks)
        if self._remedies:
            looks["remedies"] = self._remedies
        self._remedies = 0
        return {"looks": looks} if looks else {}

    def observe(self, entries: Sequence[Entry]) -> None:
        """Remember which rows were written down."""
        self.remarks = self._said if entries and not entries[0].generation else ()
        for entry in entries:
            if entry.operator == START and entry.text in self._row_of:
                self._used.add(self._row_of[entry.text])


def _note(row: Row) -> str:
    above = "above" if row.above_noise else "within"
    return (
        f"Seen by the screen: {row.phrase} (score {row.score:.2f}, {row.excess:+.2f} beside the "
        f"best of noise, {above} noise)."
    )


def _said(screen: Screen) -> list[str]:
    """What a run says of its screen, a line each."""
    looks = f"{screen.looks.atoms:,} conditions and {screen.looks.products:,} products of two"
    best = screen.best
    if not screen.found or best is None:
        found = "none stands above noise"
    else:
        found = f"{len(screen.found)} stand above noise, first {best.phrase} ({best.score:.2f})"
    return [f"The screen looked at {looks}: {found}.", *screen.warnings]
