"""Every database an archive may lie in holds the same archive, and keeps the same promises."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from archive.errors import ArchiveError
from archive.store import Archive
from tests.archive.conftest import (
    IDENTITY,
    make_entry,
    make_exchange,
    make_exchanges,
    make_generations,
    make_measured,
    make_modelled,
    make_trials,
    tell_all,
    tell_modelled,
)

pytestmark = pytest.mark.xdist_group("postgres")


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "run.sqlite")
    return request.getfixturevalue("postgres")()


def test_what_was_recorded_comes_back_to_the_bit(place: str) -> None:
    with Archive.create(place, identity=IDENTITY) as archive:
        tell_modelled(archive)
    with Archive.open(place, identity=IDENTITY, readonly=True) as archive:
        every = [entry for generation in make_modelled() for entry in generation]
        assert repr(list(archive.entries())) == repr(every)
        assert list(archive.trials(11)) == make_trials()
        assert list(archive.transcript) == make_exchanges()
        assert archive.generations() == 4
        assert archive.identity == IDENTITY


def test_the_digest_does_not_depend_on_the_database(place: str, tmp_path: Path) -> None:
    digests: set[str] = set()
    for where in (place, str(tmp_path / "another.sqlite")):
        with Archive.create(where, identity=IDENTITY) as archive:
            tell_all(archive, make_generations())
            digests.add(archive.digest())
    assert len(digests) == 1


def test_the_queries_answer_alike(place: str) -> None:
    with Archive.create(place, identity=IDENTITY) as archive:
        tell_all(archive, make_generations())
        assert [entry.id for entry in archive.top(2)] == [5, 3]
        assert archive.best() == (5, 0.5)
        assert archive.count() == 8
        assert [entry.id for entry in archive.entries(kinds=["floored", "duplicate"])] == [6, 7]
        assert list(archive.children(3)) == [5, 7, 8]
        key = make_measured(3, 0.3).key
        assert archive.recall([key, "0" * 64]) == {key: make_measured(3, 0.3)}


def test_a_generation_out_of_order_is_refused_whole(place: str) -> None:
    with Archive.create(place, identity=IDENTITY) as archive:
        tell_all(archive, make_generations()[:1])
        with pytest.raises(ValueError, match="expected generation 1, got 2"):
            archive.tell(2, [make_entry(3, generation=2, slot=0)], {})
        assert (archive.generations(), archive.count()) == (1, 2)


def test_a_run_continues_where_it_was_closed(place: str) -> None:
    generations = make_generations()
    with Archive.create(place, identity=IDENTITY) as archive:
        tell_all(archive, generations[:2])
    with Archive.open(place, identity=IDENTITY) as archive:
        archive.tell(2, generations[2], {})
        assert archive.count() == 8


def test_a_reader_cannot_write_and_sees_what_is_written_meanwhile(place: str) -> None:
    with (
        Archive.create(place, identity=IDENTITY) as writer,
        Archive.open(place, identity=None, readonly=True) as reader,
    ):
        tell_all(writer, make_generations()[:1])
        assert reader.count() == 2
        with pytest.raises(ArchiveError, match="open for reading only"):
            reader.tell(1, [], {})


def test_a_second_writer_is_turned_away_until_the_first_is_gone(place: str) -> None:
    with Archive.create(place, identity=IDENTITY), pytest.raises(ArchiveError, match="writ"):
        Archive.open(place, identity=IDENTITY)
    Archive.open(place, identity=IDENTITY).close()


def test_another_archive_is_never_written_over(place: str) -> None:
    Archive.create(place, identity=IDENTITY).close()
    with pytest.raises(ArchiveError):
        Archive.create(place, identity=IDENTITY)


def test_another_market_is_refused(place: str) -> None:
    Archive.create(place, identity=IDENTITY).close()
    with pytest.raises(ArchiveError, match="holds a search of the market"):
        Archive.open(place, identity=replace(IDENTITY, fingerprint="e" * 64))


def test_of_two_answers_to_one_question_the_first_stays(place: str) -> None:
    with Archive.create(place, identity=IDENTITY) as archive:
        archive.transcript.keep([make_exchange(1, text="one")])
        archive.transcript.keep([make_exchange(1, text="two"), make_exchange(2)])
        assert [one.text for one in archive.transcript] == ["one", "Answer 2."]


@pytest.mark.parametrize("text", ["half a pair \ud800", "a\0b", "\x1a", "fällt 📉"])
def test_no_text_is_too_odd_to_keep(place: str, text: str) -> None:
    with Archive.create(place, identity=IDENTITY) as archive:
        archive.transcript.keep([make_exchange(1, text=text)])
        assert archive.transcript.recall(f"{1:064x}", 1) == make_exchange(1, text=text)
        archive.tell(0, [make_entry(1, text=text, note=text)], {"note": 1})
        assert archive.count() == 1
