"""Where an archive lies and how it is reached; only this module tells SQLite from PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    Table,
    create_engine,
    event,
    inspect,
    make_url,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import QueuePool
from sqlalchemy.sql.dml import Insert

from archive import lock, sqlite
from archive.errors import ArchiveError
from archive.sqlite import APPLICATION_ID
from archive.tables import REVISIONS

KNOWN = ("sqlite", "postgresql")
"""The databases whose locks and read-only connections this module knows."""

PAGE_BYTES = 8192
"""Of a page of new SQLite files."""

BUSY_S = 60.0
"""How long a statement waits while another connection of this process writes to the file."""

Release = Callable[[], None]


def parse(place: str | Path) -> URL:
    """The URL of an archive: a path is a SQLite file, anything with `://` is a URL already.

    Raises:
        ArchiveError: A URL that SQLAlchemy cannot read, or of a database of another kind.
    """
    if isinstance(place, Path) or "://" not in place:
        return URL.create("sqlite", database=str(place))
    try:
        url = make_url(place)
    except (ArgumentError, ValueError) as error:
        raise ArchiveError(
            f"{place}: no path and no URL of a database; needs a file such as runs/0001.sqlite or "
            "a URL such as postgresql+psycopg://user@host/database"
        ) from error
    if url.get_backend_name() not in KNOWN:
        raise ArchiveError(
            f"{url.render_as_string(hide_password=True)}: is a database of "
            f"{url.get_backend_name()}; only SQLite and PostgreSQL hold archives: needs a file "
            "such as runs/0001.sqlite or a URL such as postgresql+psycopg://user@host/database"
        )
    return url


def shown(url: URL) -> str:
    """The place as people write it, without a password."""
    return str(_file(url) or url.render_as_string(hide_password=True))


def exists(url: URL) -> bool:
    """Whether anything lies there already, archive or not."""
    path = _file(url)
    if path is not None:
        return path.exists() or path.is_symlink()
    with _server(url) as engine:
        return inspect(engine).has_table("run")


def is_folder(url: URL) -> bool:
    """Whether it is the path of a folder, where an archive can only be made inside."""
    path = _file(url)
    return path is not None and path.is_dir()


def vet(url: URL) -> str:
    """See that an archive of a readable schema lies there, without touching a byte of it.

    What a killed writer left in the log beside a file is read with it, never put into it.

    Returns:
        Its revision, one of REVISIONS.

    Raises:
        ArchiveError: Nothing there, no archive, a damaged one, or one of a newer schema.
    """
    path = _file(url)
    revision = sqlite.revision(path) if path else _server_revision(url)
    if revision not in REVISIONS:
        raise ArchiveError(
            f"{shown(url)}: its schema is {revision}, and this version reads up to "
            f"{REVISIONS[-1]}: a newer Finch wrote it; update Finch to read it"
        )
    return revision


def reader(url: URL) -> Engine:
    """Connections that cannot write; without another writer they see the archive as opened."""
    path = _file(url)
    if path is None:
        return create_engine(url, execution_options={"postgresql_readonly": True})
    return _sqlite_engine(sqlite.read_only_uri(path))


def writer(url: URL) -> tuple[Engine, Release]:
    """Connections that write, and what gives the writer's lock back.

    Raises:
        ArchiveError: Another writer is there.
    """
    path = _file(url)
    if path is None:
        return _server_writer(url)
    held = lock.acquire(path)
    return _sqlite_engine(sqlite.uri(path, mode="rw"), _durable), lambda: lock.release(path, held)


def build(url: URL, fill: Callable[[Connection], None]) -> tuple[Engine, Release]:
    """Make a new archive and open it for writing; a file appears only when it is complete.

    Args:
        url: Where.
        fill: Makes the schema and the first rows in the transaction it is given.

    Raises:
        ArchiveError: Something lies there already, another writer is there, or the folder or disk
            refuses.
    """
    path = _file(url)
    if path is None:
        engine, release = _server_writer(url)
        with engine.begin() as connection:
            fill(connection)
        return engine, release
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ArchiveError(f"{path}: its folder cannot be made: {error}") from error
    held = lock.acquire(path)
    unborn = path.with_name(f".{path.name}.unborn")
    try:
        if exists(url):
            raise ArchiveError(  # noqa: TRY301 - the lock must be given back
                f"{path}: is there already; resume it or write to another archive"
            )
        unborn.unlink(missing_ok=True)
        engine = _sqlite_engine(sqlite.uri(unborn, mode="rwc"), _paged)
        try:
            with engine.begin() as connection:
                connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
                fill(connection)
        finally:
            engine.dispose()
        unborn.rename(path)
    except BaseException:
        unborn.unlink(missing_ok=True)
        lock.release(path, held)
        raise
    return _sqlite_engine(sqlite.uri(path, mode="rw"), _durable), lambda: lock.release(path, held)


@contextmanager
def writing(engine: Engine) -> Generator[Connection]:
    """A transaction that writes, from its first statement on.

    On SQLite one that begins by reading cannot become a writer once another has written meanwhile
    (SQLITE_BUSY_SNAPSHOT, which no waiting helps against); so it is a writer at once.
    """
    with engine.connect() as connection:
        connection = connection.execution_options(immediate=True)
        with connection.begin():
            yield connection


def insert_new(engine: Engine, table: Table) -> Insert:
    """An insert that passes over rows whose key is there already."""
    if engine.dialect.name == "sqlite":
        return sqlite_dialect.insert(table).on_conflict_do_nothing()
    return postgresql.insert(table).on_conflict_do_nothing()


def settle(engine: Engine) -> None:
    """After a migration: put what SQLite's log holds into the file, so that it needs no log."""
    if engine.dialect.name == "sqlite":
        with _raw(engine) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@contextmanager
