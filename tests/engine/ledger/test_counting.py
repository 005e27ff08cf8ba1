"""What searches and backtests leave in the ledger, whatever happens to them on the way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from archive.store import Archive
from engine import loop
from engine.ledger import Accounts, Data, Ledger
from engine.ledger.counting import Counting, run_of
from genomes.records.outcome import Measured, Outcome
from tests.engine.fakes import Dying, FakePool, Quiet, identity, measured, search

DAY = 86_400 * 10**9
YEARS = 365 * DAY


def data(**changes: Any) -> Data:
    known = {"market": "m", "symbols": ("A", "B"), "bar_ns": DAY, "span": (0, 10 * YEARS)}
    return Data(**(known | changes))


class Alike(FakePool):
    """Whatever it measures did one of five things."""

    def _measure(self, text: str) -> Outcome:
        outcome = super()._measure(text)
        if not isinstance(outcome, Measured):
            return outcome
        row = measured(str(int(outcome.key, 16) % 5), outcome.key).descriptor
        return replace(outcome, descriptor=row)


class World:
    """A ledger, an archive, and searches of it."""

    def __init__(self, folder: Path) -> None:
        self.ledger = Ledger(folder / "ledger.jsonl")
        self.place = folder / "run.sqlite"
        self.said: list[str] = []

    def run(self, generations: int, pool: FakePool | None = None, stop: int | None = None) -> None:
        made = Archive.open if self.place.exists() else Archive.create
        with made(self.place, identity=identity()) as archive:
            counting = self.counting(archive, Quiet(stop))
            counting.begin(data())
            try:
                loop.run(search(archive, pool or FakePool(keys=60)), generations, counting)
            finally:
                counting.end()

    def counting(self, archive: Archive, watcher: Quiet) -> Counting:
        body = {
            "data": data().id,
            "run": run_of(archive.identity, "", modelled=False),
            "window": [0, 5 * YEARS],
        }
        return Counting(watcher, self.ledger, body, archive, self.said.append)

    def looks(self) -> dict[str, int]:
        return dict(Accounts(self.ledger.rows()).campaign(data()).looks)

    def held(self) -> dict[str, int]:
        with Archive.open(self.place, identity=None, readonly=True) as archive:
            return archive.looks()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    yield World(tmp_path)


def test_every_generation_is_counted_as_it_is_recorded(world: World) -> None:
    world.run(3)
    rows = [row for row in world.ledger.rows() if row.kind == "run"]
    assert [row.body["generations"] for row in rows] == [1, 2, 3, 4, 4]
    totals = [row.body["looks"]["evaluations"] for row in rows]
    assert totals == sorted(totals)
    assert world.looks() == world.held()


def test_equal_paths_are_one_in_the_distinct_count(world: World) -> None:
    world.run(3, Alike(keys=60))
    with Archive.open(world.place, identity=None, readonly=True) as archive:
        measured, distinct = archive.paths()
    campaign = Accounts(world.ledger.rows()).campaign(data())
    assert distinct == 5 < measured
    assert campaign.distinct == campaign.raw - measured + 5


def test_a_run_that_is_killed_is_counted_and_its_rest_when_it_is_resumed(world: World) -> None:
    made = Archive.create(world.place, identity=identity())
    counting = world.counting(made, Quiet())
    counting.begin(data())
    with pytest.raises(KeyboardInterrupt):  # and no `end`: the process was killed
        loop.run(search(made, Dying(30)), 5, counting)
    made.close()
    assert world.looks() == world.held()
    assert Accounts(world.ledger.rows()).campaign(data()).distinct == sum(world.looks().values())
    again = Archive.open(world.place, identity=identity())
    counting = world.counting(again, Quiet())
    counting.begin(data())
    with pytest.raises(KeyboardInterrupt):
        loop.run(search(again, Dying(20)), 5, counting)
    again.close()
    assert world.looks() == world.held()
    world.run(5)
    assert world.looks() == world.held()
    assert len(Accounts(world.ledger.rows()).campaign(data()).runs) == 1


def test_the_same_search_again_in_another_archive_finds_nothing_new(world: World) -> None:
    world.run(2)
    once = world.looks()
    world.place = world.place.with_name("again.sqlite")
    world.run(1)  # and it is not as far yet
    assert world.looks() == once


def test_a_ledger_that_cannot_be_written_loses_no_evaluation_and_is_caught_up_with(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = world.ledger.path.parent / "folder"
    folder.mkdir()
    kept, world.ledger = world.ledger, Ledger(folder)
    world.run(2)
    assert len(world.said) == 1
    assert "cannot be read" in world.said[0]
    assert "loses nothing" in world.said[0]
    with Archive.open(world.place, identity=None, readonly=True) as archive:
        assert archive.generations() == 3
    world.ledger = kept
    world.run(2)
    assert world.looks() == world.held()


def test_an_edited_ledger_is_told_at_the_start_of_a_search(world: World) -> None:
    world.run(1)
    text = world.ledger.path.read_text()
    world.ledger.path.write_text(text.replace('"evaluations":', '"evaluations": ', 1))
    world.run(1)
    assert world.said == []  # spacing is not content
    world.ledger.path.write_text(text.replace('"market":"m"', '"market":"n"'))
    world.run(1)
    assert "does not hold from row 1 on" in world.said[0]


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ({}, True),
        ({"span": (0, 10 * YEARS + DAY)}, True),
        ({"span": (9 * YEARS, 12 * YEARS)}, True),
        ({"symbols": ("B", "C")}, True),
        ({"bar_ns": DAY // 24 * 25}, True),
        ({"market": "renamed"}, True),
        ({"span": (10 * YEARS + DAY, 12 * YEARS)}, False),
        ({"symbols": ("C",)}, False),
        ({"bar_ns": DAY // 24}, False),
    ],
)
def test_data_are_the_same_where_symbols_bars_and_time_overlap(
    world: World, other: dict[str, Any], same: bool
) -> None:
    changed = data(**other)
    assert data().is_same(changed) == changed.is_same(data()) == same
    for one in (data(), changed):
        world.ledger.append("data", one.body)
    world.ledger.append(
        "backtest", {"data": data().id, "window": [0, 1], "looks": {"backtests": 1}}
    )
    accounts = Accounts(world.ledger.rows())
    assert accounts.campaign(changed).raw == int(same)
    assert len(accounts.campaigns()) == (1 if same else 2)


def test_campaigns_join_by_way_of_a_market_between_them(world: World) -> None:
    for span in ((0, 10), (20, 30), (5, 25)):
        world.ledger.append("data", data(span=span).body)
    assert [len(one.data) for one in Accounts(world.ledger.rows()).campaigns()] == [3]


def test_an_opening_of_other_bars_of_the_same_market_costs_this_window_nothing(
    world: World,
) -> None:
    world.ledger.append("data", data().body)
    for window in ([0, YEARS], [YEARS, 2 * YEARS]):
        world.ledger.append("opening", {"data": data().id, "window": window})
    accounts = Accounts(world.ledger.rows())
    found = accounts.openings(data(symbols=("B",)), (YEARS + DAY, 3 * YEARS))
    assert [each.window for each in found] == [(YEARS, 2 * YEARS)]
    assert len(accounts.openings(data(), (0, 3 * YEARS))) == 2


def test_a_screen_by_hand_is_counted_with_all_its_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from engine.screen import main
    from tests.markets import make_frame
    from tests.sandbox.screen.markets import walk

    monkeypatch.setenv("FINCH_LEDGER", str(tmp_path / "ledger.jsonl"))
    close = walk(8, bars=400).fields["close"]
    make_frame({"A": close}).to_csv(tmp_path / "bars.csv", index=False)
    assert main(["--market", str(tmp_path / "bars.csv"), "--folds", "3", "--json"]) == 0
    looks = json.loads(capsys.readouterr().out)["looks"]
    (campaign,) = Accounts(Ledger(tmp_path / "ledger.jsonl").rows()).campaigns()
    assert dict(campaign.looks) == looks
    assert campaign.raw > 1000
