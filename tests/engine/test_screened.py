"""The screened proposer: which rows become starts, and that every look is counted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from archive.store import Archive
from engine.loop import run
from engine.operators.screened import START, Screened
from engine.proposer import Slot
from engine.selection import RandomSelector
from engine.streams import stream
from genomes.records.candidate import Candidate
from sandbox.remedy import REMEDIES
from sandbox.screen import Screen
from tests.engine.fakes import Dying, FakePool, Quiet, identity, row, screen, search


def slot(number: int, generation: int = 1) -> Slot:
    rng = stream(3, generation, number, 0)
    return Slot(generation=generation, number=number, candidate=100 + number, rng=rng, seed=5)


def member(of: Screen | None = None, size: int = 16) -> Screened:
    return Screened(of or screen(), RandomSelector(), size=size, residuals=1)


def texts(one: Screened, count: int, generation: int = 1) -> list[str]:
    tasks = [one.plan(slot(number, generation), START) for number in range(count)]
    return [task.text for task in tasks if task.operator == START]


def test_the_first_generation_begins_with_what_stands_above_noise() -> None:
    claims = [member(screen(above=4)).claim(slot(number)) for number in range(16)]
    assert claims == [START] * 4 + [None] * 12
    assert member(screen(above=12)).claim(slot(8)) is None, "half of the slots at most"
    assert member(screen(above=0)).claim(slot(0)) is None


def test_few_slots_of_later_generations_look_at_a_parent_in_both_ways_by_turns() -> None:
    claims = [[member().claim(slot(n, g)) for n in range(16)] for g in (2, 3)]
    assert {claims[0][0], claims[1][0]} == set(REMEDIES)
    assert claims[0][1:] == claims[1][1:] == [None] * 15


def test_no_row_is_a_start_twice_and_none_is_left_over() -> None:
    one = member()
    found = texts(one, 16)
    assert len(found) == len(set(found)) == 12
    assert one.plan(slot(13), START).operator == "jump"


def test_a_row_further_above_noise_is_a_start_sooner() -> None:
    first = [texts(member(), 1, generation)[0] for generation in range(1, 200)]
    counts = [first.count(row(i).strategy) for i in (0, 2, 5)]
    assert counts[0] > counts[1] > counts[2]
    assert counts[0] < len(first), "others have their turn"


def test_what_was_recorded_is_not_written_again(tmp_path: Path) -> None:
    with Archive.create(tmp_path / "run.sqlite", identity=identity()) as archive:
        made = search(archive, FakePool())
        one = member(size=made.size)
        made.proposers = [made.proposers[0], one, *made.proposers[1:]]
        run(made, 1, Quiet())
        began = [entry.text for entry in archive.entries() if entry.operator == START]
        assert len(began) == 4
        assert not set(began) & set(texts(one, 8, generation=2))
        again = member(size=made.size)
        again.observe(list(archive.entries()))
        assert texts(again, 8, generation=2) == texts(one, 8, generation=2)


def test_a_suspect_row_is_never_a_start() -> None:
    found = screen()
    suspect = replace(found, singles=(row(20, suspect=True), *found.singles))
    assert row(20).strategy not in texts(member(suspect), 16)


def test_looks_are_recorded_with_the_generation_that_took_them(tmp_path: Path) -> None:
    class Looking(FakePool):
        def _draw(self, request):
            return replace(super()._draw(request), looks=7)

    with Archive.create(tmp_path / "run.sqlite", identity=identity()) as archive:
        made = search(archive, Looking())
        made.proposers = [made.proposers[0], member(size=made.size), *made.proposers[1:]]
        watcher = Quiet()
        run(made, 2, watcher)
        first, second, third = archive.summaries()
        assert first["looks"] == {"atoms": 12, "products": 66, "remedies": 7 * 6}
        assert second["looks"] == third["looks"] == {"remedies": 7 * 16}
        assert archive.looks()["remedies"] == 7 * (6 + 32)
        assert archive.looks()["atoms"] == 12
        assert "12 conditions and 66 products" in watcher.remarks[0][0]
        assert watcher.remarks[1] == ()


def test_a_killed_run_is_continued_to_the_same_archive(tmp_path: Path) -> None:
    digests = []
    for name, pools in (("whole", [FakePool()]), ("killed", [Dying(40), FakePool(order=2)])):
        path = tmp_path / f"{name}.sqlite"
        for number, pool in enumerate(pools):
            opened = Archive.open if number else Archive.create
            with opened(path, identity=identity()) as archive:
                made = search(archive, pool)
                made.proposers = [made.proposers[0], member(size=made.size), *made.proposers[1:]]
                if isinstance(pool, Dying):
                    with pytest.raises(KeyboardInterrupt):
                        run(made, 4, Quiet())
                else:
                    run(made, 4, Quiet())
                    digests.append((archive.digest(), archive.looks()))
    assert digests[0] == digests[1]


def test_a_start_says_what_the_screen_saw() -> None:
    one = member()
    task = one.plan(slot(0), START)
    [made] = one.make(1, [Candidate(task=task, text=task.text)], lambda *_: None)
    assert made.own
    assert "log return of close (score 1." in made.note
