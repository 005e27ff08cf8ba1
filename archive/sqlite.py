"""An archive's file on SQLite: whether it is one, its schema, and how SQLite is to open it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from urllib.parse import quote

from archive import lock
from archive.errors import ArchiveError

APPLICATION_ID = 0x46494E43
"""Stands in the header of every archive on SQLite: "FINC"."""

MAGIC = b"SQLite format 3\x00"
"""What every file of SQLite's begins with."""

MARK = slice(68, 72)
"""Where a header holds the application's id. Source: sqlite.org/fileformat.html, section 1.3."""

HEADER = 100
"""Bytes of a header."""


def is_archive(path: Path) -> bool:
    """Whether a file is marked as an archive, whatever state the rest of it is in.

    SQLite is not asked: after a checkpoint that stopped half-way the file alone is malformed, and
    to read it with its log would leave side files beside a foreign file. The mark is in the file
    since before it had its name, so no log can hold another.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        header = file.read(HEADER)
    marked = header[MARK] == APPLICATION_ID.to_bytes(4, "big")
    return len(header) == HEADER and header.startswith(MAGIC) and marked


def revision(path: Path) -> str:
    """The schema's revision of the archive at `path`.

    Raises:
        ArchiveError: Nothing there, no archive (then it is untouched to the byte and gets no side
            files), a damaged one, or one that cannot be read.
        sqlite3.Error: The disk fails, or another program holds the database.
    """
    if not path.exists():
        raise ArchiveError(
            f"{path}: no such archive; give the path of one, or start one with "
            f"`python -m engine.evolve --generations 30 --archive {path}`"
        )
    if not path.is_file():
        raise ArchiveError(f"{path}: is not a file; pass the archive file itself")
    try:
        ours = is_archive(path)
    except OSError as error:
        raise ArchiveError(
            f"{path}: cannot be read ({error.strerror}); see its permissions"
        ) from error
    foreign = f"{path}: is not a Finch archive; pass an existing archive or a new path"
    if not ours:
        raise ArchiveError(foreign)
    try:
        return _revision(read_only_uri(path))
    except sqlite3.Error as error:
        cause = str(error)
        if "no such table" in cause:
            raise ArchiveError(foreign) from error
        if "unable to open" in cause or "readonly" in cause:
            raise ArchiveError(
                f"{path}: cannot be read together with its log, {log_of(path).name}: copy both to "
                "a folder of yours with free space and read it there"
            ) from error
        if "malformed" in cause or "not a database" in cause:
            raise ArchiveError(f"{path}: is damaged ({cause}); {_remedy(path)}") from error
        raise


def log_of(path: Path) -> Path:
    """Where SQLite keeps what it has not yet put into the file."""
    return path.with_name(path.name + "-wal")


def uri(path: Path, *, mode: str, immutable: bool = False) -> str:
    """How SQLite is told to open a file."""
    tail = "&immutable=1" if immutable else ""
    return f"file:{quote(str(path))}?mode={mode}{tail}"


def read_only_uri(path: Path) -> str:
    """How an archive is read: through its log where one is there or being written.

    A file without a writer is read as immutable: otherwise SQLite would leave its side files
    beside it.
    """
    log = log_of(path)
    alive = lock.is_held(path) or (log.exists() and log.stat().st_size > 0)
    return uri(path, mode="ro", immutable=not alive)


def _revision(where: str) -> str:
    connection = sqlite3.connect(where, uri=True)
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(row[0]) if row else "unknown"
    finally:
        connection.close()


def _remedy(path: Path) -> str:
    log = log_of(path)
    if log.exists():
        return "go back to a copy of it"
    return (
        f"if a run of it was cut short, what is missing is in {log.name}, which must lie beside "
        "it; else go back to a copy of it"
    )
