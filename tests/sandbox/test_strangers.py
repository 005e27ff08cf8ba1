"""A worker given texts of strangers: whatever a text or a reader that was taken over says, it
answers with a candidate or with what is against it, and goes on.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from genomes.language.serial import serialise
from genomes.records.outcome import Crashed, Refused
from genomes.strategies import texts
from sandbox.errand import Request, Setup
from sandbox.jail import client
from sandbox.worker import Worker
from tests.sandbox.jail.hostile_server import MARK
from tests.sandbox.jail.test_drawing import graph_of
from tests.sandbox.panels import random_panel
from tests.sandbox.test_study import terms

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the walls are Linux's")

GOOD = texts()["macd_regime"]
TOLD = "is changed"


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    """A worker whose readers execute a text that begins with #payload."""
    monkeypatch.setattr(client, "SERVER", "tests.sandbox.jail.hostile_server")
    panel = random_panel(np.random.default_rng(3), bars=700, assets=3)
    window = replace(terms(panel), window=(300, panel.bars), edges=(300, 500, panel.bars))
    setup = Setup(fields=panel.dimensions, terms=window, max_window=250, isolation="full")
    with Worker(panel, setup) as made:
        yield made


def foreign(*given: str) -> list[Request]:
    return [Request(operator="llm", text=text, change=TOLD) for text in given]


def test_a_docstring_that_no_file_can_hold_is_refused_and_its_neighbour_is_not_lost(
    worker: Worker,
) -> None:
    spelled = GOOD.replace('"""', r'"""\ud800 ', 1)
    bad, good = worker.propose(foreign(spelled, GOOD))
    assert isinstance(bad.failure, Refused)
    assert good.failure is None
    assert TOLD in good.text


FORGED = graph_of("def factor(m, p):\n    return 1\n\ndef signal(f, m, p):\n    return f\n")
PASSED = {"graph": serialise(FORGED)}
SEEN = {
    "refusals": [{"rule": "a", "line": 0, "column": 0, "found": "b", "instead": "c"}],
    "checked": True,
}


@pytest.mark.parametrize("answer", [PASSED, SEEN], ids=["a graph", "a checked refusal"])
def test_a_taken_reader_that_passes_such_a_docstring_costs_its_text_alone(
    worker: Worker, answer: dict[str, object]
) -> None:
    payload = f'{MARK}"""\\ud800"""\nsend(protocol.encode({answer!r}))\n'
    bad, good = worker.propose(foreign(payload, GOOD))
    assert isinstance(bad.failure, Crashed)
    assert bad.text == payload
    assert good.failure is None
