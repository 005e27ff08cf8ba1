"""Outcomes survive their columns exactly."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.encoding import decode, decode_text, encode, encode_text
from genomes.records.outcome import (
    Admitted,
    Crashed,
    DependsOnStart,
    Duplicate,
    Floored,
    Measured,
    Outcome,
    Refused,
    Unusable,
)
from genomes.records.refusal import Refusal

FLOATS = st.floats()
WORDS = st.text(max_size=20)
FIGURES = st.dictionaries(WORDS, FLOATS, max_size=4)
COUNTS = st.integers(0, 10**6)
REFUSALS = st.builds(Refusal, rule=WORDS, line=COUNTS, column=COUNTS, found=WORDS, instead=WORDS)
OUTCOMES = st.one_of(
    st.builds(
        Measured,
        key=WORDS,
        graph=WORDS,
        nodes=COUNTS,
        fitness=st.floats(allow_nan=False, allow_infinity=False),
        folds=st.lists(FLOATS, max_size=4).map(tuple),
        metrics=FIGURES,
        axes=FIGURES,
        descriptor=st.binary(max_size=128),
        warnings=st.lists(WORDS, max_size=2).map(tuple),
    ),
    st.builds(
        Floored,
        key=WORDS,
        graph=WORDS,
        nodes=COUNTS,
        floor=WORDS,
        figure=FLOATS,
        needed=FLOATS,
        metrics=FIGURES,
    ),
    st.builds(DependsOnStart, key=WORDS, graph=WORDS, nodes=COUNTS, difference=FLOATS),
    st.builds(Refused, refusals=st.lists(REFUSALS, max_size=3).map(tuple)),
    st.builds(Duplicate, key=WORDS, of=COUNTS),
    st.builds(Crashed, stage=WORDS, reason=WORDS),
    st.builds(Unusable, problem=WORDS, found=WORDS),
    st.builds(Admitted, key=WORDS),
)


@settings(deadline=None)
@given(OUTCOMES)
def test_an_outcome_comes_back_equal_to_the_bit_of_every_float(outcome: Outcome):
    # repr tells -0.0 from 0.0 and calls NaN equal to NaN.
    assert repr(decode(encode(outcome))) == repr(outcome)


@settings(deadline=None)
@given(OUTCOMES)
def test_the_columns_hold_json_that_any_reader_takes(outcome: Outcome):
    encoded = encode(outcome)

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    for column in (encoded.payload, encoded.metrics or "{}"):
        json.loads(column, parse_constant=refuse)


@given(st.text(st.characters(exclude_categories=[]), max_size=40))
def test_any_text_is_storable_and_comes_back_to_the_character(text: str):
    kept = encode_text(text)
    kept.encode()  # half a surrogate pair would raise
    assert "\0" not in kept
    assert decode_text(kept) == text


@pytest.mark.parametrize(
    "text", ["\ud83d\ude00 two halves", "\ud800", "a\0b", "\x1a", "\x1aabc\\n\n", "\x1a\ud800"]
)
def test_texts_that_databases_refuse_or_that_look_escaped_come_back(text):
    assert decode_text(encode_text(text)) == text
    assert encode_text(text) != text


def test_an_ordinary_text_is_kept_as_it_is():
    assert encode_text("Kauf, wenn es fällt 📉\n") == "Kauf, wenn es fällt 📉\n"


def test_figures_keep_their_order_and_become_plain_floats(measured):
    metrics = {"zeta": 1, "alpha": math.inf, "mid": math.nan}
    back = decode(encode(measured(1, 0.5, metrics=metrics)))
    assert list(back.metrics) == ["zeta", "alpha", "mid"]
    assert repr(back.metrics) == "{'zeta': 1.0, 'alpha': inf, 'mid': nan}"
    # An int and its float must not differ in the digest.
    ints, floats = measured(1, 0.5, metrics={"a": 1}), measured(1, 0.5, metrics={"a": 1.0})
    assert encode(ints) == encode(floats)


def test_only_what_was_measured_has_a_fitness_and_a_descriptor(generations):
    encoded = [encode(one.outcome) for told in generations for one in told]
    assert [one.fitness for one in encoded] == [0.1, 0.2, 0.3, None, 0.5, None, None, None]
    assert [one.descriptor is None for one in encoded] == [
        one.kind != "measured" for one in encoded
    ]


def test_columns_of_an_unknown_kind_are_refused(measured):
    encoded = encode(measured(1, 0.1))
    with pytest.raises(ValueError, match="kind 'blessed'"):
        decode(replace(encoded, kind="blessed"))
    with pytest.raises(ValueError, match="a column is empty"):
        decode(replace(encoded, metrics=None))
