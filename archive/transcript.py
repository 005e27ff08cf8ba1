"""The transcript: what models were asked and what they answered, each question once, for ever."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Row, func, select

from archive import database
from archive.encoding import decode_text, encode_text
from archive.tables import exchange, passage
from genomes.records.exchange import SHARED, Exchange, Message, passage_of

PAGE = 100
KEPT = 256  # shared answers in memory
"""Exchanges read at a time: each may hold some 100 kB of what was said."""

PLAIN = (
    *("key", "draw", "role", "model", "failure", "finish"),
    *("tokens_in", "tokens_out", "cost", "seconds"),
)
"""Columns that hold what the record holds."""

Reading = Callable[[], AbstractContextManager[Connection]]
Writing = Callable[[str], AbstractContextManager[Connection]]


class Spent(NamedTuple):
    """What all questions together took, answered or not.

    Attributes:
        cost: Money.
        tokens: Tokens of questions and answers.
        calls: Questions.
        seconds: How long they took, one after the other.
    """

    cost: float
    tokens: int
    calls: int
    seconds: float


class Transcript:
    """The exchanges of one archive, in the order they were kept.

    Threads may share it, also with a main thread that tells generations: a reader never waits, and
    a writer only for another's transaction. What `keep` returned from survives the process.
    """

    def __init__(self, engine: Engine, reading: Reading, writing: Writing, *, sole: bool) -> None:
        """For Archive only.

        Args:
            engine: Connections to the archive.
            reading: Opens a transaction that reads.
            writing: Opens one that writes, saying what for; refuses where the archive is read only.
            sole: Whether no other process writes to it.
        """
        self._reading, self._writing = reading, writing
        self._new_passages = database.insert_new(engine, passage)
        self._new_exchanges = database.insert_new(engine, exchange)
        self._sole = sole
        self._asked: set[tuple[str, int]] | None = None
        self._shared: OrderedDict[str, Exchange] = OrderedDict()  # asked for again and again

    def recall(self, key: str, draw: int) -> Exchange | None:
        """What came of a question; None where it was never asked.

        Args:
            key: As in Exchange.
            draw: As there.

        Raises:
            ArchiveError: The archive cannot be read.
        """
        if self._sole and (key, draw) not in self._known():
            return None
        if draw == SHARED and key in self._shared:
            return self._shared[key]
        asked = select(exchange).where(exchange.c.key == key, exchange.c.draw == draw)
        with self._reading() as connection:
            for one in _exchanges(connection, connection.execute(asked).all()):
                if draw == SHARED:
                    self._remember(one)
                return one
        return None

    def _remember(self, one: Exchange) -> None:
        self._shared[one.key] = one
        if len(self._shared) > KEPT:
            self._shared.popitem(last=False)

    def keep(self, exchanges: Sequence[Exchange]) -> None:
        """Keep exchanges, in one transaction; of two with one key and draw the first one stays.

        Raises:
            ArchiveError: The archive is open for reading only, the disk is full, or the database
                refuses; none of them is kept.
        """
        if not exchanges:
            return
        passages: dict[str, str] = {}
        told = [_row(one, passages) for one in exchanges]
        said = [{"hash": name, "text": encode_text(text)} for name, text in passages.items()]
        with self._writing("keeping what a model answered") as connection:
            connection.execute(self._new_passages, said)
            connection.execute(self._new_exchanges, told)
        if self._asked is not None:
            self._asked.update((one.key, one.draw) for one in exchanges)

    def _known(self) -> set[tuple[str, int]]:
        """What was asked: most questions are new, and cost no look into the database."""
        if self._asked is None:
            with self._reading() as connection:
                rows = connection.execute(select(exchange.c.key, exchange.c.draw))
                self._asked = {(key, draw) for key, draw in rows}
        return self._asked

    def spent(self) -> Spent:
        """What all exchanges together took."""
        total = func.coalesce
        asked = select(
            total(func.sum(exchange.c.cost), 0.0),
            total(func.sum(exchange.c.tokens_in), 0) + total(func.sum(exchange.c.tokens_out), 0),
            func.count(),
            total(func.sum(exchange.c.seconds), 0.0),
        ).select_from(exchange)
        with self._reading() as connection:
            cost, tokens, calls, seconds = connection.execute(asked).one()
        return Spent(float(cost), int(tokens), int(calls), float(seconds))

    def __iter__(self) -> Iterator[Exchange]:
        last = 0
        while True:
            asked = select(exchange).where(exchange.c.id > last).order_by(exchange.c.id).limit(PAGE)
            with self._reading() as connection:
                rows = connection.execute(asked).all()
                page = _exchanges(connection, rows)
            yield from page
            if len(rows) < PAGE:
                return
            last = rows[-1].id

    def __len__(self) -> int:
        with self._reading() as connection:
            return connection.scalar(select(func.count()).select_from(exchange)) or 0


@dataclass(slots=True)
class Sketch:
    """A transcript in memory: what was asked before there was an archive to keep it in."""

    exchanges: list[Exchange] = field(default_factory=list[Exchange])

    def recall(self, key: str, draw: int) -> Exchange | None:
        """Nothing: it is new."""
        return None

    def keep(self, exchanges: Sequence[Exchange]) -> None:
        """Remember them."""
        self.exchanges += exchanges

    def spent(self) -> Spent:
        """Nothing before this run."""
        return Spent(0.0, 0, 0, 0.0)


class Replayed:
    """The transcript of another run, copied into one's own as it is read."""

    def __init__(self, source: Transcript, copy: Transcript) -> None:
        """Read from one, write to the other."""
        self._source, self._copy = source, copy

    def recall(self, key: str, draw: int) -> Exchange | None:
        """What came of a question in the run that is replayed."""
        found = self._source.recall(key, draw)
        if found is not None:
            self._copy.keep([found])
        return found

    def keep(self, exchanges: Sequence[Exchange]) -> None:
        """Nothing new is asked in a replay."""

    def spent(self) -> Spent:
        """What the copy holds."""
        return self._copy.spent()


def _row(one: Exchange, passages: dict[str, str]) -> dict[str, Any]:
    """The columns of an exchange; what it says is put among the passages, by hash."""
    messages = [[message.speaker, _put(message.text, passages)] for message in one.messages]
    return {
        **{name: getattr(one, name) for name in PLAIN},
        "messages": json.dumps(messages, separators=(",", ":")),
        "parameters": _put(one.parameters, passages),
        "text": encode_text(one.text),
        "attempts": json.dumps(one.attempts, separators=(",", ":")),
    }


def _put(text: str, passages: dict[str, str]) -> str:
    name = passage_of(text)
    passages[name] = text
    return name


def _exchanges(connection: Connection, rows: Sequence[Row[Any]]) -> list[Exchange]:
    """The records of rows of `exchange`, with what was said put back in."""
    messages = [json.loads(row.messages) for row in rows]
    names = {name for asked in messages for _, name in asked} | {row.parameters for row in rows}
    said = _said(connection, names)
    return [
        Exchange(
            **{name: getattr(row, name) for name in PLAIN},
            messages=tuple(Message(speaker=who, text=said[name]) for who, name in asked),
            parameters=said[row.parameters],
            text=decode_text(row.text),
            attempts=tuple(json.loads(row.attempts)),
        )
        for row, asked in zip(rows, messages, strict=True)
    ]


def _said(connection: Connection, names: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    wanted = sorted(names)
    for first in range(0, len(wanted), PAGE):
        asked = select(passage).where(passage.c.hash.in_(wanted[first : first + PAGE]))
        found.update((row.hash, decode_text(row.text)) for row in connection.execute(asked))
    return found
