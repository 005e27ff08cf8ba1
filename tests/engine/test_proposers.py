"""The seam between the loop and proposers: who takes a slot, what is recorded, who learns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from archive.store import Archive
from engine.loop import run
from engine.proposer import Progress, Proposer, Slot
from genomes.records.candidate import Candidate, Task
from genomes.records.entry import Entry
from genomes.records.outcome import Outcome, Unusable
from genomes.records.trial import Trial
from tests.engine.fakes import Dying, FakePool, Quiet, identity, search

SCREENED = "screened"


class Screening(Proposer):
    """A further member: takes every third slot, screens two texts for it, and repairs one."""

    operators: ClassVar[Mapping[str, str]] = {SCREENED: "jump"}

    def __init__(self) -> None:
        self.observed: list[int] = []

    def claim(self, slot: Slot) -> str | None:
        return SCREENED if slot.number % 3 == 0 else None

    def plan(self, slot: Slot, operator: str) -> Task | None:
        return Task(
            slot=slot.number,
            candidate=slot.candidate,
            operator=operator,
            seed=slot.seed,
            text=f"screened {int(slot.rng.integers(10**9))} after {len(self.observed)}",
        )

    def make(
        self, generation: int, candidates: Sequence[Candidate], progress: Progress
    ) -> Iterable[Candidate]:
        for one in candidates:
            if one.task.operator == SCREENED:
                looks = [look(one, number) for number in range(2)]
                yield replace(one, note="the better of two", trials=looks)

    def objection(self, candidate: Candidate) -> Outcome | None:
        if candidate.operator != SCREENED or candidate.text.endswith("again"):
            return None
        return Unusable(problem="off_goal", found="not again")

    def repair(
        self, generation: int, candidates: Sequence[Candidate], outcomes: Mapping[int, Outcome]
    ) -> Iterable[Candidate]:
        for one in candidates:
            if isinstance(outcomes.get(one.task.slot), Unusable) and one.task.slot == 0:
                yield replace(one, text=f"{one.text} again", outcome=None)

    def summary(self, entries: Sequence[Entry]) -> Mapping[str, Any]:
        return {"screened": sum(entry.operator == SCREENED for entry in entries)}

    def observe(self, entries: Sequence[Entry]) -> None:
        self.observed += [entry.id for entry in entries]
        self.remarks = (f"{len(entries)} seen",)


class Passing(Proposer):
    """Claims every slot, and can plan none."""

    operators: ClassVar[Mapping[str, str]] = {"nothing": "jump"}

    def claim(self, slot: Slot) -> str | None:
        return "nothing"


class Silent(Screening):
    """Takes its slots, and makes no text for them."""

    def plan(self, slot: Slot, operator: str) -> Task | None:
        task = super().plan(slot, operator)
        return task and replace(task, text="")

    def make(
        self, generation: int, candidates: Sequence[Candidate], progress: Progress
    ) -> Iterable[Candidate]:
        return ()


def look(one: Candidate, number: int) -> Trial:
    return Trial(
        candidate=one.task.candidate,
        number=number,
        values={},
        key="",
        state="floored",
        fitness=None,
    )


def evolved(path: Path, *members: Proposer, pool: FakePool | None = None) -> Archive:
    """Five generations of a run that these members were added to, before all others."""
    archive = (
        Archive.open(path, identity=identity())
        if path.exists()
        else Archive.create(path, identity=identity())
    )
    made = search(archive, pool or FakePool())
    made.proposers = [*members, *made.proposers]
    try:
        run(made, 5, Quiet())
    except BaseException:
        archive.close()
        raise
    return archive


def test_a_member_takes_the_slots_it_claims_and_the_last_one_takes_the_rest(
    tmp_path: Path,
) -> None:
    with evolved(tmp_path / "a.sqlite", Screening()) as archive:
        entries = list(archive.entries(generations=range(1, 6)))
    assert len(entries) == 5 * 16
    assert all((entry.operator == SCREENED) == (entry.slot % 3 == 0) for entry in entries)


def test_a_member_that_passes_changes_nothing(tmp_path: Path) -> None:
    with evolved(tmp_path / "with.sqlite", Passing()) as archive:
        digest = archive.digest()
    with evolved(tmp_path / "without.sqlite") as archive:
        assert archive.digest() == digest


def test_a_structural_operator_stands_in_where_no_text_came(tmp_path: Path) -> None:
    with evolved(tmp_path / "a.sqlite", Silent()) as archive:
        entries = list(archive.entries(generations=range(1, 6)))
    assert all(entry.operator == "jump" for entry in entries if entry.slot % 3 == 0)


def test_every_look_that_a_member_took_is_recorded_with_its_candidate(tmp_path: Path) -> None:
    with evolved(tmp_path / "a.sqlite", Screening()) as archive:
        for entry in archive.entries(generations=range(1, 6)):
            expected = 2 if entry.operator == SCREENED else 0
            assert len(archive.trials(entry.id)) == expected


def test_what_a_member_objects_to_is_not_measured_and_what_it_repairs_is_traced_again(
    tmp_path: Path,
) -> None:
    pool = FakePool()
    with evolved(tmp_path / "a.sqlite", Screening(), pool=pool) as archive:
        screened = [e for e in archive.entries() if e.operator == SCREENED]
    repaired = [entry for entry in screened if entry.slot == 0]
    refused = [entry for entry in screened if entry.slot]
    assert len(repaired) == 5
    assert not any(isinstance(entry.outcome, Unusable) for entry in repaired)
    assert all(entry.text in pool.measured for entry in repaired if entry.text.endswith("again"))
    assert all(isinstance(entry.outcome, Unusable) for entry in refused)
    assert not {entry.text for entry in refused} & set(pool.measured)


def test_a_members_figures_are_recorded_and_its_remarks_reported(tmp_path: Path) -> None:
    watcher = Quiet()
    with Archive.create(tmp_path / "a.sqlite", identity=identity()) as archive:
        made = search(archive, FakePool())
        made.proposers = [Screening(), *made.proposers]
        run(made, 2, watcher)
        assert [summary["screened"] for summary in archive.summaries()] == [0, 6, 6]
    assert watcher.remarks == [("6 seen",), ("16 seen",), ("16 seen",)]


@pytest.mark.parametrize("after", [10, 40])
def test_a_member_learns_the_same_in_a_run_killed_and_resumed(tmp_path: Path, after: int) -> None:
    with evolved(tmp_path / "whole.sqlite", Screening()) as archive:
        whole = archive.digest()
    path = tmp_path / "killed.sqlite"
    with pytest.raises(KeyboardInterrupt):
        evolved(path, Screening(), pool=Dying(after))
    resumed = Screening()
    with evolved(path, resumed) as archive:
        assert archive.digest() == whole
        assert resumed.observed == [entry.id for entry in archive.entries()]
