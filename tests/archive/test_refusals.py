"""Files that are not archives of ours: each gets a sentence, and not a byte changes."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from archive import store
from archive.database import APPLICATION_ID, PAGE_BYTES
from archive.errors import ArchiveError, ConfigDiffers
from archive.store import Archive
from archive.tables import REVISIONS


def snapshot(folder: Path) -> dict[str, str]:
    """Every file below a folder with the hash of what it holds."""
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.rglob("*")
        if file.is_file()
    }


def alter(place: Path, statement: str) -> None:
    connection = sqlite3.connect(place)
    connection.execute(statement)
    connection.commit()
    connection.close()


def a_text(place: Path) -> None:
    place.write_text("symbol,close\nSPY,1.0\n" * 500)


def an_empty_file(place: Path) -> None:
    place.touch()


def another_programs_database(place: Path) -> None:
    connection = sqlite3.connect(place)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
    connection.execute("INSERT INTO alembic_version VALUES ('0001')")
    connection.commit()
    connection.close()


def another_programs_database_cut_short(place: Path) -> None:
    connection = sqlite3.connect(place)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
    log = place.with_name(place.name + "-wal")
    main, left = place.read_bytes(), log.read_bytes()
    connection.close()
    place.write_bytes(main)
    log.write_bytes(left)


def only_our_mark(place: Path) -> None:
    alter(place, f"PRAGMA application_id = {APPLICATION_ID}")


def a_torn_archive(place: Path) -> None:
    only_our_mark(place)
    place.write_bytes(place.read_bytes()[:100] + b"\xff" * 5000)


def a_folder(place: Path) -> None:
    place.mkdir()


@pytest.mark.parametrize("readonly", [True, False])
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (a_text, "is not a Finch archive"),
        (an_empty_file, "is not a Finch archive"),
        (another_programs_database, "is not a Finch archive"),
        (only_our_mark, "is not a Finch archive"),
        (another_programs_database_cut_short, "is not a Finch archive"),
        (a_torn_archive, r"is damaged .*what is missing is in night.finch-wal.* a copy of it"),
        (a_folder, "is not a file"),
    ],
)
def test_what_is_no_archive_is_refused_untouched(place, identity, make, said, readonly):
    make(place)
    before = snapshot(place.parent)
    with pytest.raises(ArchiveError, match=said) as caught:
        Archive.open(place, identity=identity, readonly=readonly)
    assert str(place) in str(caught.value)
    assert snapshot(place.parent) == before


def test_an_archive_that_is_not_there_is_refused_with_how_to_begin_one(place, identity):
    with pytest.raises(ArchiveError, match=r"no such archive.*--generations 30 --archive"):
        Archive.open(place, identity=identity)
    assert list(place.parent.iterdir()) == []


@pytest.mark.parametrize(
    "place", ["mysql://user:secret@host/runs", "oracle+oracledb://host", "unheard_of://x"]
)
def test_a_database_of_another_kind_is_refused_without_its_password(place, identity):
    with pytest.raises(ArchiveError, match="only SQLite and PostgreSQL hold archives") as caught:
        Archive.open(place, identity=identity)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("readonly", [True, False])
def test_an_archive_of_a_newer_schema_is_refused_untouched(told, readonly):
    alter(told, "UPDATE alembic_version SET version_num = '0999'")
    before = snapshot(told.parent)
    newest = REVISIONS[-1]
    with pytest.raises(ArchiveError, match=rf"its schema is 0999.* up to {newest}.*update Finch"):
        Archive.open(told, identity=None, readonly=readonly)
    assert snapshot(told.parent) == before


@pytest.mark.parametrize("readonly", [True, False])
def test_an_archive_of_another_market_is_refused_untouched(told, identity, readonly):
    before = snapshot(told.parent)
    other = replace(identity, market="crypto", fingerprint="c" * 64)
    with pytest.raises(ArchiveError, match=r"market us_daily .*not of crypto .*--market"):
        Archive.open(told, identity=other, readonly=readonly)
    assert snapshot(told.parent) == before


def test_the_same_market_under_another_name_is_the_same(told, identity):
    Archive.open(told, identity=replace(identity, market="renamed"), readonly=True).close()


def test_other_settings_are_named_with_old_and_new_and_nothing_is_touched(told, identity):
    before = snapshot(told.parent)
    other = replace(
        identity,
        config='{"search": {"population": 32, "selection": "default"}, "objective": {"a": 1}}',
        seed=8,
    )
    with pytest.raises(ConfigDiffers) as caught:
        Archive.open(told, identity=other)
    assert [str(one) for one in caught.value.differences] == [
        "objective was {}, is absent",
        "objective.a was absent, is 1",
        "search.population was 64, is 32",
        "seed was 7, is 8",
    ]
    assert "search.population was 64, is 32; seed was 7" in str(caught.value)
    assert snapshot(told.parent) == before


def test_another_isolation_or_build_is_a_difference_too(told, identity):
    with pytest.raises(ConfigDiffers) as caught:
        Archive.open(told, identity=replace(identity, isolation="none", engine="0.2.0"))
    assert [one.key for one in caught.value.differences] == ["isolation", "engine version"]


def test_a_config_that_is_no_object_is_refused(identity):
    with pytest.raises(ValueError, match="needs JSON text of one object"):
        replace(identity, config="[1]")


def test_a_second_writer_is_refused_while_the_first_writes_and_let_in_after(told, identity):
    with Archive.open(told, identity=identity) as first:
        with pytest.raises(ArchiveError, match=f"process {os.getpid()} on .* is writing to it"):
            Archive.open(told, identity=identity)
        assert first.generations() == 3
        first.tell(3, [], {})
    with Archive.open(told, identity=identity) as second:
        assert second.generations() == 4


def test_the_refused_second_writer_does_not_break_the_lock(told, identity):
    with Archive.open(told, identity=identity):
        for _ in range(2):
            with pytest.raises(ArchiveError, match="has one writer"):
                Archive.open(told, identity=identity)


def test_the_lock_of_a_dead_process_does_not_block(told, identity):
    told.with_name(told.name + ".lock").write_text("process 1 on elsewhere\n")
    with Archive.open(told, identity=identity) as archive:
        archive.tell(3, [], {})
    assert [file.name for file in told.parent.iterdir()] == [told.name]


def test_a_full_disk_says_what_is_safe_and_keeps_nothing_of_the_generation(
    told, identity, entry, measured, monkeypatch
):
    pages = told.stat().st_size // PAGE_BYTES
    durable = store.database._durable

    def on_a_small_disk(connection: sqlite3.Connection) -> None:
        durable(connection)
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")

    monkeypatch.setattr(store.database, "_durable", on_a_small_disk)
    big = entry(9, generation=3, slot=0, text="x" * 100_000)
    with Archive.open(told, identity=identity) as archive:
        with pytest.raises(
            ArchiveError, match=r"writing generation 3 failed .the disk is full"
        ) as e:
            archive.tell(3, [big], {})
        assert "every generation told before" in str(e.value)
        assert "--resume; free some space first" in str(e.value)
        assert (archive.generations(), archive.count()) == (3, 8)
        with pytest.raises(ArchiveError, match="keeping evaluations failed"):
            archive.remember([measured(9, 0.1, graph="x" * 100_000)])
