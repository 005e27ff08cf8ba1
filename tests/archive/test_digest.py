"""The digest: equal for equal searches, different for any difference that counts."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from archive.store import Archive
from genomes.records.outcome import Crashed, Refused
from genomes.records.refusal import Refusal


@pytest.fixture
def digest(tmp_path, identity):
    made = iter(range(1000))

    def digest(generations, identity=identity, remembered=()) -> str:
        with Archive.create(tmp_path / f"{next(made)}.finch", identity=identity) as archive:
            for number, entries in enumerate(generations):
                archive.remember(remembered)
                archive.tell(number, entries, {"seconds": time.perf_counter()})
            return archive.digest()

    return digest


def changed(generations, **changes):
    """The generations with other fields in #5."""
    copy = [list(entries) for entries in generations]
    copy[2][0] = replace(copy[2][0], **changes)
    return copy


def test_the_same_search_at_another_time_has_the_same_digest(digest, generations, identity):
    outcomes = [one.outcome for one in generations[2]]
    assert digest(generations) == digest(generations)
    assert digest(generations, remembered=outcomes) == digest(generations)
    assert digest(generations, identity=replace(identity, engine="0.2")) == digest(generations)


@pytest.mark.parametrize(
    "changes",
    [
        {"text": "x = 1\n"},
        {"parents": (2, 3)},
        {"parents": (3,)},
        {"operator": "grow"},
        {"standing": "new"},
        {"credit": None},
        {"credit": 0.20000000000000004},
        {"novelty": 1.2500000000000002},
        {"novelty": None},
        {"species": "prompt"},
    ],
    ids=str,
)
def test_any_field_that_counts_changes_it(digest, generations, changes):
    assert digest(changed(generations, **changes)) != digest(generations)


@pytest.mark.parametrize(
    "changes",
    [
        {"key": "5" * 64},
        {"fitness": 0.5000000000000001},
        {"metrics": {"sharpe": 1.0}},
        {"metrics": {"sharpe": -0.0}},
    ],
    ids=str,
)
def test_any_figure_of_the_outcome_changes_it(digest, generations, changes):
    base = changed(generations, outcome=replace(generations[2][0].outcome, metrics={"sharpe": 0.0}))
    other = changed(base, outcome=replace(base[2][0].outcome, **changes))
    assert digest(other) != digest(base)


def test_the_kind_of_outcome_changes_it(digest, generations):
    crashed = changed(generations, outcome=Crashed(stage="measure", reason="it hung"))
    refused = changed(generations, outcome=Refused(refusals=()))
    assert digest(crashed) != digest(refused)


def test_a_text_cannot_run_into_the_next_field(digest, generations):
    one = changed(generations, text="ab", operator="c")
    other = changed(generations, text="a", operator="bc")
    assert digest(one) != digest(other)


def test_the_place_in_the_run_changes_it(digest, generations, entry):
    assert digest([[entry(1, slot=0)]]) != digest([[entry(1, slot=1)]])
    together = [[entry(1), entry(2)]]
    apart = [[entry(1)], [entry(2, generation=1)]]
    assert digest(together) != digest(apart)
    assert digest(generations[:2]) != digest(generations)


def test_a_machines_sentences_do_not_change_it(digest, generations):
    one = changed(generations, outcome=Crashed(stage="measure", reason="process 17 died"))
    other = changed(generations, outcome=Crashed(stage="measure", reason="process 18 died"))
    assert digest(one) == digest(other)


def test_a_readers_digest_is_the_writers(told, digest, generations):
    with Archive.open(told, identity=None, readonly=True) as archive:
        assert archive.digest() == digest(generations)


def test_refusals_differ_in_their_text_only_where_the_text_differs(digest, generations):
    refusal = Refusal(rule="r", line=1, column=1, found="f", instead="i")
    one = changed(generations, outcome=Refused(refusals=(refusal,)))
    assert digest(one) == digest(changed(generations, outcome=Refused(refusals=())))
