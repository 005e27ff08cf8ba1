"""The ledger's file: append-only JSON lines, each chained by hash to the one before."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.errors import FinchError

GENESIS = "0" * 64
Made = Callable[[list["Row"]], Mapping[str, Any]]
_TAIL = 1 << 16


class LedgerError(FinchError):
    """The ledger cannot be read or written, or does not hold; the text says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row.

    Attributes:
        number: From 1.
        time: When it was written, ISO 8601, UTC.
        kind: What is recorded: data, run, backtest, screen, opening, answer, null,
            forward.
        body: The record, as JSON can hold it.
        previous: Hash of the row before; GENESIS for the first.
        hash: SHA-256, hex, of the previous hash and all of the above.
    """

    number: int
    time: str
    kind: str
    body: Mapping[str, Any]
    previous: str
    hash: str

    @classmethod
    def made(cls, number: int, time: str, kind: str, body: Mapping[str, Any], before: str) -> Row:
        """A row with its hash."""
        content = _canonical([number, time, kind, body])
        digest = hashlib.sha256((before + content).encode()).hexdigest()
        return cls(number=number, time=time, kind=kind, body=body, previous=before, hash=digest)

    @property
    def holds(self) -> bool:
        """Whether the hash is that of the row."""
        made = Row.made(self.number, self.time, self.kind, self.body, self.previous)
        return made.hash == self.hash

    @property
    def line(self) -> bytes:
        """The row as it is kept."""
        table = {
            "n": self.number,
            "time": self.time,
            "kind": self.kind,
            "body": self.body,
            "previous": self.previous,
            "hash": self.hash,
        }
        return (_canonical(table) + "\n").encode()


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _row(line: bytes) -> Row | None:
    """A row as read; None where the line is not one."""
    try:
        table = json.loads(line)
        return Row(
            number=int(table["n"]),
            time=str(table["time"]),
            kind=str(table["kind"]),
            body=dict(table["body"]),
            previous=str(table["previous"]),
            hash=str(table["hash"]),
        )
    except (ValueError, KeyError, TypeError):
        return None


def _write(file: int, line: bytes, at: int) -> None:
    if os.pwrite(file, line, at) != len(line):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _now() -> datetime:
    return datetime.now(UTC)


class Ledger:
    """One ledger; any number of processes append to it. Nothing is ever changed or removed.

    A row is written with one call under a lock; a last line without its end is what a crash left
    of a row that was never kept, and the next row replaces it.
    """

    def __init__(self, path: Path, now: Callable[[], datetime] = _now) -> None:
        """Name the file; it is made with the first row.

        Args:
            path: The file.
            now: The clock.
        """
        self.path = path
        self._now = now

    def append(self, kind: str, body: Mapping[str, Any] | Made, *, durable: bool = False) -> Row:
        """Add a row.

        Args:
            kind: As in Row.
            body: As JSON can hold it; or what makes it of the rows so far while no other process
                can add one, and may raise.
            durable: Wait until the disk has it.

        Raises:
            LedgerError: The file cannot be written, or its last line is not a row; it is as it was.
        """
        with self._locked() as file:
            if not isinstance(body, Mapping):
                body = body(self.rows())
            kept, last = self._last(file)
            number, before = (last.number + 1, last.hash) if last else (1, GENESIS)
            row = Row.made(number, self._now().isoformat(timespec="seconds"), kind, body, before)
            try:
                os.ftruncate(file, kept)
                _write(file, row.line, kept)
                if durable:
                    os.fsync(file)
            except OSError:
                os.ftruncate(file, kept)
                raise
        return row

    def rows(self) -> list[Row]:
        """Every row, in order; none where there is no file.

        Raises:
            LedgerError: It cannot be read, or was edited: says from which row on it does not hold.
        """
        rows, problem = self.read()
        if problem:
            raise LedgerError(problem)
        return rows

    def read(self) -> tuple[list[Row], str]:
        """The rows that hold, and a sentence on the first that does not; empty where all do.

        Raises:
            LedgerError: It cannot be read.
        """
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            return [], ""
        except OSError as error:
            raise self._error("read", error) from error
        rows: list[Row] = []
        before = GENESIS
        for number, line in enumerate(text.split(b"\n")[:-1], start=1):
            row = _row(line)
            if row is None or row.number != number or row.previous != before or not row.holds:
                return rows, (
                    f"ledger {self.path}: does not hold from row {number} on: the row is not the "
                    "one that was written there. Restore the file from a backup; what comes after "
                    f"row {number - 1} proves nothing"
                )
            rows.append(row)
            before = row.hash
        return rows, ""

    @contextmanager
    def _locked(self) -> Generator[int]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                yield file
            finally:
                os.close(file)
        except OSError as error:
            raise self._error("written", error) from error

    def _last(self, file: int) -> tuple[int, Row | None]:
        """How many bytes are whole rows, and the last of them."""
        size = os.fstat(file).st_size
        span = _TAIL
        while True:
            start = max(0, size - span)
            tail = os.pread(file, size - start, start)
            end = tail.rfind(b"\n")
            begin = tail.rfind(b"\n", 0, max(end, 0))
            if begin >= 0 or start == 0:
                break
            span *= 4
        if end < 0:
            return 0, None
        row = _row(tail[begin + 1 : end])
        if row is None:
            raise LedgerError(
                f"ledger {self.path}: its last line is not a row of a ledger; restore the file "
                "from a backup, or name another one with FINCH_LEDGER"
            )
        return start + end + 1, row

    def _error(self, doing: str, error: OSError) -> LedgerError:
        return LedgerError(
            f"ledger {self.path}: cannot be {doing} ({error.strerror}); free space or give the "
            "right to, or name another file: `ledger` in the config, or FINCH_LEDGER"
        )
