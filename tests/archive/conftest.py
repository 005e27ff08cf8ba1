"""Small made candidates and archives for the archive's tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from archive.entry import Entry
from archive.identity import Identity
from archive.store import Archive
from genomes.refusal import Refusal
from sandbox.outcome import DependsOnStart, Duplicate, Floored, Measured, Refused

IDENTITY = Identity(
    market="us_daily",
    fingerprint="f" * 64,
    config='{"search": {"population": 64, "selection": "default"}, "objective": {}}',
    seed=7,
    isolation="process",
    engine="0.1.0",
)


def make_descriptor(seed: int) -> bytes:
    """A random direction, as an outcome holds it."""
    path = np.random.default_rng(seed).standard_normal(64)
    return np.rint(path / np.linalg.norm(path) * 32767).astype("<i2").tobytes()


def make_measured(number: int, fitness: float, **changes: Any) -> Measured:
    figures: dict[str, Any] = {
        "key": f"{number:064x}",
        "graph": f"graph {number}",
        "nodes": 10 + number,
        "fitness": fitness,
        "folds": (fitness, 0.1),
        "metrics": {"sharpe": 2 * fitness, "max_drawdown": 0.25, "turnover": 12.0, "trades": 40.0},
        "axes": {"beta": 0.1},
        "descriptor": make_descriptor(number),
    }
    return Measured(**(figures | changes))


def make_entry(number: int, **changes: Any) -> Entry:
    """Candidate `number` of generation 0 in slot `number - 1`, a measured seed unless changed."""
    fields: dict[str, Any] = {
        "id": number,
        "generation": 0,
        "slot": number - 1,
        "species": "strategy",
        "text": f'"""Idea {number}: buy what rises."""\n\n\n'
        "def factor(m, p):\n    return m.close\n",
        "parents": (),
        "operator": "seed",
        "note": f"idea_{number}.py",
        "outcome": make_measured(number, 0.1 * number),
        "standing": "seed",
        "novelty": 1.25,
        "credit": None,
    }
    return Entry(**(fields | changes))


def make_generations() -> list[list[Entry]]:
    """Three generations with every kind of outcome and a crossover.

    #1 (0.1) and #2 (0.2) are seeds; #3 (0.3, of #1) and the refused #4 (of #2) follow; then #5
    (0.5, of #3 and #2), #6 a duplicate of #3, #7 floored, #8 depending on its start.
    """
    refusal = Refusal(
        rule="unknown_name", line=5, column=12, found="emaa is no operator", instead="write ema"
    )
    key = make_measured(3, 0.3).key
    return [
        [make_entry(1), make_entry(2)],
        [
            make_entry(
                3, generation=1, slot=0, parents=(1,), operator="swap_field", standing="better",
                note="close -> volume", outcome=make_measured(3, 0.3), credit=0.2,
            ),
            make_entry(
                4, generation=1, slot=1, parents=(2,), operator="move_constant", novelty=None,
                note="24 -> 36", standing="refused", outcome=Refused(refusals=(refusal,)),
                text='"""Broken."""\n\n\ndef factor(m, p):\n    return emaa(m.close, 3)\n',
            ),
        ],
        [
            make_entry(
                5, generation=2, slot=0, parents=(3, 2), operator="cross_layers",
                note="signal of #2", standing="better", outcome=make_measured(5, 0.5), credit=0.2,
            ),
            make_entry(
                6, generation=2, slot=1, parents=(1,), operator="swap_field", novelty=None,
                note="close -> volume", standing="duplicate", outcome=Duplicate(key=key, of=3),
            ),
            make_entry(
                7, generation=2, slot=2, parents=(3,), operator="swap_field", novelty=None,
                note="close -> high", standing="floored",
                outcome=Floored(
                    key="7" * 64, graph="graph 7", nodes=5, floor="trades", figure=3.0,
                    needed=30.0, metrics={"sharpe": float("nan"), "trades": 3.0},
                ),
            ),
            make_entry(
                8, generation=2, slot=3, parents=(3,), operator="swap_field", novelty=None,
                note="close -> low", standing="depends_on_start",
                outcome=DependsOnStart(key="8" * 64, graph="graph 8", nodes=6, difference=0.5),
            ),
        ],
    ]  # fmt: skip


def tell_all(archive: Archive, generations: Sequence[Sequence[Entry]]) -> None:
    for number, entries in enumerate(generations):
        archive.tell(number, entries, {"best": max(entry.id for entry in entries)})


@pytest.fixture
def identity() -> Identity:
    return IDENTITY


@pytest.fixture
def descriptor() -> Callable[[int], bytes]:
    return make_descriptor


@pytest.fixture
def measured() -> Callable[..., Measured]:
    return make_measured


@pytest.fixture
def entry() -> Callable[..., Entry]:
    return make_entry


@pytest.fixture
def generations() -> list[list[Entry]]:
    return make_generations()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "night.finch"


@pytest.fixture
def told(place: Path, generations: list[list[Entry]]) -> Path:
    """A closed archive that holds `generations`."""
    with Archive.create(place, identity=IDENTITY) as archive:
        tell_all(archive, generations)
    return place
