"""The transcript: every question once, kept at once, beside a thread that tells generations."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.database import PAGE_BYTES
from archive.errors import ArchiveError
from archive.store import Archive
from genomes.records.exchange import SHARED, Exchange, Message

ROOT = Path(__file__).parents[2]


def asked(place: Path, question: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(place)
    try:
        return connection.execute(question).fetchall()
    finally:
        connection.close()


@pytest.fixture
def archive(place, identity):
    with Archive.create(place, identity=identity) as archive:
        yield archive


def test_what_was_kept_is_recalled_by_key_and_draw(archive, exchanges):
    archive.transcript.keep(exchanges)
    for one in exchanges:
        assert archive.transcript.recall(one.key, one.draw) == one
    assert archive.transcript.recall(exchanges[0].key, 99) is None
    assert archive.transcript.recall("f" * 64, SHARED) is None


def test_they_come_back_in_the_order_they_were_kept_whatever_their_keys(archive, exchange):
    order = [5, 3, 205, 1, *range(300, 500), 2]
    for part in (order[:3], order[3:]):
        archive.transcript.keep([exchange(number) for number in part])
    assert [one.draw for one in archive.transcript] == order
    assert len(archive.transcript) == len(order)


def test_of_two_answers_to_one_question_the_first_stays(archive, exchange):
    first, second = exchange(1, text="one"), exchange(1, text="two")
    archive.transcript.keep([first, second])
    archive.transcript.keep([second, exchange(2)])
    assert list(archive.transcript) == [first, exchange(2)]


def test_one_key_under_two_draws_is_two_questions(archive, exchange):
    one = exchange(1, draw=1)
    other = replace(one, draw=2, text="another answer")
    archive.transcript.keep([one, other])
    assert archive.transcript.recall(one.key, 2) == other
    assert archive.transcript.recall(one.key, 1) == one


def test_keeping_nothing_is_nothing(archive):
    archive.transcript.keep([])
    assert list(archive.transcript) == []


def test_what_is_said_often_is_stored_once(archive, place, exchange):
    archive.transcript.keep([exchange(number) for number in range(1, 9)])
    archive.transcript.keep([exchange(number) for number in range(9, 17)])
    # One system message, one set of parameters, sixteen questions.
    assert asked(place, "SELECT count(*) FROM passage") == [(18,)]


def test_what_was_spent_counts_failures_too(archive, exchanges):
    assert archive.transcript.spent() == (0.0, 0, 0, 0.0)
    archive.transcript.keep(exchanges)
    spent = archive.transcript.spent()
    assert spent == (2.25, 7000 + 600, 7, 129.0)
    assert (spent.cost, spent.tokens, spent.calls, spent.seconds) == tuple(spent)


def test_a_reader_recalls_and_cannot_keep(debated, exchange, exchanges):
    with Archive.open(debated, identity=None, readonly=True) as archive:
        assert list(archive.transcript) == exchanges
        with pytest.raises(ArchiveError, match="open for reading only"):
            archive.transcript.keep([exchange(1000)])
        assert archive.transcript.recall(exchanges[1].key, 5) == exchanges[1]


def test_a_transcript_is_no_part_of_the_digest(archive, generations, exchange):
    archive.tell(0, generations[0], {})
    before = archive.digest()
    archive.transcript.keep([exchange(1)])
    assert archive.digest() == before


def test_a_run_resumed_finds_what_was_paid_for_before(place, identity, exchanges, exchange):
    with Archive.create(place, identity=identity) as archive:
        archive.transcript.keep(exchanges)
    with Archive.open(place, identity=identity) as archive:
        archive.transcript.keep([exchange(50)])
        assert list(archive.transcript) == [*exchanges, exchange(50)]


@pytest.mark.parametrize("text", ["half a pair \ud800", "\ud83d\ude00", "a\0b", "", "\x1a"])
def test_odd_characters_of_an_answer_come_back_as_they_were(archive, exchange, text):
    odd = exchange(
        1, text=text, messages=(Message(speaker="user", text=text),), parameters=text,
        attempts=(text,),
    )  # fmt: skip
    archive.transcript.keep([odd])
    again = archive.transcript.recall(odd.key, 1)
    assert again is not None
    assert (again.text, again.messages, again.parameters) == (text, odd.messages, text)


WORDS = st.text(st.characters(exclude_categories=[]), max_size=30)
AMOUNTS = st.integers(0, 10**6)


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.builds(
        Exchange,
        key=st.text("0123456789abcdef", min_size=64, max_size=64),
        draw=AMOUNTS,
        role=st.sampled_from(["strategist", "critic"]),
        model=st.sampled_from(["a/b:free", "c"]),
        messages=st.lists(
            st.builds(
                Message, speaker=st.sampled_from(["system", "user", "assistant"]), text=WORDS
            ),
            max_size=4,
        ).map(tuple),
        parameters=WORDS,
        text=WORDS,
        failure=st.sampled_from(["", "rate"]),
        finish=st.sampled_from(["", "stop", "length"]),
        tokens_in=AMOUNTS,
        tokens_out=AMOUNTS,
        cost=st.floats(0, 1e6),
        attempts=st.lists(st.text(max_size=20), max_size=3).map(tuple),
        seconds=st.floats(0, 1e6),
    )
)
def test_an_exchange_comes_back_equal(archive, one: Exchange):
    known = archive.transcript.recall(one.key, one.draw)
    archive.transcript.keep([one])
    assert archive.transcript.recall(one.key, one.draw) == (known or one)


def test_threads_that_tell_keep_and_recall_at_once_lose_nothing(archive, exchange, entry, measured):
    told, rounds, mistakes = 40, 40, []

    def answering(first: int) -> None:
        try:
            for number in range(first, first + 2 * rounds, 2):
                archive.transcript.keep([exchange(number), exchange(1, draw=SHARED)])
                if archive.transcript.recall(exchange(number).key, number) != exchange(number):
                    mistakes.append(f"{number} lost")
        except Exception as error:
            mistakes.append(repr(error))

    threads = [threading.Thread(target=answering, args=(first,)) for first in (1000, 1001)]
    for thread in threads:
        thread.start()
    for number in range(told):
        archive.remember([measured(number, 0.1)])
        archive.tell(number, [entry(number + 1, generation=number, slot=0)], {})
        assert archive.generations() == number + 1
    for thread in threads:
        thread.join()
    assert mistakes == []
    assert archive.count() == told
    assert sorted(one.draw for one in archive.transcript) == [0, *range(1000, 1000 + 2 * rounds)]


def test_a_writer_waits_for_another_connection_and_is_not_refused(place, identity, entry, exchange):
    """What a transaction read before it writes must not have changed: SQLITE_BUSY_SNAPSHOT."""
    with Archive.create(place, identity=identity) as archive:
        archive.tell(0, [entry(1)], {})
        with archive._writing("reading first") as connection:
            connection.exec_driver_sql("SELECT count(*) FROM candidate").fetchall()
            # A second writer that comes in now would make the first one's snapshot old.
            other = sqlite3.connect(place, timeout=0.05, isolation_level=None)
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
            connection.exec_driver_sql("UPDATE generation SET summary = '{\"a\": 1}'")
        other.execute("BEGIN IMMEDIATE")
        keeping = threading.Thread(target=archive.transcript.keep, args=([exchange(1)],))
        keeping.start()
        keeping.join(0.2)
        assert keeping.is_alive()  # it waits, though no lock of ours holds it up
        other.execute("COMMIT")
        other.close()
        keeping.join()
        assert archive.transcript.recall(exchange(1).key, 1) == exchange(1)
        assert archive.summaries() == [{"a": 1}]


DRIVER = """
import importlib.util, os, signal, sys
from archive.store import Archive

