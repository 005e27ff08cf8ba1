"""Gate 1: the same search on twins, kept as they end, compared, and never of another search."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.evidence import shown, twins
from engine.evidence.case import Case, EvidenceError, case_of
from engine.evidence.twins import Comparison, Twin
from engine.ledger import Accounts
from tests.engine.evidence.conftest import World
from tests.engine.fakes import Quiet


@pytest.fixture
def apart(world: World) -> World:
    """The search with a copy of its archive of its own, beside which twins are kept."""
    place = world.folder / "run.sqlite"
    shutil.copy(world.archive, place)
    world.archive = place
    return world


@pytest.fixture
def case(apart: World) -> Iterator[Case]:
    with case_of(str(apart.archive), apart.ledger) as made:
        yield made


def compared(best: float, *found: float | None, surrogate: bool = False) -> Comparison:
    made = tuple(
        Twin(number=i, best=each, sharpe=each, looks=1) for i, each in enumerate(found, start=1)
    )
    return Comparison(best=best, twins=made, surrogate=surrogate, generations=1)


def test_twins_are_run_once_kept_and_leave_only_their_calibration_in_the_ledger(
    apart: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, said = apart("twins", "--twins", "2")
    assert code == 0
    assert "on 0 of 2 sign-flipped twins as much or more: p = 0.333" in said
    assert "2 twins cannot show p <= 0.05; 19 are the least" in said
    assert "Too few twins to tell" in said
    folder = apart.archive.with_suffix(".twins")
    assert [path.name for path in folder.iterdir()] == ["twins.jsonl"]
    kept = [json.loads(line) for line in (folder / "twins.jsonl").read_text().splitlines()[1:]]
    assert kept[0]["best"] != kept[1]["best"]
    assert all(each["looks"] > 0 for each in kept)

    def never(*_: object) -> Any:
        raise AssertionError("a finished twin ran again")

    monkeypatch.setattr(twins, "search", never)
    with (folder / "twins.jsonl").open("a") as file:
        file.write('{"number": 3, "be')  # a kill
    again = apart("twins", "--twins", "2")[1]
    assert again == said
    assert apart.kinds() == ["data", "run", "null"]
    looks = Accounts(apart.ledger.rows()).campaigns()[0]
    assert looks.raw == sum(looks.runs[0]["looks"].values())
    assert "independent trials on noise, by 2 twins" in apart("ledger")[1]


def test_a_twin_that_was_killed_goes_on_and_models_are_left_out(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = twins.run
    once, halves = tmp_path / "once", tmp_path / "halves"
    for folder in (once, halves):
        folder.mkdir()
    whole = twins.search(case, once, 1)
    monkeypatch.setattr(twins, "run", lambda search, n, _: run(search, n, Quiet(stop_after=0)))
    half = twins.search(case, halves, 1)
    assert half.looks < whole.looks
    monkeypatch.setattr(twins, "run", run)
    modelled = {**case.kept.table, "llm": {"models": ["nobody"]}}
    asked = replace(case, kept=replace(case.kept, table=modelled))
    assert twins.search(asked, halves, 1) == whole


@pytest.mark.parametrize("key", ["config", "generations", "seed", "engine", "fingerprint"])
def test_twins_of_another_search_are_refused(apart: World, case: Case, key: str) -> None:
    folder = twins.folder_of(case)
    twins.Kept(folder).begin({**twins._header(case), key: "another"})
    code, said = apart("twins", "--twins", "1")
    assert code == 2
    assert f"holds twins of another search: {key} was another, is" in said
    assert "remove the folder" in said


@pytest.mark.parametrize("count", [0, 10_001])
def test_a_number_of_twins_out_of_range_is_refused(case: Case, count: int) -> None:
    with pytest.raises(EvidenceError, match=f"--twins {count}: needs 1 to 10000"):
        twins.compare(case, count)


def test_the_p_value_counts_twins_that_found_as_much_and_the_search_itself() -> None:
    assert compared(1.0, *[0.5] * 19).p == pytest.approx(0.05)
    found = compared(1.0, 0.5, 1.0, 2.0, None)
    assert (found.above, found.p) == (2, pytest.approx(3 / 5))


def test_the_first_sentence_says_what_it_means_and_models_make_it_indicative(case: Case) -> None:
    lines = list(shown.compared(case, compared(1.0, *[0.5] * 19), 0))
    assert lines[0] == "The search found more on these bars than it finds on noise."
    assert not any("beside this one" in line for line in lines)
    lines = list(shown.compared(case, compared(1.0, *[1.5] * 19, surrogate=True), 2))
    assert lines[0].startswith("Indicative: the search finds as much on noise")
    assert "searches of these bars in the ledger beside this one: 2" in lines[-1]


def test_each_twin_has_signs_and_a_search_seed_of_its_own() -> None:
    seeds = {twins.seeds_of(seed, number) for seed in range(3) for number in range(1, 20)}
    assert len({sign for sign, _ in seeds}) == len({run for _, run in seeds}) == 57
    assert all(0 <= run < 2**63 for _, run in seeds)