def explained(where: str, doing: str, safe: str) -> Generator[None]:
    """Turn a database's errors into an ArchiveError that says what is safe and what to do.

    Args:
        where: The archive, as people write it.
        doing: What was being done, as in "writing generation 7".
        safe: What is safe, and how to go on.
    """
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        cause = str(error.orig) if isinstance(error, DBAPIError) else str(error)
        if "full" in cause or "No space left" in cause:
            cause, remedy = "the disk is full", f"{safe}; free some space first"
        elif "locked" in cause:
            remedy = f"{safe}; close the program that holds the database first"
        elif "malformed" in cause or "not a database" in cause:
            remedy = "the file is damaged; go back to a copy of it"
        else:
            remedy = safe
        raise ArchiveError(f"{where}: {doing} failed ({cause}): {remedy}") from error


def _file(url: URL) -> Path | None:
    """The file of an archive on SQLite; None for a server."""
    if url.get_backend_name() != "sqlite":
        return None
    if not url.database or url.database == ":memory:":
        raise ArchiveError(f"{url}: an archive in memory would be lost; name a file")
    return Path(url.database)


def _sqlite_engine(uri: str, prepare: Callable[[sqlite3.Connection], None] | None = None) -> Engine:
    def connect() -> sqlite3.Connection:
        # autocommit in the driver, transactions from the event below: otherwise Python's driver
        # would leave a migration's statements outside the transaction.
        connection = sqlite3.connect(
            uri, uri=True, isolation_level=None, check_same_thread=False, timeout=BUSY_S
        )
        if prepare is not None:
            prepare(connection)
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool)

    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("immediate", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "begin", begin)
    return engine


def _paged(connection: sqlite3.Connection) -> None:
    # A page of SQLite's 4 KB holds one candidate of some 2.4 KB: a quarter of the file was empty.
    connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")


def _durable(connection: sqlite3.Connection) -> None:
    # A killed process loses nothing committed; a power cut may lose the last commits but not the
    # file. FULL costs 3 to 25 times as much under load.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")


@contextmanager
def _raw(engine: Engine) -> Generator[sqlite3.Connection]:
    pooled = engine.raw_connection()
    try:
        driver = pooled.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        yield driver
    finally:
        pooled.close()


@contextmanager
def _server(url: URL) -> Generator[Engine]:
    try:
        engine = create_engine(url)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise ArchiveError(
            f"{shown(url)}: its driver is not installed ({error}); for PostgreSQL "
            "`pip install psycopg` and write postgresql+psycopg://..."
        ) from error
    try:
        yield engine
    finally:
        engine.dispose()


def _server_revision(url: URL) -> str:
    with _server(url) as engine, engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            raise ArchiveError(f"{shown(url)}: holds no archive; begin one with --archive")
        row = connection.execute(text("SELECT version_num FROM alembic_version")).first()
        return str(row[0]) if row else "unknown"


def _server_writer(url: URL) -> tuple[Engine, Release]:
    """A server's lock lives as long as its connection, so a dead writer's ends with it."""
    with _server(url):
        engine = create_engine(url)
    holder = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    holder.detach()  # closing it ends it: in the pool it would live on, and hold the lock
    if not holder.execute(text(f"SELECT pg_try_advisory_lock({APPLICATION_ID})")).scalar():
        holder.close()
        engine.dispose()
        raise ArchiveError(
            f"{shown(url)}: another process is writing to it, and an archive has one writer; wait "
            "until it ends, or write to another database"
        )

    def release() -> None:
        # A closed connection's lock lives until the server has seen its end; the next writer
        # need not wait if it is given back first.
        with suppress(DBAPIError):
            holder.execute(text(f"SELECT pg_advisory_unlock({APPLICATION_ID})"))
        holder.close()

    return engine, release
