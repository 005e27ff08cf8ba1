"""Small made candidates and archives for the archive's tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from archive.identity import Identity
from archive.store import Archive
from genomes.records.entry import Entry
from genomes.records.exchange import SHARED, Exchange, Message
from genomes.records.merit import Arm, Interval, Merit
from genomes.records.outcome import (
    Admitted,
    DependsOnStart,
    Duplicate,
    Floored,
    Measured,
    Refused,
    Unusable,
)
from genomes.records.proposal import Call, Proposal
from genomes.records.refusal import Refusal
from genomes.records.trial import Trial

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


def make_exchange(number: int, **changes: Any) -> Exchange:
    """Question `number` to a strategist, answered, unless changed; the system's words are long."""
    fields: dict[str, Any] = {
        "key": f"{number:064x}",
        "draw": number,
        "role": "strategist",
        "model": "model-a",
        "messages": (
            Message(speaker="system", text="You write strategies.\n" + "Rule: be brief.\n" * 200),
            Message(speaker="user", text=f"Improve strategy {number}."),
        ),
        "parameters": '{"temperature": 0.7, "max_tokens": 900}',
        "text": f"Answer {number}.",
        "failure": "",
        "finish": "stop",
        "tokens_in": 1000,
        "tokens_out": 100,
        "cost": 0.25,
        "attempts": (),
        "seconds": 1.5,
    }
    return Exchange(**(fields | changes))


def make_call(exchange: Exchange, **changes: Any) -> Call:
    fields: dict[str, Any] = {
        **{name: getattr(exchange, name) for name in ("role", "model", "key", "draw", "failure")},
        "tokens": exchange.tokens_in + exchange.tokens_out,
        "cost": exchange.cost,
    }
    return Call(**(fields | changes))


def make_proposal(*calls: Call, **changes: Any) -> Proposal:
    fields: dict[str, Any] = {
        "hypothesis": "Volume confirms the break.",
        "probability": 0.8,
        "mended": "",
        "calls": calls,
        "gain": 1.0,
    }
    return Proposal(**(fields | changes))


def make_prompt(number: int, title: str, **changes: Any) -> Entry:
    """Candidate `number`, a prompt that may be used."""
    fields: dict[str, Any] = {
        "species": "prompt",
        "text": f"# {title}\n\nHere is a strategy:\n\n{{parent}}\n",
        "note": "",
        "outcome": Admitted(key=f"{number:064x}"),
        "standing": "admitted",
        "novelty": None,
    }
    return make_entry(number, **(fields | changes))


def make_exchanges() -> list[Exchange]:
    """The questions of `make_modelled`: an analyst's that two share, a failure, an odd answer."""
    return [
        make_exchange(1, role="analyst", draw=SHARED, text="It loses in calm markets."),
        make_exchange(5),
        make_exchange(
            6, model="model-a", text="", failure="timeout", finish="", tokens_out=0, cost=0.0,
            attempts=("no answer in 60 s", "no answer in 60 s"), seconds=120.0,
        ),
        make_exchange(66, model="model-b", draw=6, text="I would [bold]rather[/bold] not.\x1b[2J"),
        make_exchange(9, text="1\n2\n3\n4\n5\n6\n7\n8\n9\n"),
        make_exchange(10, model="model-b"),
        make_exchange(13, model="model-b", finish="length", cost=1.0),
    ]  # fmt: skip


