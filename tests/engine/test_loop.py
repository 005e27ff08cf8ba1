"""The loop on a fake pool: order, duplicates, resuming, stopping."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive.store import Archive
from engine.loop import run
from engine.selection import ParetoSelector, RandomSelector
from genomes.records.outcome import Crashed, Duplicate, Measured
from tests.engine.fakes import Dying, FakePool, Quiet, identity, search


def digest_of(path: Path, pool: FakePool, *, generations: int = 5, seed: int = 7) -> str:
    with Archive.create(path, identity=identity(seed)) as archive:
        run(search(archive, pool, seed=seed), generations, Quiet())
        return archive.digest()


def test_the_order_of_answers_changes_nothing(tmp_path: Path) -> None:
    one = digest_of(tmp_path / "a.sqlite", FakePool(order=0))
    other = digest_of(tmp_path / "b.sqlite", FakePool(order=5))
    assert one == other


def test_another_seed_finds_another_archive(tmp_path: Path) -> None:
    one = digest_of(tmp_path / "a.sqlite", FakePool(), seed=7)
    other = digest_of(tmp_path / "b.sqlite", FakePool(), seed=8)
    assert one != other


@pytest.mark.parametrize("after", [3, 20, 40, 75])
def test_a_run_killed_and_resumed_equals_one_that_was_not(tmp_path: Path, after: int) -> None:
    whole = digest_of(tmp_path / "whole.sqlite", FakePool())
    path = tmp_path / "killed.sqlite"
    with Archive.create(path, identity=identity()) as archive, pytest.raises(KeyboardInterrupt):
        run(search(archive, Dying(after)), 5, Quiet())
    with Archive.open(path, identity=identity()) as archive:
        pool = FakePool()
        run(search(archive, pool), 5, Quiet())
        assert archive.digest() == whole


def test_what_was_measured_before_a_kill_is_not_measured_again(tmp_path: Path) -> None:
    path = tmp_path / "killed.sqlite"
    dying = Dying(after=20)
    with Archive.create(path, identity=identity()) as archive, pytest.raises(KeyboardInterrupt):
        run(search(archive, dying), 5, Quiet())
    with Archive.open(path, identity=identity()) as archive:
        again = FakePool()
        run(search(archive, again), 5, Quiet())
        kept = {e.text for e in archive.entries(kinds=["measured", "floored"])}
    twice = set(dying.measured[:-1]) & set(again.measured) & kept
    assert twice == set()


def test_a_run_stops_with_the_generation_under_way_and_goes_on_to_the_same_archive(
    tmp_path: Path,
) -> None:
    whole = digest_of(tmp_path / "whole.sqlite", FakePool())
    path = tmp_path / "stopped.sqlite"
    with Archive.create(path, identity=identity()) as archive:
        run(search(archive, FakePool()), 5, Quiet(stop_after=2))
        assert archive.generations() == 3
    with Archive.open(path, identity=identity()) as archive:
        run(search(archive, FakePool()), 5, Quiet())
        assert archive.digest() == whole


def test_a_duplicate_is_stored_named_and_not_measured(tmp_path: Path) -> None:
    pool = FakePool(keys=40)
    with Archive.create(tmp_path / "a.sqlite", identity=identity()) as archive:
        run(search(archive, pool), 4, Quiet())
        entries = list(archive.entries())
    first: dict[str, int] = {}
    duplicates = 0
    for entry in entries:
        if isinstance(entry.outcome, Duplicate):
            duplicates += 1
            assert entry.outcome.of == first[entry.outcome.key]
            assert entry.standing == "duplicate"
        elif key := getattr(entry.outcome, "key", ""):
            assert first.setdefault(key, entry.id) == entry.id
    assert duplicates > 10
    assert len(pool.measured) == len(set(pool.measured))


def test_a_crash_is_stored_and_never_a_parent(tmp_path: Path) -> None:
    with Archive.create(tmp_path / "a.sqlite", identity=identity()) as archive:
        run(search(archive, FakePool(), size=48), 6, Quiet())
        entries = {entry.id: entry for entry in archive.entries()}
    assert any(isinstance(entry.outcome, Crashed) for entry in entries.values())
    for entry in entries.values():
        for parent in entry.parents:
            assert isinstance(entries[parent].outcome, Measured)
            assert entries[parent].generation < entry.generation


def test_generation_zero_holds_the_seeds_in_their_order(tmp_path: Path) -> None:
    with Archive.create(tmp_path / "a.sqlite", identity=identity()) as archive:
        run(search(archive, FakePool()), 0, Quiet())
        entries = list(archive.entries())
    assert [entry.operator for entry in entries] == [f"seed seed_{i}" for i in range(6)]
    assert [entry.id for entry in entries] == [1, 2, 3, 4, 5, 6]
    assert all(entry.credit is None for entry in entries)


def test_random_search_has_no_parents(tmp_path: Path) -> None:
    with Archive.create(tmp_path / "a.sqlite", identity=identity()) as archive:
        run(search(archive, FakePool(), selector=RandomSelector()), 3, Quiet())
        assert all(entry.parents == () for entry in archive.entries())


def test_pareto_parents_repeat_by_seed(tmp_path: Path) -> None:
    digests: set[str] = set()
    for name in ("a", "b"):
        with Archive.create(tmp_path / f"{name}.sqlite", identity=identity()) as archive:
            run(search(archive, FakePool(), selector=ParetoSelector(40)), 4, Quiet())
            digests.add(archive.digest())
    assert len(digests) == 1
