"""One writer an archive: a locked file beside it that a dead process cannot leave locked."""

from __future__ import annotations

import fcntl
import os
import socket
from pathlib import Path

from archive.errors import ArchiveError


def acquire(path: Path) -> int:
    """Take the writer's lock of the archive at `path`.

    The lock is the operating system's (flock) on `PATH.lock`, not the file's presence: it ends with
    the process that holds it. The database itself cannot be locked so: closing a descriptor of it
    would drop SQLite's own locks.

    Returns:
        The open lock file, for `release`.

    Raises:
        ArchiveError: Another writer holds it, or the folder cannot be written.
    """
    place = _lock_file(path)
    while True:
        try:
            held = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise ArchiveError(
                f"{path}: cannot be written ({error.strerror}: {place}); "
                "write to an archive in a folder of yours"
            ) from error
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            who = os.pread(held, 200, 0).decode(errors="replace").strip() or "another process"
            os.close(held)
            raise ArchiveError(
                f"{path}: {who} is writing to it, and an archive has one writer; wait until it "
                "ends, stop it, or write to another archive"
            ) from error
        if _is_at(held, place):
            break
        os.close(held)  # its holder removed the file between our opening and our locking it
    os.ftruncate(held, 0)
    os.pwrite(held, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
    return held


def release(path: Path, held: int) -> None:
    """Give the lock back and remove its file."""
    _lock_file(path).unlink(missing_ok=True)
    os.close(held)


def is_held(path: Path) -> bool:
    """Whether somebody writes to the archive now."""
    try:
        probe = os.open(_lock_file(path), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(probe, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(probe)
    return False


def _lock_file(path: Path) -> Path:
    return path.with_name(path.name + ".lock")


def _is_at(descriptor: int, place: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), place.stat())
    except FileNotFoundError:
        return False