def make_modelled() -> list[list[Entry]]:
    """Four generations in which models write, prompts vary and a tuner tunes.

    Prompts: #3 (mutate) and #4 (cross) are seeds; #7 is made from #3; #8 and #12 are of no use.
    Strategies: #5 is from #1, #9 from #5, #14 from #9; #10 crosses #5 and #2; #11 is tuned; #6 and
    #13 came to nothing.
    """
    shared, first, failed, odd, second, cross, cut = map(make_call, make_exchanges())
    refusal = Refusal(rule="unknown_name", line=1, column=1, found="emaa", instead="write ema")
    paid = Call(
        role="analyst", model="model-a", key=shared.key, draw=SHARED, failure="", tokens=0, cost=0.0
    )
    return [
        [
            make_entry(1),
            make_entry(2),
            make_prompt(3, "mutate: Look at the losses", operator="seed prompt mutate-plain"),
            make_prompt(4, "cross: Take the better exits", operator="seed prompt cross-plain"),
        ],
        [
            make_entry(
                5, generation=1, slot=0, parents=(1,), operator="mutate", note="", prompt=3,
                model="model-a", standing="better", outcome=make_measured(5, 0.3),
                proposal=make_proposal(shared, first),
            ),
            make_entry(
                6, generation=1, slot=1, parents=(2,), operator="mutate", note="", prompt=3,
                model="model-b", text="", standing="unusable", novelty=None,
                outcome=Unusable(problem="no_json", found="it says: I would [bold]rather not"),
                proposal=make_proposal(
                    failed, odd, hypothesis="", probability=None, gain=-1.0
                ),
            ),
            make_prompt(
                7, "mutate: Look at the worst week", generation=1, slot=2, parents=(3,),
                operator="rewrite_prompt", note="by model-a",
            ),
            make_prompt(
                8, "mutate: Nothing", generation=1, slot=3, parents=(3,), standing="refused",
                operator="drop_section", outcome=Refused(refusals=(refusal,)),
            ),
        ],
        [
            make_entry(
                9, generation=2, slot=0, parents=(5,), operator="mutate", note="", prompt=7,
                model="model-a", standing="novel", outcome=make_measured(9, 0.25),
                proposal=make_proposal(
                    paid, second, hypothesis="A wider stop\nlets winners run.", gain=-0.5,
                    mended="refused: dimension",
                ),
            ),
            make_entry(
                10, generation=2, slot=1, parents=(5, 2), operator="cross", note="", prompt=4,
                model="model-b", standing="better", outcome=make_measured(10, 0.4),
                proposal=make_proposal(cross, probability=0.2, hypothesis="Both exits."),
            ),
            make_entry(
                11, generation=2, slot=2, parents=(5,), operator="tune", standing="better",
                note="window 24 -> 36 (0.9 of what matters)", outcome=make_measured(11, 0.35),
                credit=1.0,
            ),
            make_prompt(
                12, "mutate: Look at the losses", generation=2, slot=3, parents=(7,),
                operator="swap_sections", standing="duplicate",
                outcome=Duplicate(key=f"{3:064x}", of=3),
            ),
            make_entry(
                13, generation=2, slot=4, parents=(5,), operator="mutate", note="", prompt=7,
                model="model-b", standing="refused", novelty=None,
                outcome=Refused(refusals=(refusal,)),
                proposal=make_proposal(cut, probability=0.9, gain=-1.0, hypothesis="ema, faster"),
            ),
        ],
        [
            make_entry(
                14, generation=3, slot=0, parents=(9,), operator="swap_field", standing="better",
                note="close -> volume", outcome=make_measured(14, 0.45), credit=1.0,
            ),
        ],
    ]  # fmt: skip


def make_trials() -> list[Trial]:
    """What the tuner tried on the way to #11 of `make_modelled`."""
    return [
        Trial(
            candidate=11, number=0, values={"window": 24, "entry": 2.5, "kind": "a", "on": True},
            key="c" * 64, state="measured", fitness=0.3,
        ),
        Trial(candidate=11, number=1, values={"window": 36}, key="d" * 64, state="pruned",
              fitness=0.9),
        Trial(candidate=11, number=2, values={"window": 9}, key="", state="refused", fitness=None),
    ]  # fmt: skip


def make_merit(arm: Arm, **changes: Any) -> Merit:
    """Five uses that were a little worse than the control's, surely nothing."""
    figures: dict[str, Any] = {
        "arm": arm,
        "control": False,
        "uses": 5,
        "failures": 1,
        "gain": 0.25,
        "cost": 0.5,
        "credit": Interval(middle=-0.125, low=-0.5, high=0.25),
        "difference": Interval(middle=-0.25, low=-1.0, high=0.5),
        "claim": None,
    }
    return Merit(**(figures | changes))


def merits_of(prompts: Sequence[Merit], models: Sequence[Merit]) -> dict[str, Any]:
    """The part of a summary that records them."""
    told = {"prompts": list(map(asdict, prompts)), "models": list(map(asdict, models))}
    return {"merits": told}


def make_merits() -> dict[str, Any]:
    """What was recorded at the end of `make_modelled`."""
    control = {"control": True, "difference": None}
    return merits_of(
        [make_merit(3, **control), make_merit(7), make_merit(4, **control)],
        [make_merit("model-a", **control), make_merit("model-b")],
    )


def tell_modelled(archive: Archive) -> None:
    """Tell an archive all of the above."""
    archive.transcript.keep(make_exchanges())
    trials = make_trials()
    for number, entries in enumerate(make_modelled()):
        summary = {"best": number} | (make_merits() if number == 3 else {})
        archive.tell(number, entries, summary, trials if number == 2 else ())


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


@pytest.fixture
def exchange() -> Callable[..., Exchange]:
    return make_exchange


@pytest.fixture
def exchanges() -> list[Exchange]:
    return make_exchanges()


@pytest.fixture
def proposal() -> Callable[..., Proposal]:
    return make_proposal


@pytest.fixture
def prompt() -> Callable[..., Entry]:
    return make_prompt


@pytest.fixture
def merit() -> Callable[..., Merit]:
    return make_merit


@pytest.fixture
def recorded() -> Callable[..., dict[str, Any]]:
    return merits_of


@pytest.fixture
def modelled() -> list[list[Entry]]:
    return make_modelled()


@pytest.fixture
def trials() -> list[Trial]:
    return make_trials()


@pytest.fixture
def debated(place: Path) -> Path:
    """A closed archive that holds `modelled`, with its transcript and its trials."""
    with Archive.create(place, identity=IDENTITY) as archive:
        tell_modelled(archive)
    return place