spec = importlib.util.spec_from_file_location("made", sys.argv[2])
made = importlib.util.module_from_spec(spec)
spec.loader.exec_module(made)
archive = Archive.create(sys.argv[1], identity=made.IDENTITY)
archive.transcript.keep(made.make_exchanges()[:3])
archive.transcript.keep(made.make_exchanges()[3:])
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_keep_returned_from_survives_a_kill(place, identity, exchanges):
    made = Path(__file__).with_name("conftest.py")
    run = subprocess.run(
        [sys.executable, "-c", DRIVER, place, made], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == -signal.SIGKILL, run.stderr
    with Archive.open(place, identity=identity) as archive:
        assert list(archive.transcript) == exchanges


def test_a_full_disk_keeps_none_of_a_batch_and_says_what_is_safe(
    place, identity, exchange, monkeypatch
):
    from archive import store

    Archive.create(place, identity=identity).close()
    pages = place.stat().st_size // PAGE_BYTES
    durable = store.database._durable

    def on_a_small_disk(connection: sqlite3.Connection) -> None:
        durable(connection)
        connection.execute(f"PRAGMA max_page_count = {pages + 4}")

    monkeypatch.setattr(store.database, "_durable", on_a_small_disk)
    with Archive.open(place, identity=identity) as archive:
        archive.transcript.keep([exchange(1)])
        with pytest.raises(ArchiveError, match=r"keeping what a model answered failed .the disk"):
            archive.transcript.keep([exchange(2), exchange(3, text="x" * 100_000)])
        assert list(archive.transcript) == [exchange(1)]
