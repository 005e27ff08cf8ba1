"""Validation: asked through the ladder only, each question and release recorded, kills survived."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.evidence import finalists, validation
from engine.evidence.case import EvidenceError, case_of
from engine.evidence.finalists import source_hash
from tests.engine.evidence.conftest import World


def test_what_is_said_of_validation_is_the_ladders_answer_and_it_is_asked_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []
    load = validation.load

    def spy(*args: Any, **named: Any) -> Any:
        seen.append(world.kinds())
        return load(*args, **named)

    monkeypatch.setattr(validation, "load", spy)
    code, said = world("validate")
    assert code == 0
    assert seen == [["data", "run", "asked"]]
    assert world.kinds()[2:] == ["asked", "validation", "ladder"]
    asked, released, closing = world.ledger.rows()[2:]
    with case_of(str(world.archive), world.ledger) as case:
        champions = validation.champions(case.archive)
        assert asked.body["sources"] == [source_hash(one.text) for one in champions]
        assert finalists.choose(case, 1)[0].ids == (released.body["id"],)
    ladder = closing.body["ladder"]
    assert ladder["questions"] == len(champions) == 2
    steps = ladder["best"] / ladder["step"]
    assert steps == pytest.approx(round(steps))
    # No figure but the answer, the step and counts: no score of a candidate.
    numbers = [float(each) for each in re.findall(r"\d+\.\d+", said)]
    assert numbers == [round(ladder["best"], 2), round(ladder["step"], 2)]
    before = world.ledger.path.read_bytes()
    assert "was asked about before" in world("validate")[1]
    assert world.ledger.path.read_bytes() == before
    assert len(seen) == 1


def test_the_ladder_is_of_the_bars_so_another_search_does_not_reset_it(
    world: World, noisy: Path
) -> None:
    world("validate")
    code, said = world("validate", archive=noisy)
    assert code == 0
    assert "1 releases for" in said
    assert "no candidate of this search was a step better" in said
    assert "ladder    1 answers of validation" in world("ledger")[1]


def test_questions_that_a_kill_left_unanswered_are_answered_by_the_next_call(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = validation.load

    def killed(*_: object, **__: object) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(validation, "load", killed)
    assert world("validate")[0] == 130
    assert world.kinds()[-1] == "asked"
    monkeypatch.setattr(validation, "load", load)
    assert "champion: candidate" in world("validate")[1]
    assert world.kinds()[2:] == ["asked", "validation", "ladder"]


def test_fewer_validation_bars_than_needed_are_refused(world: World) -> None:
    with case_of(str(world.archive), world.ledger) as case:
        train, part, sealed = case.market.periods
        market = replace(case.market, periods=(train, replace(part, bars=19), sealed))
        with pytest.raises(EvidenceError, match="has 19 bars; needs at least 20"):
            validation.validate(replace(case, market=market))
    assert world.ledger.rows() == []


def test_noise_is_not_a_step_above_zero_and_moves_no_champion(world: World, noisy: Path) -> None:
    with case_of(str(noisy), world.ledger) as case:
        found = validation.validate(case)
        assert found.champion is None
        assert finalists.choose(case, 1)[0].ids == (case.archive.top(1)[0].id,)
    assert (found.ladder.best, found.ladder.releases) == (0.0, 0)
    assert world.kinds()[2:] == ["asked", "ladder"]
    assert "no candidate was a step above 0" in world("validate", archive=noisy)[1]
