"""What an archive answers: candidates by generation, kind, id, fitness or graph, and a digest."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Generator, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, Literal, TypeVar

from sqlalchemy import Connection, Engine, Select, func, select

from archive import counts, database, rows, written
from archive.digest import digest_of
from archive.encoding import decode
from archive.errors import ArchiveError
from archive.tables import candidate, evaluation, generation, parentage, trial
from genomes.records.entry import Entry, Kin, Species
from genomes.records.merit import Arm, Merit, merit_of
from genomes.records.outcome import EVALUATED, Outcome
from genomes.records.trial import Trial

CHUNK = 500
"""Rows or keys a statement: databases bound the values of one (SQLite: 32,766)."""

T = TypeVar("T")


class Queries:
    """The reading half of an Archive; every answer is as of the moment it is asked."""

    def __init__(self, where: str, engine: Engine) -> None:
        """For Archive only.

        Args:
            where: The place, as people write it.
            engine: Connections to it.
        """
        self._where = where
        self._engine = engine

    def recall(self, keys: Iterable[str]) -> dict[str, Outcome]:
        """What is known of graphs: results remembered, and those of candidates told.

        Returns:
            Key -> measured, floored or depends-on-start outcome, only for keys that have one.
        """
        found: dict[str, Outcome] = {}
        with self._reading() as connection:
            for chunk in chunks(keys):
                for table in (candidate, evaluation):
                    asked = select(*(table.c[name] for name in rows.OUTCOME)).where(
                        table.c.key.in_(chunk), table.c.kind != "duplicate"
                    )
                    for row in connection.execute(asked):
                        found[row.key] = decode(rows.outcome(row))
        return found

    def generations(self) -> int:
        """Generations told completely, the seeds' included: also the number of the next one."""
        with self._reading() as connection:
            return rows.complete(connection)

    def summaries(self) -> list[dict[str, object]]:
        """The summary of every generation told, in order."""
        with self._reading() as connection:
            asked = select(generation.c.summary).order_by(generation.c.number)
            return [json.loads(text) for text in connection.scalars(asked)]

    def looks(self) -> dict[str, int]:
        """How often training bars were looked at, by the kind of look; kinds without any left out.

        `evaluations` are candidates that were executed and `trials` those of tuning; the others are
        what generations recorded: a screen's conditions and products, and parents' remedies.
        """
        with self._reading() as connection:
            run = candidate.c.kind.in_(EVALUATED)
            counts = {
                "evaluations": connection.scalar(select(func.count()).where(run)) or 0,
                "trials": connection.scalar(select(func.count()).select_from(trial)) or 0,
            }
            asked = select(generation.c.summary).order_by(generation.c.number)
            for summary in map(json.loads, connection.scalars(asked)):
                for kind, count in summary.get("looks", {}).items():
                    counts[kind] = counts.get(kind, 0) + count
        return {kind: count for kind, count in counts.items() if count}

    def paths(self) -> tuple[int, int]:
        """Measured candidates, and how many different paths of returns they have."""
        with self._reading() as connection:
            column = candidate.c.descriptor
            asked = select(func.count(column), func.count(column.distinct()))
            measured, distinct = connection.execute(asked).one()
        return int(measured), int(distinct)

    def count(self) -> int:
        """Candidates told; the next id is one more."""
        with self._reading() as connection:
            return connection.scalar(select(func.count()).select_from(candidate)) or 0

    def entries(
        self,
        *,
        generations: range | None = None,
        kinds: Collection[str] | None = None,
        species: Species | None = None,
        ids: Iterable[int] | None = None,
    ) -> Iterator[Entry]:
        """Candidates in the order told, read as they are asked for.

        Args:
            generations: Only those of these generations (a range of step 1).
            kinds: Only those whose outcome is of one of these kinds.
            species: Only genomes of this kind.
            ids: Only these; unknown ones are passed over.
        """
        asked = select(candidate).order_by(candidate.c.id)
        if generations is not None:
            asked = asked.where(
                candidate.c.generation >= generations.start,
                candidate.c.generation < generations.stop,
            )
        if kinds is not None:
            asked = asked.where(candidate.c.kind.in_(list(kinds)))
        if species is not None:
            asked = asked.where(candidate.c.species == species)
        if ids is None:
            questions = iter([asked])
        else:
            known = chunks(sorted(set(ids)))
            questions = (asked.where(candidate.c.id.in_(chunk)) for chunk in known)
        for question in questions:
            for page in self._pages(question, rows.entries, lambda entry: entry.id):
                yield from page

    def top(self, count: int) -> list[Entry]:
        """The fittest measured candidates, best first; ties: the earlier one first."""
        with self._reading() as connection:
            asked = (
                select(candidate)
                .where(candidate.c.fitness.is_not(None))
                .order_by(candidate.c.fitness.desc(), candidate.c.id)
                .limit(count)
            )
            return rows.entries(connection, asked)

    def best(self) -> tuple[int, float] | None:
        """Id and fitness of the fittest, ties: the earliest; None where none was measured."""
        with self._reading() as connection:
            asked = (
                select(candidate.c.id, candidate.c.fitness)
                .where(candidate.c.fitness.is_not(None))
                .order_by(candidate.c.fitness.desc(), candidate.c.id)
                .limit(1)
            )
            row = connection.execute(asked).first()
        return None if row is None else (row.id, row.fitness)

    def fates(self, species: Species | None = None) -> list[counts.Fate]:
        """What became of candidates, or of one species, and why: see `archive.counts`."""
        with self._reading() as connection:
            return counts.fates(connection, species)

    def earnings(self) -> list[counts.Earning]:
        """What each operator made: see `archive.counts`."""
        with self._reading() as connection:
            return counts.earnings(connection)

    def written(self) -> list[written.Written]:
        """What models were asked for, a record a candidate: see `archive.written`."""
        with self._reading() as connection:
            return written.written(connection)

    def prompts(self) -> dict[int, Entry]:
        """The prompts that may be used, by id, in the order told."""
        admitted = self.entries(species="prompt", kinds=["admitted"])
        return {entry.id: entry for entry in admitted}

    def merits(self, of: Literal["prompts", "models"]) -> dict[Arm, Merit]:
        """What the last generation recorded of their worth, by id or name; {} where none did."""
        with self._reading() as connection:
            asked = select(generation.c.summary).order_by(generation.c.number.desc())
            summaries = map(json.loads, connection.scalars(asked))
            found = next((told["merits"] for told in summaries if "merits" in told), {})
        return {merit.arm: merit for merit in map(merit_of, found.get(of, ()))}

    def asked(self) -> list[written.Asked]:
        """What each model was asked, by name: see `archive.written`."""
        with self._reading() as connection:
            return written.asked(connection)

    def trials(self, candidate_id: int) -> list[Trial]:
        """What a tuner tried on the way to this candidate, in the order tried."""
        with self._reading() as connection:
            asked = select(trial).where(trial.c.candidate == candidate_id).order_by(trial.c.number)
            return [rows.tried(row) for row in connection.execute(asked)]

    def get(self, candidate_id: int) -> Entry:
        """The candidate of this id.

        Raises:
            ArchiveError: There is none.
        """
        for entry in self.entries(ids=[candidate_id]):
            return entry
        raise ArchiveError(
            f"{self._where}: has no candidate {candidate_id}; its ids go from 1 to {self.count()}"
        )

    def texts(self, ids: Iterable[int]) -> dict[int, str]:
        """The source texts of candidates, by id; unknown ids are passed over."""
        found: dict[int, str] = {}
        with self._reading() as connection:
            for chunk in chunks(ids):
                asked = select(candidate.c.id, candidate.c.text).where(candidate.c.id.in_(chunk))
                found.update((number, text) for number, text in connection.execute(asked))
        return found

    def children(self, candidate_id: int) -> list[int]:
        """Ids of the candidates that have it as a parent, in the order told."""
        with self._reading() as connection:
            asked = (
                select(parentage.c.child)
                .where(parentage.c.parent == candidate_id)
                .distinct()
                .order_by(parentage.c.child)
            )
            return list(connection.scalars(asked))

    def first_with_key(self, keys: Iterable[str]) -> dict[str, int]:
        """For each of these graphs the id of the first candidate that had it, if any had."""
        found: dict[str, int] = {}
        with self._reading() as connection:
            for chunk in chunks(keys):
                asked = (
                    select(candidate.c.key, func.min(candidate.c.id))
                    .where(candidate.c.key.in_(chunk))
                    .group_by(candidate.c.key)
                )
                found.update((key, first) for key, first in connection.execute(asked))
        return found

    def kin(self, species: Species | None = None) -> list[Kin]:
        """Candidates, of one species or all, as their family sees them: without the long texts.

        Returns:
            In the order told. Parents are of their children's species.
        """
        light = ("id", "generation", "operator", "note", "standing", "novelty", "kind", "fitness")
        with self._reading() as connection:
            asked = select(parentage.c.child, parentage.c.parent).order_by(
                parentage.c.child, parentage.c.position
            )
            parents: dict[int, list[int]] = {}
            for child, parent in connection.execute(asked):
                parents.setdefault(child, []).append(parent)
            columns = [candidate.c[name] for name in light]
            asked = select(*columns).order_by(candidate.c.id)
            if species is not None:
                asked = asked.where(candidate.c.species == species)
            told = connection.execute(asked).mappings()
            return [Kin(parents=tuple(parents.get(row["id"], ())), **row) for row in told]

    def digest(self) -> str:
        """SHA-256, hex, of what was found: equal for equal searches. See `archive.digest`."""
        asked = select(candidate).order_by(candidate.c.id)
        pages = self._pages(asked, rows.told, lambda told: told[0].id)
        return digest_of(told for page in pages for told in page)

    def _pages(
        self,
        asked: Select[Any],
        read: Callable[[Connection, Select[Any]], list[T]],
        number: Callable[[T], int],
    ) -> Iterator[list[T]]:
        """What a question ordered by id finds, a page at a time: no transaction stays open.

        Args:
            asked: The question, of `candidate`.
            read: Asks it.
            number: The id of what it found.
        """
        last = 0
        while True:
            with self._reading() as connection:
                page = read(connection, asked.where(candidate.c.id > last).limit(CHUNK))
            yield page
            if len(page) < CHUNK:
                return
            last = number(page[-1])

    @contextmanager
    def _reading(self) -> Generator[Connection]:
        with (
            database.explained(self._where, "reading the archive", "nothing was changed"),
            self._engine.connect() as connection,
        ):
            yield connection


def chunks(values: Iterable[T]) -> Iterator[list[T]]:
    """The values in lists of CHUNK and a rest, none empty."""
    # itertools.batched is from Python 3.12 on.
    rest = iter(values)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
