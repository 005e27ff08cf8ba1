"""The archive as it is kept: made, opened and told a generation at a time, on any database."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from sqlalchemy import URL, Connection, Engine, delete, insert, select

from archive import database, rows
from archive.encoding import encode
from archive.errors import ArchiveError, ConfigDiffers
from archive.identity import Identity, differences
from archive.queries import Queries, chunks
from archive.tables import (
    REVISIONS,
    candidate,
    evaluation,
    generation,
    parentage,
    proposal,
    run,
    trial,
)
from archive.transcript import Transcript
from genomes.records.entry import Entry
from genomes.records.outcome import DependsOnStart, Floored, Measured, Outcome
from genomes.records.trial import Trial


class Archive(Queries):
    """One run's archive: one process writes it, any number read it meanwhile.

    What it answers stands in `archive.queries`. Make it with `create` or `open`; it is a context
    manager that closes itself. Threads may share it: writers wait for each other.

    Attributes:
        identity: What it is a function of.
        transcript: What models were asked and answered; kept at once, whatever is told when.
    """

    def __init__(
        self, url: URL, engine: Engine, release: Callable[[], None] | None, identity: Identity
    ) -> None:
        """For `create` and `open` only."""
        super().__init__(database.shown(url), engine)
        self.identity = identity
        self._release = release
        self._closed = False
        self._turn = threading.Lock()  # SQLite's own waiting sleeps, and is not fair
        self.transcript = Transcript(engine, self._reading, self._writing, sole=release is not None)

    @staticmethod
    def check_vacant(path_or_url: str | Path) -> None:
        """Look whether `create` would find the place free.

        Raises:
            ArchiveError: Something lies there already.
        """
        url = database.parse(path_or_url)
        if database.is_folder(url):
            raise ArchiveError(
                f"{database.shown(url)}: is a folder; name a file in it that is not there yet, "
                "such as new.sqlite"
            )
        if database.exists(url):
            raise ArchiveError(
                f"{database.shown(url)}: is there already; resume it with --resume, or write to "
                "another archive"
            )

    @classmethod
    def create(cls, path_or_url: str | Path, *, identity: Identity) -> Archive:
        """Begin a new archive and open it for writing; missing folders are made.

        Args:
            path_or_url: A path is a SQLite file; a URL is any database SQLAlchemy reaches.
            identity: What the run is a function of; written once, never changed.

        Raises:
            ArchiveError: Something lies there already, or the place cannot be written.
        """
        from archive.migrate import upgrade

        def fill(connection: Connection) -> None:
            upgrade(connection)
            connection.execute(insert(run).values(id=1, **rows.of_identity(identity)))

        cls.check_vacant(path_or_url)
        url = database.parse(path_or_url)
        with database.explained(database.shown(url), "making the archive", "nothing was kept"):
            engine, release = database.build(url, fill)
        return cls(url, engine, release, identity)

    @classmethod
    def open(
        cls, path_or_url: str | Path, *, identity: Identity | None, readonly: bool = False
    ) -> Archive:
        """Open an archive that is there; everything is looked at before anything is written.

        Args:
            path_or_url: As in `create`.
            identity: What the run to go on with is a function of; None takes what is there.
            readonly: Read only: needs no lock, and works beside a writer.

        Raises:
            ConfigDiffers: It was begun with other settings; carries which.
            ArchiveError: Nothing there, no archive, a newer schema, another market, or another
                writer. The file is untouched to the byte.
        """
        url = database.parse(path_or_url)
        where = database.shown(url)
        with database.explained(where, "opening the archive", "nothing was changed"):
            revision = database.vet(url)
            if revision != REVISIONS[-1] and readonly:
                raise ArchiveError(
                    f"{where}: its schema is {revision}, and this version reads {REVISIONS[-1]}; "
                    "resume its run once, which brings it up to date"
                )
            kept = _kept_identity(where, url)
            if identity is not None:
                _compare(where, kept, identity)
            if readonly:
                return cls(url, database.reader(url), None, kept)
            engine, release = database.writer(url)
            try:
                if revision != REVISIONS[-1]:
                    from archive.migrate import upgrade

                    with database.writing(engine) as connection:
                        upgrade(connection)
                    database.settle(engine)
                return cls(url, engine, release, kept)
            except BaseException:
                engine.dispose()
                release()
                raise

    def close(self) -> None:
        """Close it and let the next writer in; a second time does nothing."""
        if self._closed:
            return
        self._closed = True
        self._engine.dispose()
        if self._release is not None:
            self._release()

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # Writing

    def remember(self, evaluations: Sequence[Outcome]) -> None:
        """Keep results as they come back, before their generation is told, so a kill loses none.

        Results without a graph's key (refusals, crashes) and duplicates are passed over: they cost
        nothing to find again. Of two results for one key the first is kept. In one transaction.

        Raises:
            ArchiveError: The disk is full or the database refuses.
        """
        found = {
            outcome.key: rows.of_outcome(encode(outcome))
            for outcome in reversed(evaluations)
            if isinstance(outcome, Measured | Floored | DependsOnStart)
        }
        if not found:
            return
        with self._writing("keeping evaluations") as connection:
            known = set[str]()
            for keys in chunks(found):
                asked = select(evaluation.c.key).where(evaluation.c.key.in_(keys))
                known.update(connection.scalars(asked))
            fresh = [row for key, row in found.items() if key not in known]
            if fresh:
                connection.execute(insert(evaluation), fresh)

    def tell(
        self,
        number: int,
        entries: Sequence[Entry],
        summary: Mapping[str, object],
        trials: Sequence[Trial] = (),
    ) -> None:
        """Keep a whole generation, in one transaction: all of it or nothing.

        Args:
            number: The next generation: `generations()`.
            entries: Its candidates in slot order, with the next ids; their parents and prompts told
                in generations before.
            summary: What to say of the generation, as JSON can hold it; NaN and infinities become
                null.
            trials: What a tuner tried on the way to candidates among them.

        Raises:
            ValueError: A generation, id, slot, parent, prompt or trial out of order.
            ArchiveError: The disk is full or the database refuses; nothing of it is kept.
        """
        with self._writing(f"writing generation {number}") as connection:
            rows.check_order(connection, number, entries, trials)
            candidates = [rows.of_entry(entry) for entry in entries]
            parents = [
                {"child": entry.id, "position": position, "parent": parent}
                for entry in entries
                for position, parent in enumerate(entry.parents)
            ]
            proposals = [
                rows.of_proposal(entry.id, entry.proposal)
                for entry in entries
                if entry.proposal is not None
            ]
            for table, told in (
                (candidate, candidates),
                (parentage, parents),
                (proposal, proposals),
                (trial, [rows.of_trial(one) for one in trials]),
            ):
                if told:
                    connection.execute(insert(table), told)
            # Told outcomes live with their candidates: graphs and descriptors are stored once.
            for keys in chunks({row["key"] for row in candidates if row["key"]}):
                connection.execute(delete(evaluation).where(evaluation.c.key.in_(keys)))
            connection.execute(
                insert(generation).values(
                    number=number,
                    candidates=len(entries),
                    summary=json.dumps(rows.finite(summary), allow_nan=False),
                )
            )

    @contextmanager
    def _writing(self, doing: str) -> Generator[Connection]:
        if self._release is None:
            raise ArchiveError(f"{self._where}: is open for reading only; open it for writing")
        safe = (
            "every generation told before and every evaluation and answer kept before is safe; "
            "go on with the same command and --resume"
        )
        with (
            self._turn,
            database.explained(self._where, doing, safe),
            database.writing(self._engine) as connection,
        ):
            yield connection


def _kept_identity(where: str, url: URL) -> Identity:
    engine = database.reader(url)
    try:
        with engine.connect() as connection:
            identity = rows.identity(connection)
    finally:
        engine.dispose()
    if identity is None:
        raise ArchiveError(f"{where}: holds no run; start one with another --archive")
    return identity


def _compare(where: str, kept: Identity, asked: Identity) -> None:
    if kept.fingerprint != asked.fingerprint:
        raise ArchiveError(
            f"{where}: holds a search of the market {kept.market} (fingerprint "
            f"{kept.fingerprint[:12]}), not of {asked.market} ({asked.fingerprint[:12]}); give it "
            "its own market with --market, or write to another archive"
        )
    found = differences(kept, asked)
    if found:
        raise ConfigDiffers(where, found)
