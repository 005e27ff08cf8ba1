"""Schemas: the migrations make the tables, and archives of every older schema stay readable."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

import archive.migrate
from archive import place as places
from archive import store
from archive.errors import ArchiveError
from archive.store import Archive
from archive.tables import REVISIONS, metadata

FIXTURES = Path(__file__).parent / "fixtures"


def test_the_migrations_make_exactly_the_tables(told):
    engine = create_engine(f"sqlite:///{told}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_the_revisions_named_are_those_of_the_migrations():
    config = Config()
    migrations = Path(archive.migrate.__file__).parent / "migrations"
    config.set_main_option("script_location", str(migrations))
    steps = [step.revision for step in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(steps)) == REVISIONS


def test_every_schema_ever_written_has_a_fixture():
    assert sorted(file.name for file in FIXTURES.glob("schema_*.sql")) == [
        f"schema_{revision}.sql" for revision in REVISIONS
    ]


@pytest.mark.parametrize("revision", REVISIONS)
def test_an_archive_of_that_schema_is_read_and_gone_on_with(
    place, identity, generations, entry, revision
):
    connection = sqlite3.connect(place)
    connection.executescript((FIXTURES / f"schema_{revision}.sql").read_text())
    connection.close()
    with Archive.open(place, identity=identity) as archive:
        assert repr(list(archive.entries())) == repr([one for told in generations for one in told])
        archive.tell(3, [entry(9, generation=3, slot=0, parents=(5,))], {})
        assert archive.count() == 9
        assert list(archive.recall(["a" * 64])) == ["a" * 64]
    with Archive.open(place, identity=identity, readonly=True) as archive:
        assert archive.generations() == 4


@pytest.fixture
def old(told, monkeypatch):
    """An archive of a schema 0000 from which one step leads to today's."""
    monkeypatch.setattr(places, "REVISIONS", ("0000", "0001"))
    monkeypatch.setattr(store, "REVISIONS", ("0000", "0001"))
    connection = sqlite3.connect(told)
    connection.execute("UPDATE alembic_version SET version_num = '0000'")
    connection.commit()
    connection.close()
    return told


def test_an_older_archive_is_migrated_when_opened_for_writing(old, monkeypatch):
    def upgrade(connection):
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))

    monkeypatch.setattr(archive.migrate, "upgrade", upgrade)
    with Archive.open(old, identity=None):
        # Seen in the file itself while the writer still has it open.
        assert places.vet(places.parse(old)) == "0001"
        connection = sqlite3.connect(f"file:{old}?mode=ro&immutable=1", uri=True)
        asked = connection.execute("SELECT version_num FROM alembic_version")
        assert asked.fetchone() == ("0001",)
        connection.close()


def test_a_migration_that_fails_changes_nothing_and_gives_the_lock_back(old, monkeypatch):
    def upgrade(connection):
        connection.execute(text("DROP TABLE parentage"))
        connection.execute(text("DROP TABLE nowhere"))

    monkeypatch.setattr(archive.migrate, "upgrade", upgrade)
    for _ in range(2):
        with pytest.raises(ArchiveError, match=r"no such table: nowhere.*nothing was changed"):
            Archive.open(old, identity=None)
    connection = sqlite3.connect(old)
    assert connection.execute("SELECT count(*) FROM parentage").fetchone() == (7,)
    connection.close()


def test_an_older_archive_is_not_read_without_being_migrated(old):
    before = old.read_bytes()
    with pytest.raises(ArchiveError, match=r"its schema is 0000.*resume its run once"):
        Archive.open(old, identity=None, readonly=True)
    assert old.read_bytes() == before


def test_an_archive_killed_while_it_was_made_does_not_stand_in_the_way(place, identity):
    place.with_name(f".{place.name}.unborn").write_bytes(b"half of one")
    Archive.create(place, identity=identity).close()
    assert [file.name for file in place.parent.iterdir()] == [place.name]


def test_a_making_that_fails_leaves_nothing(place, identity, monkeypatch):
    def upgrade(connection):
        connection.execute(text("CREATE TABLE half (x INTEGER)"))
        connection.execute(text("nonsense"))

    monkeypatch.setattr(archive.migrate, "upgrade", upgrade)
    with pytest.raises(ArchiveError, match="making the archive failed"):
        Archive.create(place, identity=identity)
    assert list(place.parent.iterdir()) == []
