"""Every transcript keeps an answer to each question once, and adds up what they took."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.store import Archive
from archive.transcript import Replayed, Sketch
from engine.llm.gateway import Transcript
from tests.archive.conftest import IDENTITY, make_exchange
from tests.engine.llm.asking import MemoryTranscript


@pytest.fixture(params=["archive", "memory"])
def transcript(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Transcript]:
    """Those that keep and recall."""
    if request.param == "memory":
        yield MemoryTranscript()
        return
    with Archive.create(tmp_path / "run.sqlite", identity=IDENTITY) as archive:
        yield archive.transcript


def key(number: int) -> str:
    return make_exchange(number).key


def test_a_question_never_asked_has_no_answer(transcript: Transcript) -> None:
    assert transcript.recall(key(1), 1) is None


def test_what_was_kept_is_recalled_by_key_and_draw(transcript: Transcript) -> None:
    transcript.keep([make_exchange(1), make_exchange(2)])
    assert transcript.recall(key(2), 2) == make_exchange(2)
    assert transcript.recall(key(2), 1) is None


def test_the_first_answer_to_a_question_stays(transcript: Transcript) -> None:
    transcript.keep([make_exchange(1, text="one")])
    transcript.keep([make_exchange(1, text="two")])
    found = transcript.recall(key(1), 1)
    assert found is not None
    assert found.text == "one"


def test_what_they_took_adds_up(transcript: Transcript) -> None:
    assert (transcript.spent().cost, transcript.spent().tokens, transcript.spent().calls) == (
        0,
        0,
        0,
    )
    transcript.keep([make_exchange(1), make_exchange(2)])
    spent = transcript.spent()
    assert (spent.cost, spent.tokens, spent.calls) == (0.5, 2200, 2)


def test_keeping_nothing_is_allowed(transcript: Transcript) -> None:
    transcript.keep([])
    assert transcript.spent().calls == 0


def test_a_replay_recalls_from_the_source_and_copies_what_it_reads(tmp_path: Path) -> None:
    source, copy = MemoryTranscript(), MemoryTranscript()
    source.keep([make_exchange(1), make_exchange(2)])
    replay: Transcript = Replayed(source, copy)  # type: ignore[arg-type]
    assert replay.recall(key(1), 1) == make_exchange(1)
    assert replay.recall(key(3), 3) is None
    replay.keep([make_exchange(4)])  # nothing new is asked in a replay
    assert list(copy.kept.values()) == [make_exchange(1)]
    assert replay.spent().calls == 1


def test_a_sketch_remembers_for_the_archive_and_recalls_nothing() -> None:
    sketch = Sketch()
    transcript: Transcript = sketch
    transcript.keep([make_exchange(1)])
    assert transcript.recall(key(1), 1) is None
    assert sketch.exchanges == [make_exchange(1)]
    assert transcript.spent().calls == 0
