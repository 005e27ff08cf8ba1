"""The contract of `engine.proposer.Proposer`, held by every member of a run with models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.store import Archive
from engine import startup
from engine.config import build
from engine.generation import Search
from engine.loop import run
from engine.proposer import Proposer, Slot
from engine.streams import stream
from genomes.variation import OPERATORS
from tests.engine.fakes import FakePool, Quiet

TABLE = {
    "llm": {"models": ["one", "two"], "share": 0.5, "prompts": {"every": 1, "by_model": 0.5}},
    "search": {"population": 8, "tune": {"trials": 4}, "validation_step": 0},
}
MEMBERS = ("Seeds", "Tuner", "LanguageModels", "Prompts", "Screened", "Structural")


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Search]:
    """A run whose generation 0 is recorded."""
    plan = startup.plan(build(TABLE), Path.cwd())
    path = tmp_path_factory.mktemp("run") / "run.sqlite"
    with (
        Archive.create(path, identity=plan.identity) as archive,
        startup.gateway(plan.config.llm, archive, {}, None) as gateway,
    ):
        made = startup.assemble(plan, archive, FakePool(), gateway)
        run(made, 0, Quiet())
        made.selector.begin(made.population)
        yield made


@pytest.fixture(params=MEMBERS)
def member(request: pytest.FixtureRequest, search: Search) -> Proposer:
    return next(one for one in search.proposers if type(one).__name__ == request.param)


def slot(number: int) -> Slot:
    return Slot(
        generation=1, number=number, candidate=900 + number, rng=stream(7, 1, number, 0), seed=5
    )


def test_every_member_of_a_run_is_held_to_this_contract(search: Search) -> None:
    assert tuple(type(one).__name__ for one in search.proposers) == MEMBERS


def test_an_operator_has_one_owner_and_a_structural_stand_in(search: Search) -> None:
    owned = [operator for one in search.proposers for operator in one.operators]
    assert len(owned) == len(set(owned))
    assert {each for one in search.proposers for each in one.operators.values()} <= set(OPERATORS)


def test_a_claim_follows_from_the_slots_stream_and_names_an_operator_with_an_owner(
    search: Search, member: Proposer
) -> None:
    claims = [member.claim(slot(number)) for number in range(32)]
    assert claims == [member.claim(slot(number)) for number in range(32)]
    for operator in claims:
        assert operator is None or search.owner(operator)


def test_a_task_is_for_the_slot_that_was_given_and_follows_from_its_stream(
    search: Search, member: Proposer
) -> None:
    for operator in member.operators:
        for number in range(4):
            task = member.plan(slot(number), operator)
            assert task is not None
            assert (task.slot, task.candidate, task.seed) == (number, 900 + number, 5)
            assert task.operator == operator
            assert set(task.parents) <= set(search.population.ids.tolist())
            assert task == member.plan(slot(number), operator)


def test_tasks_beside_the_slots_take_the_free_ones_in_order(member: Proposer) -> None:
    tasks = member.extra(0, 8, 40)
    assert [task.slot for task in tasks] == list(range(8, 8 + len(tasks)))
    assert [task.candidate for task in tasks] == list(range(40, 40 + len(tasks)))
