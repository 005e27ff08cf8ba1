"""The champion: by training first, then by a ladder on validation bars that nothing else reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import engine
from archive.store import Archive
from engine.validation import KEY, Challenge, Champion, champion_of

STEP = 0.5


def challenge(answers: dict[str, float], champion: Champion | None = None) -> Challenge:
    return Challenge(lambda: (answers.__getitem__, STEP), champion)


def test_a_challenger_must_beat_the_champion_in_training_and_by_a_step_on_validation() -> None:
    asked = challenge({"a": 0.3, "b": 0.9, "c": 1.02, "d": 9.0})
    assert not asked.put(1.0, 1, "a")  # not a step above 0
    assert asked.champion is not None and asked.champion.id is None
    assert asked.put(0.9, 2, "b")  # the first champion, at 1.0
    assert not asked.put(1.2, 3, "c")  # 1.02 is not a step above 1.0
    assert not asked.put(0.9, 4, "d")  # no fitter in training: validation is not asked
    assert asked.put(1.1, 5, "d")
    found = asked.champion
    assert found is not None and found.ladder is not None
    assert (found.id, found.fitness) == (5, 1.1)
    assert (found.ladder.best, found.ladder.releases, found.ladder.questions) == (9.0, 2, 4)


def test_who_lost_on_validation_does_not_raise_what_the_next_must_beat_in_training() -> None:
    asked = challenge({"a": 0.6, "b": 0.7, "c": 2.0})
    assert asked.put(1.0, 1, "a")
    assert not asked.put(3.0, 2, "b")
    assert asked.put(2.0, 3, "c")


def test_what_cannot_be_asked_leaves_the_fittest_as_champion() -> None:
    def broken() -> tuple[Callable[[str], float], float]:
        raise OSError("bars.csv: no volume")

    asked = Challenge(broken)
    assert asked.put(1.0, 1, "a")
    assert "bars.csv: no volume" in asked.remark
    assert asked.put(1.5, 2, "b") and not asked.put(1.4, 3, "c")
    assert asked.champion == Champion(id=2, fitness=1.5)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of six generations."""
    place = tmp_path_factory.mktemp("validation") / "run.sqlite"
    evolve(place, 6)
    return place


def evolve(place: Path, generations: int, *, step: float = 0.1, resume: bool = False) -> None:
    engine.evolve(
        generations=generations,
        population=16,
        seed=3,
        workers=0,
        archive=place,
        resume=resume,
        settings={"search.validation_step": step, "search.screen": False},
    )


def test_the_champion_is_recorded_with_each_generation_and_written_beside(run: Path) -> None:
    with Archive.open(run, identity=None, readonly=True) as archive:
        states = [json.loads(json.dumps(told[KEY])) for told in archive.summaries()]
        champion = champion_of(archive)
        assert champion is not None and champion.id is not None
        assert run.with_suffix(".champion.py").read_text() == archive.get(champion.id).text
    fitness = [state["fitness"] for state in states if state["fitness"] is not None]
    assert fitness == sorted(fitness) and fitness
    assert [s["ladder"]["questions"] for s in states] == sorted(
        s["ladder"]["questions"] for s in states
    )


def test_a_resumed_run_stands_where_an_undisturbed_one_does(run: Path, tmp_path: Path) -> None:
    place = tmp_path / "run.sqlite"
    evolve(place, 3)
    evolve(place, 6, resume=True)
    with (
        Archive.open(run, identity=None, readonly=True) as one,
        Archive.open(place, identity=None, readonly=True) as other,
    ):
        assert champion_of(one) == champion_of(other)
        assert one.summaries() == other.summaries()


def test_validation_changes_who_is_champion_and_nothing_else(run: Path, tmp_path: Path) -> None:
    place = tmp_path / "run.sqlite"
    evolve(place, 6, step=0.0)
    with (
        Archive.open(run, identity=None, readonly=True) as one,
        Archive.open(place, identity=None, readonly=True) as other,
    ):
        assert [e.text for e in one.entries()] == [e.text for e in other.entries()]
        best = other.best()
        assert champion_of(other) is None and best is not None
        assert place.with_suffix(".champion.py").read_text() == other.get(best[0]).text
