"""Gate 2: what an opening judges, costs and records, and what it refuses without spending."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from engine.evidence import finalists, sealed
from engine.evidence.case import EvidenceError, case_of
from engine.ledger import Accounts
from engine.ledger.data import Data
from tests.engine.evidence.conftest import World


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch, world: World) -> list[list[str]]:
    """The kinds of rows that were in the ledger, each time sealed bars were loaded."""
    seen: list[list[str]] = []
    load = sealed.load

    def spy(*args: Any, **named: Any) -> Any:
        seen.append(world.kinds())
        return load(*args, **named)

    monkeypatch.setattr(sealed, "load", spy)
    return seen


def test_an_edge_is_discovered_and_the_opening_is_recorded_before_a_bar_is_read(
    world: World, reading: list[list[str]]
) -> None:
    code, said = world("open", "--yes")
    assert code == 0
    assert "opening 1 of these bars" in said
    assert "adjusted p of at most 0.0304" in said
    assert "next opening will need 0.0076" in said
    assert "Discovery: candidate" in said
    assert reading == [["data", "run", "opening"]]
    assert world.kinds() == ["data", "run", "opening", "answer"]
    row = world.ledger.rows()[2].body
    assert row["k"] == 1
    assert [len(each["hash"]) for each in row["finalists"]] == [64] * 3
    assert row["finalists"][-1]["name"].startswith("ensemble of")


def test_opening_twice_shows_what_was_found_and_spends_nothing_unless_asked_again(
    world: World, noisy: Path, reading: list[list[str]]
) -> None:
    first = world("open", "--yes", "--finalists", "2")[1]
    before = world.ledger.path.read_bytes()
    code, said = world("open", "--yes", "--finalists", "2")
    table = first[first.index("Discovery") :].strip()
    assert code == 0
    assert table in said
    assert "would be number 2, at a level of 0.0076; --again" in said
    assert world.ledger.path.read_bytes() == before
    # Another search of the same symbols and time does not reset it.
    assert "would be number 2" in world("open", "--yes", archive=noisy)[1]
    assert len(reading) == 1
    said = world("open", "--yes", "--again", archive=noisy)[1]
    assert "opening 2 of these bars" in said
    assert "No discovery: " in said
    assert [row.body["k"] for row in world.ledger.rows() if row.kind == "opening"] == [1, 2]
    ledger = world("ledger")[1]
    assert "opening   1 on" in ledger
    assert "opening 3, at a level of 0.0034" in ledger
    assert "searches  2" in ledger


def test_without_a_confirmation_nothing_is_spent(world: World, reading: list[list[str]]) -> None:
    code, said = world("open")
    assert code == 2
    assert "add --yes. Nothing was opened or spent" in said
    assert "opening" not in world.kinds()
    assert reading == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--finalists", "11"], "--finalists 11: needs 1 to 10"),
        (["--market", "NOISE"], "other bars or another split"),
        (["--market", "COSTS"], "costs was"),
    ],
)
def test_what_does_not_fit_the_archive_is_refused_and_nothing_is_spent(
    world: World, noisy: Path, reading: list[list[str]], words: list[str], said: str
) -> None:
    places = {"NOISE": noisy.parent / "bars.toml", "COSTS": world.folder / "costs.toml"}
    text = world.market.read_text().replace("fee_bps = 0.0", "fee_bps = 1.0")
    text = text.replace('"bars.csv"', f'"{world.market.parent / "bars.csv"}"')
    places["COSTS"].write_text(text)
    code, heard = world("open", "--yes", *[str(places.get(word, word)) for word in words])
    assert code == 2
    assert said in heard
    assert "othing was opened or spent" in heard
    assert "opening" not in world.kinds()
    assert reading == []


def test_a_ledger_that_was_edited_or_cannot_be_written_opens_nothing(
    world: World, reading: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    world("open")
    text = world.ledger.path.read_text()
    world.ledger.path.write_text(text.replace('"market":"bars"', '"market":"cars"'))
    code, said = world("open", "--yes")
    assert code == 2
    assert "does not hold from row 1 on" in said
    code, said = world("ledger")
    assert code == 2
    assert "does not hold from row 1 on" in said
    world.ledger.path.write_text(text)

    def full(*_: object) -> int:
        return 0

    monkeypatch.setattr(os, "pwrite", full)
    code, said = world("open", "--yes")
    assert code == 2
    assert "cannot be written (No space left on device)" in said
    assert reading == []
    assert world.ledger.path.read_text() == text


def test_an_opening_that_was_killed_goes_on_and_is_paid_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = sealed.load

    def killed(*_: object, **__: object) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(sealed, "load", killed)
    assert world("open", "--yes")[0] == 130
    assert world.kinds()[-1] == "opening"
    assert "did not end" in world("ledger")[1]
    monkeypatch.setattr(sealed, "load", load)
    said = world("open", "--yes")[1]
    assert "did not come to its end; it is paid for" in said
    assert "Discovery" in said
    assert world.kinds()[-2:] == ["opening", "answer"]


def test_two_processes_cannot_make_the_same_opening(world: World) -> None:
    with case_of(str(world.archive), world.ledger) as case:
        offer = sealed.offer(case, 1)
        sealed.opened(case, offer)
        with pytest.raises(EvidenceError, match="another process opened this window meanwhile"):
            sealed.opened(case, offer)
    assert world.kinds().count("opening") == 1


@pytest.mark.parametrize("bars", [0, 19, 29])
def test_fewer_bars_than_the_folds_need_are_refused(world: World, bars: int) -> None:
    with case_of(str(world.archive), world.ledger) as case:
        periods = case.market.periods
        short = replace(periods[2], bars=bars)
        folds = SimpleNamespace(folds=30)
        bare = SimpleNamespace(
            place="run.sqlite",
            market=replace(case.market, periods=(*periods[:2], short)),
            config=SimpleNamespace(objective=folds),
        )
        with pytest.raises(EvidenceError, match=f"has {bars} bars; needs at least 30 "):
            sealed.sealed_window(bare)  # type: ignore[arg-type]


def test_bars_that_another_split_searched_are_not_sealed(world: World) -> None:
    with case_of(str(world.archive), world.ledger) as case:
        window = list(sealed.sealed_window(case)[0])
        other = Data(**{**case.data.body, "market": "mine", "symbols": ("B",)})
        world.ledger.append("data", other.body)
        looks = {"backtests": 3}
        world.ledger.append("backtest", {"data": other.id, "window": window, "looks": looks})
        assert sealed.offer(case, 1).seen == 3
    assert "NOT SEALED: the ledger has 3 looks" in world("open")[1]


def test_finalists_are_unlike_each_other_and_their_ensemble_is_the_mean(world: World) -> None:
    with case_of(str(world.archive), world.ledger) as case:
        three = finalists.choose(case, 3)
        (champion,) = finalists.choose(case, 1)
        split = case.market.split
        window = (split.score_from, split.train_end)
        paths = finalists.paths(case, case.market, three, window)
        members = [
            finalists.Finalist(name="", ids=(i,), texts=(text,))
            for i, text in zip(three[2].ids, three[2].texts, strict=True)
        ]
        apart = finalists.paths(case, case.market, members, window)
        fitness = case.archive.top(1)[0].outcome.metrics["excess_sharpe"]  # type: ignore[union-attr]
    assert champion.ids == three[0].ids
    assert paths[0].sharpe == pytest.approx(fitness)
    correlation = np.corrcoef([each.excess for each in apart])
    assert np.abs(correlation[np.triu_indices(len(apart), 1)]).max() < finalists.UNLIKE
    np.testing.assert_allclose(paths[2].net, np.mean([each.net for each in apart], axis=0))


def test_a_source_that_is_not_the_frozen_one_is_refused(world: World) -> None:
    with case_of(str(world.archive), world.ledger) as case:
        two = finalists.choose(case, 2)
        assert finalists.frozen(case, [each.body for each in two]) == two
        forged = {**two[0].body, "hash": "0" * 64}
        with pytest.raises(EvidenceError, match="is not the source that was frozen"):
            finalists.frozen(case, [forged])


def test_every_gate_catches_up_with_an_archive_that_the_ledger_does_not_know(
    world: World, reverting: Path
) -> None:
    with case_of(str(reverting), world.ledger) as case:
        case.accounts()
        once = world.kinds()
        case.accounts()
        campaign = Accounts(world.ledger.rows()).campaign(case.data)
        assert world.kinds() == once == ["data", "run"]
        assert dict(campaign.looks) == case.archive.looks()
