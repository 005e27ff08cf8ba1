"""Outcomes: each says its kind, and the word by which it is counted."""

from __future__ import annotations

from typing import get_args

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

GRAPH = {"key": "k", "graph": "g", "nodes": 3}
BROKEN = Refusal(rule="dimension", line=1, column=1, found="compares close with 5", instead="")
SAID: list[tuple[Outcome, str, str]] = [
    (
        Measured(**GRAPH, fitness=0.1, folds=(), metrics={}, axes={}, descriptor=b""),
        "measured",
        "",
    ),
    (
        Floored(**GRAPH, floor="min_trades", figure=3, needed=30, metrics={}),
        "floored",
        "min_trades",
    ),
    (DependsOnStart(**GRAPH, difference=0.1), "depends_on_start", ""),
    (Refused(refusals=(BROKEN,)), "refused", "dimension"),
    (Refused(refusals=()), "refused", ""),
    (Duplicate(key="k", of=1), "duplicate", ""),
    (Crashed(stage="measure", reason="it hung for 60 s"), "crashed", "measure"),
    (Unusable(problem="no_json", found="a sentence"), "unusable", "no_json"),
    (Admitted(key="k"), "admitted", ""),
]


def test_an_outcome_says_its_kind_and_its_cause() -> None:
    assert [(said.kind, said.cause) for said, _, _ in SAID] == [end[1:] for end in SAID]


def test_no_outcome_goes_without() -> None:
    assert {type(said) for said, _, _ in SAID} == set(get_args(Outcome))
