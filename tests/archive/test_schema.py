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
from archive import database as places
from archive import store
from archive.errors import ArchiveError
from archive.store import Archive
from archive.tables import REVISIONS, metadata

DIGEST = "4216eb02467aa0751d66573eba051dc1f5cbc18710000091a20babd180cc78c6"
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


@pytest.fixture
def kept(place):
    """Put the archive that a schema wrote in its day at `place`."""

    def kept(revision: str) -> Path:
        connection = sqlite3.connect(place)
        connection.executescript((FIXTURES / f"schema_{revision}.sql").read_text())
        connection.close()
        return place

    return kept


HELD = {"0001": "generations", "0002": "modelled"}
"""The fixture of conftest.py whose candidates each schema's archive holds."""


@pytest.mark.parametrize("revision", REVISIONS)
def test_an_archive_of_that_schema_is_read_and_gone_on_with(
    request, kept, identity, entry, exchange, revision
):
    place = kept(revision)
    told = request.getfixturevalue(HELD[revision])
    every = [one for generation in told for one in generation]
    with Archive.open(place, identity=identity) as archive:
        assert repr(list(archive.entries())) == repr(every)
        follower = entry(len(every) + 1, generation=len(told), slot=0, parents=(5,))
        archive.tell(len(told), [follower], {})
        archive.transcript.keep([exchange(99)])
        assert archive.count() == len(every) + 1
        assert list(archive.recall(["a" * 64])) == ["a" * 64]
    with Archive.open(place, identity=identity, readonly=True) as archive:
        assert archive.generations() == len(told) + 1
        assert archive.transcript.recall(exchange(99).key, 99) == exchange(99)


def test_a_digest_is_the_one_that_the_first_schema_had(kept, identity):
    # Of the archive in fixtures/schema_0001.sql, by the version that wrote it.
    with Archive.open(kept("0001"), identity=identity) as archive:
        assert archive.digest() == DIGEST


def test_an_archive_without_a_transcript_gets_an_empty_one(kept, identity):
    with Archive.open(kept("0001"), identity=identity) as archive:
        assert list(archive.transcript) == []
        assert archive.transcript.spent() == (0.0, 0, 0, 0.0)
        assert archive.written() == archive.asked() == archive.trials(5) == []


def test_what_models_said_and_a_tuner_tried_is_kept_by_schema_0002(
    kept, identity, exchanges, trials
):
    with Archive.open(kept("0002"), identity=identity) as archive:
        assert list(archive.transcript) == exchanges
        assert archive.trials(11) == trials


@pytest.fixture
def old(told, monkeypatch):
    """An archive of a schema 0000 from which one step leads to today's."""
    monkeypatch.setattr(places, "REVISIONS", ("0000", REVISIONS[-1]))
    monkeypatch.setattr(store, "REVISIONS", ("0000", REVISIONS[-1]))
    connection = sqlite3.connect(told)
    connection.execute("UPDATE alembic_version SET version_num = '0000'")
    connection.commit()
    connection.close()
    return told


def test_an_older_archive_is_migrated_when_opened_for_writing(old, monkeypatch):
    def upgrade(connection):
        connection.execute(text(f"UPDATE alembic_version SET version_num = '{REVISIONS[-1]}'"))

    monkeypatch.setattr(archive.migrate, "upgrade", upgrade)
    with Archive.open(old, identity=None):
        # Seen in the file itself while the writer still has it open.
        assert places.vet(places.parse(old)) == REVISIONS[-1]
        connection = sqlite3.connect(f"file:{old}?mode=ro&immutable=1", uri=True)
        asked = connection.execute("SELECT version_num FROM alembic_version")
        assert asked.fetchone() == (REVISIONS[-1],)
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


@pytest.mark.parametrize("revision", REVISIONS[:-1])
def test_an_archive_of_an_older_schema_is_read_once_its_run_was_resumed(kept, revision):
    place = kept(revision)
    before = place.read_bytes()
    with pytest.raises(ArchiveError, match=rf"its schema is {revision}.*resume its run once"):
        Archive.open(place, identity=None, readonly=True)
    assert place.read_bytes() == before
    Archive.open(place, identity=None).close()
    Archive.open(place, identity=None, readonly=True).close()


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
